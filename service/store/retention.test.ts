/** How retention goes round: over more pages than one call needs, nothing is left out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retentionOver } from './retention.js';

/** Conversations 1, 2 … with that many old rows each; a page is one conversation. */
function logs(...rows: number[]) {
  const writes: number[] = [];
  const expire = retentionOver({
    expirable: (_, afterId) => {
      const id = afterId + 1;
      const ids = (rows[id - 1] ?? 0) > 0 ? [id] : [];
      return Promise.resolve({ ids, nextId: id < rows.length ? id : 0 });
    },
    expireRows: ([id = 0], _, limit) => {
      const count = Math.min(limit, rows[id - 1] ?? 0);
      rows[id - 1] = (rows[id - 1] ?? 0) - count;
      writes.push(count);
      return Promise.resolve(count);
    },
  });
  return { rows, writes, expire: (limit: number) => expire(0, 0, limit) };
}

test('a call that says less than its limit has left nothing, wherever the one before it stopped', async () => {
  const { rows, expire } = logs(1, 0, 3, 2);
  assert.equal(await expire(3), 3);
  rows[0] = 4;
  assert.equal(await expire(100), 7);
  assert.deepEqual(rows, [0, 0, 0, 0]);
  assert.equal(await expire(100), 0);
});

test('a call goes on where the one before it stopped, and every write is small', async () => {
  const { rows, writes, expire } = logs(1000, 1000);
  assert.equal(await expire(1500), 1500);
  assert.deepEqual(rows, [0, 500]);
  assert.equal(await expire(1500), 500);
  assert.ok(Math.max(...writes) <= 200);
});
