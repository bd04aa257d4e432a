import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultsOf } from '../../pkg/config/option.js';
import { chatConversation } from '../message/conversation.js';
import { known, toDevice, toSeq, toUid } from '../message/ids.js';
import type { MarkRequest } from '../store/interface.js';
import { MARK_WRITER_OPTIONS, MarkWriter } from './mark_writer.js';

const [uid, other] = [known(toUid(1)), known(toUid(2))];
const device = known(toDevice(1));
const conv = chatConversation(uid, other);
const silent = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};

function bench({ markCount = 50_000 } = {}) {
  const batches: (readonly number[])[][] = [];
  const store = { answer: (): Promise<void> => Promise.resolve() };
  const mark = (batch: readonly MarkRequest[]): Promise<void> => {
    batches.push(batch.map(({ from, to }) => [from, to]));
    for (const { from, againTo } of batch) if (againTo !== undefined) repeated.add(from);
    return store.answer();
  };
  const repeated = new Set<number>();
  const options = { ...defaultsOf(MARK_WRITER_OPTIONS), markCount };
  const marks = new MarkWriter(options, { store: { mark }, logger: silent });
  const add = (...seqs: readonly number[]): void => {
    for (const number of seqs) {
      const seq = known(toSeq(number));
      marks.add({ uid, device, conv, from: seq, to: seq, read: false });
    }
  };
  return { marks, add, batches, repeated, store };
}

test('what was acknowledged out of order and written apart is written together with what lies before it', async () => {
  const { marks, add, batches, repeated } = bench();
  add(14);
  await marks.flush();
  add(13);
  await marks.flush();
  add(17, 16);
  await marks.flush();
  assert.deepEqual(batches, [
    [[14, 14]],
    [
      [14, 14],
      [13, 13],
    ],
    [
      [14, 14],
      [13, 13],
      [16, 17],
    ],
  ]);
  assert.deepEqual([...repeated], [14, 13], 'marked as repeated');
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
  assert.deepEqual(batches.at(-1), [
    [1, 1],
    [3, 3],
    [2, 2],
  ]);
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
  await marks.flushOf([other]);
  assert.equal(batches.length, 2, 'nor anything of another');
  await marks.flush();
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

test('what is acknowledged in order stays one interval', async () => {
  const { marks, add, batches } = bench();
  for (const seqs of [[1], [2, 3], [4]]) {
    add(...seqs);
    await marks.flush();
  }
  assert.deepEqual(batches, [[[1, 1]], [[1, 3]], [[1, 4]]]);
});
