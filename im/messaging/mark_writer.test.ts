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

function bench() {
  const batches: (readonly number[])[][] = [];
  const mark = (batch: readonly MarkRequest[]): Promise<void> => {
    batches.push(batch.map(({ from, to }) => [from, to]));
    return Promise.resolve();
  };
  const marks = new MarkWriter(defaultsOf(MARK_WRITER_OPTIONS), { store: { mark }, logger: silent });
  const add = (...seqs: readonly number[]): void => {
    for (const number of seqs) {
      const seq = known(toSeq(number));
      marks.add({ uid, device, conv, from: seq, to: seq, read: false });
    }
  };
  return { marks, add, batches };
}

test('what was acknowledged out of order and written apart is written together with what lies before it', async () => {
  const { marks, add, batches } = bench();
  add(14);
  await marks.flush();
  add(15, 13);
  await marks.flush();
  add(17, 16);
  await marks.flush();
  assert.deepEqual(batches, [
    [[14, 14]],
    [[13, 15]],
    [
      [13, 15],
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
