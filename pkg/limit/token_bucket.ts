/**
 * So much at once, and so much more each second: the allowance of one holder, without a timer or a promise.
 * Callers that have several look at all of them first and spend from each only if all can pay.
 */
export interface Rate {
  /** Above 0. */
  readonly perSecond: number;
  readonly burst: number;
}

/** What adds up to one in parts falls short of it by the rounding of each. */
const ONE = 1 - 1e-9;

export class TokenBucket {
  readonly #rate: Rate;
  #left: number;
  #atMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#left = rate.burst;
    this.#atMs = nowMs;
  }

  /** Whole milliseconds until one can be spent; 0: now. `nowMs` is of a clock that only rises. */
  waitMs(nowMs: number): number {
    const { perSecond, burst } = this.#rate;
    this.#left = Math.min(burst, this.#left + ((nowMs - this.#atMs) * perSecond) / 1000);
    this.#atMs = nowMs;
    return this.#left >= ONE ? 0 : Math.ceil(((1 - this.#left) * 1000) / perSecond);
  }

  spend(): void {
    this.#left--;
  }
}
