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
import { chatMembers } from '../message/conversation.js';
import type { Uid } from '../message/ids.js';
import { SeqIntervals, type SeqInterval } from '../message/seq_intervals.js';
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

/** Longer than such acknowledgements come apart, also of a push that was lost and repeated twice. */
const RECENT_MS = 30_000;
/** Of one device in one conversation, the highest: each hole behind which something was acknowledged makes one more. */
const RECENT_COUNT = 8;

const NOBODY: ReadonlySet<Uid> = new Set();

/** Whose mark in which conversation. */
type Place = Pick<MarkRequest, 'uid' | 'device' | 'conv' | 'read'>;

interface Waiting {
  readonly place: Place;
  /** Disjoint: bounded over all places by `markCount`. */
  readonly intervals: SeqIntervals;
}

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
  /** Key: uid/device/conv/read. */
  #waiting = new Map<string, Waiting>();
  /** Whose they are, and in chats also to whom they say something. */
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
    if (this.#put(mark, mark)) return;
    this.#refusedCount++;
    throw imError('TOO_BUSY', undefined, { retryAfterMs: this.#options.markDelayMs });
  }

  /** False: too many wait. */
  #put(place: Place, { from, to }: SeqInterval): boolean {
    if (from > to) return true;
    const key = keyOf(place);
    const waiting = this.#waiting.get(key);
    const before = waiting?.intervals.count ?? 0;
    if (this.#count >= this.#options.markCount && waiting?.intervals.touches(from, to) !== true) return false;
    const intervals = waiting?.intervals ?? new SeqIntervals(this.#options.markCount);
    intervals.add(from, to);
    this.#count += intervals.count - before;
    this.#timer ??= setTimeout(() => void this.#flushBehind(), this.#options.markDelayMs);
    if (waiting !== undefined) return true;
    const { uid, device, conv, read } = place;
    for (const one of chatMembers(conv) ?? [uid]) this.#waitingUids.add(one);
    this.#waiting.set(key, { place: { uid, device, conv, read }, intervals });
    return true;
  }

  /**
   * Writes everything that waits now, in one write for all who ask while another is under way. Rejects with CodedError
   * where the store does not take it: it waits on.
   */
  flush(): Promise<void> {
    if (this.#nextWrite !== undefined) return this.#nextWrite;
    if (this.#writing === undefined) return this.#begin();
    return (this.#nextWrite = this.#writing
      .catch(() => undefined)
      .then(() => {
        this.#nextWrite = undefined;
        return this.#begin();
      }));
  }

  /** The same, where something of theirs, or of the other in one of their chats, waits or is being written. */
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
    const waiting = this.#waiting;
    this.#writingUids = this.#waitingUids;
    this.#waitingUids = new Set();
    this.#waiting = new Map();
    this.#count = 0;
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
  #withRecent(key: string, { place, intervals }: Waiting): readonly MarkRequest[] {
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
  #waitAgain(waiting: ReadonlyMap<string, Waiting>, unwritten: ReadonlySet<string>): void {
    for (const key of unwritten) {
      const one = waiting.get(key);
      for (const interval of one?.intervals.all ?? []) if (one !== undefined) this.#put(one.place, interval);
    }
  }
}

function keyOf({ uid, device, conv, read }: Place): string {
  return `${uid}/${device}/${conv}/${read}`;
}
