/**
 * Numbers that look random and come again from the same seed, so that a failed run can be run again: the seed is
 * in every failure's text, and FUZZ_SEED sets it.
 */

/** What this run starts from: FUZZ_SEED, or the clock. */
export function seedOfThisRun(): number {
  const asked = Number(process.env['FUZZ_SEED']);
  return Number.isSafeInteger(asked) && asked > 0 ? asked : Date.now() % 2 ** 31;
}

/** Mulberry32: four bytes of state, good enough to pick bytes. */
export class Random {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed | 0;
  }

  /** [0, limit), an integer. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  chance(probability: number): boolean {
    return this.below(1_000_000) < probability * 1_000_000;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }
}
