import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '../../test/support/wait.js';
import { AttemptCounter } from './attempt_counter.js';

test('so many attempts, then a refusal that says when, and then again', async () => {
  const counter = new AttemptCounter({ limitCount: 2, windowMs: 300, keyCount: 10 });
  assert.deepEqual([await counter.take('a'), await counter.take('a')], [0, 0]);
  const waitMs = await counter.take('a');
  assert.ok(waitMs > 0 && waitMs <= 300, String(waitMs));
  assert.equal(await counter.take('b'), 0, 'each key has its own');
  const endsAtMs = performance.now() + waitMs;
  await waitUntil('the window to end', () => performance.now() > endsAtMs + 5);
  assert.equal(await counter.take('a'), 0);
});

test('attempts at once are counted as if one came after the other', async () => {
  const counter = new AttemptCounter({ limitCount: 5, windowMs: 60_000, keyCount: 10 });
  const waits = await Promise.all(Array.from({ length: 50 }, () => counter.take('a')));
  assert.equal(waits.filter((waitMs) => waitMs === 0).length, 5);
});

test('given back or reset, they can be made again', async () => {
  const counter = new AttemptCounter({ limitCount: 1, windowMs: 60_000, keyCount: 10 });
  assert.equal(await counter.take('a'), 0);
  await counter.giveBack('a');
  assert.equal(await counter.take('a'), 0);
  assert.notEqual(await counter.take('a'), 0);
  await counter.reset('a');
  assert.equal(await counter.take('a'), 0);
});

test('a flood of keys leaves no more than the limit of them', async () => {
  const counter = new AttemptCounter({ limitCount: 1, windowMs: 60_000, keyCount: 100 });
  for (let index = 0; index < 5000; index++) await counter.take(`made up ${index}`);
  assert.equal(counter.keyCount, 100);
  assert.notEqual(await counter.take('made up 4999'), 0, 'the newest are remembered');
  assert.equal(await counter.take('made up 0'), 0, 'the oldest are not');
});
