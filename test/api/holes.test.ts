/** The known holes of the older servers that concern connections and HTTP, each shut here; over the real process. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { CLOSE_CODES, ERRORS } from '../../im/errors.js';
import { call, callGet, callOk, guest, register, signIn, type Guest } from '../support/http.js';
import { asObject, LEGACY, RawClient, WEB, type Json, type Wording } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';
import { expectQuiet, waitUntil } from '../support/wait.js';

async function connect(
  t: TestContext,
  server: TestServer,
  wording: Wording,
  who?: Guest,
): Promise<RawClient> {
  const client = await RawClient.connect(server.urls.ws, wording);
  t.after(() => client.terminate());
  if (who !== undefined) await client.signIn(who.token);
  return client;
}

/** Says something to `to` and waits until it is stored; its mid. */
async function say(client: RawClient, from: Guest, to: Guest, content: string): Promise<number> {
  const clientId = crypto.randomUUID();
  client.chat({ from: from.uid, to: to.uid, content, mid: 0, clientId, atMs: Date.now() });
  const ack = await client.expect('ack.message', (data) => data['cliMid'] === clientId);
  return Number(asObject(ack.data)['mid']);
}

test('hole 19: frames, strangers and close handshakes have a limit, a deadline and an answer', async (t) => {
  const flags = { 'gateway-frame-bytes': 8192, 'gateway-content-bytes': 4096 };
  // Long enough for whoever does sign in, on a machine that does much else besides.
  const deadline = { 'gateway-sign-in-deadline-ms': 2000, 'gateway-sweep-ms': 20 };
  const server = await TestServer.start(t, { flags: { ...flags, ...deadline } });
  const alice = await guest(server.urls.http, 'alice');
  const large = await connect(t, server, WEB, alice);
  large.sendText(WEB.envelope('message.cli', 1, 'x'.repeat(8192)));
  assert.equal((await large.expectClose()).code, 1009);
  const stranger = await connect(t, server, LEGACY);
  assert.equal((await stranger.expectClose()).code, CLOSE_CODES.NOT_SIGNED_IN.code);
  const polite = await connect(t, server, WEB, alice);
  await polite.close();
  assert.equal(polite.closed?.code, 1000, 'the close frame was answered, not left to a timeout');
});

test('hole 19: who is too fast is told so, keeps the connection, and stops nobody else', async (t) => {
  const flags = { 'limits-message-per-second': 1, 'limits-message-burst': 3 };
  const server = await TestServer.start(t, { flags });
  const { http } = server.urls;
  const [alice, bob] = [await guest(http, 'alice'), await guest(http, 'bob')];
  const client = await connect(t, server, WEB, alice);
  for (let i = 0; i < 10; i++)
    client.chat({ from: alice.uid, to: bob.uid, content: 'x', mid: 0, clientId: `c${i}`, atMs: Date.now() });
  await waitUntil(
    'ten answers',
    () => client.heard('ack.message').length + client.heard('notify.error').length >= 10,
  );
  const refusals = client.heard('notify.error');
  assert.ok(refusals.length >= 5 && client.heard('ack.message').length >= 3);
  for (const { data } of refusals) assert.match(String(data), new RegExp(ERRORS.RATE_LIMITED.text));
  await say(await connect(t, server, WEB, bob), bob, alice, 'not me');
  assert.equal((await client.ask('api.user.profile', {})).action, 'api.success');
});

test('hole 20: nothing passes from a stranger, no sender is believed, no receipt is forged', async (t) => {
  const server = await TestServer.start(t);
  const { http } = server.urls;
  const [alice, bob, carol] = [await guest(http, 'a'), await guest(http, 'b'), await guest(http, 'c')];
  const [ann, ben, cat] = [
    await connect(t, server, WEB, alice),
    await connect(t, server, WEB, bob),
    await connect(t, server, WEB, carol),
  ];
  const mid = await say(ann, alice, bob, 'hello');
  await ben.expect('message.chat');

  for (const wording of [LEGACY, WEB]) {
    const stranger = await connect(t, server, wording);
    const before = ben.frames.length;
    const relay = {
      from: String(alice.uid),
      to: String(bob.uid),
      From: alice.uid,
      To: bob.uid,
      type: 1,
      content: 'x',
    };
    stranger.say('message.cli', relay, 1);
    stranger.say('message.cs', { ...relay, CsId: bob.uid, csId: String(bob.uid) }, 2);
    stranger.say('ack.request', { mid, from: String(alice.uid), Mid: mid, From: alice.uid }, 3);
    stranger.say('ack.group.msg', { mid, from: String(alice.uid), Mid: mid, From: alice.uid }, 4);
    await stranger.expect('notify.error');
    assert.deepEqual([ben.frames.length - before, stranger.heard('notify.auth').length], [0, 0]);
  }

  // Carol has no part in that conversation, and bob has it but carol says she got it.
  cat.say('ack.request', { mid, from: String(alice.uid) }, 5);
  cat.say(
    'message.cli',
    { from: String(alice.uid), to: String(bob.uid), id: 'n1', type: 10020, content: { a: [1] } },
    6,
  );
  const relayed = asObject((await ben.expect('message.cli')).data);
  assert.deepEqual(
    [relayed['from'], relayed['to'], relayed['content']],
    [String(carol.uid), String(bob.uid), { a: [1] }],
    'who sent it is what the connection says, and what was sent is what was said',
  );
  await expectQuiet(200, () => (ann.heard('ack.notify').length === 0 ? undefined : 'a forged receipt'));
  ben.receipt(mid, alice.uid);
  await ann.expect('ack.notify', (data) => data['mid'] === mid);
});

test('hole 21: the first frame chooses the profile, and who says a version is told ours', async (t) => {
  const server = await TestServer.start(t);
  const { http } = server.urls;
  const alice = await guest(http, 'alice');
  const legacy = await connect(t, server, LEGACY);
  const old = asObject((await legacy.signIn(alice.token)).data);
  assert.deepEqual([old['Uid'], old['protocol']], [alice.uid, undefined]);
  assert.deepEqual(Object.keys(asObject(JSON.parse(legacy.frames[0]?.text ?? ''))).slice(0, 3), [
    'Ver',
    'Seq',
    'Action',
  ]);
  const modern = await connect(t, server, WEB);
  const auth = { version: 1, credential: alice.token, v: 1, caps: ['sync'] };
  const terms = asObject((await modern.ask('authenticate', auth)).data);
  assert.equal(terms['protocol'], 1);
  assert.ok(Array.isArray(terms['features']) && terms['features'].includes('sync'));
  for (const key of ['frameBytes', 'contentBytes', 'rangeCount'])
    assert.equal(typeof asObject(terms['limits'])[key], 'number', key);
});

test('hole 22: passwords are kept as hashes', async (t) => {
  const server = await TestServer.start(t);
  const user = await register(server.urls.http, 'alice');
  await signIn(server.urls.http, user, 1);
  // The database and its log; beside them lie a lock and a socket.
  const files = (await readdir(server.dataDir)).filter((name) => name.includes('.db'));
  const bytes = Buffer.concat(await Promise.all(files.map((file) => readFile(join(server.dataDir, file)))));
  assert.ok(bytes.includes(user.account), 'the account is there to be seen');
  assert.ok(!bytes.includes(user.password) && bytes.includes('$argon2id$'));
});

test('hole 22: no secret is compiled in: a token of one server is nothing to another', async (t) => {
  const [one, other] = [await TestServer.start(t), await TestServer.start(t)];
  const alice = await guest(one.urls.http, 'alice');
  await guest(other.urls.http, 'same uid');
  assert.equal((await call(one.urls.http, 'user/profile', {}, alice.token)).code, 100);
  assert.equal((await call(other.urls.http, 'user/profile', {}, alice.token)).status, 401);
  assert.equal((await call(other.urls.http, 'auth/logout', {}, alice.token)).status, 401);
});

test('hole 22: logging out and expiry end the use over HTTP too, and no action signs in without proof', async (t) => {
  const flags = { 'api-guest-token-lifetime-ms': 2000 };
  const server = await TestServer.start(t, { flags });
  const { http } = server.urls;
  const [alice, bob] = [await guest(http, 'alice'), await guest(http, 'bob')];
  await callOk(http, 'auth/logout', {}, alice.token);
  assert.equal((await call(http, 'user/profile', {}, alice.token)).status, 401);
  const client = await connect(t, server, WEB);
  for (const action of ['api.test.login', 'api.test.signout']) {
    const answer = await client.ask(action, { uid: bob.uid, device: 2 });
    assert.notEqual(answer.action, 'api.success', action);
  }
  assert.equal((await client.ask('api.user.profile', {})).action, 'api.failed', 'and nobody is signed in');
  await waitUntil(
    'the token to expire',
    async () => (await call(http, 'user/profile', {}, bob.token)).status === 401,
  );
});

test('hole 23: every operation that was a stub does its work and answers an envelope with Data', async (t) => {
  const server = await TestServer.start(t);
  const { http } = server.urls;
  const [alice, bob] = [await guest(http, 'alice'), await guest(http, 'bob')];
  const client = await connect(t, server, WEB, bob);
  await callOk(http, 'contacts/add', { Uid: bob.uid }, alice.token);
  const mid = await say(client, bob, alice, 'hello');
  const stubs: readonly (readonly [string, Json])[] = [
    ['contacts/update', { Uid: bob.uid, Remark: 'Bobby' }],
    ['contacts/approval', { Uid: bob.uid, Agree: true, Deny: false, Comment: '' }],
    ['user/profile/update', { nick_name: 'Al' }],
    ['msg/chat/offline/ack', { Mid: [mid] }],
    ['session/update', { To: bob.uid }],
    ['contacts/del', { Uid: bob.uid }],
  ];
  const list = async (path: string): Promise<unknown> => callOk(http, path, {}, alice.token);
  assert.ok(JSON.stringify(await list('msg/chat/offline')).includes('hello'));
  for (const [path, body] of stubs) {
    const answer = await call(http, path, body, alice.token);
    assert.deepEqual([answer.status, answer.code], [200, 100], `${path} ${answer.text}`);
    assert.ok(answer.data !== null && answer.data !== undefined, path);
    if (path === 'contacts/update') assert.ok(JSON.stringify(await list('contacts/list')).includes('Bobby'));
  }
  assert.deepEqual(await list('contacts/list'), []);
  await waitUntil('the ack to count', async () => JSON.stringify(await list('msg/chat/offline')) === '[]');
  assert.equal(asObject(await list('user/profile'))['Nickname'], 'Al');
});

test('hole 23: a wrong parameter is Code 300 in the envelope, and a code has one meaning', async (t) => {
  const server = await TestServer.start(t);
  const { http } = server.urls;
  const alice = await guest(http, 'alice');
  const nobody = alice.uid + 1_000_000;
  const cases: readonly (readonly [string, Json, number, number])[] = [
    ['contacts/add', { Uid: 'x' }, 200, 300],
    ['msg/chat/history', {}, 200, 300],
    ['contacts/add', { Uid: nobody }, 200, 2002],
    ['user/info', { Uid: [nobody] }, 200, 2002],
    ['session/ticket', { To: nobody }, 200, 2002],
    ['msg/range', { conv: `u${nobody}_${nobody + 1}`, from: 1, to: 1 }, 200, 3001],
    ['group/none', {}, 404, 404],
  ];
  for (const [path, body, status, code] of cases) {
    const answer = await call(http, path, body, alice.token);
    assert.deepEqual(
      [answer.status, answer.code, answer.data],
      [status, code, null],
      `${path} ${answer.text}`,
    );
  }
  const stranger = await call(http, 'contacts/add', { Uid: 'x' });
  assert.deepEqual([stranger.status, stranger.code, stranger.data], [401, 1001, null]);
  const release = await callGet(http, 'app/release');
  assert.deepEqual([release.code, release.data], [1009, null], 'not configured is said, not an empty 200');
});

test('hole 24: recent and user give the messages; session lists agree; a contact is two-way at once', async (t) => {
  const server = await TestServer.start(t);
  const { http } = server.urls;
  const [alice, bob, carol] = [await guest(http, 'a'), await guest(http, 'b'), await guest(http, 'c')];
  const client = await connect(t, server, WEB, alice);
  const mids = [await say(client, alice, bob, 'to bob'), await say(client, alice, carol, 'to carol')];
  const read = (path: string, body: Json, who: Guest): Promise<unknown> =>
    callOk(http, path, body, who.token);
  const midsOf = (list: unknown): readonly unknown[] => {
    assert.ok(Array.isArray(list));
    return list.map((row) => asObject(row)['Mid']);
  };
  assert.deepEqual(new Set(midsOf(await read('msg/chat/recent', {}, alice))), new Set(mids));
  assert.deepEqual(midsOf(await read('msg/chat/recent', {}, bob)), mids.slice(0, 1));
  const byUser = await read('msg/chat/user', { Uid: [bob.uid, carol.uid] }, alice);
  assert.ok(Array.isArray(byUser));
  assert.deepEqual(
    byUser.map((row) => [asObject(row)['Uid'], midsOf(asObject(row)['Messages'])]),
    [
      [bob.uid, [mids[0]]],
      [carol.uid, [mids[1]]],
    ],
  );
  for (const [me, peer] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const recent = await read('session/recent', {}, me);
    assert.ok(Array.isArray(recent));
    const listed = asObject(recent.find((row) => asObject(row)['To'] === peer.uid));
    const one = asObject(await read('session/get', { To: peer.uid }, me));
    assert.deepEqual(one, listed);
    assert.deepEqual([one['Uid1'], one['Uid2'], one['To']], [alice.uid, bob.uid, peer.uid]);
  }
  await read('contacts/add', { Uid: carol.uid }, bob);
  for (const [me, peer] of [
    [bob, carol],
    [carol, bob],
  ] as const) {
    const contacts = await read('contacts/list', {}, me);
    assert.ok(Array.isArray(contacts));
    assert.deepEqual(
      contacts.map((row) => asObject(row)['uid']),
      [peer.uid],
    );
  }
});

test('hole 25: Servers is where this server really is, or what it was configured to say', async (t) => {
  const server = await TestServer.start(t);
  const data = asObject(await callOk(server.urls.http, 'auth/guest', {}));
  assert.deepEqual(data['Servers'], [server.urls.ws]);
  const client = await RawClient.connect(String((data['servers'] as unknown[])[0]), WEB);
  await client.signIn(String(data['token']));
  client.terminate();
  const wss = 'wss://chat.example.org/ws,wss://chat2.example.org/ws';
  const behind = await TestServer.start(t, { flags: { 'public-ws-urls': wss } });
  const told = asObject(await callOk(behind.urls.http, 'auth/guest', {}))['Servers'];
  assert.deepEqual(told, wss.split(','));
});
