/** The retention job: bounded batches, pauses, an end at shutdown, and nothing where messages are kept for ever. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { defaultsOf } from '../../pkg/config/option.js';
import { SILENT_LOGGER } from '../../test/support/silent_logger.js';
import { waitUntil } from '../../test/support/wait.js';
import { Retention, RETENTION_OPTIONS, type RetentionOptions } from './retention.js';

const DAY_MS = 86_400_000;
const NOW_MS = 1_700_000_000_000;

interface Asked {
  readonly beforeMs: number;
  readonly keep: number;
  readonly limit: number;
}

/** A store that holds so many old events. */
class OldEvents {
  readonly asked: Asked[] = [];
  left: number;
  failures: number;

  constructor(left: number, failures = 0) {
    this.left = left;
    this.failures = failures;
  }

  expire(beforeMs: number, keep: number, limit: number): Promise<number> {
    this.asked.push({ beforeMs, keep, limit });
    if (this.failures-- > 0) return Promise.reject(new Error('the disk is gone'));
    const removed = Math.min(limit, this.left);
    this.left -= removed;
    return Promise.resolve(removed);
  }
}

function startOver(t: TestContext, store: OldEvents, options: Partial<RetentionOptions>): Retention {
  const all = { ...defaultsOf(RETENTION_OPTIONS), retentionEveryMs: 10, retentionPauseMs: 1, ...options };
  const retention = new Retention(all, { store, logger: SILENT_LOGGER, nowMs: () => NOW_MS });
  t.after(() => retention.close());
  retention.start();
  return retention;
}

test('retention: removes in batches until less than a batch is left, and comes again', async (t) => {
  const store = new OldEvents(25);
  const retention = startOver(t, store, {
    retentionDays: 30,
    retentionKeepCount: 7,
    retentionBatchCount: 10,
  });
  await waitUntil('two rounds', () => retention.stats().roundCount >= 2);
  assert.equal(store.left, 0);
  assert.equal(retention.stats().removedCount, 25);
  assert.deepEqual(store.asked[0], { beforeMs: NOW_MS - 30 * DAY_MS, keep: 7, limit: 10 });
  assert.ok(store.asked.length >= 4, 'three batches, then another round');
});

test('retention: a failure is counted and the next round goes on', async (t) => {
  const store = new OldEvents(5, 1);
  const retention = startOver(t, store, { retentionDays: 1 });
  await waitUntil('the second round', () => store.left === 0);
  assert.equal(retention.stats().failureCount, 1);
});

test('retention: nothing is asked where messages are kept for ever', async (t) => {
  const store = new OldEvents(5);
  const other = new OldEvents(5);
  startOver(t, store, { retentionDays: 0 });
  startOver(t, other, { retentionDays: 1 });
  await waitUntil('a round of another', () => other.left === 0);
  assert.equal(store.asked.length, 0);
});

test('retention: close ends a long round and its pause at once', async (t) => {
  const store = new OldEvents(1_000_000);
  const retention = startOver(t, store, {
    retentionDays: 1,
    retentionBatchCount: 1,
    retentionPauseMs: 60_000,
  });
  await waitUntil('the first batch', () => store.asked.length === 1);
  await retention.close();
  assert.equal(store.asked.length, 1);
});
