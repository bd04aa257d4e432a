/**
 * Everything that the public SDKs and the servers before this one know by name is there: each route answers in the
 * envelope, a success with a `Data` that is not null, each `api.*` action answers too, and both know what they are asked.
 * Left out: the routes of customer-service products (app/articles, category, tool, cs), and the test back doors
 * (GET t, api.test.*).
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { call, callGet, guest, type HttpAnswer } from '../support/http.js';
import { LEGACY, RawClient, WEB, type Json } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';
import { waitUntil } from '../support/wait.js';

interface Route {
  readonly path: string;
  readonly method?: 'GET';
  /** What the route answers here where it is no success. */
  readonly code?: number;
  readonly body?: (scene: Scene) => Json;
}

interface Scene {
  readonly server: TestServer;
  readonly alice: { readonly uid: number; readonly token: string };
  readonly bob: { readonly uid: number; readonly token: string };
  readonly gid: number;
  readonly account: string;
}

const PASSWORD = 'a password';
const { NO_SUCH_USER, NOT_A_CONTACT, NO_SUCH_REQUEST, NO_SUCH_MESSAGE, ALREADY_MEMBER, WRONG_CODE } = ERRORS;

/** In an order in which each can succeed; what was there in 2022, then what 2023 added. */
const ROUTES: readonly Route[] = [
  { path: 'app/release', method: 'GET' },
  { path: 'app/info', method: 'GET' },
  { path: 'auth/register', body: ({ account }) => ({ Account: account, Password: PASSWORD }) },
  { path: 'auth/signin', body: ({ account }) => ({ Account: account, Password: PASSWORD, Device: 1 }) },
  { path: 'auth/guest', body: () => ({ Nickname: 'g', Avatar: 'a.png' }) },
  { path: 'auth/token', body: ({ alice }) => ({ Token: alice.token }) },
  { path: 'user/info', body: ({ bob }) => ({ Uid: [bob.uid] }) },
  { path: 'user/profile' },
  { path: 'user/profile/update' },
  { path: 'contacts/list' },
  { path: 'contacts/add', body: ({ bob }) => ({ Uid: bob.uid, Remark: '' }) },
  {
    path: 'contacts/approval',
    code: 100,
    body: ({ bob }) => ({ Uid: bob.uid, Agree: true, Comment: '' }),
  },
  { path: 'contacts/update', body: ({ bob }) => ({ Uid: bob.uid, Remark: 'b' }) },
  { path: 'group/create', body: () => ({ Name: 'three' }) },
  { path: 'group/info', body: ({ gid }) => ({ Gid: [gid] }) },
  { path: 'group/members', body: ({ gid }) => ({ Gid: gid }) },
  { path: 'group/join', code: ALREADY_MEMBER.code, body: ({ gid }) => ({ Gid: gid }) },
  { path: 'group/members/invite', body: ({ gid, bob }) => ({ Gid: gid, Uid: [bob.uid] }) },
  { path: 'group/members/remove', body: ({ gid, bob }) => ({ Gid: gid, Uid: [bob.uid] }) },
  { path: 'msg/id' },
  { path: 'msg/chat/history', body: ({ bob }) => ({ Uid: bob.uid, BeforeMid: 0 }) },
  { path: 'msg/chat/recent' },
  { path: 'msg/chat/user', body: ({ bob }) => ({ Uid: [bob.uid] }) },
  { path: 'msg/chat/offline' },
  { path: 'msg/chat/offline/ack', body: () => ({ Mid: [1] }) },
  { path: 'msg/group/history', body: ({ gid }) => ({ Gid: gid, BeforeSeq: 0 }) },
  { path: 'msg/group/recent', body: ({ gid }) => ({ Gid: gid }) },
  { path: 'msg/group/state', body: ({ gid }) => ({ Gid: gid }) },
  { path: 'msg/group/state/all' },
  { path: 'session/recent' },
  { path: 'session/get', body: ({ bob }) => ({ To: bob.uid }) },
  { path: 'session/update', body: ({ bob }) => ({ To: bob.uid }) },

  { path: 'auth/verifyCode', body: ({ account }) => ({ email: `${account}@example.org`, mode: 'register' }) },
  {
    path: 'auth/register',
    body: ({ account }) => ({
      ...{ nickname: 'n', email: `${account}@example.org`, captcha: '11111', password: PASSWORD },
    }),
  },
  {
    path: 'auth/signin_v2',
    body: ({ account }) => ({ email: `${account}@example.org`, password: PASSWORD, device: 2 }),
  },
  { path: 'auth/verifyCode', body: ({ account }) => ({ email: `${account}@example.org`, mode: 'forget' }) },
  {
    path: 'auth/forget',
    body: ({ account }) => ({ email: `${account}@example.org`, captcha: '11111', password: 'another one' }),
  },
  { path: 'auth/guest/signin', body: () => ({ fingerprint_id: 'f', origin: 'https://example.org' }) },
  { path: 'profile/update', body: () => ({ nick_name: 'Al', avatar: 'a.png' }) },
  { path: 'auth/verifyCode', body: ({ account }) => ({ email: `new-${account}@example.org` }) },
  {
    path: 'user/profile/email',
    body: ({ account }) => ({ email: `new-${account}@example.org`, captcha: '11111' }),
  },
  {
    path: 'user/profile/email',
    code: WRONG_CODE.code,
    body: () => ({ email: 'x@example.org', captcha: '0' }),
  },
  { path: 'user/profile/auth' },
  { path: 'contacts/update/remark', body: ({ bob }) => ({ Uid: bob.uid, Remark: 'b' }) },
  { path: 'contacts/update/mid', code: NO_SUCH_MESSAGE.code, body: ({ bob }) => ({ Uid: bob.uid, Mid: 1 }) },
  { path: 'session/ticket', body: ({ bob }) => ({ To: String(bob.uid) }) },
  { path: 'session/blacklist', method: 'GET' },
  { path: 'session/whitelist', method: 'GET' },
  { path: 'session/blacklist/add', body: ({ bob }) => ({ relative_ids: [String(bob.uid)] }) },
  { path: 'session/blacklist/remove', body: ({ bob }) => ({ relative_ids: [bob.uid] }) },
  { path: 'session/whitelist/add', body: ({ bob }) => ({ relative_ids: [bob.uid] }) },
  { path: 'session/whitelist/remove', body: ({ bob }) => ({ relative_ids: [bob.uid] }) },
  {
    path: 'message/list',
    body: ({ bob }) => ({ to: bob.uid, page: 1, pageSize: 10, end_mid: 0, start_mid: 0 }),
  },
  { path: 'message/read', body: ({ alice, bob }) => ({ session_id: `${alice.uid}_${bob.uid}` }) },
  {
    path: 'message/recall',
    code: NO_SUCH_MESSAGE.code,
    body: ({ bob }) => ({ to: bob.uid, mid: 1, type: 1 }),
  },
  { path: 'contacts/del', body: ({ bob }) => ({ uid: bob.uid }) },
  { path: 'contacts/del', code: NOT_A_CONTACT.code, body: ({ bob }) => ({ Uid: [bob.uid] }) },
  {
    path: 'contacts/approval',
    code: NO_SUCH_REQUEST.code,
    body: ({ bob }) => ({ Uid: bob.uid, Agree: true, Comment: '' }),
  },
  { path: 'user/info', code: NO_SUCH_USER.code, body: () => ({ Uid: [999_999_999] }) },
  { path: 'auth/logout' },
];

/** The S28 names, and those that only the public web SDK has; each with data that an old client would send. */
const ALIASES: readonly (readonly [action: string, data: (scene: Scene) => unknown])[] = [
  ['api.user.info.get', ({ bob }) => ({ Uid: [bob.uid] })],
  ['api.user.info.me', () => ''],
  ['api.user.online', () => ''],
  ['api.user.state', ({ bob }) => ({ uid: String(bob.uid) })],
  ['api.state.sub', ({ bob }) => ({ uids: [String(bob.uid)] })],
  ['api.contacts.add', ({ bob }) => ({ Uid: bob.uid, Remark: '' })],
  ['api.contacts.get', () => ''],
  ['api.group.create', () => ({ Name: 'by frame' })],
  ['api.group.info', ({ gid }) => ({ Gid: [gid] })],
  ['api.group.member.get', ({ gid }) => ({ Gid: gid })],
  ['api.group.members', ({ gid }) => ({ Gid: gid })],
  ['api.group.member.add', ({ gid, bob }) => ({ Gid: gid, Uid: [bob.uid] })],
  ['api.group.member.remove', ({ gid, bob }) => ({ Gid: gid, Uid: [bob.uid] })],
  ['api.user.register', ({ account }) => ({ Account: `r${account}`, Password: PASSWORD })],
  ['api.user.guest', () => ({ Nickname: 'g', Avatar: '' })],
];

async function sceneOf(t: TestContext): Promise<Scene> {
  const server = await TestServer.start(t, {
    flags: { 'api-release-version-code': 1, 'api-release-version-name': '1' },
  });
  const api = server.urls.http;
  const [alice, bob] = [await guest(api, 'alice'), await guest(api, 'bob')];
  const made = await call(api, 'group/create', { Name: 'of alice' }, alice.token);
  assert.equal(made.code, 100, made.text);
  const { Gid: gid } = made.data as { readonly Gid: number };
  return { server, alice, bob, gid, account: `acc${crypto.randomUUID().slice(0, 8)}` };
}

function assertSays(route: Route, answer: HttpAnswer): void {
  const { code = 100, path } = route;
  assert.equal(answer.code, code, `${path}: HTTP ${answer.status} ${answer.text}`);
  // The Java SDK wants something in a success, and nothing in an error.
  assert.equal(answer.data === null, code !== 100, `${path}: Data in ${answer.text}`);
  assert.notEqual(answer.data, undefined, `${path}: no Data`);
}

test('every route of the public SDKs and of the servers before answers', async (t) => {
  const scene = await sceneOf(t);
  const api = scene.server.urls.http;
  for (const route of ROUTES) {
    const { path, method, body } = route;
    const { token } = scene.alice;
    const answer =
      method === 'GET' ? await callGet(api, path, token) : await call(api, path, body?.(scene) ?? {}, token);
    assertSays(route, answer);
  }
});

for (const [name, wording] of Object.entries({ legacy: LEGACY, web: WEB })) {
  test(`every action of the older clients answers, in the ${name} profile`, async (t) => {
    const scene = await sceneOf(t);
    const connect = async (): Promise<RawClient> => {
      const client = await RawClient.connect(scene.server.urls.ws, wording);
      t.after(() => client.terminate());
      return client;
    };
    const client = await connect();
    assert.equal((await client.signIn(scene.alice.token)).action.includes('success'), true);
    for (const [action, data] of ALIASES) {
      const answer = await client.ask(action, data(scene));
      assert.equal(answer.action, 'api.success', `${action}: ${answer.text}`);
      assert.notEqual(answer.data, null, `${action}: no data`);
    }
    client.say('api.app.echo', 'hello?', 99);
    const echoed = await waitUntil('the echo', () => client.heard('api.app.echo')[0]);
    assert.deepEqual([echoed.seq, echoed.data], [99, 'hello?']);

    const exit = await client.ask('api.group.exit', { Gid: scene.gid });
    assert.equal(exit.action, 'api.failed', 'an owner stays');
    assert.match(String(exit.data), new RegExp(ERRORS.OWNER_MUST_STAY.text));
    const out = await client.ask('api.user.logout', '');
    assert.ok(['api.success', 'notify.kickout'].includes(out.action), out.text);

    const byPassword = await connect();
    const account = { Account: `r${scene.account}`, Password: PASSWORD, Device: 1 };
    assert.equal((await byPassword.ask('api.user.login', account)).action, 'api.success');
    for (const action of ['api.user.auth', 'api.auth']) {
      const again = await connect();
      const answer = await again.ask(action, { Token: scene.bob.token });
      assert.equal(answer.action, 'api.success', `${action}: ${answer.text}`);
    }
  });
}
