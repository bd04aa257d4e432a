/**
 * How much each key may still spend: so much at once, and so much more each second. Bounded: when more keys are
 * remembered than the limit says, the one that spent longest ago starts anew.
 */
export interface AllowanceOptions {
  readonly burst: number;
  readonly perSecond: number;
  readonly keyLimit: number;
}

interface Purse {
  left: number;
  atMs: number;
}

export class Allowance {
  readonly #options: AllowanceOptions;
  /** In order of spending: the first is the oldest. */
  readonly #purses = new Map<string, Purse>();

  constructor(options: AllowanceOptions) {
    this.#options = options;
  }

  /** True where `key` could pay `cost` at `nowMs` (of a clock that does not jump); else nothing is spent. */
  spend(key: string, cost: number, nowMs: number): boolean {
    const { burst, perSecond, keyLimit } = this.#options;
    const purse = this.#purses.get(key) ?? { left: burst, atMs: nowMs };
    const left = Math.min(burst, purse.left + ((nowMs - purse.atMs) * perSecond) / 1000);
    const isPaid = left >= cost;
    this.#purses.delete(key);
    this.#purses.set(key, { left: isPaid ? left - cost : left, atMs: nowMs });
    if (this.#purses.size > keyLimit) {
      for (const oldest of this.#purses.keys()) {
        this.#purses.delete(oldest);
        break;
      }
    }
    return isPaid;
  }
}
