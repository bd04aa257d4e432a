import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Intervals } from './intervals.js';

const pair = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 12 }));
const pairs = fc.array(pair, { maxLength: 30, size: 'max' });

function filled(list: readonly (readonly [number, number])[]): {
  intervals: Intervals;
  members: Set<number>;
} {
  const intervals = new Intervals();
  const members = new Set<number>();
  for (const [from, length] of list) {
    intervals.add(from, from + length);
    for (let value = from; value <= from + length; value++) members.add(value);
  }
  return { intervals, members };
}

function assertSame(intervals: Intervals, members: ReadonlySet<number>): void {
  for (let value = 0; value <= 80; value++)
    assert.equal(intervals.has(value), members.has(value), `${value}`);
  const { flat } = intervals;
  for (let i = 0; i + 1 < flat.length; i++) {
    const gap = (flat[i + 1] ?? 0) - (flat[i] ?? 0);
    assert.ok(i % 2 === 0 ? gap >= 0 : gap >= 2, `sorted, apart and not adjacent: ${flat.join(' ')}`);
  }
  assert.equal(intervals.lowest, members.size === 0 ? Infinity : Math.min(...members));
}

void test('holds what a set would hold, in the fewest intervals', () => {
  fc.assert(
    fc.property(pairs, (list) => {
      const { intervals, members } = filled(list);
      assertSame(intervals, members);
    }),
  );
});

void test('drops everything up to a value and nothing above', () => {
  fc.assert(
    fc.property(pairs, fc.integer({ min: 0, max: 80 }), (list, value) => {
      const { intervals, members } = filled(list);
      intervals.dropThrough(value);
      for (const member of members) if (member <= value) members.delete(member);
      assertSame(intervals, members);
    }),
  );
});

void test('gives its lowest interval away whole', () => {
  const intervals = new Intervals();
  intervals.add(5, 7);
  intervals.add(1, 2);
  assert.equal(intervals.takeLowest(), 2);
  assert.deepEqual(intervals.flat, [5, 7]);
  intervals.add(9, 8);
  assert.deepEqual(intervals.flat, [5, 7], 'an empty interval is nothing');
  intervals.takeLowest();
  assert.equal(intervals.takeLowest(), 0);
});
