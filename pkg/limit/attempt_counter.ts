/**
 * So many attempts per key and window, those still under way included: many at once are no way around the limit,
 * and what becomes of one changes nothing for the others. Keys are kept as digests, so that one costs the same
 * whatever a client names; where too many are kept, the one used longest ago goes first. No timer.
 */
import { createHash } from 'node:crypto';
import { RecentMap } from './recent_map.js';

export interface AttemptCounterOptions {
  /** Attempts that a key has in one window. */
  readonly limitCount: number;
  /** From a key's first attempt on. */
  readonly windowMs: number;
  /** Keys remembered at once. */
  readonly keyCount: number;
}

interface Entry {
  /** Attempts of this window that count. */
  spent: number;
  /** Attempts under way, of whichever window. */
  pending: number;
  endsAtMs: number;
}

/** 128 bits of SHA-256: nobody finds two names that share one. */
const DIGEST_LENGTH = 22;

export class AttemptCounter {
  readonly #options: AttemptCounterOptions;
  readonly #nowMs: () => number;
  readonly #entries: RecentMap<string, Entry>;

  /** `nowMs`: of a clock that only rises. */
  constructor(options: AttemptCounterOptions, nowMs: () => number = () => performance.now()) {
    this.#options = options;
    this.#nowMs = nowMs;
    this.#entries = new RecentMap(options.keyCount);
  }

  get keyCount(): number {
    return this.#entries.size;
  }

  /** 0: one is under way until it is said what became of it. Else nothing was taken, and one can be in so long. */
  take(key: string): number {
    const nowMs = this.#nowMs();
    const entry = this.#entryOf(digestOf(key), nowMs);
    if (entry.spent + entry.pending >= this.#options.limitCount)
      return Math.max(1, Math.ceil(entry.endsAtMs - nowMs));
    entry.pending++;
    return 0;
  }

  /** The attempt counts until the window ends. */
  keep(key: string): void {
    const entry = this.#entryOf(digestOf(key), this.#nowMs());
    entry.pending = Math.max(0, entry.pending - 1);
    entry.spent++;
  }

  /** The attempt was none after all. */
  giveBack(key: string): void {
    this.#end(key, ({ spent }) => spent);
  }

  /** The attempt, and those that counted before it, were none; others that are under way still are. */
  reset(key: string): void {
    this.#end(key, () => 0);
  }

  #end(key: string, spentAfter: (entry: Entry) => number): void {
    const digest = digestOf(key);
    const entry = this.#entryOf(digest, this.#nowMs());
    entry.pending = Math.max(0, entry.pending - 1);
    entry.spent = spentAfter(entry);
    if (entry.spent + entry.pending === 0) this.#entries.delete(digest);
  }

  #entryOf(digest: string, nowMs: number): Entry {
    const endsAtMs = nowMs + this.#options.windowMs;
    const { value: entry } = this.#entries.use(digest, () => ({ spent: 0, pending: 0, endsAtMs }));
    if (nowMs >= entry.endsAtMs) {
      entry.spent = 0;
      entry.endsAtMs = endsAtMs;
    }
    return entry;
  }
}

function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, DIGEST_LENGTH);
}
