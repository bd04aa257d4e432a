/**
 * Cumulative marks, written behind: what devices acknowledged within the last moments, merged per device and
 * conversation, goes to the store in one batch. What is lost with the process is acknowledged again at the next
 * sync.
 *
 * A mark stops at the first hole, and the store forgets what was acknowledged beyond it. There are clients that
 * acknowledge on several threads, in no order: what was written a moment ago is written again with what follows it.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import type { Logger } from '../../pkg/log/logger.js';
import { imError, toCodedError } from '../errors.js';
import type { Seq } from '../message/ids.js';
import type { MarkRequest, MessageStore } from '../store/interface.js';

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

/** Longer than such acknowledgements come apart. */
const RECENT_MS = 5000;
/** Of one device in one conversation, the last ones: with its neighbours merged that is all it has, but for holes. */
const RECENT_COUNT = 8;

interface Recent {
  readonly atMs: number;
  readonly marks: readonly MarkRequest[];
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
  /** Key: uid/device/conv/read; its intervals in order of arrival, neighbours merged. */
  #waiting = new Map<string, MarkRequest[]>();
  /** By the same keys, the one written longest ago first. */
  readonly #recent = new Map<string, Recent>();
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #refusedCount = 0;
  #writtenCount = 0;
  #failedWriteCount = 0;

  constructor(options: MarkWriterOptions, deps: MarkWriterDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  stats(): MarkWriterStats {
    return {
      queuedCount: this.#count,
      refusedCount: this.#refusedCount,
      writtenCount: this.#writtenCount,
      failedWriteCount: this.#failedWriteCount,
    };
  }

  /** Throws TOO_BUSY when too many intervals wait. */
  add(mark: MarkRequest): void {
    const key = keyOf(mark);
    const waiting = this.#waiting.get(key) ?? this.#again(key);
    const last = waiting?.at(-1);
    if (waiting !== undefined && last !== undefined && mark.from <= last.to + 1 && mark.to + 1 >= last.from) {
      waiting[waiting.length - 1] = { ...mark, from: min(last.from, mark.from), to: max(last.to, mark.to) };
      this.#flushLater();
      return;
    }
    if (this.#count >= this.#options.markCount) {
      this.#refusedCount++;
      throw imError('TOO_BUSY', undefined, { retryAfterMs: this.#options.markDelayMs });
    }
    this.#count++;
    if (waiting === undefined) this.#waiting.set(key, [mark]);
    else waiting.push(mark);
    this.#flushLater();
  }

  #flushLater(): void {
    this.#timer ??= setTimeout(() => void this.#flushBehind(), this.#options.markDelayMs);
  }

  /** What was written a moment ago begins the list, and is not counted: there are so few; undefined where it is nothing. */
  #again(key: string): MarkRequest[] | undefined {
    const recent = this.#recent.get(key);
    if (recent === undefined || recent.atMs + RECENT_MS < performance.now()) return undefined;
    const marks = [...recent.marks];
    this.#waiting.set(key, marks);
    return marks;
  }

  /** Writes everything that waits now. Rejects with CodedError where the store does not take it: it waits on. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // One write at a time: a second flush waits for the first, then writes what has come since.
    while (this.#writing !== undefined) await this.#writing.catch(() => undefined);
    this.#writing = this.#write();
    try {
      await this.#writing;
    } finally {
      this.#writing = undefined;
    }
  }

  /** Never rejects. */
  async #flushBehind(): Promise<void> {
    try {
      await this.flush();
    } catch (error) {
      this.#deps.logger.warn({ err: error, intervals: this.#count }, 'receipts could not be written yet');
    }
  }

  async #write(): Promise<void> {
    const written = this.#waiting;
    const marks = [...written.values()].flat();
    this.#waiting = new Map();
    this.#count = 0;
    const { markBatchCount } = this.#options;
    for (let start = 0; start < marks.length; start += markBatchCount) {
      try {
        const batch = marks.slice(start, start + markBatchCount);
        await this.#deps.store.mark(batch);
        this.#writtenCount += batch.length;
      } catch (error) {
        this.#failedWriteCount++;
        this.#waitAgain(marks.slice(start));
        throw toCodedError(error);
      }
    }
    this.#remember(written);
  }

  #remember(written: ReadonlyMap<string, readonly MarkRequest[]>): void {
    const atMs = performance.now();
    for (const [key, marks] of written) {
      this.#recent.delete(key);
      this.#recent.set(key, { atMs, marks: marks.slice(-RECENT_COUNT) });
    }
    for (const [key, recent] of this.#recent) {
      if (this.#recent.size <= this.#options.markCount && recent.atMs + RECENT_MS >= atMs) return;
      this.#recent.delete(key);
    }
  }

  /** Marks are cumulative and only rise, so their order does not matter; what does not fit is offered by sync. */
  #waitAgain(marks: readonly MarkRequest[]): void {
    for (const mark of marks) {
      if (this.#count < this.#options.markCount) this.add(mark);
    }
  }
}

function keyOf({ uid, device, conv, read }: MarkRequest): string {
  return `${uid}/${device}/${conv}/${read}`;
}

function min(a: Seq, b: Seq): Seq {
  return a < b ? a : b;
}

function max(a: Seq, b: Seq): Seq {
  return a > b ? a : b;
}
