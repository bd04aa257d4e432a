/**
 * Fills the index of the search behind the log: small batches with pauses, few while the server is busy. A message
 * is found a moment after it was stored, under load later, and no message ever waits for the index.
 */
import { flag, integer, type OptionsOf } from '../../pkg/config/option.js';
import type { Logger } from '../../pkg/log/logger.js';
import type { SearchStore } from '../store/event_interface.js';

export const SEARCH_OPTIONS = {
  searchEnabled: flag(
    true,
    'Whether messages are made findable. Off: no new ones are, and the index takes no more room or time; switched on ' +
      'again, it catches up.',
  ),
  searchIntervalMs: integer(
    1000,
    'ms',
    { min: 10, max: 3_600_000 },
    'From having indexed everything to the next look: how long after it was stored a message may not be found yet. ' +
      'While the server is busy it takes longer.',
  ),
  searchBatchCount: integer(
    50,
    'count',
    { min: 1, max: 10_000 },
    'Events indexed from one pause to the next, in transactions of at most 40 of them, 128 KiB of content, 2,000 ' +
      'terms and 10 ms of reading: messages that are sent meanwhile wait for one transaction.',
  ),
  searchPauseMs: integer(20, 'ms', { min: 0, max: 60_000 }, 'Between two batches.'),
} as const;
export type SearchOptions = OptionsOf<typeof SEARCH_OPTIONS>;

export interface SearchIndexerDeps {
  readonly store: Pick<SearchStore, 'indexBehind'>;
  /** Messages wait for the store, or little time is left: the index can wait longer. */
  readonly isBusy: () => boolean;
  readonly logger: Logger;
  /** Monotonic. */
  readonly nowMs: () => number;
}

/** Numbers for metrics, counted since the start. */
export interface SearchIndexerStats {
  readonly indexedCount: number;
  readonly failureCount: number;
  /** Times that a batch was put off, because the server was busy. */
  readonly yieldCount: number;
  /** Since it had indexed everything for the last time; 0 where it has now. */
  readonly behindMs: number;
}

/** After failures the next try is later each time, up to this. */
const RETRY_LIMIT_MS = 60_000;
/**
 * So often it gives way in a row: a server that is always busy has an index all the same, at some 250 messages a
 * second and 2 % of a core; what is stored faster waits for quieter times.
 */
const YIELD_LIMIT = 10;

export class SearchIndexer {
  /** As a part of the process. */
  readonly name = 'search';
  readonly #options: SearchOptions;
  readonly #deps: SearchIndexerDeps;
  #timer: NodeJS.Timeout | undefined;
  #batch: Promise<void> = Promise.resolve();
  #isClosed = false;
  #caughtUpAtMs: number | undefined;
  #isBehind = false;
  #indexedCount = 0;
  #failureCount = 0;
  #failuresInRow = 0;
  #yieldCount = 0;
  #yieldsInRow = 0;

  constructor(options: SearchOptions, deps: SearchIndexerDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  stats(): SearchIndexerStats {
    const since = this.#caughtUpAtMs;
    const behindMs = this.#isBehind && since !== undefined ? this.#deps.nowMs() - since : 0;
    const [indexedCount, failureCount, yieldCount] = [
      this.#indexedCount,
      this.#failureCount,
      this.#yieldCount,
    ];
    return { indexedCount, failureCount, yieldCount, behindMs };
  }

  /** Does nothing where the search is switched off. */
  start(): void {
    if (!this.#options.searchEnabled) return;
    this.#caughtUpAtMs = this.#deps.nowMs();
    this.#schedule(this.#options.searchIntervalMs);
  }

  /** Stops after the batch under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#batch;
  }

  #schedule(waitMs: number): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#batch = this.#run().then((nextMs) => this.#schedule(nextMs));
    }, waitMs);
  }

  /** Never rejects; how long to wait for the next batch. */
  async #run(): Promise<number> {
    const { searchBatchCount, searchIntervalMs, searchPauseMs } = this.#options;
    if (this.#deps.isBusy() && this.#yieldsInRow < YIELD_LIMIT) {
      this.#yieldsInRow++;
      this.#yieldCount++;
      return Math.max(searchPauseMs, 1);
    }
    this.#yieldsInRow = 0;
    try {
      const count = await this.#deps.store.indexBehind(searchBatchCount);
      this.#indexedCount += count;
      this.#failuresInRow = 0;
      this.#isBehind = count >= searchBatchCount;
      if (this.#isBehind) return searchPauseMs;
      this.#caughtUpAtMs = this.#deps.nowMs();
      return searchIntervalMs;
    } catch (error) {
      this.#failureCount++;
      this.#isBehind = true;
      if (this.#failuresInRow++ === 0)
        this.#deps.logger.warn({ err: error }, 'messages could not be indexed');
      return Math.min(RETRY_LIMIT_MS, searchIntervalMs * 2 ** Math.min(this.#failuresInRow, 16));
    }
  }
}
