/** What the gateway bears from a stranger and from a careless client: deadlines, sizes, shapes, and no more. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { CLOSE_CODES, ERRORS } from '../../im/errors.js';
import { register, signIn, type SignedInAccount } from '../support/http.js';
import { asObject, LEGACY, RawClient, WEB } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';
import { expectQuiet, waitUntil } from '../support/wait.js';

const FRAME_BYTES = 8192;
const JSON_DEPTH = 8;
const JSON_KEYS = 64;
const BAD_FRAMES = 5;
const SIGN_IN_DEADLINE_MS = 300;

const FLAGS = {
  'gateway-frame-bytes': FRAME_BYTES,
  'gateway-content-bytes': 4096,
  'gateway-json-depth': JSON_DEPTH,
  'gateway-json-keys': JSON_KEYS,
  'gateway-bad-frames': BAD_FRAMES,
  'gateway-sign-in-deadline-ms': SIGN_IN_DEADLINE_MS,
  'gateway-sweep-ms': 20,
};

test('gateway limits', async (t) => {
  const server = await TestServer.start(t, { flags: FLAGS });
  const { http, ws } = server.urls;
  const ann = await signIn(http, await register(http, 'ann'), 2);
  const bob = await signIn(http, await register(http, 'bob'), 2);

  async function signedIn(who: SignedInAccount): Promise<RawClient> {
    const client = await RawClient.connect(ws, WEB);
    await client.signIn(who.token);
    return client;
  }

  /** The server still serves this connection: a message gets its ack. */
  async function assertAlive(client: RawClient, from: SignedInAccount): Promise<void> {
    const clientId = crypto.randomUUID();
    client.chat({ from: from.uid, to: bob.uid, content: 'alive', mid: 0, clientId, atMs: Date.now() });
    await client.expect('ack.message', (data) => data['cliMid'] === clientId);
  }

  await t.test('a socket that does not sign in is closed, heartbeats or not', async () => {
    for (const wording of [LEGACY, WEB]) {
      const silent = await RawClient.connect(ws, wording);
      const beating = await RawClient.connect(ws, wording);
      const beat = setInterval(() => beating.say('heartbeat', {}), 50);
      assert.equal((await silent.expectClose()).code, CLOSE_CODES.NOT_SIGNED_IN.code);
      assert.equal((await beating.expectClose()).code, CLOSE_CODES.NOT_SIGNED_IN.code);
      clearInterval(beat);
      assert.deepEqual(silent.frames, [], 'nothing is said to somebody who said nothing');
    }
  });

  await t.test('a socket that signed in in time stays', async () => {
    const client = await signedIn(ann);
    await expectQuiet(SIGN_IN_DEADLINE_MS * 2, () => (client.closed === undefined ? undefined : 'closed'));
    await assertAlive(client, ann);
    await client.close();
  });

  await t.test('a refused token does not sign in', async () => {
    const client = await RawClient.connect(ws, WEB);
    const answer = await client.ask('authenticate', { version: 1, credential: `${ann.token}x` });
    assert.equal(answer.action, 'notify.error');
    client.chat({ from: ann.uid, to: bob.uid, content: 'x', mid: 0, clientId: 'x', atMs: Date.now() });
    await client.expectClose();
    assert.deepEqual(client.heard('ack.message'), []);
  });

  await t.test('a message before signing in is refused in the words of each profile', async () => {
    const web = await RawClient.connect(ws, WEB);
    web.chat({ from: ann.uid, to: bob.uid, content: 'x', mid: 0, clientId: 'early', atMs: Date.now() });
    const refusal = await web.expect('notify.error');
    assert.equal(refusal.seq, 1, 'the refusal names the frame that it answers');
    const legacy = await RawClient.connect(ws, LEGACY);
    legacy.chat({ from: ann.uid, to: bob.uid, content: 'x', mid: 77, clientId: '', atMs: Date.now() });
    assert.equal(asObject((await legacy.expect('message.failed.send')).data)['Mid'], 77);
    for (const client of [web, legacy]) {
      assert.deepEqual(client.heard('notify.auth'), [], 'which would make both SDKs give up');
      client.terminate();
    }
  });

  await t.test('a frame over the limit closes that socket, one at the limit does not', async () => {
    const client = await signedIn(ann);
    const frame = (bytes: number): string => {
      const empty = WEB.envelope('no.such.action', 9, '');
      return WEB.envelope('no.such.action', 9, 'x'.repeat(bytes - empty.length));
    };
    assert.equal(frame(FRAME_BYTES).length, FRAME_BYTES);
    client.sendText(frame(FRAME_BYTES));
    assert.equal((await client.expect('notify.unknown.action')).seq, 9);
    await assertAlive(client, ann);
    client.sendText(frame(FRAME_BYTES + 1));
    assert.equal((await client.expectClose()).code, 1009, 'message too big');
  });

  await t.test('content over the limit fails by code, not by silence', async () => {
    const client = await signedIn(ann);
    const content = 'é'.repeat(2049);
    client.chat({ from: ann.uid, to: bob.uid, content, mid: 0, clientId: 'large', atMs: Date.now() });
    const { data } = await client.expect('notify.error');
    assert.match(String(data), new RegExp(ERRORS.CONTENT_TOO_LARGE.text));
    client.chat({ from: ann.uid, to: bob.uid, content: content.slice(1), mid: 0, clientId: 'fits', atMs: 0 });
    await client.expect('ack.message', (ack) => ack['cliMid'] === 'fits');
    await client.close();
  });

  await t.test('deep and crowded frames are refused, at the limit they are read', async () => {
    const client = await signedIn(ann);
    const nested = (levels: number): string =>
      `{"action":"no.such","seq":5,"data":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    const crowded = (keys: number): string => {
      const fields = Array.from({ length: keys - 3 }, (_, index) => `"k${index}":0`).join();
      return `{"action":"no.such","seq":6,"data":{${fields}}}`;
    };
    for (const frame of [nested(JSON_DEPTH), crowded(JSON_KEYS)]) client.sendText(frame);
    for (const seq of [5, 6]) {
      const answer = await waitUntil(`an answer to ${seq}`, () =>
        client.frames.find((heard) => heard.seq === seq),
      );
      assert.equal(answer.action, 'notify.unknown.action');
      assert.match(String(answer.data), new RegExp(ERRORS.UNKNOWN_ACTION.text));
    }
    client.sendText(nested(JSON_DEPTH + 1));
    client.sendText(crowded(JSON_KEYS + 1));
    await assertAlive(client, ann);
    const refusals = client.heard('notify.error').map(({ data }) => String(data));
    assert.equal(refusals.filter((text) => text.includes(ERRORS.FRAME_TOO_COMPLEX.text)).length, 2);
    await client.close();
  });

  await t.test('rubbish is answered, and too much of it ends the connection', async () => {
    const client = await signedIn(ann);
    const before = client.frames.length;
    const rubbish = ['', 'null', '[]', '{"action":1}', '{"seq":1e300,"action":"message.chat"}'];
    assert.equal(rubbish.length, BAD_FRAMES);
    for (const frame of rubbish) client.sendText(frame);
    assert.equal((await client.expectClose()).code, CLOSE_CODES.BAD_FRAMES.code);
    assert.equal(client.frames.length - before, BAD_FRAMES, 'each had its answer');
  });

  await t.test('a hundred sorts of odd bytes do not end the server', async () => {
    const odd = [
      '\u0000',
      '{',
      '"',
      '{"action":"message.chat"}',
      '{"Action":"api.user.auth","Data":{"Token":[]}}',
    ];
    for (const text of [...odd, '{"__proto__":{"action":"heartbeat"}}', '{"action":"api.","data":null}']) {
      const client = await RawClient.connect(ws, WEB);
      client.sendText(text);
      client.sendBytes(Buffer.from([0xff, 0xfe, 0x00, 0x01]));
      await client.expectClose();
    }
    await assertAlive(await signedIn(ann), ann);
  });
});
