import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConversationLog } from './conversation_log.js';
import type { Message } from './types.js';

function message(seq: number): Message {
  const ids = { conv: 'u1_2', seq, mid: seq, clientId: `c${seq}`, from: 2, to: 1 };
  return { ...ids, type: 1, content: '', sentAtMs: 0, storedAtMs: 0, status: 0, own: false };
}

/** A log of `size` seqs, of which those in `ours` are for this reader; `after` as the server tells it. */
interface World {
  readonly size: number;
  readonly ours: readonly number[];
}

function afterOf(world: World, seq: number): number {
  return Math.max(0, ...world.ours.filter((other) => other < seq));
}

/** What msg/range answers for [from, to] with pages of `pageCount`. */
function range(
  world: World,
  from: number,
  to: number,
  pageCount: number,
): { to: number; messages: Message[] } {
  const events = world.ours.filter((seq) => seq >= from && seq <= to);
  const page = events.slice(0, pageCount);
  const last = page.length < events.length ? (page.at(-1) ?? to) : to;
  return { to: last, messages: page.map(message) };
}

const world = fc
  .integer({ min: 1, max: 60 })
  .chain((size) =>
    fc.record({ size: fc.constant(size), ours: fc.subarray([...Array(size).keys()].map((i) => i + 1)) }),
  );

/** Each number picks what happens next: a push (any, lost ones never picked) or a range answer for the hole. */
const steps = fc.array(fc.record({ pick: fc.nat(), isRange: fc.boolean() }), { maxLength: 150, size: 'max' });

void test('any order, repeats and losses of pushes and range answers: shown once, in order, all of ours', () => {
  fc.assert(
    fc.property(world, steps, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 7 }), (...args) => {
      const [known, list, bufferLimit, pageCount] = args;
      const shown: number[] = [];
      const log = new ConversationLog(0, bufferLimit, ({ seq }) => shown.push(seq));
      const fill = (): void => {
        const { hole } = log;
        if (hole === undefined) return;
        const page = range(known, hole.from, hole.to, pageCount);
        log.cover(hole.from, page.to, page.messages);
      };
      for (const { pick, isRange } of list) {
        const seq = known.ours[pick % Math.max(1, known.ours.length)];
        if (isRange) fill();
        else if (seq !== undefined) log.receive(message(seq), afterOf(known, seq));
        assert.deepEqual(
          shown,
          known.ours.filter((ours) => ours <= log.tip),
          'a prefix, without a hole',
        );
      }
      log.exists(known.size);
      for (let pages = 0; !log.isComplete; pages++) {
        assert.ok(pages <= known.size + 1, 'every page gets on');
        fill();
      }
      assert.deepEqual(shown, known.ours);
      assert.equal(log.tip, known.size);
    }),
    { numRuns: 500 },
  );
});

void test('keeps at most its limit, and counts the rest as missing', () => {
  const log = new ConversationLog(0, 2, () => assert.fail('nothing can be shown'));
  assert.equal(log.receive(message(3), 2), 'buffered');
  assert.equal(log.receive(message(5), 4), 'buffered');
  assert.equal(log.receive(message(7), 6), 'full');
  assert.equal(log.receive(message(3), 2), 'repeat');
  assert.equal(log.lastSeq, 7);
  assert.deepEqual(log.hole, { from: 1, to: 2 });
});

void test('asks for nothing between a message and the one before it in our sequence', () => {
  const log = new ConversationLog(0, 10, () => undefined);
  log.receive(message(9), 4);
  assert.deepEqual(log.hole, { from: 1, to: 4 });
});

void test('skips what is left for scrolling and shows what waited behind it', () => {
  const shown: number[] = [];
  const log = new ConversationLog(10, 100, ({ seq }) => shown.push(seq));
  log.receive(message(15), 14);
  log.receive(message(21), 20);
  log.skipTo(20);
  assert.deepEqual(shown, [21], '15 is left for scrolling too');
  assert.equal(log.tip, 21);
  log.skipTo(5);
  assert.equal(log.tip, 21, 'never back');
});

void test('an own message takes its place between others', () => {
  const shown: number[] = [];
  const log = new ConversationLog(0, 100, ({ seq }) => shown.push(seq));
  log.receive(message(2), 1);
  log.receive(message(1), 0);
  assert.equal(log.receive(message(2), 1), 'repeat');
  assert.deepEqual(shown, [1, 2]);
});
