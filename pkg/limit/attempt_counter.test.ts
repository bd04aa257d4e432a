import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { AttemptCounter, type AttemptCounterOptions } from './attempt_counter.js';

function counting(options: Partial<AttemptCounterOptions>) {
  const clock = { nowMs: 5000 };
  const all = { limitCount: 2, windowMs: 300, keyCount: 10, ...options };
  return { counter: new AttemptCounter(all, () => clock.nowMs), clock };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

function spend(counter: AttemptCounter, key: string): number {
  const waitMs = counter.take(key);
  if (waitMs === 0) counter.keep(key);
  return waitMs;
}

test('so many attempts, then a refusal that says when, and then again', () => {
  const { counter, clock } = counting({});
  assert.equal(spend(counter, 'a'), 0);
  clock.nowMs += 100;
  assert.equal(spend(counter, 'a'), 0);
  assert.equal(spend(counter, 'a'), 200, 'from the first attempt on');
  assert.equal(spend(counter, 'b'), 0, 'each key has its own');
  clock.nowMs += 200;
  assert.deepEqual([spend(counter, 'a'), spend(counter, 'a')], [0, 0]);
  assert.equal(spend(counter, 'a'), 300);
});

test('attempts under way count, also over the end of a window', () => {
  const { counter, clock } = counting({});
  assert.deepEqual([counter.take('a'), counter.take('a')], [0, 0]);
  assert.notEqual(counter.take('a'), 0);
  clock.nowMs += 300;
  assert.notEqual(counter.take('a'), 0);
  counter.keep('a');
  assert.notEqual(counter.take('a'), 0);
  counter.giveBack('a');
  assert.equal(counter.take('a'), 0);
});

test('a reset forgets what counted, not what is under way', () => {
  const { counter } = counting({ limitCount: 5 });
  for (let index = 0; index < 2; index++) spend(counter, 'a');
  for (let index = 0; index < 3; index++) assert.equal(counter.take('a'), 0);
  counter.reset('a');
  assert.deepEqual(
    [0, 1, 2].map(() => counter.take('a')),
    [0, 0, 0],
    'two are under way',
  );
  assert.notEqual(counter.take('a'), 0);
});

test('whatever ends how often and in any order, a key never has more than its limit in one window', () => {
  const steps = fc.array(fc.constantFrom('take', 'keep', 'giveBack', 'reset'), {
    maxLength: 200,
    size: 'max',
  });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 5 }), (words, limitCount) => {
      const { counter } = counting({ limitCount });
      let [spent, pending] = [0, 0];
      for (const word of words) {
        if (word === 'take') {
          const isFree = counter.take('a') === 0;
          assert.equal(isFree, spent + pending < limitCount);
          if (isFree) pending++;
        } else if (word !== 'keep' || pending > 0) {
          // Given back or reset more often than taken: still nothing is won.
          counter[word]('a');
          pending = Math.max(0, pending - 1);
          spent = word === 'reset' ? 0 : word === 'keep' ? spent + 1 : spent;
        }
      }
    }),
  );
});

test('a flood of keys leaves no more than the limit of them, and what was given back none', () => {
  const { counter } = counting({ limitCount: 1, keyCount: 100 });
  for (let index = 0; index < 5000; index++) spend(counter, `made up ${index}`);
  assert.equal(counter.keyCount, 100);
  assert.notEqual(counter.take('made up 4999'), 0, 'the newest are remembered');
  assert.equal(counter.take('made up 0'), 0, 'the oldest are not');
  const { counter: other } = counting({ keyCount: 100 });
  for (const end of ['giveBack', 'reset'] as const) {
    other.take('a');
    other[end]('a');
    assert.equal(other.keyCount, 0, end);
  }
});

test('what is kept of a key is small, however long it is', () => {
  const { counter } = counting({ limitCount: 1, keyCount: 1000 });
  const pad = 'p'.repeat(1 << 20);
  const before = heapBytes();
  for (let index = 0; index < 100; index++) spend(counter, `${pad}${index}`);
  assert.notEqual(counter.take(`${pad}0`), 0, 'all of them are remembered');
  assert.equal(counter.keyCount, 100);
  assert.ok(heapBytes() - before < 20 << 20, 'not a hundred names of a megabyte');
});
