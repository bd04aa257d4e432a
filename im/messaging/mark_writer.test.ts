import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultsOf } from '../../pkg/config/option.js';
import { chatConversation, groupConversation } from '../message/conversation.js';
import { known, toDevice, toGid, toSeq, toUid, type Uid } from '../message/ids.js';
import type { MarkRequest } from '../store/interface.js';
import { MARK_WRITER_OPTIONS, MarkWriter } from './mark_writer.js';

const [uid, other, stranger] = [known(toUid(1)), known(toUid(2)), known(toUid(3))];
const device = known(toDevice(1));
const conv = chatConversation(uid, other);
const silent = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};

function bench({ markCount = 50_000, markBatchCount = 100 } = {}) {
  const batches: (readonly number[])[][] = [];
  const store = { answer: (): Promise<void> => Promise.resolve() };
  const mark = (batch: readonly MarkRequest[]): Promise<void> => {
    batches.push(batch.map(({ from, to }) => [from, to]));
    return store.answer();
  };
  const options = { ...defaultsOf(MARK_WRITER_OPTIONS), markCount, markBatchCount };
  const marks = new MarkWriter(options, { store: { mark }, logger: silent });
  const add = (...seqs: readonly number[]): void => {
    for (const number of seqs) {
      const seq = known(toSeq(number));
      marks.add({ uid, device, conv, from: seq, to: seq, read: false });
    }
  };
  return { marks, add, batches, store };
}

test('what was acknowledged out of order and written apart is written together with what lies before it', async () => {
  const { marks, add, batches } = bench();
  add(14);
  await marks.flush();
  add(13);
  await marks.flush();
  add(17, 16);
  await marks.flush();
  assert.deepEqual(batches, [
    [[14, 14]],
    [[13, 14]],
    [
      [13, 14],
      [16, 17],
    ],
  ]);
  await marks.flush();
  assert.equal(batches.length, 3, 'and not without something new');
  assert.equal(marks.stats().queuedCount, 0);
});

test('holes without end are not remembered without end', async () => {
  const { marks, add, batches } = bench();
  for (let n = 0; n < 50; n++) {
    add(...Array.from({ length: 10 }, (_, index) => n * 100 + index * 2 + 2));
    await marks.flush();
  }
  assert.ok(batches.every((batch) => batch.length <= 18));
});

test('what comes while others are written finds them too', async () => {
  const { marks, add, batches, store } = bench();
  let end: () => void = () => undefined;
  store.answer = () => new Promise((resolve) => (end = resolve));
  add(1, 3);
  const first = marks.flush();
  add(2);
  const second = marks.flush();
  store.answer = () => Promise.resolve();
  end();
  await Promise.all([first, second]);
  assert.deepEqual(batches.at(-1), [[1, 3]]);
});

test('all who wait for a write share the next', async () => {
  const { marks, add, batches, store } = bench();
  let end: () => void = () => undefined;
  store.answer = () => new Promise((resolve) => (end = resolve));
  add(1);
  const writes = [marks.flush()];
  add(5);
  for (let count = 0; count < 1000; count++) writes.push(marks.flushOf([uid]));
  store.answer = () => Promise.resolve();
  end();
  await Promise.all(writes);
  assert.equal(batches.length, 2);
  await marks.flushOf([uid]);
  assert.equal(batches.length, 2, 'nothing of his waits');
  add(9);
  await marks.flushOf([stranger]);
  assert.equal(batches.length, 2, 'nor anything of another');
  await marks.flushOf([other]);
  assert.equal(batches.length, 3, 'but of his peer');
});

test('who waits for his own has only that written, and what was new to it; the rest waits its time', async () => {
  const { marks, add, batches, store } = bench();
  const addFor = (whose: Uid, from: number): void =>
    marks.add({
      ...{ uid: whose, device, conv: groupConversation(known(toGid(2 ** 30 + 1))), read: false },
      ...{ from: known(toSeq(from)), to: known(toSeq(from)) },
    });
  for (let n = 0; n < 100; n++) addFor(known(toUid(1000 + n)), 7);
  add(1, 2);
  addFor(uid, 5);
  await marks.flushOf([stranger]);
  assert.equal(batches.length, 0);
  let end: () => void = () => undefined;
  store.answer = () => new Promise((resolve) => (end = resolve));
  const first = marks.flushOf([other]);
  assert.deepEqual(batches, [[[1, 2]]], 'what is said to him, in their chat');
  let isWaiting = true;
  const same = marks.flushOf([other]).then(() => (isWaiting = false));
  add(3);
  const writes = [marks.flushOf([uid]), marks.flushOf([known(toUid(1003))])];
  await new Promise(setImmediate);
  assert.ok(isWaiting, 'for what is being written');
  store.answer = () => Promise.resolve();
  end();
  await Promise.all([first, same, ...writes]);
  const [, second] = batches;
  assert.deepEqual([batches.length, marks.stats().queuedCount], [2, 99]);
  assert.deepEqual(second?.toSorted(), [
    [1, 3],
    [5, 5],
    [7, 7],
  ]);
  await marks.flush();
  assert.deepEqual([batches.length, batches[2]?.length, marks.stats().queuedCount], [3, 99, 0]);
});

test('whoever waits for a write is told when his own has ended, whenever another asks for one too', async () => {
  for (let turns = 0; turns < 12; turns++) {
    const { marks, add, batches, store } = bench();
    let ends: (() => void)[] = [];
    store.answer = () => new Promise((resolve) => ends.push(resolve));
    add(1);
    const first = marks.flush();
    add(5);
    let isTold = false;
    const second = marks.flush().then(() => (isTold = true));
    const [end] = ends;
    ends = [];
    end?.();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    const third = marks.flush();
    await first;
    await new Promise(setImmediate);
    assert.deepEqual([batches.length, isTold], [2, false], `after ${turns} microtasks`);
    store.answer = () => Promise.resolve();
    for (const one of ends) one();
    await Promise.all([second, third]);
  }
});

test('a store that takes nothing makes nothing more of what waits', async () => {
  const { marks, add, store } = bench({ markCount: 100 });
  add(1, 3, 5);
  await marks.flush();
  store.answer = () => Promise.reject(new Error('full'));
  add(10, 12);
  for (let count = 0; count < 50; count++) await assert.rejects(marks.flush());
  assert.equal(marks.stats().queuedCount, 2);
  store.answer = () => Promise.resolve();
  await marks.flush();
  assert.equal(marks.stats().queuedCount, 0);
});

test('in whatever order, what belongs together is one interval, and is not parted by the end of a batch', async () => {
  const { marks, add, batches } = bench({ markBatchCount: 2 });
  marks.add({ uid: other, device, conv, from: known(toSeq(1)), to: known(toSeq(1)), read: false });
  for (let n = 1; n <= 300; n += 3) add(n + 2, n, n + 1);
  add(400, 500);
  await marks.flush();
  assert.deepEqual(batches, [
    [
      [1, 1],
      [1, 300],
    ],
    [
      [400, 400],
      [500, 500],
    ],
  ]);
});

test('what is said again is nothing new, and pushes nothing else out', async () => {
  const { marks, add, batches } = bench();
  add(...Array.from({ length: 59 }, (_, index) => index + 2));
  await marks.flush();
  for (let n = 10; n < 40; n += 3) {
    add(n);
    await marks.flush();
  }
  add(1);
  await marks.flush();
  assert.deepEqual(batches.at(-1), [[1, 60]]);
});

test('a store that fails in the middle is given the rest again, and what was new besides', async () => {
  const { marks, add, batches, store } = bench({ markBatchCount: 1 });
  marks.add({ uid: other, device, conv, from: known(toSeq(7)), to: known(toSeq(7)), read: false });
  add(1, 3);
  let left = 2;
  store.answer = () => (left-- > 0 ? Promise.resolve() : Promise.reject(new Error('full')));
  await assert.rejects(marks.flush());
  assert.equal(marks.stats().queuedCount, 2, 'all of the place that was not written whole');
  store.answer = () => Promise.resolve();
  add(2);
  await marks.flush();
  assert.deepEqual(batches.slice(3), [[[1, 3]]]);
});

test('random receipts in any order, flushes in between: the store is told of all of them, and of no other', async () => {
  const seqs = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 12, size: 'max' });
  await fc.assert(
    fc.asyncProperty(fc.array(seqs, { maxLength: 6, size: 'max' }), async (turns) => {
      const { marks, add, batches } = bench({ markBatchCount: 3 });
      for (const [index, turn] of turns.entries()) {
        add(...turn);
        await (index % 2 === 0 ? marks.flush() : marks.flushOf([other]));
        assert.equal(marks.stats().queuedCount, 0);
      }
      const told = new Set<number>();
      for (const [from = 0, to = 0] of batches.flat()) for (let at = from; at <= to; at++) told.add(at);
      assert.deepEqual(told, new Set([...told].filter((at) => turns.flat().includes(at))));
      assert.equal(told.size, new Set(turns.flat()).size);
    }),
  );
});

test('what is acknowledged in order stays one interval', async () => {
  const { marks, add, batches } = bench();
  for (const seqs of [[1], [2, 3], [4]]) {
    add(...seqs);
    await marks.flush();
  }
  assert.deepEqual(batches, [[[1, 1]], [[1, 3]], [[1, 4]]]);
});
