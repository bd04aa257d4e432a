/** Tokens over HTTP: who may ask, superseding, renewal, logout. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATIONS } from '../../im/api/operations.js';
import { JoseTokens } from '../../service/api/jose_tokens.js';
import { API_SECRET, ApiServer } from '../support/api_server.js';

const HOUR_MS = 3_600_000;

function guarded(access: 'caller' | 'genuine'): readonly string[] {
  return OPERATIONS.filter((operation) => operation.access === access).map(({ path }) => path);
}

test('who asks: every operation refuses no token, a foreign token and a superseded one with 401 and 1001', async (t) => {
  const server = await ApiServer.start(t);
  const alice = await server.somebody();
  const claims = { uid: alice.uid, device: alice.device, version: 1, issuedAtMs: server.clock.nowMs };
  const foreign = await new JoseTokens({ secret: 'somebody else, with a secret of his own' }).sign({
    ...claims,
    expiresAtMs: server.clock.nowMs + HOUR_MS,
  });
  await server.signedIn(alice.uid, alice.account, 1);
  const tokens = { none: '', foreign, garbage: 'a.b.c', superseded: alice.token };
  for (const path of guarded('caller')) {
    for (const [name, token] of Object.entries(tokens)) {
      const { status, code, data } = await server.call(path, {}, token);
      assert.deepEqual([status, code, data], [401, 1001, null], `${path} with ${name}`);
    }
  }
  assert.deepEqual(guarded('genuine'), ['auth/logout']);
  for (const token of ['', foreign, 'a.b.c'])
    assert.equal((await server.call('auth/logout', {}, token)).status, 401);
});

test('who asks: the token is taken from the Authorization header only', async (t) => {
  const server = await ApiServer.start(t);
  const { token } = await server.somebody();
  const status = (authorization: string): Promise<number> =>
    server.raw('/api/user/profile', { headers: { authorization } }).then((answer) => answer.status);
  assert.deepEqual([await status(`Bearer ${token}`), await status(`bearer   ${token}`)], [200, 200]);
  for (const header of [
    token,
    `Basic ${token}`,
    'Bearer',
    'Bearer ',
    `Bearer ${token} x`,
    `xBearer ${token}`,
  ])
    assert.equal(await status(header), 401, header.slice(0, 12));
  assert.equal((await server.call('user/profile', { token, Token: token })).status, 401);
  assert.equal((await server.raw(`/api/user/profile?token=${token}`)).status, 401);
});

test('who asks: a uid in the body is never the caller', async (t) => {
  const server = await ApiServer.start(t);
  const [alice, bob] = [await server.somebody(), await server.somebody()];
  const profile = await server.data('user/profile', { uid: bob.uid, caller: bob }, alice.token);
  assert.equal(profile['Uid'], alice.uid);
});

test('a sign-in supersedes the token of the same device at once on HTTP, and of no other device', async (t) => {
  const server = await ApiServer.start(t);
  const user = { account: 'alice', password: 'pw' };
  await server.value('auth/register', user);
  const phone = await server.data('auth/signin', { ...user, device: 1 });
  const web = await server.data('auth/signin', { ...user, device: 2 });
  const status = async (token: unknown): Promise<number> =>
    (await server.call('user/profile', {}, String(token))).status;
  assert.deepEqual([await status(phone['token']), await status(web['token'])], [200, 200]);
  server.kicks.length = 0;
  const again = await server.data('auth/signin', { ...user, device: 1 });
  assert.deepEqual(
    [await status(phone['token']), await status(again['token']), await status(web['token'])],
    [401, 200, 200],
  );
  assert.deepEqual(server.kicks, [{ uid: again['uid'], device: 1, belowVersion: 2, reason: 'KICKED' }]);
});

test('auth/token gives the same token back and disturbs nobody', async (t) => {
  const server = await ApiServer.start(t);
  const alice = await server.somebody();
  const data = await server.data('auth/token', { Token: alice.token, Device: 9 });
  assert.deepEqual([data['Token'], data['Uid'], data['Device']], [alice.token, alice.uid, 1]);
  assert.ok(Array.isArray(data['Servers']));
  assert.equal((await server.call('user/profile', {}, alice.token)).code, 100);
  assert.equal(server.kicks.length, 0);
  for (const token of [undefined, '', 'a.b.c', 'x'.repeat(4000)])
    assert.equal((await server.call('auth/token', { token })).code, 1001);
  assert.equal((await server.call('auth/token', { token: 5 })).code, 300);
  await server.signedIn(alice.uid, alice.account, 1);
  assert.equal((await server.call('auth/token', { token: alice.token })).code, 1001);
});

test('auth/token with renew: a later expiry at the same version, as often as one likes; an expired one is over', async (t) => {
  const server = await ApiServer.start(t);
  const alice = await server.somebody();
  const expiries: number[] = [];
  let { token } = alice;
  for (let i = 0; i < 5; i++) {
    server.clock.nowMs += 600_321;
    const renewed = await server.data('auth/token', { token, renew: true });
    assert.notEqual(renewed['token'], token);
    token = String(renewed['token']);
    const expiresAtMs = Number(renewed['expiresAt']);
    assert.ok(expiresAtMs - server.clock.nowMs <= HOUR_MS, 'the lifetime does not grow');
    assert.ok(expiresAtMs - server.clock.nowMs > HOUR_MS - 1000);
    expiries.push(expiresAtMs);
  }
  assert.deepEqual(expiries, [...new Set(expiries)].sort());
  assert.equal((await server.call('user/profile', {}, token)).code, 100);
  assert.equal((await server.call('user/profile', {}, alice.token)).code, 100, 'the older one runs on');
  assert.equal((await server.call('auth/token', { token, renew: 'yes' })).code, 300);
  server.clock.nowMs += HOUR_MS;
  assert.equal((await server.call('user/profile', {}, token)).status, 401);
  assert.equal((await server.call('auth/token', { token, renew: true })).code, 1001);
});

test('logout revokes at once, kicks its own connections, and a second one is answered 100', async (t) => {
  const server = await ApiServer.start(t);
  const alice = await server.somebody();
  const web = await server.signedIn(alice.uid, alice.account, 2);
  assert.equal((await server.call('user/profile', {}, alice.token)).code, 100);
  const answer = await server.call('auth/logout', {}, alice.token);
  assert.deepEqual([answer.status, answer.code, answer.data], [200, 100, '']);
  assert.deepEqual(server.kicks, [{ uid: alice.uid, device: 1, belowVersion: 2, reason: 'LOGGED_OUT' }]);
  assert.equal((await server.call('user/profile', {}, alice.token)).status, 401);
  assert.equal((await server.call('user/profile', {}, web.token)).code, 100);
  assert.equal((await server.call('auth/logout', {}, alice.token)).code, 100);
  assert.equal(server.kicks.length, 1);
});

test('logout with a superseded or expired token answers 100 and changes nothing for the newer one', async (t) => {
  const server = await ApiServer.start(t);
  const old = await server.somebody();
  const fresh = await server.signedIn(old.uid, old.account, 1);
  assert.equal((await server.call('auth/logout', {}, old.token)).code, 100);
  assert.deepEqual(server.kicks, []);
  assert.equal((await server.call('user/profile', {}, fresh.token)).code, 100);
  server.clock.nowMs += 2 * HOUR_MS;
  assert.equal((await server.call('auth/logout', {}, fresh.token)).code, 100, 'expired, and still ours');
  assert.equal(server.kicks.length, 1);
});

test('ten sign-ins of one device at once: exactly one token survives', async (t) => {
  const server = await ApiServer.start(t, { attempts: { hashAccountCount: 10 } });
  const user = { account: 'alice', password: 'pw' };
  await server.value('auth/register', user);
  const grants = await Promise.all(Array.from({ length: 10 }, () => server.data('auth/signin', user)));
  const alive = await Promise.all(grants.map(({ token }) => server.call('user/profile', {}, String(token))));
  assert.equal(alive.filter(({ code }) => code === 100).length, 1);
  const versions = server.kicks.map(({ belowVersion }) => belowVersion).sort((a, b) => a - b);
  assert.deepEqual(versions, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('a token signed before a change of the secret is good while the old secret is listed', async (t) => {
  const server = await ApiServer.start(t);
  const alice = await server.somebody();
  const rotated = new JoseTokens({ secret: `${API_SECRET} 2`, previousSecrets: [API_SECRET] });
  assert.equal((await rotated.verify(alice.token))?.uid, alice.uid);
  assert.equal(await new JoseTokens({ secret: `${API_SECRET} 2` }).verify(alice.token), undefined);
});
