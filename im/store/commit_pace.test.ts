import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommitPace } from './commit_pace.js';

/** Longer than any test takes: what begins within it was not waited for. */
const LONG_MS = 60_000;
/** Of requests that come so fast that it is worth it. */
const MANY = 50;

/** The first transaction begins at once and is how the pace learns how busy the loop is. */
function begun(gapMs: number, share: number): CommitPace {
  const pace = new CommitPace(gapMs, () => share);
  assert.equal(pace.next(1), undefined);
  return pace;
}

test('while there is time one begins as soon as the last has ended', () => {
  assert.equal(begun(LONG_MS, 0.8).next(1), undefined);
});

test('under load the next waits for the gap, and begins at once after it', async () => {
  const pace = begun(30, 0.9);
  const startedAtMs = performance.now();
  const wait = pace.next(MANY);
  assert.ok(wait !== undefined);
  await wait;
  // The timer and the clock round each in its own way.
  assert.ok(performance.now() - startedAtMs >= 28);
  await new Promise((resolve) => setTimeout(resolve, 35));
  assert.equal(pace.next(MANY), undefined);
});

test('a few who write one after the other wait for nobody', async () => {
  const pace = begun(30, 0.9);
  await new Promise((resolve) => setTimeout(resolve, 2));
  assert.equal(pace.next(1), undefined);
});

test('with enough waiting there is nothing to wait for, also where they come during the wait', async () => {
  const pace = begun(LONG_MS, 0.9);
  assert.equal(pace.next(100), undefined);
  const wait = pace.next(99);
  assert.ok(wait !== undefined);
  pace.came(99);
  let isOver = false;
  void wait.then(() => (isOver = true));
  await new Promise(setImmediate);
  assert.equal(isOver, false);
  pace.came(100);
  await wait;
});

test('who is in a hurry waits for nothing, and nothing is left behind', async () => {
  const pace = begun(LONG_MS, 0.9);
  const wait = pace.next(MANY);
  pace.hurry();
  await wait;
  pace.hurry();
  assert.ok(pace.next(MANY) !== undefined, 'the gap counts from the hurried one');
  pace.hurry();
});
