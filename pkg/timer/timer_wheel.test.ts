import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TimerWheel, type TimerEntry } from './timer_wheel.js';

class Entry implements TimerEntry<Entry> {
  timerNext: Entry | undefined = undefined;
  timerPrevious: Entry | undefined = undefined;
  timerTick = 0;
  readonly name: number;

  constructor(name: number) {
    this.name = name;
  }
}

const TICK_MS = 10;
const ENTRIES = 12;

test('a deadline expires when it has come, at most a tick later, once', () => {
  const wheel = new TimerWheel<Entry>(TICK_MS, 8, 0);
  const entry = new Entry(1);
  const expired: number[] = [];
  wheel.set(entry, 95);
  for (let nowMs = 1; nowMs <= 300; nowMs++) wheel.advance(nowMs, () => expired.push(nowMs));
  assert.equal(expired.length, 1);
  const atMs = expired[0] ?? 0;
  assert.ok(atMs >= 95 && atMs <= 95 + TICK_MS, `at ${atMs}`);
  assert.equal(wheel.count, 0);
});

test('an entry set again while it expires waits for its new deadline, though its slot is the same', () => {
  const wheel = new TimerWheel<Entry>(TICK_MS, 4, 0);
  const entry = new Entry(1);
  wheel.set(entry, 20);
  let count = 0;
  const again = (): void => {
    count++;
    wheel.set(entry, 0);
  };
  wheel.advance(1_000_000, again);
  assert.equal(count, 1, 'one pass expires it once, however long the pause was');
  wheel.advance(1_000_000 + TICK_MS, again);
  assert.equal(count, 2);
});

type Step =
  | { readonly kind: 'set'; readonly name: number; readonly inMs: number }
  | { readonly kind: 'delete'; readonly name: number }
  | { readonly kind: 'advance'; readonly byMs: number; readonly kills: number; readonly resets: number };

const names = fc.nat(ENTRIES - 1);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('set'), name: names, inMs: fc.integer({ min: -20, max: 500 }) }),
    fc.record({ kind: fc.constant('delete'), name: names }),
    fc.record({
      kind: fc.constant('advance'),
      byMs: fc.oneof(fc.nat(30), fc.nat(1000)),
      kills: names,
      resets: names,
    }),
  ),
  { maxLength: 80, size: 'max' },
);

/** What a list of deadlines would do: the tick of each, rounded up, no earlier than the tick after the present one. */
class NaiveWheel {
  readonly ticks = new Map<number, number>();
  #tick = 1;

  set(name: number, atMs: number): void {
    this.ticks.set(name, Math.max(this.#tick + 1, Math.ceil((atMs + TICK_MS) / TICK_MS)));
  }

  advance(nowMs: number): Set<number> {
    this.#tick = Math.max(this.#tick, Math.floor((nowMs + TICK_MS) / TICK_MS));
    return new Set([...this.ticks].filter(([, tick]) => tick <= this.#tick).map(([name]) => name));
  }
}

test('like a list of deadlines, whatever is set, moved and taken back, also from inside', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), steps, (slotCount, script) => {
      const wheel = new TimerWheel<Entry>(TICK_MS, slotCount, 0);
      const naive = new NaiveWheel();
      const entries = Array.from({ length: ENTRIES }, (_, name) => new Entry(name));
      const entryOf = (name: number): Entry => entries[name] ?? new Entry(name);
      let nowMs = 0;
      for (const step of script) {
        if (step.kind === 'set') {
          wheel.set(entryOf(step.name), nowMs + step.inMs);
          naive.set(step.name, nowMs + step.inMs);
        } else if (step.kind === 'delete') {
          wheel.delete(entryOf(step.name));
          naive.ticks.delete(step.name);
        } else {
          nowMs += step.byMs;
          const due = naive.advance(nowMs);
          let isFirst = true;
          wheel.advance(nowMs, ({ name }) => {
            assert.ok(due.delete(name), `${name} was not due, or expired twice`);
            naive.ticks.delete(name);
            if (!isFirst) return;
            // From inside: one is taken back, another is moved.
            isFirst = false;
            wheel.delete(entryOf(step.kills));
            naive.ticks.delete(step.kills);
            due.delete(step.kills);
            wheel.set(entryOf(step.resets), nowMs + 50);
            naive.set(step.resets, nowMs + 50);
            due.delete(step.resets);
          });
          assert.deepEqual([...due], [], 'all that were due have expired');
        }
        assert.equal(wheel.count, naive.ticks.size);
      }
    }),
  );
});
