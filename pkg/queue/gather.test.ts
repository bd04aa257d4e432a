import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gather } from './gather.js';

void test('questions of one turn, and those put while it is read, go together; each gets its own answer', async () => {
  const batches: number[][] = [];
  let release: (() => void) | undefined;
  const gather = new Gather(async (questions: readonly number[]) => {
    batches.push([...questions]);
    await new Promise<void>((resolve) => (release = resolve));
    return questions.map((question) => question * 10);
  }, 3);
  const first = [1, 2].map((question) => gather.ask(question));
  await new Promise(setImmediate);
  const later = [3, 4, 5, 6].map((question) => gather.ask(question));
  assert.deepEqual(batches, [[1, 2]]);
  for (let round = 0; round < 3; round++) {
    release?.();
    await new Promise(setImmediate);
  }
  assert.deepEqual(await Promise.all([...first, ...later]), [10, 20, 30, 40, 50, 60]);
  assert.deepEqual(batches, [[1, 2], [3, 4, 5], [6]]);
});

void test('a failed read, or one that answers too little, is the failure of those who asked, and of no others', async () => {
  let reads = 0;
  const gather = new Gather((questions: readonly number[]) => {
    reads++;
    if (reads === 1) return Promise.reject(new Error('broken'));
    return Promise.resolve(reads === 2 ? [] : questions);
  }, 10);
  await assert.rejects(gather.ask(1), /broken/);
  await assert.rejects(gather.ask(2), RangeError);
  assert.equal(await gather.ask(3), 3);
});
