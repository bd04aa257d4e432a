/** The two public clients of older servers, as they call the HTTP API one after the other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiServer, WS_PORT, type Answer } from '../support/api_server.js';
import { asObject, type Json } from '../support/raw_client.js';

/** Keys exact and PascalCase; Data neither null nor missing in any success, or that client's stream breaks. */
class JavaClient {
  readonly #server: ApiServer;
  token = '';

  constructor(server: ApiServer) {
    this.#server = server;
  }

  /** `body` as text, because this client sends some calls without any. The token goes along even when empty. */
  async post(path: string, body?: Json): Promise<unknown> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await this.#server.raw(`/api/${path}`, { headers, ...sent });
    assert.deepEqual([answer.status, answer.code], [200, 100], `${path}: ${answer.text}`);
    assert.ok(answer.data !== null && answer.data !== undefined, `${path}: Data is null`);
    return answer.data;
  }

  async object(path: string, body?: Json): Promise<Json> {
    return asObject(await this.post(path, body));
  }

  async list(path: string, body?: Json): Promise<readonly Json[]> {
    const data = await this.post(path, body);
    assert.ok(Array.isArray(data), `${path}: no list`);
    return data.map(asObject);
  }
}

function has(row: Json | undefined, types: Readonly<Record<string, string>>): void {
  for (const [key, type] of Object.entries(types)) assert.equal(typeof row?.[key], type, key);
}

const MESSAGE = {
  ...{ Mid: 'number', CliSeq: 'number', From: 'number', To: 'number', Type: 'number' },
  ...{ SendAt: 'number', CreateAt: 'number', Content: 'string', Status: 'number' },
} as const;

test('Java flow: sign in, token, profile, contacts, sessions, history, offline and its ack', async (t) => {
  const server = await ApiServer.start(t);
  const bob = await server.somebody();
  const java = new JavaClient(server);
  const credentials = { Account: 'jane', Password: 'secret of jane' };
  assert.equal(await java.post('auth/register', credentials), '');

  const signedIn = await java.object('auth/signin', { ...credentials, Device: 1 });
  has(signedIn, { Token: 'string', Uid: 'number' });
  assert.deepEqual(signedIn['Servers'], [`ws://127.0.0.1:${WS_PORT}/ws`]);
  java.token = String(signedIn['Token']);
  const again = await java.object('auth/token', { Token: java.token, Device: 1 });
  assert.deepEqual([again['Token'], again['Uid']], [java.token, signedIn['Uid']]);
  has(await java.object('user/profile'), {
    ...{ Uid: 'number', Account: 'string', Nickname: 'string', Avatar: 'string' },
  });

  assert.deepEqual(await java.post('contacts/list'), []);
  assert.equal(await java.post('contacts/add', { Uid: bob.uid, Remark: '' }), '');
  const [contact] = await java.list('contacts/list');
  assert.deepEqual([Number(contact?.['Id']), contact?.['Type'], contact?.['Remark']], [bob.uid, 1, '']);
  const [info] = await java.list('user/info', { Uid: [bob.uid] });
  has(info, { Uid: 'number', Account: 'string', Nickname: 'string', Avatar: 'string' });

  has(await java.object('msg/id'), { Mid: 'number' });
  const jane = { uid: (await server.stores.users.byAccount('jane'))?.uid ?? bob.uid };
  const mids = [await server.say(bob, jane, 'one'), await server.say(bob, jane, 'two')];
  const [session] = await java.list('session/recent');
  has(session, { Uid1: 'number', Uid2: 'number', LastMid: 'number', UpdateAt: 'number', CreateAt: 'number' });
  assert.equal(session?.['LastMid'], mids[1]);
  assert.ok(Number(session?.['UpdateAt']) < 10_000_000_000, 'seconds');
  has(await java.object('session/get', { To: bob.uid }), { Uid1: 'number', LastMid: 'number' });
  has(await java.object('session/update', { To: bob.uid }), { Uid1: 'number' });

  const history = await java.list('msg/chat/history', { Uid: bob.uid, BeforeMid: 0 });
  assert.deepEqual(
    history.map((row) => row['Mid']),
    [...mids].reverse(),
  );
  for (const row of history) has(row, MESSAGE);
  const offline = await java.list('msg/chat/offline');
  assert.deepEqual(
    offline.map((row) => row['Mid']),
    mids,
  );
  for (const row of offline) has(row, MESSAGE);
  // These are written by that client as they stand here: one number, both of Agree and Deny, no body at all.
  const answer = { Uid: bob.uid, Agree: true, Deny: false, Comment: '' };
  assert.equal(await java.post('contacts/approval', answer), '', 'of an existing contact');
  has(await java.object('user/profile/update'), { Uid: 'number', Nickname: 'string', Avatar: 'string' });
  assert.equal(await java.post('contacts/update', { Uid: bob.uid, Remark: 'Bobby' }), '');
  assert.equal(await java.post('contacts/del', { Uid: bob.uid, Remark: '' }), '');
  const recent = await java.list('msg/chat/recent');
  assert.deepEqual(new Set(recent.map((row) => row['Mid'])), new Set(mids));
  const [byUser] = await java.list('msg/chat/user', { Uid: [bob.uid] });
  assert.equal(byUser?.['Uid'], bob.uid);
  for (const row of [...recent, ...(byUser['Messages'] as unknown[]).map(asObject)]) has(row, MESSAGE);
  assert.equal(await java.post('msg/chat/offline/ack', { Mid: mids }), '');
  assert.deepEqual(await java.post('msg/chat/offline'), []);
  assert.equal(await java.post('auth/logout'), '');
});

/** Success is Code 100 exactly; reads lower-case keys of Data. */
async function web(server: ApiServer, path: string, body: Json, token = ''): Promise<unknown> {
  const answer: Answer = await server.call(path, body, token);
  assert.equal(answer.code, 100, `${path}: ${answer.text}`);
  return answer.data;
}

test('TypeScript flow: signin_v2 in lower case, user/info with nulls, sessions, ids, contacts by digits', async (t) => {
  const server = await ApiServer.start(t);
  const bob = await server.somebody();
  const email = 'tess@example.org';
  await web(server, 'auth/verifyCode', { email, mode: 'register' });
  await web(server, 'auth/register', { nickname: 'Tess', email, captcha: '11111', password: 'pw' });
  const signedIn = asObject(await web(server, 'auth/signin_v2', { Email: email, Device: 2, Password: 'pw' }));
  has(signedIn, { token: 'string', uid: 'number' });
  has(asObject(signedIn['credential']), { credential: 'string' });
  const token = String(signedIn['token']);
  const uid = Number(signedIn['uid']);

  const [me] = (await web(server, 'user/info', { Uid: [uid] }, token)) as unknown[];
  assert.deepEqual([asObject(me)['uid'], asObject(me)['nick_name']], [uid, 'Tess']);
  has(asObject(me), { avatar: 'string', account: 'string' });
  assert.deepEqual(await web(server, 'user/info', { Uid: [null] }, token), []);
  assert.deepEqual(await web(server, 'session/recent', {}, token), []);
  const id = asObject(await web(server, 'msg/id', {}, token));
  assert.equal(id['mid'], id['Mid']);
  has(id, { mid: 'number' });

  await web(server, 'contacts/add', { Uid: String(bob.uid), Remark: 'b' }, token);
  const [contact] = (await web(server, 'contacts/list', {}, token)) as unknown[];
  assert.deepEqual([asObject(contact)['Id'], asObject(contact)['Type']], [String(bob.uid), 1]);
  const [session] = (await web(server, 'session/recent', {}, token)) as unknown[];
  assert.deepEqual([asObject(session)['To'], asObject(session)['Type']], [bob.uid, 1]);
  has(asObject(session), { UpdateAt: 'number' });

  has(asObject(await web(server, 'session/ticket', { To: String(bob.uid) }, token)), { Ticket: 'string' });
  const headers = { authorization: `Bearer ${token}` };
  const blacklist = async (): Promise<readonly unknown[]> => {
    const { code, data } = await server.raw('/api/session/blacklist', { method: 'GET', headers });
    assert.ok(code === 100 && Array.isArray(data));
    return data.map((row) => asObject(asObject(row)['user_info'])['Uid']);
  };
  assert.deepEqual(await blacklist(), []);
  await web(server, 'session/blacklist/add', { relative_ids: [String(bob.uid)] }, token);
  assert.deepEqual(await blacklist(), [bob.uid]);
  await web(server, 'session/blacklist/remove', { relative_ids: [String(bob.uid)] }, token);
  assert.deepEqual(await blacklist(), []);
  await web(server, 'profile/update', { avatar: 't.png', nick_name: 'Tessa' }, token);
  const updated = asObject(await web(server, 'user/profile', {}, token));
  assert.deepEqual([updated['nick_name'], updated['avatar']], ['Tessa', 't.png']);
  assert.deepEqual(await web(server, 'msg/chat/history', { Uid: String(bob.uid), Before: 0 }, token), []);
  const resumed = asObject(await web(server, 'auth/token', { Token: token }));
  assert.deepEqual([resumed['token'], resumed['uid']], [token, uid]);
  const guest = asObject(await web(server, 'auth/guest', { avatar: 'a.png', nickname: 'Guest' }));
  has(guest, { token: 'string', uid: 'number' });
  assert.equal(guest['avatar'], 'a.png');
  const { data } = await server.raw('/api/app/info', { method: 'GET' });
  has(asObject(data), { Online: 'number', MaxOnline: 'number', MessageSent: 'number', StartAt: 'number' });
});
