/** Accounts: register, sign in, guests, verification codes, a change of password. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { ApiServer, WS_PORT } from '../support/api_server.js';
import { asObject } from '../support/raw_client.js';

const ALICE = { Account: 'alice', Password: 'correct horse' };

async function withAlice(t: TestContext): Promise<ApiServer> {
  const server = await ApiServer.start(t);
  await server.value('auth/register', ALICE);
  return server;
}

test('register and sign in: both casings, Servers a list with the real port, device from the request', async (t) => {
  const server = await withAlice(t);
  const data = await server.data('auth/signin', { ...ALICE, Device: 7 });
  assert.equal(data['Uid'], data['uid']);
  assert.equal(data['Token'], data['token']);
  assert.equal(data['Device'], 7);
  assert.deepEqual(data['Servers'], [`ws://127.0.0.1:${WS_PORT}/ws`]);
  assert.equal(asObject(data['credential'])['credential'], data['Token']);
  assert.match(String(data['Nickname']), /^user_/);
});

test('a Host header that is no host goes into no URL', async (t) => {
  const server = await withAlice(t);
  const request = { operation: 'auth/signin', input: ALICE, caller: undefined, address: '192.0.2.1' };
  const told = async (host: string): Promise<unknown> =>
    asObject(await server.local.call({ ...request, host }))['Servers'];
  assert.deepEqual(await told('chat.example.org:8081'), [`ws://chat.example.org:${WS_PORT}/ws`]);
  assert.deepEqual(await told('[::1]:8081'), [`ws://[::1]:${WS_PORT}/ws`]);
  for (const host of ['', 'a b', 'evil/x?', 'u@h', 'a:b:c'])
    assert.deepEqual(await told(host), [`ws://localhost:${WS_PORT}/ws`], host);
});

test('an account is taken once, whatever the case of its letters, also by two at the same time', async (t) => {
  const server = await withAlice(t);
  assert.equal((await server.call('auth/register', { ...ALICE, Account: 'ALICE' })).code, 1004);
  const twice = { Account: 'Bob', Password: 'pw of bob' };
  const answers = await Promise.all([1, 2, 3].map(() => server.call('auth/register', twice)));
  assert.deepEqual(answers.map(({ code }) => code).sort(), [100, 1004, 1004]);
  assert.equal((await server.call('auth/signin', { ...ALICE, Account: 'aLiCe' })).code, 100);
});

test('bad input to register is refused before anything is hashed', async (t) => {
  const count = { hashes: 0 };
  const never = (): Promise<never> => {
    count.hashes++;
    return Promise.reject(new Error('hashed'));
  };
  const server = await ApiServer.start(t, { hasher: { hash: never, verify: never, burn: never } });
  for (const input of [
    {},
    { Account: 'x' },
    { Password: 'only' },
    { Account: 5, Password: 'p' },
    { Account: ['x'], Password: 'p' },
    { Account: 'x'.repeat(255), Password: 'p' },
    { Account: 'nul\0', Password: 'p' },
    { Account: 'x', Password: 'p'.repeat(257) },
    { Account: 'x', Password: 'p', nickname: 'n'.repeat(65) },
    { email: 'no-address', captcha: '11111', Password: 'p' },
    { Account: 'somebody@else.org', Password: 'p' },
  ]) {
    const { code, status } = await server.call('auth/register', input);
    assert.deepEqual([code, status], [300, 200], JSON.stringify(input));
  }
  assert.equal(count.hashes, 0);
});

test('wrong and unknown credentials get one answer, and an unknown account burns a hash', async (t) => {
  const calls: string[] = [];
  const server = await ApiServer.start(t, {
    hasher: {
      hash: (password) => Promise.resolve(`hash of ${password}`),
      verify: (hash, password) => {
        calls.push('verify');
        return Promise.resolve(hash === `hash of ${password}`);
      },
      burn: () => {
        calls.push('burn');
        return Promise.resolve();
      },
    },
  });
  await server.value('auth/register', ALICE);
  const guest = await server.data('auth/guest');
  const profile = await server.data('user/profile', {}, String(guest['Token']));
  const answers = [
    await server.call('auth/signin', { ...ALICE, Password: 'wrong' }),
    await server.call('auth/signin', { ...ALICE, Account: 'mallory' }),
    await server.call('auth/signin', { ...ALICE, Account: profile['Account'] }),
  ];
  assert.deepEqual(calls, ['verify', 'burn', 'burn']);
  assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
  assert.equal(answers[0]?.code, 1002);
  for (const input of [{}, { Account: 'alice' }, { Account: 'alice', Password: 'p'.repeat(300) }])
    assert.equal((await server.call('auth/signin', input)).code, 1002);
  assert.equal(calls.length, 3, 'what cannot be right costs no hash');
  for (const device of [-1, 1024, 1.5, 'x', {}])
    assert.equal((await server.call('auth/signin', { ...ALICE, Device: device })).code, 300);
});

test('at most two hashes at a time, a bounded queue behind them, then TOO_BUSY that says when to come back', async (t) => {
  const server = await ApiServer.start(t, { api: { hashQueueCount: 1, hashMemoryKib: 65_536 } });
  await server.value('auth/register', ALICE);
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => server.call('auth/signin', { ...ALICE, Password: 'wrong' })),
  );
  const busy = answers.filter(({ code }) => code === 429);
  assert.ok(busy.length >= 1 && busy.length <= 9, `${busy.length} refused`);
  assert.ok(busy.every(({ status, headers }) => status === 429 && headers.get('retry-after') === '1'));
  assert.ok(answers.every(({ code }) => code === 429 || code === 1002));
  assert.equal((await server.call('auth/signin', ALICE)).code, 100, 'and it goes on afterwards');
});

test('a guest is a user of device 3 whom no password opens', async (t) => {
  const server = await ApiServer.start(t);
  const data = await server.data('auth/guest', { nickname: 'Gus', avatar: null });
  assert.deepEqual([data['Device'], data['nick_name'], data['avatar']], [3, 'Gus', '']);
  const { Account: account } = await server.data('user/profile', {}, String(data['Token']));
  assert.match(String(account), /^guest_/);
  assert.equal((await server.call('auth/signin', { Account: account, Password: 'x' })).code, 1002);
  assert.match(String((await server.data('auth/guest'))['nick_name']), /^guest_/);
  assert.equal((await server.call('auth/guest', { nickname: {} })).code, 300);
});

test('captcha: the debugging code registers an e-mail, which then signs in; the code is used up', async (t) => {
  const server = await ApiServer.start(t);
  const user = { email: 'Ann@example.org', captcha: '11111', password: 'pw', nickname: 'Ann' };
  assert.equal((await server.call('auth/register', user)).code, 1005, 'no code was asked for yet');
  assert.equal((await server.call('auth/verifyCode', { email: user.email, mode: 'register' })).data, '');
  await server.value('auth/register', user);
  const data = await server.data('auth/signin_v2', { Email: 'ann@EXAMPLE.org', Device: 2, Password: 'pw' });
  assert.deepEqual([data['nick_name'], data['email'], data['device']], ['Ann', 'Ann@example.org', 2]);
  assert.equal((await server.call('auth/register', user)).code, 1005, 'a code is good once');
  assert.equal((await server.call('auth/verifyCode', {})).code, 300);
  assert.equal((await server.call('auth/verifyCode', { email: 'x' })).code, 300);
});

test('captcha: three wrong codes use it up, and the right one is refused too', async (t) => {
  const server = await ApiServer.start(t);
  const user = { email: 'eve@example.org', password: 'pw' };
  await server.value('auth/verifyCode', { email: user.email });
  for (const captcha of ['', '1', '2', '3']) {
    assert.equal((await server.call('auth/register', { ...user, captcha })).code, 1005);
  }
  assert.equal((await server.call('auth/register', { ...user, captcha: '11111' })).code, 1005);
  await server.value('auth/verifyCode', { email: user.email });
  assert.equal((await server.call('auth/register', { ...user, captcha: '11111' })).code, 100);
});

test('captcha: an account may bring an e-mail along, proved by its code', async (t) => {
  const server = await ApiServer.start(t);
  const user = { account: 'both', email: 'both@example.org', password: 'pw' };
  assert.equal((await server.call('auth/register', user)).code, 1005);
  await server.value('auth/verifyCode', { email: user.email });
  await server.value('auth/register', { ...user, captcha: '11111' });
  for (const account of ['both', 'both@example.org'])
    assert.equal((await server.call('auth/signin', { account, password: 'pw' })).code, 100);
});

test('captcha: outside debugging without a sender nobody gets a code, and the debugging code is worth nothing', async (t) => {
  const server = await ApiServer.start(t, { mode: 'production' });
  const { code, status } = await server.call('auth/verifyCode', { email: 'a@example.org' });
  assert.deepEqual([code, status], [1006, 200]);
  const user = { email: 'a@example.org', password: 'pw', captcha: '11111' };
  assert.equal((await server.call('auth/register', user)).code, 1005);
});

test('captcha: the web hook gets address and code; asked again at once is TOO_BUSY; a hook that fails is said', async (t) => {
  const heard: unknown[] = [];
  const answers = { status: 204 };
  const hook = createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      heard.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(answers.status, { location: '/elsewhere' }).end();
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  t.after(() => hook.close());
  const codeWebhookUrl = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/code`;
  const server = await ApiServer.start(t, { mode: 'production', api: { codeWebhookUrl } });
  const email = 'bob@example.org';
  await server.value('auth/verifyCode', { email });
  assert.deepEqual(heard, [{ email, code: '246810' }]);
  const again = await server.call('auth/verifyCode', { email });
  assert.deepEqual([again.code, again.status, again.headers.get('retry-after')], [429, 429, '60']);
  assert.equal(heard.length, 1);
  await server.value('auth/register', { email, password: 'pw', captcha: '246810' });
  answers.status = 500;
  assert.equal((await server.call('auth/verifyCode', { email: 'c@example.org' })).code, 1006);
  answers.status = 307;
  assert.equal((await server.call('auth/verifyCode', { email: 'd@example.org' })).code, 1006);
  assert.equal(heard.length, 3, 'a redirection is not followed: the code goes to nobody else');
  assert.equal(server.logs.filter((line) => line.includes('246810')).length, 0);
});

test('a change of password kicks all devices, and only the token answered with it goes on', async (t) => {
  const server = await withAlice(t);
  const phone = await server.data('auth/signin', { ...ALICE, Device: 1 });
  const web = await server.data('auth/signin', { ...ALICE, Device: 2 });
  server.kicks.length = 0;
  const change = { OldPassword: ALICE.Password, NewPassword: 'new secret' };
  const fresh = await server.data('auth/password', change, String(web['Token']));
  assert.deepEqual(
    server.kicks.map(({ device, belowVersion, reason }) => [device, belowVersion, reason]),
    [
      [1, 2, 'KICKED'],
      [2, 2, 'KICKED'],
    ],
  );
  const profile = async (token: unknown): Promise<number> =>
    (await server.call('user/profile', {}, String(token))).status;
  assert.deepEqual(
    [await profile(phone['Token']), await profile(web['Token']), await profile(fresh['Token'])],
    [401, 401, 200],
  );
  assert.equal(fresh['Device'], 2);
  assert.equal((await server.call('auth/signin', ALICE)).code, 1002);
  assert.equal((await server.call('auth/signin', { ...ALICE, Password: 'new secret' })).code, 100);
});

test('a change of password needs the old one, and an account that has one', async (t) => {
  const server = await withAlice(t);
  const { Token: token } = await server.data('auth/signin', ALICE);
  const change = (input: unknown, by = String(token)): Promise<number> =>
    server.call('auth/password', input, by).then(({ code }) => code);
  assert.equal(await change({ oldPassword: 'wrong', newPassword: 'n' }), 1002);
  assert.equal(await change({ newPassword: 'n' }), 1002);
  assert.equal(await change({ oldPassword: ALICE.Password }), 300);
  assert.equal(await change({ oldPassword: ALICE.Password, newPassword: 'n'.repeat(257) }), 300);
  const guest = await server.data('auth/guest');
  assert.equal(await change({ oldPassword: '', newPassword: 'n' }, String(guest['Token'])), 1002);
  assert.equal((await server.call('user/profile', {}, String(token))).code, 100, 'nothing was changed');
  assert.equal(server.kicks.length, 1, 'the sign-in of the beginning');
});

test('neither passwords nor tokens are logged, whatever fails', async (t) => {
  const server = await ApiServer.start(t, {
    hasher: {
      hash: () => Promise.reject(new Error('out of memory')),
      verify: () => Promise.reject(new Error('out of memory')),
      burn: () => Promise.reject(new Error('out of memory')),
    },
  });
  const answer = await server.call('auth/register', { account: 'a', password: 'top secret' });
  assert.deepEqual([answer.status, answer.code, answer.data], [500, 500, null]);
  assert.ok(!answer.text.includes('memory'), 'the cause is not told');
  await server.raw('/api/auth/signin', { body: '{"account":"a","password":"top secret"' });
  const { token } = await server.somebody();
  await server.call('msg/range', { conv: 'u1_2', from: 1, to: 2 }, token);
  assert.ok(server.logs.some((line) => line.includes('out of memory')));
  for (const line of server.logs) assert.ok(!line.includes('top secret') && !line.includes(token), line);
});
