/** Answers over HTTP that nobody reads cost a bounded amount of memory, and nobody else his small ones. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { ANSWER_BYTES } from '../../im/message/answer_size.js';
import { ApiServer, type Answer, type Somebody } from '../support/api_server.js';
import { waitUntil } from '../support/wait.js';

const OFFLINE = 'msg/chat/offline';
const ANSWER_LIMIT = 16 << 20;
/** As JSON six bytes for each of content: more than the buffers of a socket hold. */
const CONTENT = '\u0001'.repeat(1_000_000);
const SHORT = 'user/profile';

/** Asks without ever reading. */
function ask(t: TestContext, server: ApiServer, { token }: Somebody, paths: readonly string[]): Socket {
  const socket = connect(Number(new URL(server.origin).port), '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => undefined).pause();
  const headers = `Host: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 0`;
  for (const path of paths) socket.write(`POST /api/${path} HTTP/1.1\r\n${headers}\r\n\r\n`);
  return socket;
}

async function people(t: TestContext): Promise<{ server: ApiServer; bob: Somebody; carol: Somebody }> {
  const server = await ApiServer.start(t, { api: { answerBytes: ANSWER_LIMIT } });
  const [alice, bob, carol] = [await server.somebody(), await server.somebody(), await server.somebody()];
  for (const to of [bob, bob, carol]) await server.say(alice, to, CONTENT);
  return { server, bob, carol };
}

function isBusy(answer: Answer, why: string): void {
  assert.deepEqual([answer.status, answer.code], [429, ERRORS.TOO_BUSY.code], why);
  assert.equal(answer.headers.get('retry-after'), '1', why);
  assert.match(answer.text, /"retryAfterMs":1000/, why);
}

test('what one does not read stands in the way of his next one and of large ones, until he is gone', async (t) => {
  const { server, bob, carol } = await people(t);
  const socket = ask(t, server, bob, [OFFLINE]);
  await waitUntil('the answer to be held', () => server.answerBytes > 2 * 6 * CONTENT.length);
  isBusy(await server.call(OFFLINE, {}, bob.token), 'one heavy request of a user');
  isBusy(await server.call(OFFLINE, {}, carol.token), 'no room');
  assert.equal((await server.call(SHORT, {}, carol.token)).code, 100, 'small ones have room of their own');
  socket.destroy();
  await waitUntil('the room', () => server.answerBytes === 0);
  for (const { token } of [carol, bob, bob])
    assert.equal((await server.call(OFFLINE, {}, token)).code, 100, 'one after the other');
  await waitUntil('all taken', () => server.answerBytes === 0);
});

test('a crowd of large requests: never more is held than the limit and one answer, and all of it given back', async (t) => {
  const { server, bob, carol } = await people(t);
  const sockets: Socket[] = [];
  for (let n = 0; n < 20; n++)
    for (const who of [bob, carol])
      sockets.push(ask(t, server, who, [OFFLINE, OFFLINE, 'contacts/list', SHORT]));
  let highest = 0;
  const look = setInterval(() => (highest = Math.max(highest, server.answerBytes)), 1);
  t.after(() => clearInterval(look));
  await waitUntil('some to be held', () => server.answerBytes > 6 * CONTENT.length);
  assert.equal((await server.call(SHORT, {}, carol.token)).code, 100);
  assert.ok(highest < ANSWER_LIMIT + 2 * ANSWER_BYTES.heavy, String(highest));
  for (const socket of sockets) socket.destroy();
  await waitUntil('the room, also of requests behind others on a connection', () => server.answerBytes === 0);
  assert.equal((await server.call(OFFLINE, {}, bob.token)).code, 100);
});

test('an answer that is taken too slowly is thrown away with its connection', async (t) => {
  const server = await ApiServer.start(t, { api: { answerMs: 200 } });
  const [alice, bob] = [await server.somebody(), await server.somebody()];
  for (let n = 0; n < 2; n++) await server.say(alice, bob, CONTENT);
  const socket = ask(t, server, bob, [OFFLINE]);
  // A little now and then is a sign of life, but no reason to hold the rest for ever.
  const sip = setInterval(() => void socket.read(100), 20);
  t.after(() => clearInterval(sip));
  await waitUntil('the answer', () => server.answerBytes > 0);
  await waitUntil('the cut', () => server.answerBytes === 0);
});
