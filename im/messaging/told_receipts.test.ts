import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
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
  assert.deepEqual(told.take([news(2)], 0), [true], 'a late one says something new');
  assert.deepEqual(told.take([news(2)], 0), [false]);
  assert.deepEqual(told.take([news(2, 6)], 0), [true], 'so does one that was told only in part');
  assert.deepEqual(told.take([news(3, 5)], 0), [false]);
  assert.deepEqual(told.take([news(2)], 1000), [true]);
});

test('acknowledged on several threads, in no order: every message is told, and at once', () => {
  for (const step of [1, 2]) {
    const told = new ToldReceipts();
    let toldCount = 0;
    for (let n = 0; n < 3600; n += 6) {
      for (const [index, late] of [3, 1, 2, 6, 4, 5].entries()) {
        // Every other message is the reader's own: he never acknowledges it.
        toldCount += count(told.take([news(step * (n + late))], ((n + index) * 1000) / 30));
      }
    }
    assert.deepEqual([toldCount, told.untoldCount, told.isOwing], [3600, 0, false]);
  }
});

test('a pull acknowledged in any order, one message a receipt: every one is told once, at once or later', () => {
  const orders = fc.shuffledSubarray(
    Array.from({ length: 1000 }, (_, index) => index + 1),
    { minLength: 1000 },
  );
  fc.assert(
    fc.property(orders, (order) => {
      const told = new ToldReceipts();
      for (let n = 0; n < 300; n++) told.take([news(5000)], 0);
      const { untoldCount } = told;
      const seqs = order.filter((n, index) => told.take([news(n)], index * 10)[0] === true);
      for (const { from, to } of told.takeOwed(60_000, 1000)) {
        for (let n: number = from; n <= to; n++) seqs.push(n);
      }
      assert.equal(new Set(seqs).size, 1000);
      assert.deepEqual([seqs.length, told.untoldCount], [1000, untoldCount]);
    }),
    { numRuns: 100 },
  );
});

test('thousands of gaps cost no more memory than some, and what is above them is told', () => {
  const told = new ToldReceipts();
  let toldCount = 0;
  for (let n = 1; n <= 20_000; n++) toldCount += count(told.take([news(2 * n)], n * 5));
  assert.equal(toldCount, 20_000);
  assert.ok(told.intervalCount <= 256, String(told.intervalCount));
  let again = 0;
  for (let n = 19_800; n <= 20_000; n++)
    for (let m = 0; m < 2; m++) again += count(told.take([news(2 * n)], 100_000));
  assert.ok(again <= 256, String(again));
  // Lower than all that is remembered: told once more, and no more than may be told at once of anything.
  let lower = 0;
  for (let n = 1; n <= 3000; n++) lower += count(told.take([news(2 * n)], 200_000));
  assert.equal(lower, 1024);
  assert.ok(told.intervalCount <= 256);
});

test('news that are too many are owed, and a long receipt is told in pieces: no seq is lost', () => {
  const told = new ToldReceipts();
  const seqs = new Set<number>();
  let owed = 0;
  for (let n = 1; n <= 1500; n++) if (told.take([news(n)], 0)[0] === true) seqs.add(n);
  assert.ok(seqs.size < 1500 && told.isOwing);
  assert.deepEqual(told.take([news(1501, 5000)], 0), [false]);
  for (let nowMs = 0; nowMs < 10_000; nowMs += 200) {
    for (const { from, to } of told.takeOwed(nowMs, 1000)) {
      owed++;
      for (let n: number = from; n <= to; n++) seqs.add(n);
    }
  }
  assert.equal(seqs.size, 5000);
  assert.ok(owed < 20, `${owed} frames`);
  assert.deepEqual([told.untoldCount, told.isOwing], [0, false]);
});
