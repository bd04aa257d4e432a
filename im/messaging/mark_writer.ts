/**
 * Cumulative marks, written behind: what devices acknowledged within the last moments, merged per device and
 * conversation, goes to the store in one batch. What is lost with the process is acknowledged again at the next
 * sync.
 *
 * A mark stops at the first hole, and the store forgets what was acknowledged beyond it. There are clients that
 * acknowledge on several threads, in no order: what was written a moment ago is written again with what follows it,
 * marked as such: it fills holes, and proves nothing about what lies between.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import type { Logger } from '../../pkg/log/logger.js';
import { imError, toCodedError } from '../errors.js';
import type { Seq, Uid } from '../message/ids.js';
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

const NOBODY: ReadonlySet<Uid> = new Set();

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
  /** Whose they are. */
  #waitingUids = new Set<Uid>();
  /** By the same keys, the one written longest ago first. */
  readonly #recent = new Map<string, Recent>();
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #writingUids: ReadonlySet<Uid> = NOBODY;
  /** The one after it, for all who wait for what has come since. */
  #nextWrite: Promise<void> | undefined;
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
    if (this.#put(mark, true)) return;
    this.#refusedCount++;
    throw imError('TOO_BUSY', undefined, { retryAfterMs: this.#options.markDelayMs });
  }

  /** False: too many wait. */
  #put(mark: MarkRequest, isNew: boolean): boolean {
    const key = keyOf(mark);
    const waiting = this.#waiting.get(key) ?? (isNew ? this.#again(key) : undefined);
    const last = waiting?.at(-1);
    const isBeside = last !== undefined && mark.from <= last.to + 1 && mark.to + 1 >= last.from;
    if (!isBeside && this.#count >= this.#options.markCount) return false;
    this.#waitingUids.add(mark.uid);
    this.#timer ??= setTimeout(() => void this.#flushBehind(), this.#options.markDelayMs);
    if (waiting !== undefined && isBeside && mayJoin(last, mark)) {
      const { againTo } = last;
      const [from, to] = [min(last.from, mark.from), max(last.to, mark.to)];
      waiting[waiting.length - 1] = { ...mark, from, to, ...(againTo !== undefined && { againTo }) };
      return true;
    }
    this.#count++;
    if (waiting === undefined) this.#waiting.set(key, [mark]);
    else waiting.push(mark);
    return true;
  }

  /** What was written a moment ago begins the list, where there is room for it; undefined where it is nothing. */
  #again(key: string): MarkRequest[] | undefined {
    const recent = this.#recent.get(key);
    if (recent === undefined || recent.atMs + RECENT_MS < performance.now()) return undefined;
    if (this.#count + recent.marks.length >= this.#options.markCount) return undefined;
    const marks = [...recent.marks];
    this.#waiting.set(key, marks);
    this.#count += marks.length;
    return marks;
  }

  /**
   * Writes everything that waits now, in one write for all who ask while another is under way. Rejects with CodedError
   * where the store does not take it: it waits on.
   */
  flush(): Promise<void> {
    if (this.#writing === undefined) return this.#begin();
    return (this.#nextWrite ??= this.#writing
      .catch(() => undefined)
      .then(() => {
        this.#nextWrite = undefined;
        return this.#begin();
      }));
  }

  /** The same, where something of theirs waits or is being written. */
  async flushOf(uids: readonly Uid[]): Promise<void> {
    if (uids.some((uid) => this.#waitingUids.has(uid))) await this.flush();
    else if (uids.some((uid) => this.#writingUids.has(uid))) await this.#writing;
  }

  #begin(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined;
      this.#writingUids = NOBODY;
    });
    return this.#writing;
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
    const marks = [...this.#waiting.values()].flat();
    // At once: what comes while these are written must find them.
    this.#remember(this.#waiting);
    this.#writingUids = this.#waitingUids;
    this.#waitingUids = new Set();
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
  }

  #remember(written: ReadonlyMap<string, readonly MarkRequest[]>): void {
    const atMs = performance.now();
    for (const [key, marks] of written) {
      this.#recent.delete(key);
      this.#recent.set(key, {
        atMs,
        marks: marks.slice(-RECENT_COUNT).map((mark) => ({ ...mark, againTo: mark.to })),
      });
    }
    for (const [key, recent] of this.#recent) {
      if (this.#recent.size <= this.#options.markCount && recent.atMs + RECENT_MS >= atMs) return;
      this.#recent.delete(key);
    }
  }

  /** Marks are cumulative and only rise, so their order does not matter; what does not fit is offered by sync. */
  #waitAgain(marks: readonly MarkRequest[]): void {
    for (const mark of marks) if (mark.againTo !== mark.to) this.#put(mark, false);
  }
}

/** What was asked for before is gone on from: what lies below it, or in it, stays apart. */
function mayJoin(last: MarkRequest, mark: MarkRequest): boolean {
  return last.againTo === undefined || (mark.from >= last.from && mark.to > last.againTo);
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
