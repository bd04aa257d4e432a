/** Too fast: each kind of frame and request is refused in its sender's terms, told when, and taken then. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { WebSocket } from 'ws';
import { ERRORS } from '../../im/errors.js';
import { Chat } from '../support/chat.js';
import { call, register, signIn, type SignedInAccount } from '../support/http.js';
import { asObject, LEGACY, RawClient, WEB, type HeardFrame, type Wording } from '../support/raw_client.js';
import { TestServer, type Scope } from '../support/server.js';
import { waitUntil } from '../support/wait.js';

const MODERN = { v: 1, caps: [] };

interface Pair {
  readonly server: TestServer;
  readonly ann: SignedInAccount;
  readonly bob: SignedInAccount;
}

async function serve(scope: Scope, flags: Readonly<Record<string, number>>): Promise<Pair> {
  const server = await TestServer.start(scope, { flags });
  const { http } = server.urls;
  const ann = await signIn(http, await register(http, 'ann'), 2);
  const bob = await signIn(http, await register(http, 'bob'), 2);
  return { server, ann, bob };
}

async function connect({ server }: Pair, who: SignedInAccount, wording: Wording = WEB): Promise<RawClient> {
  const client = await RawClient.connect(server.urls.ws, wording);
  await client.signIn(who.token);
  return client;
}

/** Speaks our protocol over bare frames, so that errors come with their code. */
async function connectModern({ server }: Pair, who: SignedInAccount): Promise<RawClient> {
  const client = await RawClient.connect(server.urls.ws, WEB);
  const answer = await client.ask('authenticate', { version: 1, credential: who.token, ...MODERN });
  assert.equal(answer.action, 'notify.success', answer.text);
  return client;
}

function say(client: RawClient, { ann, bob }: Pair, clientId: string, mid = 0): void {
  client.chat({ from: ann.uid, to: bob.uid, content: clientId, mid, clientId, atMs: Date.now() });
}

const isRateLimit = ({ text }: HeardFrame): boolean => text.includes(ERRORS.RATE_LIMITED.text);

/** What the frame says of when to try again, anywhere in it. */
function retryAfterMsOf({ text }: HeardFrame): number {
  const told = /"retryAfterMs":(\d+)/.exec(text)?.[1];
  assert.ok(told !== undefined, `no retryAfterMs in ${text}`);
  return Number(told);
}

async function after(ms: number): Promise<void> {
  const endsAtMs = performance.now() + ms;
  await waitUntil('the time that was told', () => performance.now() >= endsAtMs);
}

test('messages: refused with code and time, and taken after just that time, under the same client id', async (t) => {
  const pair = await serve(t, { 'limits-message-per-second': 2, 'limits-message-burst': 3 });
  const client = await connectModern(pair, pair.ann);
  for (const id of ['one', 'two', 'three', 'four']) say(client, pair, id);
  const refusal = await waitUntil('a refusal', () => client.frames.find(isRateLimit));
  assert.match(refusal.text, new RegExp(`"code":${ERRORS.RATE_LIMITED.code}\\b`));
  assert.match(refusal.text, /four/, 'it names the message');
  const acked = client.heard('ack.message').map(({ data }) => asObject(data)['cliMid']);
  await client.expect('ack.message', (data) => data['cliMid'] === 'three');
  assert.ok(!acked.includes('four'));
  const retryAfterMs = retryAfterMsOf(refusal);
  assert.ok(retryAfterMs > 0 && retryAfterMs <= 500, String(retryAfterMs));
  await after(retryAfterMs);
  say(client, pair, 'four');
  await client.expect('ack.message', (data) => data['cliMid'] === 'four');
});

test('messages of the public SDKs are refused in their words, and their connections live', async (t) => {
  const pair = await serve(t, { 'limits-message-per-second': 1, 'limits-message-burst': 1 });
  const legacy = await connect(pair, { ...pair.ann }, LEGACY);
  const mids: number[] = [];
  for (let index = 0; index < 2; index++) {
    const answer = await call(pair.server.urls.http, 'msg/id', {}, pair.ann.token);
    mids.push(Number(asObject(answer.data)['Mid']));
  }
  for (const mid of mids) say(legacy, pair, '', mid);
  const failed = await legacy.expect('message.failed.send');
  assert.equal(asObject(failed.data)['Mid'], mids[1], failed.text);
  assert.equal(legacy.closed, undefined);
  const web = await connect(pair, pair.bob);
  for (const id of ['w1', 'w2']) {
    const message = { from: pair.bob.uid, to: pair.ann.uid, content: id, mid: 0, clientId: id, atMs: 0 };
    web.chat(message);
  }
  const refusal = await web.expect('notify.error');
  assert.equal(refusal.seq, 3, 'the frame that is refused: the second after the sign-in');
  assert.ok(isRateLimit(refusal), refusal.text);
  assert.equal(web.closed, undefined);
});

test('the allowance is the user’s: another connection or device of his buys nothing', async (t) => {
  const pair = await serve(t, { 'limits-message-per-second': 1, 'limits-message-burst': 2 });
  const first = await connectModern(pair, pair.ann);
  for (const id of ['one', 'two']) say(first, pair, id);
  await first.expect('ack.message', (data) => data['cliMid'] === 'two');
  await first.close();
  const again = await connectModern(pair, await signIn(pair.server.urls.http, pair.ann, 5));
  for (const id of ['three', 'four', 'five']) say(again, pair, id);
  await waitUntil('a refusal', () => again.frames.find(isRateLimit));
  const other = await connectModern(pair, pair.bob);
  other.chat({ from: pair.bob.uid, to: pair.ann.uid, content: 'x', mid: 0, clientId: 'x', atMs: 0 });
  await other.expect('ack.message', (data) => data['cliMid'] === 'x');
});

test('api requests, on the connection and over HTTP, share one allowance', async (t) => {
  const pair = await serve(t, { 'limits-api-per-second': 2, 'limits-api-burst': 3 });
  const client = await connectModern(pair, pair.ann);
  for (let index = 0; index < 3; index++)
    assert.equal((await client.ask('api.user.profile', {})).action, 'api.success');
  const refused = await client.ask('api.user.profile', {});
  assert.equal(refused.action, 'api.failed');
  assert.ok(isRateLimit(refused), refused.text);
  const { http } = pair.server.urls;
  const response = await fetch(`${http}/user/profile`, {
    method: 'POST',
    headers: { authorization: `Bearer ${pair.ann.token}` },
  });
  assert.equal(response.status, 429);
  assert.equal(response.headers.get('retry-after'), '1');
  const body = asObject(await response.json());
  assert.equal(body['Code'], ERRORS.RATE_LIMITED.code);
  const retryAfterMs = Number(body['retryAfterMs']);
  assert.ok(retryAfterMs > 0 && retryAfterMs <= 500);
  await after(retryAfterMs);
  assert.equal((await call(http, 'user/profile', {}, pair.ann.token)).code, 100);
  assert.equal((await call(http, 'user/profile', {}, pair.bob.token)).code, 100);
});

test('sign-ins on a connection are limited before there is a user, receipts and passed-on frames after', async (t) => {
  const flags = { 'limits-auth-per-second': 1, 'limits-auth-burst': 2 };
  const pair = await serve(t, {
    ...flags,
    'limits-relay-per-second': 1,
    'limits-relay-burst': 1,
    'limits-receipt-per-second': 1,
    'limits-receipt-burst': 1,
  });
  const stranger = await RawClient.connect(pair.server.urls.ws, WEB);
  for (let index = 0; index < 2; index++)
    assert.ok(!isRateLimit(await stranger.ask('authenticate', { version: 1, credential: 'wrong' })));
  const refused = await stranger.ask('authenticate', { version: 1, credential: 'wrong' });
  assert.ok(isRateLimit(refused), refused.text);
  const client = await connect(pair, pair.ann);
  const limits = (): number => client.heard('notify.error').filter(isRateLimit).length;
  for (let index = 0; index < 2; index++) client.receipt(1, pair.bob.uid);
  await waitUntil('a refused receipt', () => limits() === 1);
  for (let index = 0; index < 2; index++)
    client.say(
      'message.cli',
      { from: pair.ann.uid, to: String(pair.bob.uid), type: 100, content: 'typing' },
      50 + index,
    );
  await waitUntil(
    () => `a refused relay; heard ${client.frames.map(({ text }) => text).join(' ')}`,
    () => limits() === 2,
  );
});

test('who hammers on is not read for a while: refusals do not become a flood, and others are served', async (t) => {
  const pauseMs = 400;
  const pair = await serve(t, {
    'limits-connection-per-second': 50,
    'limits-connection-burst': 50,
    'gateway-refusal-count': 20,
    'gateway-refusal-pause-ms': pauseMs,
  });
  const client = await connectModern(pair, pair.ann);
  const frameCount = 3000;
  const startedAtMs = performance.now();
  for (let index = 0; index < frameCount; index++) client.say('api.user.profile', {}, index + 10);
  await waitUntil('the first refusals', () => client.frames.some(isRateLimit));
  await after(4 * pauseMs);
  const pauses = (performance.now() - startedAtMs) / pauseMs;
  const answered = client.frames.length;
  const refusals = client.frames.filter(isRateLimit).length;
  assert.ok(refusals > 20, 'after a pause it is read again');
  assert.ok(refusals <= 20 * (pauses + 1), `${refusals} refusals in ${pauses} pauses`);
  assert.ok(answered < frameCount / 2, `${answered} answers: the others wait on its side`);
  assert.equal(client.closed, undefined, 'it is not closed for that');
  const { http } = pair.server.urls;
  assert.equal((await call(http, 'user/profile', {}, pair.bob.token)).code, 100);
  client.terminate();
  const again = await connectModern(pair, pair.ann);
  say(again, pair, 'after the flood');
  await again.expect('ack.message', (data) => data['cliMid'] === 'after the flood');
});

test('heartbeats beyond the rate are dropped without a word, and the connection lives', async (t) => {
  const pair = await serve(t, { 'limits-connection-per-second': 100, 'limits-connection-burst': 20 });
  const client = await connectModern(pair, pair.ann);
  const startedAtMs = performance.now();
  for (let index = 0; index < 90; index++) client.say('heartbeat', {});
  await after(300);
  const affordable = 20 + ((performance.now() - startedAtMs) * 100) / 1000;
  const beats = client.heard('heartbeat').length;
  assert.ok(beats > 0 && beats <= affordable, `${beats} answers, ${affordable} affordable`);
  assert.deepEqual(client.heard('notify.error'), []);
  say(client, pair, 'alive');
  await client.expect('ack.message', (data) => data['cliMid'] === 'alive');
});

test('pings are paid for as heartbeats: beyond the rate no pong, and who goes on is not read', async (t) => {
  const pauseMs = 300;
  const { server } = await serve(t, {
    'limits-connection-per-second': 10,
    'limits-connection-burst': 20,
    'gateway-refusal-count': 50,
    'gateway-refusal-pause-ms': pauseMs,
  });
  const socket = new WebSocket(server.urls.ws, { perMessageDeflate: false });
  t.after(() => {
    socket.terminate();
  });
  await once(socket, 'open');
  let pongs = 0;
  socket.on('pong', () => pongs++);
  const startedAtMs = performance.now();
  for (let index = 0; index < 500; index++) socket.ping(String(index));
  await waitUntil('pongs', () => pongs > 0);
  await after(300);
  const affordable = 20 + ((performance.now() - startedAtMs) * 10) / 1000;
  assert.ok(pongs <= affordable, `${pongs} pongs, ${affordable} affordable`);
  const page = await (await fetch(new URL('/metrics', server.urls.http))).text();
  assert.match(page, /sailplane_limits_pauses_total [1-9]/);
  assert.equal(socket.readyState, WebSocket.OPEN);
});

test('pongs that nobody asked for are paid for like pings', async (t) => {
  const { server } = await serve(t, {
    ...{ 'limits-connection-per-second': 10, 'limits-connection-burst': 20 },
    ...{ 'gateway-refusal-count': 50, 'gateway-refusal-pause-ms': 300 },
  });
  const socket = new WebSocket(server.urls.ws, { perMessageDeflate: false });
  t.after(() => {
    socket.terminate();
  });
  await once(socket, 'open');
  for (let index = 0; index < 500; index++) socket.pong(String(index));
  await waitUntil('a pause', async () => {
    const page = await (await fetch(new URL('/metrics', server.urls.http))).text();
    return /sailplane_limits_pauses_total [1-9]/.test(page);
  });
  assert.equal(socket.readyState, WebSocket.OPEN);
});

test('a recall costs what a message costs, over HTTP and as a request too', async (t) => {
  const pair = await serve(t, { 'limits-message-per-second': 1, 'limits-message-burst': 1 });
  const client = await connectModern(pair, pair.ann);
  const data = { to: pair.bob.uid, mid: 1 };
  assert.ok(!isRateLimit(await client.ask('api.message.recall', data)));
  assert.ok(isRateLimit(await client.ask('api.message.recall', data)));
  const { http } = pair.server.urls;
  assert.equal((await call(http, 'message/recall', data, pair.ann.token)).code, ERRORS.RATE_LIMITED.code);
  assert.equal((await call(http, 'user/profile', {}, pair.ann.token)).code, 100);
});

test('our SDK paces its outbox: all it was given arrives once, in order, in every conversation', async (t) => {
  const chat = await Chat.start(t, {
    flags: { 'limits-message-per-second': 100, 'limits-message-burst': 10, 'gateway-refusal-count': 30 },
  });
  const people = await Promise.all(['ann', 'bob', 'cid', 'dan'].map((name) => chat.person(name)));
  const [ann, ...others] = await Promise.all(people.map((person) => chat.phone(person)));
  assert.ok(ann !== undefined);
  const count = 60;
  for (let index = 0; index < count; index++)
    for (const other of others) ann.send(other.uid, `${index} to ${other.uid}`);
  await waitUntil('every send to be answered', () => ann.isAnswered, 60_000);
  for (const other of others) {
    await other.expectMessage(`${count - 1} to ${other.uid}`);
    const expected = Array.from({ length: count }, (_, index) => `${index} to ${other.uid}`);
    assert.deepEqual(other.texts, expected);
  }
  assert.ok(ann.sent().every(({ outcome }) => outcome === 'acked'));
  await chat.assertNothingWrong();
});
