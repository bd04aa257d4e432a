import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toConversation } from '../message/conversation.js';
import { known, toSeq, toUid } from '../message/ids.js';
import type { ReceiptNews } from './owed_receipts.js';
import { ToldReceipts } from './told_receipts.js';

const news = (from: number, to = from, state: ReceiptNews['state'] = 'received'): ReceiptNews => ({
  ...{ conv: known(toConversation('u1_2')), by: known(toUid(2)), state },
  ...{ from: known(toSeq(from)), to: known(toSeq(to)) },
});
const count = (told: readonly boolean[]): number => told.filter(Boolean).length;

test('a pull acknowledged in any order is told whole, whatever was repeated before', () => {
  const told = new ToldReceipts();
  for (let n = 0; n < 1000; n++) told.take([news(1)], 0);
  const pull = Array.from({ length: 500 }, (_, index) => news(501 - index));
  assert.equal(count(told.take(pull, 1000)), 500);
});

test('what raises nothing is told some times, then now and then; what does is told at once', () => {
  const told = new ToldReceipts();
  let repeats = 0;
  for (let n = 0; n < 1000; n++) repeats += count(told.take([news(5)], 0));
  assert.ok(repeats > 10 && repeats < 300, String(repeats));
  assert.equal(told.untoldCount, 1000 - repeats);
  assert.deepEqual(told.take([news(6)], 0), [true]);
  assert.deepEqual(told.take([news(6, 6, 'read')], 0), [true], 'read is news of what was received');
  assert.deepEqual(told.take([news(2)], 0), [false]);
  assert.deepEqual(told.take([news(2)], 1000), [true]);
});

test('news that are too many are owed, and a long receipt is told in pieces: no seq is lost', () => {
  const told = new ToldReceipts();
  const seqs = new Set<number>();
  let owed = 0;
  for (let n = 1; n <= 1500; n++) if (told.take([news(n)], 0)[0] === true) seqs.add(n);
  assert.ok(seqs.size < 1500 && told.isOwing);
  assert.deepEqual(told.take([news(1501, 5000)], 0), [false]);
  for (let nowMs = 0; nowMs < 10_000; nowMs += 200) {
    for (const { from, to } of told.takeOwed(nowMs)) {
      owed++;
      for (let n: number = from; n <= to; n++) seqs.add(n);
    }
  }
  assert.equal(seqs.size, 5000);
  assert.ok(owed < 20, `${owed} frames`);
  assert.deepEqual([told.untoldCount, told.isOwing], [0, false]);
});
