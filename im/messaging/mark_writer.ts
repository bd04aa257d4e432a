/**
 * Cumulative marks, written behind: what devices acknowledged within the last moments, merged per device and
 * conversation, goes to the store in one batch. What is lost with the process is acknowledged again at the next
 * sync.
 *
 * A mark stops at the first hole, and the store forgets what was acknowledged beyond it. There are clients that
 * acknowledge on several threads, in no order: what was written a moment ago is written again, one with what follows.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import type { Logger } from '../../pkg/log/logger.js';
import { imError, toCodedError } from '../errors.js';
import type { Uid } from '../message/ids.js';
import { SeqIntervals, type SeqInterval } from '../message/seq_intervals.js';
import type { MarkRequest, MessageStore } from '../store/interface.js';
import { keyOf, WaitingMarks, type Place, type WaitingMark } from './waiting_marks.js';

export const MARK_WRITER_OPTIONS = {
  markDelayMs: integer(1000, 'ms', { min: 1, max: 60_000 }, 'Receipts of so long are written together.'),
  markCount: integer(
    50_000,
    'count',
    { min: 1, max: 10_000_000 },
    'Intervals waiting to be written; beyond it receipts are refused with a temporary error.',
  ),
  markBatchCount: integer(
    100,
    'count',
    { min: 1, max: 100_000 },
    'Intervals in one transaction; messages that are sent meanwhile wait for it.',
  ),
} as const;

export type MarkWriterOptions = OptionsOf<typeof MARK_WRITER_OPTIONS>;

/** Longer than such acknowledgements come apart, also of a push that was lost and repeated twice. */
const RECENT_MS = 30_000;
/** Of one device in one conversation, the highest: each hole behind which something was acknowledged makes one more. */
const RECENT_COUNT = 8;

interface Recent {
  readonly atMs: number;
  readonly intervals: readonly SeqInterval[];
}

export interface MarkWriterDeps {
  readonly store: Pick<MessageStore, 'mark'>;
  readonly logger: Logger;
}

/** Numbers for metrics; totals count since the start. */
export interface MarkWriterStats {
  readonly queuedCount: number;
  readonly refusedCount: number;
  readonly writtenCount: number;
  readonly failedWriteCount: number;
}

export class MarkWriter {
  readonly #options: MarkWriterOptions;
  readonly #deps: MarkWriterDeps;
  #waiting: WaitingMarks;
  /** By the same keys, the one written longest ago first. */
  readonly #recent = new Map<string, Recent>();
  #timer: NodeJS.Timeout | undefined;
  #writing: { readonly marks: WaitingMarks; readonly end: Promise<void> } | undefined;
  /** The one after it, for all who wait for what has come since. */
  #nextWrite: Promise<void> | undefined;
  /** What that one is to write: what concerns these users. */
  #wanted: Set<Uid> | 'all' = new Set();
  #refusedCount = 0;
  #writtenCount = 0;
  #failedWriteCount = 0;

  constructor(options: MarkWriterOptions, deps: MarkWriterDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#waiting = new WaitingMarks(options.markCount);
  }

  stats(): MarkWriterStats {
    return {
      queuedCount: this.#waiting.count,
      refusedCount: this.#refusedCount,
      writtenCount: this.#writtenCount,
      failedWriteCount: this.#failedWriteCount,
    };
  }

  /** Throws TOO_BUSY when too many intervals wait. */
  add(mark: MarkRequest): void {
    if (this.#put(mark, mark)) return;
    this.#refusedCount++;
    throw imError('TOO_BUSY', undefined, { retryAfterMs: this.#options.markDelayMs });
  }

  /** False: too many wait. */
  #put(place: Place, interval: SeqInterval): boolean {
    if (!this.#waiting.add(place, interval)) return false;
    this.#timer ??= setTimeout(() => void this.#flushBehind(), this.#options.markDelayMs);
    return true;
  }

  /**
   * Writes everything that waits now, in one write for all who ask while another is under way. Rejects with CodedError
   * where the store does not take it: it waits on.
   */
  flush(): Promise<void> {
    this.#wanted = 'all';
    return this.#next();
  }

  /** The same of what is theirs, or the other's in one of their chats; the rest waits on. */
  async flushOf(uids: readonly Uid[]): Promise<void> {
    if (this.#waiting.concerns(uids)) {
      if (this.#wanted !== 'all') for (const uid of uids) this.#wanted.add(uid);
      await this.#next();
    } else if (this.#writing?.marks.concerns(uids) === true) await this.#writing.end;
  }

  #next(): Promise<void> {
    if (this.#nextWrite !== undefined) return this.#nextWrite;
    if (this.#writing === undefined) return this.#begin();
    return (this.#nextWrite = this.#writing.end
      .catch(() => undefined)
      .then(() => {
        this.#nextWrite = undefined;
        return this.#begin();
      }));
  }

  #begin(): Promise<void> {
    const marks = this.#takeWanted();
    if (this.#waiting.isEmpty) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    const end = this.#write(marks).finally(() => (this.#writing = undefined));
    this.#writing = { marks, end };
    return end;
  }

  #takeWanted(): WaitingMarks {
    const wanted = this.#wanted;
    this.#wanted = new Set();
    if (wanted !== 'all') return this.#waiting.take(wanted);
    const all = this.#waiting;
    this.#waiting = new WaitingMarks(this.#options.markCount);
    return all;
  }

  /** Never rejects. */
  async #flushBehind(): Promise<void> {
    this.#timer = undefined;
    try {
      await this.flush();
    } catch (error) {
      this.#deps.logger.warn(
        { err: error, intervals: this.#waiting.count },
        'receipts could not be written yet',
      );
    }
  }

  async #write(waiting: WaitingMarks): Promise<void> {
    const marks = [...waiting].flatMap(([key, one]) => this.#withRecent(key, one));
    this.#forgetRecent();
    const { markBatchCount } = this.#options;
    for (let start = 0; start < marks.length; start += markBatchCount) {
      try {
        const batch = marks.slice(start, start + markBatchCount);
        await this.#deps.store.mark(batch);
        this.#writtenCount += batch.length;
      } catch (error) {
        this.#failedWriteCount++;
        this.#waitAgain(waiting, new Set(marks.slice(start).map(keyOf)));
        throw toCodedError(error);
      }
    }
  }

  /**
   * Ascending, so that a batch may end between any two. Remembered at once: what comes while these are written must
   * find them.
   */
  #withRecent(key: string, { place, intervals }: WaitingMark): readonly MarkRequest[] {
    const recent = this.#recent.get(key);
    const nowMs = performance.now();
    const all = new SeqIntervals(intervals.count + RECENT_COUNT);
    for (const { from, to } of intervals.all) all.add(from, to);
    if (recent !== undefined && recent.atMs + RECENT_MS >= nowMs)
      for (const { from, to } of recent.intervals) all.add(from, to);
    this.#recent.delete(key);
    this.#recent.set(key, { atMs: nowMs, intervals: all.all.slice(-RECENT_COUNT) });
    return all.all.map(({ from, to }) => ({ ...place, from, to }));
  }

  #forgetRecent(): void {
    const nowMs = performance.now();
    for (const [key, recent] of this.#recent) {
      if (this.#recent.size <= this.#options.markCount && recent.atMs + RECENT_MS >= nowMs) return;
      this.#recent.delete(key);
    }
  }

  /** Marks are cumulative and only rise, so their order does not matter; what does not fit is offered by sync. */
  #waitAgain(waiting: WaitingMarks, unwritten: ReadonlySet<string>): void {
    for (const [key, { place, intervals }] of waiting) {
      if (unwritten.has(key)) for (const interval of intervals.all) this.#put(place, interval);
    }
  }
}
