import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '../../test/support/wait.js';
import type { Client } from './client.js';
import { fakeClient } from './fake_client.js';
import { FlushPace } from './flush_pace.js';
import { Flusher } from './flusher.js';

const nothing = (): void => undefined;
const FRAME = Buffer.from('frame');
const SAMPLE_MS = 50;

/** A loop that is busy to that share, looked at so often. */
function paceOf(share: () => number, looks: number, groupFlushMs = 100): FlushPace {
  const pace = new FlushPace({ groupFlushMs }, share);
  for (let look = 1; look <= looks; look++) pace.look(look * SAMPLE_MS);
  return pace;
}

interface Written {
  readonly client: Client;
  readonly writes: number[];
}

function writtenBy(): Written {
  const client = fakeClient();
  const writes: number[] = [];
  client.connection.write = (chunks, done) => {
    writes.push(chunks.length);
    process.nextTick(done);
  };
  return { client, writes };
}

test('the pause grows while the loop has no time, to its limit, and goes when it has', () => {
  let share = 0.95;
  const pace = paceOf(() => share, 20);
  assert.equal(pace.holdMs, 100);
  pace.look(20.5 * SAMPLE_MS);
  share = 0.3;
  for (let look = 21; look < 30; look++) pace.look(look * SAMPLE_MS);
  assert.equal(pace.holdMs, 0);
  assert.equal(paceOf(() => 0.95, 20, 0).holdMs, 0, 'switched off');
});

test('where writes carry many frames anyway, a busy loop makes nobody wait longer', () => {
  const pace = new FlushPace({ groupFlushMs: 100 }, () => 1);
  for (let look = 1; look <= 10; look++) {
    pace.wrote(20);
    pace.look(look * SAMPLE_MS);
  }
  assert.equal(pace.holdMs, 0);
});

test('quiet: a push is written in the same turn; under load it waits for others, and an answer takes all along', async () => {
  const quiet = new Flusher(
    { flushBytes: 1000 },
    paceOf(() => 0, 1),
    { drained: nothing },
  );
  const one = writtenBy();
  one.client.outbound.enqueuePush(FRAME, undefined);
  quiet.scheduleLater(one.client);
  await new Promise(setImmediate);
  assert.deepEqual(one.writes, [1]);

  const loaded = new Flusher(
    { flushBytes: 1000 },
    paceOf(() => 1, 20, 1000),
    { drained: nothing },
  );
  const two = writtenBy();
  two.client.writingSinceMs = performance.now();
  for (let push = 0; push < 3; push++) {
    two.client.outbound.enqueuePush(FRAME, undefined);
    loaded.scheduleLater(two.client);
  }
  await new Promise(setImmediate);
  assert.deepEqual(two.writes, []);
  two.client.outbound.enqueue(FRAME);
  loaded.schedule(two.client);
  await waitUntil('the answer', () => two.writes.length > 0);
  assert.deepEqual(two.writes, [4]);
  loaded.stop();
});

test('what waits is written when its time has come, or when it is a whole write', async () => {
  const flusher = new Flusher(
    { flushBytes: 20 },
    paceOf(() => 1, 20, 300),
    { drained: nothing },
  );
  const [slow, full, idle] = [writtenBy(), writtenBy(), writtenBy()];
  slow.client.writingSinceMs = full.client.writingSinceMs = performance.now();
  idle.client.writingSinceMs = performance.now() - 1000;
  for (const { client } of [slow, full, full, full, full, idle]) {
    client.outbound.enqueuePush(FRAME, undefined);
    flusher.scheduleLater(client);
  }
  await new Promise(setImmediate);
  assert.deepEqual([slow.writes, full.writes, idle.writes], [[], [4], [1]]);
  await waitUntil('the rest', () => slow.writes.length === 1);
  flusher.stop();
});
