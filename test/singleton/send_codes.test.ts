/** A send that cannot be has a code, an ack names its message, and acks come in the order of sending. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { callOk, register, signIn } from '../support/http.js';
import { asObject, LEGACY, RawClient, WEB, type Json } from '../support/raw_client.js';
import { setBlocked } from '../support/seed.js';
import { TestServer } from '../support/server.js';
import { readStoredLog } from '../support/stored_log.js';
import { waitUntil } from '../support/wait.js';

test('answers to sends', async (t) => {
  const server = await TestServer.start(t);
  const { http, ws } = server.urls;
  const ann = await signIn(http, await register(http, 'ann'), 2);
  const phone = await signIn(http, ann, 1);
  const bob = await signIn(http, await register(http, 'bob'), 2);
  let [web, legacy] = await connectBoth();

  async function connectBoth(): Promise<readonly [RawClient, RawClient]> {
    const clients = [await RawClient.connect(ws, WEB), await RawClient.connect(ws, LEGACY)] as const;
    await clients[0].signIn(ann.token);
    await clients[1].signIn(phone.token);
    return clients;
  }

  async function setBlockedByBob(on: boolean): Promise<void> {
    await server.whileStopped((dataDir) => setBlocked(dataDir, bob.uid, ann.uid, on));
    [web, legacy] = await connectBoth();
  }

  const send = (to: number, clientId: string, action?: string): void =>
    web.chat({ from: ann.uid, to, content: clientId, mid: 0, clientId, atMs: Date.now() }, action);

  const midOf = async (token: string): Promise<number> =>
    Number(asObject(await callOk(http, 'msg/id', {}, token))['Mid']);

  async function expectRefusal(to: number, text: string): Promise<void> {
    const before = web.frames.length;
    send(to, crypto.randomUUID());
    const refusal = await waitUntil('a refusal', () =>
      web.frames.slice(before).find(({ action }) => action === 'notify.error'),
    );
    assert.equal(typeof refusal.seq, 'number');
    assert.notEqual(refusal.seq, 0, 'the refusal names the frame that it answers');
    assert.match(String(refusal.data), new RegExp(text));
    const mid = await midOf(phone.token);
    legacy.chat({ from: ann.uid, to, content: 'x', mid, clientId: '', atMs: Date.now() });
    await legacy.expect('message.failed.send', (data) => data['Mid'] === mid);
    assert.deepEqual(legacy.heard('ack.message'), []);
  }

  await t.test('an unknown recipient', () => expectRefusal(999_999, ERRORS.NO_SUCH_USER.text));

  await t.test('a sender whom the recipient blocked, and the way back', async () => {
    await setBlockedByBob(true);
    await expectRefusal(bob.uid, ERRORS.BLOCKED.text);
    await setBlockedByBob(false);
    send(bob.uid, 'forgiven');
    await web.expect('ack.message', (data) => data['cliMid'] === 'forgiven');
    const contents = (await readStoredLog(server.dataDir)).map(({ content }) => content);
    assert.deepEqual(contents, ['forgiven'], 'what was refused is not stored');
  });

  await t.test('a mid that was issued to somebody else', async () => {
    const mid = await midOf(bob.token);
    legacy.chat({ from: ann.uid, to: bob.uid, content: 'x', mid, clientId: '', atMs: Date.now() });
    await legacy.expect('message.failed.send', (data) => data['Mid'] === mid);
  });

  await t.test('a retry, and a resend, are the same message with the same ack', async () => {
    send(bob.uid, 'once');
    const first = await web.expect('ack.message', (data) => data['cliMid'] === 'once');
    for (const action of ['message.chat', 'message.chat.retry', 'message.chat.resend'])
      send(bob.uid, 'once', action);
    const acks = await waitUntil('four acks', () => {
      const heard = web.heard('ack.message').filter(({ data }) => asObject(data)['cliMid'] === 'once');
      return heard.length === 4 && heard;
    });
    const { mid, seq } = asObject(first.data);
    for (const { data } of acks) assert.deepEqual([asObject(data)['mid'], asObject(data)['seq']], [mid, seq]);
    const rows = (await readStoredLog(server.dataDir)).filter(({ clientId }) => clientId === 'once');
    assert.equal(rows.length, 1);
  });

  await t.test('a legacy retry by mid is the same message too', async () => {
    const mid = await midOf(phone.token);
    const message = { from: ann.uid, to: bob.uid, content: 'by mid', mid, clientId: '', atMs: Date.now() };
    legacy.chat(message);
    await legacy.expect('ack.message', (data) => data['Mid'] === mid);
    legacy.chat(message, 'message.chat.retry');
    await waitUntil('the ack again', () => legacy.heard('ack.message').length === 2);
    const rows = (await readStoredLog(server.dataDir)).filter(({ content }) => content === 'by mid');
    assert.deepEqual(
      rows.map((row) => row.mid),
      [mid],
    );
  });

  await t.test('acks come in the order of sending, and so do the seqs', async () => {
    const before = web.heard('ack.message').length;
    const ids = Array.from({ length: 500 }, (_, index) => `row ${index}`);
    for (const clientId of ids) send(bob.uid, clientId);
    const acks: readonly Json[] = await waitUntil('all acks', () => {
      const heard = web.heard('ack.message').slice(before);
      return heard.length >= ids.length && heard.map(({ data }) => asObject(data));
    });
    assert.deepEqual(
      acks.map((ack) => ack['cliMid']),
      ids,
    );
    const seqs = acks.map((ack) => Number(ack['seq']));
    assert.deepEqual(
      seqs,
      seqs.map((_, index) => (seqs[0] ?? 0) + index),
    );
  });
});
