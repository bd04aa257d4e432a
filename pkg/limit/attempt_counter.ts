/**
 * So many attempts per key and window. The library's memory store forgets a key only when its window ends, so a
 * flood of made-up keys would fill it: here the key that was used longest ago goes first when too many are kept.
 */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { RecentMap } from './recent_map.js';

export interface AttemptCounterOptions {
  /** Attempts that a key has in one window. */
  readonly limitCount: number;
  /** From a key's first attempt on. */
  readonly windowMs: number;
  /** Keys remembered at once. */
  readonly keyCount: number;
}

export class AttemptCounter {
  readonly #limiter: RateLimiterMemory;
  readonly #keys: RecentMap<string, true>;

  constructor({ limitCount, windowMs, keyCount }: AttemptCounterOptions) {
    // Seconds; the library takes fractions of one.
    this.#limiter = new RateLimiterMemory({ points: limitCount, duration: windowMs / 1000 });
    this.#keys = new RecentMap(keyCount);
  }

  get keyCount(): number {
    return this.#keys.size;
  }

  /** Takes one attempt: 0, or how long until the key has one again; then nothing was taken. */
  async take(key: string): Promise<number> {
    await this.#remember(key);
    try {
      await this.#limiter.consume(key);
      return 0;
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      await this.#limiter.reward(key);
      return Math.max(1, Math.ceil(refusal.msBeforeNext));
    }
  }

  /** The attempt was none after all. */
  async giveBack(key: string): Promise<void> {
    await this.#remember(key);
    await this.#limiter.reward(key);
  }

  /** All attempts of the key are forgotten. */
  async reset(key: string): Promise<void> {
    this.#keys.delete(key);
    await this.#limiter.delete(key);
  }

  async #remember(key: string): Promise<void> {
    const { forgotten } = this.#keys.use(key, () => true);
    if (forgotten !== undefined) await this.#limiter.delete(forgotten);
  }
}
