/**
 * The ack waits for the flush (promise P1): with every flush of the server held up, no ack comes sooner than one
 * flush. As a control the same server is told not to wait, and then it does not.
 */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { register, signIn } from '../support/http.js';
import { RawClient, WEB } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';
import { slowFlushes } from '../support/strace.js';

/** Far above what a commit takes by itself, far below any deadline. */
const FLUSH_DELAY_MS = 50;
const MESSAGE_COUNT = 21;

/** The median time from sending to `ack.message`, one message at a time, as seen on the wire. */
async function ackMedianMs(t: TestContext, flags: Readonly<Record<string, string>>): Promise<number> {
  const server = await TestServer.start(t, { wrapper: await slowFlushes(FLUSH_DELAY_MS), flags });
  const { http, ws } = server.urls;
  const ann = await signIn(http, await register(http, 'ann'), 2);
  const bob = await signIn(http, await register(http, 'bob'), 2);
  const client = await RawClient.connect(ws, WEB);
  t.after(() => client.close());
  await client.signIn(ann.token);
  const latenciesMs: number[] = [];
  for (let index = 0; index < MESSAGE_COUNT; index++) {
    const clientId = `flush-${index}`;
    const startedAtMs = performance.now();
    client.chat({ from: ann.uid, to: bob.uid, content: 'x', mid: 0, clientId, atMs: Date.now() });
    await client.expectNext('ack.message', (data) => data['cliMid'] === clientId);
    latenciesMs.push(performance.now() - startedAtMs);
  }
  return latenciesMs.sort((one, other) => one - other)[MESSAGE_COUNT >> 1] ?? NaN;
}

test('the ack waits for the flush', async (t) => {
  const medianMs = await ackMedianMs(t, {});
  assert.ok(medianMs > FLUSH_DELAY_MS, `an ack took ${medianMs} ms with flushes of ${FLUSH_DELAY_MS} ms`);
});

test('control: a store that is told not to flush at each commit acks sooner', async (t) => {
  const medianMs = await ackMedianMs(t, { 'store-synchronous': 'NORMAL' });
  assert.ok(medianMs < FLUSH_DELAY_MS, `an ack took ${medianMs} ms although no commit flushes`);
});
