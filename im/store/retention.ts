/**
 * Retention: removes what is older than the operator wants to keep, in small batches with pauses, so that
 * messages never wait for it. The store raises the floor of the conversations; clients learn EXPIRED below it.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import type { Logger } from '../../pkg/log/logger.js';
import type { MessageStore } from './interface.js';

export const RETENTION_OPTIONS = {
  retentionDays: integer(
    0,
    'days',
    { min: 0, max: 36_500 },
    'Messages older than this are removed for good, for everybody; 0 keeps them for ever.',
  ),
  retentionKeepCount: integer(
    100,
    'count',
    { min: 1, max: 1_000_000 },
    'The newest events of each conversation that stay however old they are: a chat opened again is not empty.',
  ),
  retentionBatchCount: integer(
    200,
    'count',
    { min: 1, max: 10_000 },
    'Events removed in one transaction; messages that are sent meanwhile wait for it.',
  ),
  retentionPauseMs: integer(
    100,
    'ms',
    { min: 0, max: 60_000 },
    'Between two batches: leaves most of the writer to messages.',
  ),
  retentionEveryMs: integer(
    3_600_000,
    'ms',
    { min: 10, max: 86_400_000 },
    'From the end of one round to the next. The first begins one such time after the start.',
  ),
} as const;

export type RetentionOptions = OptionsOf<typeof RETENTION_OPTIONS>;

export interface RetentionDeps {
  readonly store: Pick<MessageStore, 'expire'>;
  readonly logger: Logger;
  /** Of the day; the store's rows carry the same. */
  readonly nowMs: () => number;
}

/** Numbers for metrics, counted since the start. */
export interface RetentionStats {
  readonly removedCount: number;
  readonly roundCount: number;
  readonly failureCount: number;
}

const DAY_MS = 86_400_000;

export class Retention {
  /** As a part of the process. */
  readonly name = 'retention';
  readonly #options: RetentionOptions;
  readonly #deps: RetentionDeps;
  #timer: NodeJS.Timeout | undefined;
  /** Ends the pause under way. */
  #wake: (() => void) | undefined;
  #round: Promise<void> = Promise.resolve();
  #isClosed = false;
  #removedCount = 0;
  #roundCount = 0;
  #failureCount = 0;

  constructor(options: RetentionOptions, deps: RetentionDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  stats(): RetentionStats {
    return {
      removedCount: this.#removedCount,
      roundCount: this.#roundCount,
      failureCount: this.#failureCount,
    };
  }

  /** Does nothing where messages are kept for ever. */
  start(): void {
    if (this.#options.retentionDays > 0) this.#schedule();
  }

  /** Stops after the batch under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#wake?.();
    await this.#round;
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#round = this.#run().then(() => this.#schedule());
    }, this.#options.retentionEveryMs);
  }

  /** Never rejects: what is left is removed in the next round. */
  async #run(): Promise<void> {
    const before = this.#removedCount;
    try {
      await this.#removeAll();
      this.#roundCount++;
      const removed = this.#removedCount - before;
      if (removed > 0) this.#deps.logger.info({ removed }, 'old messages removed');
    } catch (error) {
      this.#failureCount++;
      this.#deps.logger.warn({ err: error }, 'old messages could not be removed');
    }
  }

  async #removeAll(): Promise<void> {
    const { retentionDays, retentionKeepCount, retentionBatchCount, retentionPauseMs } = this.#options;
    const beforeMs = this.#deps.nowMs() - retentionDays * DAY_MS;
    let removed = retentionBatchCount;
    while (removed >= retentionBatchCount && this.#mayRun()) {
      removed = await this.#deps.store.expire(beforeMs, retentionKeepCount, retentionBatchCount);
      this.#removedCount += removed;
      if (this.#mayRun()) await this.#pause(retentionPauseMs);
    }
  }

  /** Asked again after every wait: it may have been closed meanwhile. */
  #mayRun(): boolean {
    return !this.#isClosed;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
