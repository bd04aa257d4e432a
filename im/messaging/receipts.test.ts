import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { defaultsOf } from '../../pkg/config/option.js';
import { ERRORS, imError, isError } from '../errors.js';
import type { Delivery } from '../gateway/interface.js';
import { toConversation } from '../message/conversation.js';
import { known, toDevice, toMid, toSeq, toUid, type Seq } from '../message/ids.js';
import type { LocatedTarget, MarkRequest, WriterPair } from '../store/interface.js';
import { MARK_WRITER_OPTIONS, MarkWriter, type MarkWriterOptions } from './mark_writer.js';
import { ReceiptHandler } from './receipts.js';

const silent = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};
const [alice, bob, eve] = [known(toUid(1)), known(toUid(2)), known(toUid(3))];
const device = known(toDevice(1));
const conv = known(toConversation('u1_2'));
const seq = (n: number): Seq => known(toSeq(n));
const fromAlice: LocatedTarget = {
  ...{ mid: known(toMid(70)), conv, seq: seq(7), from: alice, clientId: 'c7', sentAtMs: 1200 },
};

const readable = (): Promise<never[]> => Promise.resolve([]);
const sizes = { sizeOf: () => undefined };
const mayWrite = (pairs: readonly WriterPair[]): Promise<readonly undefined[]> =>
  Promise.resolve(pairs.map(() => undefined));

interface Bench {
  readonly receipts: ReceiptHandler;
  readonly marks: MarkWriter;
  readonly delivered: Delivery[];
  readonly written: MarkRequest[][];
}

/** A conversation of alice and bob whose last seq is 9, with a message of alice at 7. */
function bench(t: TestContext, options: Partial<MarkWriterOptions> = {}): Bench {
  const delivered: Delivery[] = [];
  const written: MarkRequest[][] = [];
  const store = {
    mark: (batch: readonly MarkRequest[]) => Promise.resolve(void written.push([...batch])),
    locate: (uid: number, mids: readonly number[]) =>
      Promise.resolve(uid !== eve && mids.includes(fromAlice.mid) ? [fromAlice] : []),
    lastSeqs: () => Promise.resolve([{ conv, lastSeq: seq(9) }]),
    mayWrite,
    readable,
  };
  const dispatch = {
    deliver: (batch: readonly Delivery[]) => {
      delivered.push(...batch);
      return Promise.resolve(batch.map(() => ({ absent: [] })));
    },
    kick: () => Promise.resolve(),
  };
  const marks = new MarkWriter({ ...defaultsOf(MARK_WRITER_OPTIONS), ...options }, { store, logger: silent });
  t.after(() => marks.flush());
  return {
    receipts: new ReceiptHandler({ store, sizes, marks, dispatch, logger: silent }),
    marks,
    delivered,
    written,
  };
}

test('a receipt by mid goes to whoever sent that message, and is marked', async (t) => {
  const { receipts, marks, delivered, written } = bench(t);
  await receipts.received({ uid: bob, device }, [fromAlice.mid]);
  await marks.flush();
  const messages = [{ mid: fromAlice.mid, clientId: 'c7', seq: seq(7) }];
  const frame = { kind: 'receipt', conv, from: 7, to: 7, state: 'received', by: bob, messages };
  assert.deepEqual(delivered, [{ frame, recipients: [{ uid: alice }] }]);
  assert.deepEqual(written, [[{ uid: bob, device, conv, from: 7, to: 7, read: false }]]);
});

test('who acknowledges a pull is answered when it is in the store', async (t) => {
  const { receipts, marks, written } = bench(t);
  await receipts.received({ uid: bob, device }, [fromAlice.mid]);
  assert.deepEqual(
    [written.flat().map(({ uid, from, to }) => [uid, from, to]), marks.stats().queuedCount],
    [[[bob, 7, 7]], 0],
  );
});

test('a receipt that the gateway has named in full needs no read', async (t) => {
  const { marks, delivered } = bench(t);
  const refuse = (): Promise<never> => Promise.reject(imError('INTERNAL'));
  const dispatch = {
    deliver: (batch: readonly Delivery[]) => Promise.resolve(void delivered.push(...batch)).then(() => []),
    kick: () => Promise.resolve(),
  };
  const store = { locate: refuse, lastSeqs: refuse, readable, mayWrite };
  const receipts = new ReceiptHandler({ store, sizes, marks, dispatch, logger: silent });
  const messages = [{ ...fromAlice }, { ...fromAlice, mid: known(toMid(8)), seq: seq(8), clientId: 'c8' }];
  const errors = await new Promise((resolve) => {
    receipts.add({ reader: { uid: bob, device }, what: { by: 'pushed', messages }, done: resolve });
  });
  assert.equal(errors, undefined);
  // The sender is told a turn after the reader is answered.
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    delivered.map(({ frame, recipients }) => [frame.kind === 'receipt' && frame.from, recipients]),
    [
      [7, [{ uid: alice }]],
      [8, [{ uid: alice }]],
    ],
  );
});

test('several named in one frame have one answer; what is nobody’s is ignored, a store that fails is not', async (t) => {
  const { receipts, marks, delivered } = bench(t);
  const reader = { uid: bob, device };
  const add = (to: ReceiptHandler): Promise<(Error | undefined)[]> =>
    new Promise((resolve) => {
      const answers: (Error | undefined)[] = [];
      to.addAll(reader, [known(toMid(99)), fromAlice.mid], (error) => {
        answers.push(error);
        setImmediate(() => resolve(answers));
      });
    });
  assert.deepEqual(await add(receipts), [undefined]);
  assert.equal(delivered.length, 1);
  const refuse = (): Promise<never> => Promise.reject(imError('STORE_UNAVAILABLE'));
  const store = { locate: refuse, lastSeqs: refuse, readable, mayWrite };
  const dispatch = { deliver: () => Promise.resolve([]) };
  const failing = new ReceiptHandler({ store, sizes, marks, dispatch, logger: silent });
  const [error, ...more] = await add(failing);
  assert.ok(isError(error, 'STORE_UNAVAILABLE'));
  assert.equal(more.length, 0);
});

test('nobody can forge a receipt for a conversation that is not his', async (t) => {
  const { receipts, marks, delivered, written } = bench(t);
  await receipts.received({ uid: eve, device }, [fromAlice.mid]);
  await assert.rejects(receipts.read({ uid: eve, device }, conv, seq(1), seq(9)), {
    code: ERRORS.NO_PERMISSION.code,
  });
  await marks.flush();
  assert.deepEqual([delivered, written.flat()], [[], []]);
});

test('a receipt for one’s own message tells nobody', async (t) => {
  const { receipts, delivered } = bench(t);
  await receipts.received({ uid: alice, device }, [fromAlice.mid]);
  assert.deepEqual(delivered, []);
});

test('an interval is cut at the last message: what does not exist was not received', async (t) => {
  const { receipts, marks, delivered, written } = bench(t);
  await receipts.read({ uid: bob, device }, conv, seq(5), seq(1000));
  await assert.rejects(receipts.read({ uid: bob, device }, conv, seq(10), seq(11)), {
    code: ERRORS.NO_PERMISSION.code,
  });
  await marks.flush();
  const frame = { kind: 'receipt', conv, from: 5, to: 9, state: 'read', by: bob, messages: undefined };
  assert.deepEqual(delivered, [{ frame, recipients: [{ uid: alice }, { uid: bob, exceptDevice: device }] }]);
  assert.deepEqual(written.flat(), [{ uid: bob, device, conv, from: 5, to: 9, read: true }]);
});

test('marks of neighbouring intervals are merged, others kept apart', async (t) => {
  const { marks, written } = bench(t);
  const mark = (from: number, to: number, read = false): void =>
    marks.add({ uid: bob, device, conv, from: seq(from), to: seq(to), read });
  for (const [from, to] of [
    [1, 2],
    [3, 3],
    [2, 5],
    [8, 9],
  ] as const)
    mark(from, to);
  mark(1, 9, true);
  await marks.flush();
  assert.deepEqual(
    written.flat().map(({ from, to, read }) => [from, to, read]),
    [
      [1, 5, false],
      [8, 9, false],
      [1, 9, true],
    ],
  );
});

test('too many marks waiting: refused with a temporary code, taken again after a write', async (t) => {
  const { receipts, marks } = bench(t, { markCount: 1, markDelayMs: 60_000 });
  await receipts.read({ uid: bob, device }, conv, seq(1), seq(2));
  await assert.rejects(receipts.read({ uid: bob, device }, conv, seq(7), seq(8)), {
    code: ERRORS.TOO_BUSY.code,
    temporary: true,
  });
  await marks.flush();
  await receipts.read({ uid: bob, device }, conv, seq(7), seq(8));
});

test('a store that fails answers every receipt with its error and goes on with the next', async (t) => {
  const { marks, delivered } = bench(t);
  let calls = 0;
  const lastSeqs = (): Promise<{ conv: typeof conv; lastSeq: Seq }[]> =>
    ++calls === 1
      ? Promise.reject(imError('STORE_UNAVAILABLE'))
      : Promise.resolve([{ conv, lastSeq: seq(9) }]);
  const dispatch = { deliver: () => Promise.resolve([]), kick: () => Promise.resolve() };
  const receipts = new ReceiptHandler({
    store: { lastSeqs, locate: () => Promise.resolve([]), readable, mayWrite },
    sizes,
    marks,
    dispatch,
    logger: silent,
  });
  await assert.rejects(receipts.read({ uid: bob, device }, conv, seq(1), seq(1)), {
    code: ERRORS.STORE_UNAVAILABLE.code,
  });
  await receipts.read({ uid: bob, device }, conv, seq(1), seq(1));
  assert.deepEqual(delivered, []);
});

test('each receipt is answered once, also where the other half of its batch fails', async (t) => {
  const { marks } = bench(t);
  const receipts = new ReceiptHandler({
    store: {
      lastSeqs: () => Promise.resolve([{ conv, lastSeq: seq(9) }]),
      locate: () => Promise.reject(imError('TOO_BUSY')),
      readable,
      mayWrite,
    },
    sizes,
    marks,
    dispatch: { deliver: () => Promise.resolve([]) },
    logger: silent,
  });
  const answers: string[] = [];
  const reader = { uid: bob, device };
  const done = (name: string) => (error: Error | undefined) =>
    void answers.push(`${name} ${error === undefined}`);
  const interval = { by: 'interval', conv, from: seq(1), to: seq(2), state: 'received' } as const;
  receipts.add({ reader, what: interval, done: done('interval') });
  receipts.add({ reader, what: { by: 'mid', mid: fromAlice.mid }, done: done('mid') });
  // Both halves and the failure behind them: a handful of turns of the loop.
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(answers.sort(), ['interval true', 'mid false']);
});

test('marks that the store did not take wait for the next write, and whoever insists hears of it', async (t) => {
  const written: MarkRequest[] = [];
  const failures = [imError('STORE_FULL')];
  const mark = (batch: readonly MarkRequest[]): Promise<void> => {
    const failure = failures.shift();
    return failure === undefined ? Promise.resolve(void written.push(...batch)) : Promise.reject(failure);
  };
  const marks = new MarkWriter(
    { ...defaultsOf(MARK_WRITER_OPTIONS), markDelayMs: 5 },
    { store: { mark }, logger: silent },
  );
  t.after(() => marks.flush());
  marks.add({ uid: bob, device, conv, from: seq(1), to: seq(3), read: false });
  await assert.rejects(marks.flush(), { code: ERRORS.STORE_FULL.code });
  const endAtMs = performance.now() + 5000;
  while (written.length === 0 && performance.now() < endAtMs) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.deepEqual(
    written.map(({ from, to }) => [from, to]),
    [[1, 3]],
  );
});

test('who blocks the reader is told nothing; rights are asked once for many receipts', async (t) => {
  const { marks, delivered } = bench(t);
  const asked: WriterPair[] = [];
  const store = {
    locate: () => Promise.resolve([]),
    lastSeqs: () => Promise.resolve([{ conv, lastSeq: seq(9) }]),
    readable,
    mayWrite: (pairs: readonly WriterPair[]) => {
      asked.push(...pairs);
      return Promise.resolve(pairs.map(({ from }) => (from === alice ? 'BLOCKED' : 'CONTACTS_ONLY')));
    },
  };
  const dispatch = {
    deliver: (batch: readonly Delivery[]) => Promise.resolve(void delivered.push(...batch)).then(() => []),
    kick: () => Promise.resolve(),
  };
  const receipts = new ReceiptHandler({ store, sizes, marks, dispatch, logger: silent });
  for (let n = 1; n <= 9; n++) {
    await receipts.read({ uid: alice, device }, conv, seq(n), seq(n));
    await receipts.read({ uid: bob, device }, conv, seq(n), seq(n));
  }
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    delivered
      .flatMap(({ recipients }) => recipients)
      .filter(({ exceptDevice }) => exceptDevice === undefined),
    Array.from({ length: 9 }, () => ({ uid: alice })),
  );
  assert.deepEqual(asked, [
    { from: alice, to: bob },
    { from: bob, to: alice },
  ]);
});

test('3,000 receipts at once: none is dropped, what is too much is told a little later', async (t) => {
  const { marks, delivered } = bench(t);
  const dispatch = {
    deliver: (batch: readonly Delivery[]) => Promise.resolve(void delivered.push(...batch)).then(() => []),
    kick: () => Promise.resolve(),
  };
  const store = {
    locate: () => Promise.resolve([]),
    lastSeqs: () => Promise.resolve([{ conv, lastSeq: seq(3000) }]),
    readable,
    mayWrite,
  };
  const receipts = new ReceiptHandler({ store, sizes, marks, dispatch, logger: silent });
  const odd = Array.from({ length: 1500 }, (_, index) => seq(2 * index + 1));
  await Promise.all(odd.map((n) => receipts.read({ uid: bob, device }, conv, n, n)));
  const told = (): Set<number> => {
    const seqs = new Set<number>();
    for (const { frame } of delivered) {
      assert.ok(frame.kind === 'receipt');
      for (let n: number = frame.from; n <= frame.to; n++) seqs.add(n);
    }
    return seqs;
  };
  assert.ok(told().size < 1400, 'not all at once');
  const endAtMs = performance.now() + 10_000;
  while (told().size < 1500 && performance.now() < endAtMs) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(told().size, 1500);
  assert.ok(
    [...told()].every((n) => n % 2 === 1),
    'nothing that he did not read',
  );
  assert.equal(receipts.untoldCount, 0);
});

test('the same receipt without end is told so often and then only marked', async (t) => {
  const { receipts, delivered } = bench(t);
  for (let n = 0; n < 3000; n++) await receipts.read({ uid: bob, device }, conv, seq(1), seq(9));
  assert.ok(delivered.length > 50 && delivered.length < 600, `${delivered.length} told`);
  assert.ok(receipts.untoldCount > 1000, 'what is not told is counted');
});
