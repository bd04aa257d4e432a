/** The sender always learns, also where what is asked before he is told fails, or takes its time. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { defaultsOf } from '../../pkg/config/option.js';
import { imError } from '../errors.js';
import type { Delivery } from '../gateway/interface.js';
import { toConversation } from '../message/conversation.js';
import { known, toDevice, toMid, toSeq, toUid, type Seq } from '../message/ids.js';
import type { LocatedTarget, MarkRequest, WriterPair } from '../store/interface.js';
import { MARK_WRITER_OPTIONS, MarkWriter } from './mark_writer.js';
import { ReceiptHandler, type PendingReceipt } from './receipts.js';

const logger = {
  ...{ error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined },
};
const [alice, bob, eve] = [known(toUid(1)), known(toUid(2)), known(toUid(3))];
const device = known(toDevice(1));
const conv = known(toConversation('u1_2'));
const seq = (n: number): Seq => known(toSeq(n));
const message = (n: number, from = alice): LocatedTarget => ({
  ...{ mid: known(toMid(1000 + n)), conv, seq: seq(n), from, clientId: `c${n}`, sentAtMs: n },
});
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type Wait = () => Promise<void>;

/** What is asked before somebody is told takes as long, and fails as often, as these say. */
function bench(
  t: TestContext,
  { rights, deliver, locate }: { rights?: Wait; deliver?: Wait; locate?: Wait },
) {
  const delivered: Delivery[] = [];
  const written: MarkRequest[] = [];
  const store = {
    mark: (batch: readonly MarkRequest[]) => Promise.resolve(void written.push(...batch)),
    locate: async (_uid: number, mids: readonly number[]) => {
      await locate?.();
      return mids.map((mid) => message(mid - 1000));
    },
    lastSeqs: () => Promise.resolve([{ conv, lastSeq: seq(1_000_000) }]),
    readable: () => Promise.resolve([]),
    mayWrite: async (pairs: readonly WriterPair[]) => {
      await rights?.();
      return pairs.map(() => undefined);
    },
  };
  const dispatch = {
    deliver: async (batch: readonly Delivery[]) => {
      await deliver?.();
      delivered.push(...batch);
      return [];
    },
  };
  const marks = new MarkWriter(defaultsOf(MARK_WRITER_OPTIONS), { store, logger });
  t.after(() => marks.flush());
  const receipts = new ReceiptHandler({ store, sizes: { sizeOf: () => undefined }, marks, dispatch, logger });
  const say = (what: PendingReceipt['what'], uid = bob): Promise<Error | undefined> =>
    new Promise((done) => receipts.add({ reader: { uid, device }, what, done }));
  /** Seqs in the order in which the sender heard of them. */
  const heard = (): number[] =>
    delivered.flatMap(({ frame, recipients }) => {
      assert.ok(frame.kind === 'receipt');
      assert.deepEqual(recipients, [{ uid: alice }]);
      return Array.from({ length: frame.to - frame.from + 1 }, (_, index) => frame.from + index);
    });
  const until = async (isDone: () => boolean): Promise<void> => {
    const endAtMs = performance.now() + 5000;
    while (!isDone() && performance.now() < endAtMs) await new Promise((wait) => setTimeout(wait, 5));
  };
  return { receipts, marks, written, delivered, say, heard, until };
}

/** Fails so many times, then no more. */
function failing(times: number): Wait {
  let leftCount = times;
  return () => (leftCount-- > 0 ? Promise.reject(imError('STORE_UNAVAILABLE')) : Promise.resolve());
}

const interval = (from: number, to = from) =>
  ({ by: 'interval', conv, from: seq(from), to: seq(to), state: 'received' }) as const;
const pushed = (...seqs: number[]) =>
  ({ by: 'pushed', messages: seqs.map((n) => message(n)) }) as const satisfies PendingReceipt['what'];

test('where the rights cannot be read, or the delivery fails, the sender is told a little later', async (t) => {
  for (const waits of [{ rights: failing(2) }, { deliver: failing(2) }]) {
    const made = bench(t, waits);
    const answers = await Promise.all([made.say(pushed(3, 5)), made.say(interval(7, 9))]);
    assert.deepEqual(answers, [undefined, undefined]);
    await made.until(() => made.heard().length >= 5);
    assert.deepEqual(made.heard(), [3, 5, 7, 8, 9]);
    assert.equal(made.receipts.untoldCount, 0);
  }
});

test('where one reader’s messages cannot be read, the others’ senders are told all the same', async (t) => {
  const made = bench(t, { locate: () => Promise.reject(imError('STORE_UNAVAILABLE')) });
  const answers = await Promise.all([
    made.say({ by: 'mid', mid: message(1).mid }),
    made.say(interval(7, 9)),
    made.say(pushed(3)),
  ]);
  assert.deepEqual(
    answers.map((error) => error === undefined),
    [false, true, true],
  );
  await made.until(() => made.heard().length >= 4);
  assert.deepEqual(
    made.heard().sort((one, other) => one - other),
    [3, 7, 8, 9],
  );
  await made.marks.flush();
  assert.equal(made.written.length, 2);
});

test('while telling takes its time, receipts are checked and answered; they are told in order', async (t) => {
  const waiting: (() => void)[] = [];
  const made = bench(t, { deliver: () => new Promise((resolve) => waiting.push(resolve)) });
  for (let n = 1; n <= 20; n++) {
    assert.equal(await made.say(pushed(n)), undefined);
    await turn();
  }
  assert.deepEqual([waiting.length, made.heard()], [1, []], 'one at a time');
  while (made.heard().length < 20) {
    assert.equal(waiting.length, 1);
    waiting.pop()?.();
    await turn();
  }
  assert.deepEqual(
    made.heard(),
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
});

test('of what waits to be told only so much is kept one by one, the rest as intervals: none is lost', async (t) => {
  let isAway = true;
  let deliveries = 0;
  const made = bench(t, {
    deliver: async () => {
      deliveries++;
      while (isAway) await new Promise((wait) => setTimeout(wait, 5));
    },
  });
  // Of many conversations, each well below what one reader may name at once.
  const count = 60_000;
  for (let n = 0; n < count; n += 500) {
    const name = known(toConversation(`u1_${100 + n}`));
    const messages = Array.from({ length: 500 }, (_, index) => ({ ...message(n + index + 1), conv: name }));
    assert.equal(await made.say({ by: 'pushed', messages }, known(toUid(100 + n))), undefined);
  }
  await turn();
  assert.equal(deliveries, 1);
  isAway = false;
  await made.until(() => made.heard().length >= count);
  assert.equal(new Set(made.heard()).size, count);
  assert.ok(made.delivered.length < 55_000, `${made.delivered.length} frames`);
  assert.equal(made.receipts.untoldCount, 0);
});

test('a receipt that the gateway has named for one’s own message is marked, and tells nobody', async (t) => {
  const made = bench(t, {});
  const messages = [message(3), message(4, bob), message(5)];
  assert.equal(await made.say({ by: 'pushed', messages }), undefined);
  await turn();
  await made.marks.flush();
  assert.deepEqual(made.heard(), [3, 5]);
  assert.deepEqual(
    made.written.map(({ from, to }) => [from, to]),
    [[3, 5]],
  );
});

const mids = [1, 2].map((n) => message(n).mid);
const answered = (made: ReturnType<typeof bench>): Promise<Error | undefined> =>
  new Promise((resolve) => made.receipts.addAll({ uid: bob, device }, mids, resolve));

test('written: what was acknowledged just before is in the store, checked yet or not', async (t) => {
  const made = bench(t, { locate: () => new Promise((resolve) => setTimeout(resolve, 30)) });
  made.receipts.add({ reader: { uid: bob, device }, what: interval(7, 9), done: () => undefined });
  await turn();
  // One batch is being checked, and this one waits for it.
  const done = answered(made);
  await made.receipts.written([bob]);
  assert.deepEqual(
    made.written.map(({ from, to }) => [from, to]).sort(([one = 0], [other = 0]) => one - other),
    [
      [1, 2],
      [7, 9],
    ],
  );
  await done;
  const next = answered(made);
  await turn();
  // Being checked, and nothing behind it.
  await Promise.all([made.receipts.written([bob]), made.receipts.written([eve, bob])]);
  await next;
});

test('written: who is being told is not waited for, nor is what others acknowledged', async (t) => {
  const made = bench(t, { deliver: () => new Promise(() => undefined) });
  await made.say(pushed(9));
  void answered(made);
  await made.receipts.written([bob]);
  assert.deepEqual(
    made.written.map(({ from, to }) => [from, to]).sort(([one = 0], [other = 0]) => one - other),
    [
      [1, 2],
      [9, 9],
    ],
  );
  const stuck = bench(t, { locate: () => new Promise(() => undefined) });
  void answered(stuck);
  await stuck.receipts.written([eve]);
  await turn();
  await stuck.receipts.written([eve]);
});

test('written: never rejects nor waits on where the store fails', async (t) => {
  const made = bench(t, { locate: () => turn().then(() => Promise.reject(imError('STORE_UNAVAILABLE'))) });
  for (let n = 0; n < 3; n++) {
    const done = answered(made);
    await made.receipts.written([bob]);
    assert.ok((await done) !== undefined);
    await made.receipts.written([bob]);
  }
  assert.deepEqual(made.written, []);
});
