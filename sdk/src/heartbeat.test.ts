import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENT_DEFAULTS } from './client_options.js';
import { nowMs } from './coarse_timer.js';
import { Heartbeat } from './heartbeat.js';
import { stage, until } from './stage.js';
import type { ClientTuning } from './types.js';

const PLAIN = '{"action":"heartbeat","data":{}}';
const CURSOR = '{"action":"heartbeat","data":{"count":2,"sum":7}}';

interface Scene {
  readonly heartbeat: Heartbeat;
  readonly sent: string[];
  readonly startMs: number;
  cursor: { count: number; sum: number } | undefined;
}

function scene(tuning: Partial<ClientTuning> = {}, askedMs = 0): Scene {
  const sent: string[] = [];
  const startMs = nowMs();
  const made = { sent, startMs, cursor: { count: 2, sum: 7 } } as {
    -readonly [Key in keyof Scene]: Scene[Key];
  };
  made.heartbeat = new Heartbeat(
    { ...CLIENT_DEFAULTS, ...tuning },
    // Not told that it was sent: the test's clock goes its own way.
    {
      send: (text) => sent.push(text),
      cursor: () => made.cursor,
      wakeBy: () => undefined,
      random: () => 0.999,
    },
  );
  made.heartbeat.start(askedMs);
  return made;
}

void test('beats only after a silence of its own, and gives up on a server that does not answer', () => {
  const { heartbeat, sent, startMs } = scene();
  assert.notEqual(heartbeat.tick(startMs + 29_000), 'lost');
  assert.deepEqual(sent, []);
  heartbeat.tick(startMs + 30_010);
  assert.deepEqual(sent, [PLAIN]);
  assert.notEqual(heartbeat.tick(startMs + 40_000), 'lost');
  assert.equal(heartbeat.tick(startMs + 40_011), 'lost');
});

void test('answers a probe, and nothing else that is a heartbeat', () => {
  const { heartbeat, sent } = scene();
  heartbeat.received(false);
  assert.deepEqual(sent, []);
  heartbeat.received(true);
  assert.deepEqual(sent, [PLAIN]);
});

void test('tells its cursor once a minute', () => {
  const { heartbeat, sent, startMs } = scene({ heartbeatAnswerMs: 1e9 });
  for (let atMs = startMs; atMs < startMs + 61_000; atMs += 500) heartbeat.tick(atMs);
  assert.deepEqual(sent, [PLAIN, CURSOR]);
});

void test('before the first sync it has no cursor to tell, and tries again soon', () => {
  const made = scene({ heartbeatMs: 60_000 });
  made.cursor = undefined;
  made.heartbeat.tick(made.startMs + 60_010);
  assert.deepEqual(made.sent, [PLAIN]);
  made.cursor = { count: 2, sum: 7 };
  made.heartbeat.tick(made.startMs + 66_020);
  assert.deepEqual(made.sent, [PLAIN, CURSOR]);
});

void test('a long heartbeat is not shortened by the cursor, which goes with the next thing that is sent', () => {
  const { heartbeat, sent, startMs } = scene({ heartbeatMs: 600_000 }, 600_000);
  for (const atMs of [60_010, 120_000, 300_000]) {
    assert.notEqual(heartbeat.tick(startMs + atMs), 'lost');
    assert.deepEqual(sent, [], `nothing at ${atMs}`);
  }
  heartbeat.tick(startMs + 600_010);
  assert.deepEqual(sent, [CURSOR], 'on the beat at the latest');
});

void test('asks for its heartbeat when it signs in, goes by the answer, and answers a probe once', async (t) => {
  const { server, client } = await stage(t, { heartbeatMs: 600_000, heartbeatAnswerMs: 50 });
  server.heartbeatMs = 20;
  await client.connect();
  assert.equal(server.got('auth')[0]?.heartbeatMs, 600_000);
  await until(() => server.got('heartbeat').length >= 2, 'beats as often as the server said');
  const other = await stage(t);
  await other.client.connect();
  other.server.tell({ kind: 'heartbeat', isProbe: false });
  other.server.tell({ kind: 'heartbeat', isProbe: true });
  await other.client.call('sync', { since: 0 });
  assert.equal(other.server.got('heartbeat').length, 1);
});
