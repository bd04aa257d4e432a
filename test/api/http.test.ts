/** The HTTP face: bodies, shapes, routes, the envelope, health. Operations themselves: the files beside. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { OPERATIONS } from '../../im/api/operations.js';
import { temporaryOptions } from '../../service/store/sqlite_factory.contract.js';
import { openSqliteStores } from '../../service/store/sqlite_stores.js';
import { ApiServer, type Answer } from '../support/api_server.js';
import { asObject } from '../support/raw_client.js';
import { SILENT_LOGGER } from '../support/silent_logger.js';
import { deadline } from '../support/wait.js';

function isRefused(answer: Answer, status: number, code: number, why: string): void {
  // A text where its type has an object or a list is, to the public Java SDK, no error but broken JSON.
  assert.deepEqual([answer.status, answer.code, answer.data], [status, code, null], why);
  assert.notEqual(answer.message, '', why);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/, why);
  assert.equal(answer.headers.get('cache-control'), 'no-store', why);
}

test('every answer is the envelope: Code 100, Msg success, Data never null or missing', async (t) => {
  const server = await ApiServer.start(t);
  const { token } = await server.somebody();
  for (const path of [
    'user/profile',
    'contacts/list',
    'msg/id',
    'session/recent',
    'msg/chat/offline',
    'sync',
  ]) {
    const answer = await server.call(path, {}, token);
    assert.deepEqual([answer.status, answer.code, answer.message], [200, 100, 'success'], path);
    assert.ok(answer.data !== null && answer.data !== undefined, path);
    assert.equal(answer.headers.get('x-powered-by'), null);
  }
});

test('an empty body counts as {}: none at all, blanks, null, an empty string, whatever the content type says', async (t) => {
  const server = await ApiServer.start(t);
  const { token } = await server.somebody();
  const headers = { authorization: `Bearer ${token}` };
  for (const body of [undefined, '', '  \n', 'null', '""', '{}']) {
    const answer = await server.raw('/api/contacts/list', { headers, ...(body !== undefined && { body }) });
    assert.deepEqual([answer.code, answer.data], [100, []], String(body));
  }
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-8'])
    assert.equal(
      (
        await server.raw('/api/user/info', {
          body: '{"uid":[]}',
          headers: { ...headers, 'content-type': type },
        })
      ).code,
      100,
      type,
    );
});

test('a body that is no object is refused: arrays, numbers, text, booleans', async (t) => {
  const server = await ApiServer.start(t);
  const { token } = await server.somebody();
  for (const input of [[], [{}], 5, 'text', true])
    isRefused(await server.call('user/profile', input, token), 200, 300, JSON.stringify(input));
});

test('malformed JSON, too deep and too many keys are 400 and end nothing', async (t) => {
  const server = await ApiServer.start(t);
  const { token } = await server.somebody();
  const headers = { authorization: `Bearer ${token}` };
  const send = (body: string): Promise<Answer> => server.raw('/api/user/info', { body, headers });
  for (const body of ['{', '{"a":}', 'nonsense', '{"a":1}}', '\u0000', "{'a':1}"])
    isRefused(await send(body), 400, 300, body);
  isRefused(await send(`${'['.repeat(17)}${']'.repeat(17)}`), 400, 6202, 'depth');
  isRefused(await send('['.repeat(60_000)), 400, 6202, 'depth without an end');
  const keys = Array.from({ length: 513 }, (_, i) => `"k${i}":1`).join(',');
  isRefused(await send(`{${keys}}`), 400, 6202, 'keys');
  assert.equal((await send(`{"uid":[],${keys.slice(keys.indexOf(',', 20) + 1)}}`)).code, 100);
});

test('an oversized body is 413, with and without a declared length, and the server goes on', async (t) => {
  const server = await ApiServer.start(t);
  const body = JSON.stringify({ account: 'x'.repeat(70_000) });
  isRefused(await server.raw('/api/auth/signin', { body }), 413, 413, 'declared');
  const chunked = request(`${server.origin}/api/auth/signin`, { method: 'POST' });
  chunked.on('error', () => undefined);
  chunked.write(body.slice(0, 40_000));
  chunked.end(body.slice(40_000));
  const [response] = (await once(chunked, 'response')) as [{ statusCode?: number; resume(): void }];
  response.resume();
  assert.equal(response.statusCode, 413);
  const fits = JSON.stringify({ account: 'a', password: 'p', filler: 'x'.repeat(65_000) });
  assert.equal((await server.raw('/api/auth/signin', { body: fits })).code, 1002);
});

test('unknown routes and methods are 404, also names that every object has', async (t) => {
  const server = await ApiServer.start(t);
  const { token } = await server.somebody();
  for (const path of [
    'no/such',
    'constructor',
    '__proto__',
    'toString',
    '',
    'user',
    'user/profile/x',
    '../livez',
  ])
    isRefused(await server.call(path, {}, token), 404, 404, path);
  isRefused(await server.raw('/api/user/profile', { method: 'GET' }), 404, 404, 'GET of a POST');
  isRefused(await server.raw('/api/app/info'), 404, 404, 'POST of a GET');
  isRefused(await server.raw('/user/profile'), 404, 404, 'without the prefix');
  isRefused(await server.raw('/api/%ff%'), 404, 404, 'a broken escape');
});

test('keys of the prototype and unknown keys are nobody’s: nothing is read from them', async (t) => {
  const server = await ApiServer.start(t);
  const { token, uid } = await server.somebody();
  const headers = { authorization: `Bearer ${token}` };
  const body = `{"__proto__":{"uid":[${uid}]},"constructor":{"prototype":{"uid":[1]}},"hasOwnProperty":1}`;
  assert.deepEqual((await server.raw('/api/user/info', { body, headers })).data, []);
  assert.equal(Object.getPrototypeOf({}), Object.prototype);
  assert.equal(Object.hasOwn(Object.prototype, 'uid'), false);
});

test('keys in any casing; of two spellings the one that says something counts', async (t) => {
  const server = await ApiServer.start(t);
  const { token, uid } = await server.somebody();
  const info = async (input: unknown): Promise<number> =>
    Object.keys(await server.data('user/info', input, token)).length;
  for (const input of [
    { uid: [uid] },
    { Uid: [uid] },
    { UID: [uid] },
    { uid: null, Uid: uid },
    { Uid: uid, uid: null },
  ])
    assert.equal(await info(input), 1, JSON.stringify(input));
});

test('ids that are not exact are refused: unsafe integers, fractions, signs, exponents, objects', async (t) => {
  const server = await ApiServer.start(t);
  const { token } = await server.somebody();
  const headers = { authorization: `Bearer ${token}` };
  const wrong = ['9007199254740993', '"1e3"', '1.5', '-1', '0', '"0x10"', '" 1"', '{}', 'true', '[[1]]'];
  for (const uid of [...wrong, '1073741824', '"99999999999999999999"']) {
    const answer = await server.raw('/api/contacts/add', { body: `{"uid":${uid}}`, headers });
    assert.equal(answer.code, 300, uid);
  }
  const mid = await server.raw('/api/msg/chat/offline/ack', { body: '{"mid":[9007199254740993]}', headers });
  assert.equal(mid.code, 300);
  assert.match(mid.message, /mid/);
});

test('web pages of other origins may call: a preflight is 204, every answer is marked, errors too', async (t) => {
  const server = await ApiServer.start(t);
  const headers = { origin: 'https://app.example.org', 'access-control-request-method': 'POST' };
  const preflight = await server.raw('/api/user/profile', { method: 'OPTIONS', headers });
  assert.deepEqual([preflight.status, preflight.text], [204, '']);
  assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /authorization/);
  for (const path of ['/api/user/profile', '/api/no/such']) {
    const answer = await server.raw(path, { headers });
    assert.equal(answer.headers.get('access-control-allow-origin'), '*', path);
  }
});

test('with a list of origins, pages of others are not let in', async (t) => {
  const server = await ApiServer.start(t, { api: { corsOrigins: ['https://app.example.org'] } });
  const allowed = async (origin: string): Promise<string | null> => {
    const answer = await server.raw('/api/user/profile', { method: 'OPTIONS', headers: { origin } });
    assert.equal(answer.headers.get('vary'), 'Origin');
    return answer.headers.get('access-control-allow-origin');
  };
  assert.equal(await allowed('https://app.example.org'), 'https://app.example.org');
  for (const origin of ['https://evil.example.org', 'https://app.example.org.evil', 'null'])
    assert.equal(await allowed(origin), null, origin);
});

test('app/info is for everybody and names nobody', async (t) => {
  const server = await ApiServer.start(t);
  const { code, data } = await server.raw('/api/app/info', { method: 'GET' });
  assert.equal(code, 100);
  assert.deepEqual(data, { Online: 2, MaxOnline: 3, MessageSent: 4, StartAt: 5, OnlineCli: [] });
});

test('no two operations share a path or an action', () => {
  const names = OPERATIONS.flatMap(({ path, aliases }) => [`api.${path.replaceAll('/', '.')}`, ...aliases]);
  assert.equal(new Set(names).size, names.length);
});

test('livez and readyz: a store that takes writes is ready', async (t) => {
  const server = await ApiServer.start(t, { api: { readyShareMs: 0 } });
  const before = await server.stores.messages.probed();
  for (const path of ['/livez', '/readyz'])
    assert.deepEqual((await server.raw(path, { method: 'GET' })).text, '{"ok":true}');
  const after = await server.stores.messages.probed();
  assert.ok(after.value > before.value, 'readyz really wrote');
});

test('a read-only store is alive, not ready, and still answers reads', async (t) => {
  const options = temporaryOptions(t);
  await (await openSqliteStores(options, { logger: SILENT_LOGGER })).close();
  const server = await ApiServer.start(t, { store: { ...options, queryOnly: true } });
  const ready = await server.raw('/readyz', { method: 'GET' });
  assert.equal(ready.status, 503);
  assert.equal(asObject(JSON.parse(ready.text))['code'], 6104);
  assert.equal((await server.raw('/livez', { method: 'GET' })).status, 200);
  isRefused(await server.call('auth/guest'), 503, 6104, 'a write');
  assert.equal((await server.call('auth/signin', { account: 'a', password: 'p' })).code, 1002);
});

test('a store that is gone: 503 and the code, temporary, in the envelope', async (t) => {
  const server = await ApiServer.start(t);
  const { token } = await server.somebody();
  await server.stores.close();
  isRefused(await server.call('user/profile', {}, token), 503, 6105, 'stopped');
});

test('a client that stops in the middle of its request is cut', async (t) => {
  const server = await ApiServer.start(t, { api: { requestMs: 100 } });
  const socket = connect(Number(new URL(server.origin).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('POST /api/auth/signin HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"a"');
  await once(socket.resume(), 'close');
});

test('a client that does not read its answer is cut, and does not hold it in memory for ever', async (t) => {
  // More than it takes to make the answer, also on a busy machine.
  const server = await ApiServer.start(t, { api: { requestMs: 2000 } });
  const [alice, bob] = [await server.somebody(), await server.somebody()];
  // Six bytes of JSON for each of content: more than the buffers of a socket hold.
  for (let i = 0; i < 6; i++) await server.say(alice, bob, '\u0001'.repeat(1_000_000));
  const socket = connect(Number(new URL(server.origin).port), '127.0.0.1');
  t.after(() => socket.destroy());
  const gone = new Promise((resolve) => socket.once('error', resolve));
  const headers = `Host: x\r\nAuthorization: Bearer ${bob.token}\r\nContent-Length: 0`;
  socket.write(`POST /api/msg/chat/offline HTTP/1.1\r\n${headers}\r\n\r\n`);
  await deadline(once(socket, 'data'), 10_000, () => 'no answer');
  socket.pause();
  // Only a write tells a socket that reads nothing that the other side is gone; each counts as a sign of life.
  const prod = setInterval(() => socket.write('\r\n'), 3000);
  t.after(() => clearInterval(prod));
  await deadline(gone, 20_000, () => 'the connection was not cut');
});

test('close: a request under way is answered, a new one finds nobody, and no idle connection is waited for', async (t) => {
  let release: (hash: string) => void = () => undefined;
  const held = new Promise<string>((resolve) => (release = resolve));
  let entered: () => void = () => undefined;
  const hashing = new Promise<void>((resolve) => (entered = resolve));
  const hash = (): Promise<string> => {
    entered();
    return held;
  };
  const hasher = { hash, verify: () => Promise.resolve(false), burn: () => Promise.resolve() };
  const server = await ApiServer.start(t, { hasher, api: { keepAliveMs: 600_000 } });
  const answer = server.call('auth/register', { account: 'alice', password: 'pw' });
  await hashing;
  const { port } = new URL(server.origin);
  const closed = server.closeHttp(600_000);
  await assert.rejects(once(connect(Number(port), '127.0.0.1'), 'connect'));
  release('$argon2id$');
  assert.equal((await answer).code, 100);
  await deadline(closed, 10_000, () => 'a connection without a request was waited for');
});
