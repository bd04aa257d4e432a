/** Guessing is stopped over both ways in, and nobody's working token is locked out by it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { call, callOk, register, signIn, type HttpAnswer } from '../support/http.js';
import { asObject, LEGACY, RawClient, WEB } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';
import { waitUntil } from '../support/wait.js';

const TOO_MANY = ERRORS.TOO_MANY_ATTEMPTS.code;
const WRONG = ERRORS.WRONG_CREDENTIALS.code;

/** Argon2 as cheap as it gets: these tests are about how often, not how hard. */
const CHEAP = { 'api-hash-memory-kib': 8192, 'api-hash-passes': 1 };

async function after(ms: number): Promise<void> {
  const endsAtMs = performance.now() + ms;
  await waitUntil('the time that was told', () => performance.now() >= endsAtMs, ms + 5000);
}

function retryAfterMsOf({ text }: { readonly text: string }): number {
  return Number(/"retryAfterMs":(\d+)/.exec(text)?.[1]);
}

test('brute force on an account stops over HTTP and the connection, the owner’s token works, and it ends', async (t) => {
  const windowMs = 3000;
  const server = await TestServer.start(t, {
    flags: { ...CHEAP, 'attempts-sign-in-account-count': 4, 'attempts-sign-in-window-ms': windowMs },
  });
  const { http, ws } = server.urls;
  const user = await register(http, 'ann');
  const ann = await signIn(http, user, 2);
  const bob = await signIn(http, await register(http, 'bob'), 2);
  const guess = (path: string, name: string): Promise<HttpAnswer> =>
    call(http, path, { Account: name, Password: 'a guess' });
  assert.equal((await guess('auth/signin', user.account)).code, WRONG);
  assert.equal((await guess('auth/signin_v2', user.account.toUpperCase())).code, WRONG);
  const attacker = await RawClient.connect(ws, LEGACY);
  const login = { Account: user.account, Password: 'a guess', Device: 1 };
  for (let index = 0; index < 2; index++)
    assert.match(
      (await attacker.ask('api.user.login', login)).text,
      new RegExp(ERRORS.WRONG_CREDENTIALS.text),
    );
  const stopped = await attacker.ask('api.user.login', login);
  assert.equal(stopped.action, 'api.failed');
  assert.match(stopped.text, new RegExp(ERRORS.TOO_MANY_ATTEMPTS.text));
  const right = await call(http, 'auth/signin', {
    Account: user.account,
    Password: user.password,
    Device: 3,
  });
  assert.equal(right.code, TOO_MANY, 'not even the right password, or guessing would go on');
  assert.equal(right.status, 429);
  const retryAfterMs = retryAfterMsOf(right);
  assert.ok(retryAfterMs > 0 && retryAfterMs <= windowMs, right.text);
  // The owner is in, and stays in, with what he has.
  assert.equal((await call(http, 'user/profile', {}, ann.token)).code, 100);
  assert.equal((await call(http, 'auth/token', { token: ann.token })).code, 100);
  const phone = await RawClient.connect(ws, WEB);
  await phone.signIn(ann.token);
  phone.chat({ from: ann.uid, to: bob.uid, content: 'in', mid: 0, clientId: 'in', atMs: Date.now() });
  await phone.expect('ack.message', (data) => data['cliMid'] === 'in');
  await signIn(http, bob, 3);
  await after(retryAfterMs);
  await signIn(http, user, 4);
});

test('a name or password longer than any is refused unseen on a connection, and counts nowhere', async (t) => {
  const server = await TestServer.start(t, {
    flags: { ...CHEAP, 'attempts-sign-in-account-count': 1, 'attempts-password-address-count': 1 },
  });
  const { http, ws } = server.urls;
  const user = await register(http, 'ann');
  const client = await RawClient.connect(ws, LEGACY);
  const refused = new RegExp(ERRORS.WRONG_CREDENTIALS.text);
  for (const [account, password] of [
    ['p'.repeat(60_000), 'x'],
    ['p'.repeat(255), 'x'],
    [user.account, 'x'.repeat(257)],
    [user.account, ''],
    ['', 'x'],
  ])
    for (let index = 0; index < 2; index++) {
      const { text } = await client.ask('api.user.login', {
        Account: account,
        Password: password,
        Device: 1,
      });
      assert.match(text, refused);
    }
  for (const password of ['', 'x'.repeat(257)])
    for (let index = 0; index < 2; index++)
      assert.equal(
        (await call(http, 'auth/signin', { Account: user.account, Password: password })).code,
        WRONG,
      );
  await signIn(http, user, 2);
  const again = await call(http, 'auth/signin', { Account: user.account, Password: user.password });
  assert.equal(again.code, TOO_MANY, 'right ones are counted');
});

test('one address that fails locks the owner out nowhere else; many addresses together do', async (t) => {
  const server = await TestServer.start(t, {
    flags: {
      ...CHEAP,
      'attempts-sign-in-account-count': 2,
      'attempts-sign-in-account-total-count': 5,
      'trusted-proxies': '127.0.0.1',
    },
  });
  const { http } = server.urls;
  const user = await register(http, 'ann');
  const post = async (client: string, password: string): Promise<unknown> => {
    const response = await fetch(`${http}/auth/signin`, {
      method: 'POST',
      headers: { 'x-forwarded-for': client },
      body: JSON.stringify({ Account: user.account, Password: password, Device: 1 }),
    });
    return asObject(await response.json())['Code'];
  };
  for (const code of [WRONG, WRONG, TOO_MANY, TOO_MANY, TOO_MANY, TOO_MANY])
    assert.equal(await post('192.0.2.1', 'a guess'), code);
  assert.equal(await post('192.0.2.2', user.password), 100);
  for (const address of ['192.0.2.3', '192.0.2.4', '192.0.2.5'])
    assert.equal(await post(address, 'a guess'), WRONG);
  assert.equal(await post('192.0.2.2', user.password), TOO_MANY);
});

test('one address cannot keep others from signing in: few of its passwords are under way', async (t) => {
  const server = await TestServer.start(t, {
    flags: {
      'api-hash-memory-kib': 65_536,
      'api-hash-queue-count': 8,
      'attempts-hash-address-count': 4,
      'attempts-sign-in-address-count': 100_000,
      'trusted-proxies': '127.0.0.1',
    },
  });
  const { http } = server.urls;
  const user = await register(http, 'ann');
  const post = async (client: string, account: string): Promise<unknown> => {
    const response = await fetch(`${http}/auth/signin`, {
      method: 'POST',
      headers: { 'x-forwarded-for': client },
      body: JSON.stringify({ Account: account, Password: user.password, Device: 1 }),
    });
    return asObject(await response.json())['Code'];
  };
  const codes = new Map<unknown, number>();
  let [stopped, count] = [false, 0];
  const flood = Array.from({ length: 20 }, async () => {
    while (!stopped) {
      const code = await post('192.0.2.1', `nobody ${count++}`);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  });
  await waitUntil('the flood', () => (codes.get(ERRORS.TOO_BUSY.code) ?? 0) > 10);
  for (let index = 0; index < 5; index++) assert.equal(await post('192.0.2.2', user.account), 100);
  stopped = true;
  await Promise.all(flood);
  assert.deepEqual(new Set(codes.keys()), new Set([ERRORS.TOO_BUSY.code, WRONG]));
});

test('a registration tells no more of a code than a reset does', async (t) => {
  const server = await TestServer.start(t, { flags: { ...CHEAP, 'attempts-sign-in-account-count': 2 } });
  const { http } = server.urls;
  const email = `ann_${crypto.randomUUID()}@example.org`;
  const user = await register(http, 'ann');
  await callOk(http, 'auth/verifyCode', { email });
  const input = { account: user.account, email, captcha: '11111', password: 'x' };
  assert.equal((await call(http, 'auth/register', input)).code, ERRORS.ACCOUNT_EXISTS.code);
  assert.equal((await call(http, 'auth/register', input)).code, ERRORS.WRONG_CODE.code, 'it is used up');
  assert.equal((await call(http, 'auth/forget', input)).code, ERRORS.WRONG_CODE.code);
  await callOk(http, 'auth/verifyCode', { email });
  assert.equal((await call(http, 'auth/register', input)).code, TOO_MANY, 'wrong codes were counted');
  assert.equal((await call(http, 'auth/forget', input)).code, TOO_MANY);
});

test('a success starts the account anew', async (t) => {
  const server = await TestServer.start(t, { flags: { ...CHEAP, 'attempts-sign-in-account-count': 2 } });
  const { http } = server.urls;
  const user = await register(http, 'ann');
  for (let round = 0; round < 3; round++) {
    assert.equal(
      (await call(http, 'auth/signin', { Account: user.account, Password: 'a guess' })).code,
      WRONG,
    );
    await signIn(http, user, 2);
  }
});

test('an address that tries one password on many accounts is stopped; through a proxy each client is its own', async (t) => {
  const server = await TestServer.start(t, {
    flags: { ...CHEAP, 'attempts-sign-in-address-count': 5, 'trusted-proxies': '127.0.0.1' },
  });
  const { http, ws } = server.urls;
  const user = await register(http, 'ann');
  const post = async (client: string, account: string, password: string): Promise<unknown> => {
    const response = await fetch(`${http}/auth/signin`, {
      method: 'POST',
      headers: { 'x-forwarded-for': client },
      body: JSON.stringify({ Account: account, Password: password, Device: 1 }),
    });
    return asObject(await response.json())['Code'];
  };
  for (let index = 0; index < 5; index++)
    assert.equal(await post('192.0.2.1', `nobody ${index}`, 'x'), WRONG);
  assert.equal(await post('192.0.2.1', user.account, user.password), TOO_MANY);
  assert.equal(
    await post('203.0.113.1, 192.0.2.1', 'nobody', 'x'),
    TOO_MANY,
    'a longer chain changes nothing',
  );
  assert.equal(await post('192.0.2.2', user.account, user.password), 100);
  for (let index = 0; index < 5; index++) await post(`2001:db8::${index}`, `nobody ${index}`, 'x');
  assert.equal(await post('2001:db8::ffff', user.account, user.password), TOO_MANY, 'one /64 is one client');
  const client = await RawClient.connect(ws, LEGACY);
  const answer = await client.ask('api.user.login', {
    Account: user.account,
    Password: user.password,
    Device: 1,
  });
  assert.equal(answer.action, 'api.success', 'the proxy itself has tried nothing');
});

test('without trust X-Forwarded-For buys no new address', async (t) => {
  const server = await TestServer.start(t, { flags: { ...CHEAP, 'attempts-sign-in-address-count': 3 } });
  const { http } = server.urls;
  const codes: unknown[] = [];
  for (let index = 0; index < 5; index++) {
    const response = await fetch(`${http}/auth/signin`, {
      method: 'POST',
      headers: { 'x-forwarded-for': `192.0.2.${index}` },
      body: JSON.stringify({ Account: `nobody ${index}`, Password: 'x' }),
    });
    codes.push(asObject(await response.json())['Code']);
  }
  assert.deepEqual(codes, [WRONG, WRONG, WRONG, TOO_MANY, TOO_MANY]);
});

test('registrations, guests, codes, resets, password changes and look-ups are bounded too', async (t) => {
  const server = await TestServer.start(t, {
    flags: {
      ...CHEAP,
      'attempts-create-count': 3,
      'attempts-mail-count': 2,
      'attempts-lookup-user-count': 3,
      'attempts-sign-in-account-count': 2,
    },
  });
  const { http } = server.urls;
  const user = await register(http, 'ann');
  const { token } = await signIn(http, user, 1);
  await callOk(http, 'auth/guest');
  await callOk(http, 'auth/guest');
  assert.equal((await call(http, 'auth/guest')).code, TOO_MANY);
  const account = `late_${crypto.randomUUID()}`;
  assert.equal((await call(http, 'auth/register', { Account: account, Password: 'x' })).code, TOO_MANY);
  for (let index = 0; index < 2; index++)
    await callOk(http, 'auth/verifyCode', { email: `a${index}@example.org` });
  assert.equal((await call(http, 'auth/verifyCode', { email: 'a9@example.org' })).code, TOO_MANY);
  const reset = { email: 'a0@example.org', captcha: 'wrong', password: 'new one' };
  for (let index = 0; index < 2; index++)
    assert.equal((await call(http, 'auth/forget', reset)).code, ERRORS.WRONG_CODE.code);
  assert.equal((await call(http, 'auth/forget', reset)).code, TOO_MANY);
  const change = { oldPassword: 'a guess', newPassword: 'new one' };
  for (let index = 0; index < 2; index++)
    assert.equal((await call(http, 'auth/password', change, token)).code, WRONG);
  assert.equal((await call(http, 'auth/password', change, token)).code, TOO_MANY);
  for (let index = 0; index < 2; index++)
    assert.equal(
      (await call(http, 'user/find', { account: `x${index}` }, token)).code,
      ERRORS.NO_SUCH_USER.code,
    );
  await callOk(http, 'user/search', { prefix: 'a' }, token);
  assert.equal((await call(http, 'user/search', { prefix: 'b' }, token)).code, TOO_MANY);
  assert.equal((await call(http, 'user/find', { account: user.account }, token)).code, TOO_MANY);
});
