import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { known, toSeq, type Seq } from './ids.js';
import { SeqIntervals } from './seq_intervals.js';

const seq = (n: number): Seq => known(toSeq(n));

test('gives back exactly what was added, ascending, in disjoint intervals and pieces', () => {
  const interval = fc
    .tuple(fc.nat(60), fc.nat(8))
    .map(([from, more]) => [from + 1, from + 1 + more] as const);
  fc.assert(
    fc.property(
      fc.array(interval, { maxLength: 40, size: 'max' }),
      fc.integer({ min: 1, max: 5 }),
      (added, piece) => {
        const intervals = new SeqIntervals(1000);
        const expected = new Set<number>();
        for (const [from, to] of added) {
          assert.ok(intervals.add(seq(from), seq(to)));
          for (let n = from; n <= to; n++) expected.add(n);
        }
        const starts = [...expected].filter((n) => !expected.has(n - 1));
        assert.equal(intervals.count, starts.length);
        const taken: number[] = [];
        for (let next = intervals.take(piece); next !== undefined; next = intervals.take(piece)) {
          assert.ok(next.to - next.from < piece);
          for (let n: number = next.from; n <= next.to; n++) taken.push(n);
        }
        assert.deepEqual(
          taken,
          [...expected].sort((one, other) => one - other),
        );
      },
    ),
  );
});

test('one too many is not kept, but what joins others is', () => {
  const intervals = new SeqIntervals(2);
  assert.deepEqual([intervals.add(seq(1), seq(1)), intervals.add(seq(5), seq(5))], [true, true]);
  assert.equal(intervals.add(seq(9), seq(9)), false);
  assert.equal(intervals.add(seq(2), seq(4)), true);
  assert.deepEqual(intervals.take(100), { from: 1, to: 5 });
  assert.equal(intervals.take(100), undefined);
});

test('covers what was added, each part of it, and nothing else', () => {
  const intervals = new SeqIntervals(10);
  for (const [from, to] of [
    [3, 5],
    [8, 8],
    [6, 6],
  ] as const)
    intervals.add(seq(from), seq(to));
  for (let from = 1; from <= 10; from++) {
    for (let to = from; to <= 10; to++) {
      const expected = (from >= 3 && to <= 6) || (from === 8 && to === 8);
      assert.equal(intervals.covers(seq(from), seq(to)), expected, `${from}-${to}`);
    }
  }
});
