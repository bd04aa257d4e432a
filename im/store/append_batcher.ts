/**
 * Group commit in front of the store: gathers while one batch commits, so an idle server waits for nothing.
 * FIFO per conversation, messages and changes alike. Step 5 of the message path.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import type { CodedError } from '../../pkg/errors/coded_error.js';
import { SegmentIds } from '../../pkg/id/segment_ids.js';
import type { Logger } from '../../pkg/log/logger.js';
import { imError, isError, toCodedError } from '../errors.js';
import { known, toMid } from '../message/ids.js';
import { AppendQueue, type Waiting } from './append_queue.js';
import { AppendTally } from './append_tally.js';
import { CommitPace } from './commit_pace.js';
import type {
  AppendAnswer,
  AppendDraft,
  Appender,
  AppendListener,
  AppendRequest,
  AppendResult,
  IdStore,
  MessageStore,
  NewEvent,
  Settled,
} from './interface.js';

export const APPEND_BATCHER_OPTIONS = {
  batchCount: integer(
    500,
    'count',
    { min: 1, max: 5000 },
    'Requests in one transaction; more gain nothing and hold the lock longer.',
  ),
  batchBytes: integer(4 << 20, 'bytes', { min: 65_536, max: 64 << 20 }, 'Content in one transaction.'),
  batchGapMs: integer(
    20,
    'ms',
    { min: 0, max: 1000 },
    'Under load a transaction begins so long after the last one began, unless 100 requests wait; 0: at once.',
  ),
  queueCount: integer(
    20_000,
    'count',
    { min: 1, max: 1_000_000 },
    'Requests waiting; beyond it senders are told to try again.',
  ),
  queueBytes: integer(
    64 << 20,
    'bytes',
    { min: 65_536, max: 1 << 30 },
    'Content waiting; beyond it senders are told to try again.',
  ),
  deadlineMs: integer(
    10_000,
    'ms',
    { min: 100, max: 600_000 },
    'A request that waited so long is answered «unknown, retry with the same id».',
  ),
  retryMs: integer(
    100,
    'ms',
    { min: 1, max: 60_000 },
    'Pause before a batch of unknown outcome or a locked conversation is tried again.',
  ),
  refusedRetryAfterMs: integer(500, 'ms', { min: 0, max: 600_000 }, 'What a refused sender is told to wait.'),
  midLeaseCount: integer(20_000, 'count', { min: 1000, max: 1_000_000 }, 'Message ids leased at once.'),
} as const;

export type AppendBatcherOptions = OptionsOf<typeof APPEND_BATCHER_OPTIONS>;

export interface AppendBatcherDeps {
  readonly store: Pick<MessageStore, 'append'>;
  readonly ids: Pick<IdStore, 'leaseMids'>;
  readonly logger: Logger;
  /** Called after each transaction, committed or not, with its size and how long it took. For metrics. */
  readonly onBatch?: (requestCount: number, ms: number) => void;
  /** Of the time since it was asked last, the share in which the event loop was busy; absent: it is measured. */
  readonly busyShare?: () => number;
}

/** Numbers for logs and metrics, counted since the start. */
export interface AppendBatcherStats {
  readonly queuedCount: number;
  readonly queuedBytes: number;
  readonly refusedCount: number;
  readonly expiredCount: number;
  readonly batchCount: number;
  readonly requestCount: number;
  /** Requests answered, by `STORED`, `CHANGED`, `DUPLICATE` or the error's name; those refused at once too. */
  readonly results: ReadonlyMap<string, number>;
}

/** Rough weight of a request besides its content: numbers, names, bookkeeping. */
const REQUEST_BYTES = 200;
/** Of each user that a change names. */
const UID_BYTES = 12;

function weightOf({ event, change }: AppendDraft): number {
  let bytes = REQUEST_BYTES + (event === undefined ? 0 : event.content.length);
  if (change === undefined) return bytes;
  if ('content' in change) bytes += change.content.length;
  if ('uids' in change) bytes += change.uids.length * UID_BYTES;
  return bytes;
}

export class AppendBatcher implements Appender {
  readonly #options: AppendBatcherOptions;
  readonly #deps: AppendBatcherDeps;
  readonly #mids: SegmentIds;
  readonly #sweeper: NodeJS.Timeout;
  readonly #onPromise: AppendListener<(result: AppendAnswer) => void>;
  readonly #queue = new AppendQueue();
  readonly #tally = new AppendTally();
  readonly #pace: CommitPace;
  #running = false;
  #closing = false;
  #idle: (() => void) | undefined;
  #refusedCount = 0;
  #expiredCount = 0;
  #batchCount = 0;
  #requestCount = 0;

  constructor(options: AppendBatcherOptions, deps: AppendBatcherDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#pace = new CommitPace(options.batchGapMs, deps.busyShare);
    this.#mids = new SegmentIds((needed) => deps.ids.leaseMids(Math.max(options.midLeaseCount, needed)));
    this.#onPromise = { settled: (batch) => batch.forEach(({ context, result }) => context(result)) };
    this.#sweeper = setInterval(() => this.#expire(), Math.min(1000, options.deadlineMs));
  }

  stats(): AppendBatcherStats {
    return {
      queuedCount: this.#queue.count,
      queuedBytes: this.#queue.bytes,
      refusedCount: this.#refusedCount,
      expiredCount: this.#expiredCount,
      batchCount: this.#batchCount,
      requestCount: this.#requestCount,
      results: this.#tally.counts(),
    };
  }

  /**
   * Takes a request, answered later through `listener`; or refuses it at once (QUEUE_FULL, SHUTTING_DOWN) by
   * returning the error, and then the listener is not called.
   */
  enqueue<Context>(
    draft: AppendDraft,
    listener: AppendListener<Context>,
    context: Context,
  ): CodedError | undefined {
    const bytes = weightOf(draft);
    const refusal = this.#refusal(bytes);
    if (refusal !== undefined) {
      this.#tally.add(refusal);
      return refusal;
    }
    this.#queue.push({
      draft,
      bytes,
      deadlineAtMs: performance.now() + this.#options.deadlineMs,
      // The context comes back to the listener that it came with, and to no other.
      listener: listener,
      context,
      request: undefined,
      mayBeStored: false,
    });
    this.#pace.came(this.#queue.count);
    this.#wake();
    return undefined;
  }

  /** The same for callers with one request and time for a promise; throws CodedError. */
  async append(draft: AppendDraft): Promise<Exclude<AppendAnswer, CodedError>> {
    const result = await new Promise<AppendAnswer>((resolve) => {
      const refusal = this.enqueue(draft, this.#onPromise, resolve);
      if (refusal !== undefined) resolve(refusal);
    });
    if (result instanceof Error) throw result;
    return result;
  }

  /** Refuses what is new, waits for what is queued, and answers SHUTTING_DOWN to what is left after `deadlineMs`. */
  async close(deadlineMs: number): Promise<void> {
    this.#closing = true;
    this.#pace.hurry();
    if (this.#running) {
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        new Promise<void>((resolve) => (this.#idle = resolve)),
        new Promise<void>((resolve) => (timer = setTimeout(resolve, deadlineMs))),
      ]);
      clearTimeout(timer);
    }
    clearInterval(this.#sweeper);
    this.#fail(
      this.#queue.drop(() => true),
      imError('SHUTTING_DOWN'),
    );
  }

  #refusal(bytes: number): CodedError | undefined {
    if (this.#closing) return imError('SHUTTING_DOWN');
    const { queueCount, queueBytes, refusedRetryAfterMs } = this.#options;
    if (this.#queue.count < queueCount && this.#queue.bytes + bytes <= queueBytes) return undefined;
    this.#refusedCount++;
    return imError('QUEUE_FULL', undefined, { retryAfterMs: refusedRetryAfterMs });
  }

  #wake(): void {
    if (this.#running) return;
    this.#running = true;
    // After the sockets of this turn of the loop have been read: their frames go in one batch.
    setImmediate(() => void this.#run());
  }

  /** One batch after the other until nothing waits. Never rejects. */
  async #run(): Promise<void> {
    const { batchCount, batchBytes, retryMs } = this.#options;
    while (this.#queue.count > 0) {
      const pause = this.#closing ? undefined : this.#pace.next(this.#queue.count);
      if (pause !== undefined) await pause;
      // All of it may have expired meanwhile.
      if (this.#queue.count === 0) break;
      const batch = this.#queue.take(batchCount, batchBytes);
      this.#batchCount++;
      this.#requestCount += batch.length;
      const startedAtMs = performance.now();
      const again = await this.#commit(batch);
      this.#deps.onBatch?.(batch.length, performance.now() - startedAtMs);
      if (again.length === 0) continue;
      this.#queue.unshift(again);
      await new Promise((resolve) => setTimeout(resolve, retryMs));
      this.#expire();
    }
    this.#running = false;
    this.#idle?.();
  }

  /** Answers everything in `items` but what it returns: that is to be tried again, before anything newer. */
  async #commit(items: readonly Waiting[]): Promise<readonly Waiting[]> {
    try {
      await this.#allotMids(items);
      const results = await this.#deps.store.append(items.map((item) => known(item.request)));
      if ('refused' in results) return await this.#divide(items, results.cause);
      return this.#accept(items, results);
    } catch (error) {
      const isUnknown = isError(error, 'OUTCOME_UNKNOWN');
      if (isUnknown) for (const item of items) item.mayBeStored = true;
      if (isUnknown && !this.#closing) return items;
      const coded = toCodedError(error);
      this.#deps.logger.error({ err: coded.cause ?? coded, requests: items.length }, 'append failed');
      this.#fail(items, coded);
      return [];
    }
  }

  #accept(items: readonly Waiting[], results: readonly AppendResult[]): readonly Waiting[] {
    const again: Waiting[] = [];
    const done: Waiting[] = [];
    const answers: AppendAnswer[] = [];
    for (const [index, item] of items.entries()) {
      const result = known(results[index]);
      if (result.outcome === 'busy') {
        again.push(item);
      } else {
        done.push(item);
        answers.push(result);
      }
    }
    this.#settle(done, answers);
    return again;
  }

  /** A refused batch is run again a conversation at a time, then item by item, until the offender stands alone. */
  async #divide(items: readonly Waiting[], cause: string): Promise<readonly Waiting[]> {
    if (items.length === 1) {
      this.#deps.logger.warn({ cause }, 'the store refuses a request');
      this.#fail(items, imError('REFUSED_BY_STORE'));
      return [];
    }
    const groups = new Map<string, Waiting[]>();
    for (const item of items) {
      const group = groups.get(item.draft.conv);
      if (group === undefined) groups.set(item.draft.conv, [item]);
      else group.push(item);
    }
    const parts = groups.size > 1 ? [...groups.values()] : items.map((item) => [item]);
    const again: Waiting[] = [];
    for (const part of parts) {
      // Behind a request that has to wait, the rest of its conversation waits too.
      const held = again.some((item) => item.draft.conv === part[0]?.draft.conv);
      again.push(...(held ? part : await this.#commit(part)));
    }
    return again;
  }

  async #allotMids(items: readonly Waiting[]): Promise<void> {
    const needed = items.filter((item) => item.request === undefined && item.draft.event?.mid === 0).length;
    if (this.#mids.available < needed) await this.#mids.ensure(needed);
    for (const item of items) {
      // A second attempt keeps the mid of the first: the row may be there already.
      item.request ??= this.#toRequest(item.draft);
    }
    this.#mids.prefetch(this.#options.batchCount * 2);
  }

  #toRequest({ conv, event, change }: AppendDraft): AppendRequest {
    if (event === undefined) return change === undefined ? { conv } : { conv, change };
    const midIsClaimed = event.mid !== 0;
    const mid = midIsClaimed ? event.mid : known(toMid(this.#mids.take()));
    const complete: NewEvent = { ...event, mid, midIsClaimed };
    return change === undefined ? { conv, event: complete } : { conv, event: complete, change };
  }

  #expire(): void {
    const nowMs = performance.now();
    const late = this.#queue.drop((item) => item.deadlineAtMs <= nowMs);
    this.#expiredCount += late.length;
    this.#fail(late, imError('OUTCOME_UNKNOWN'));
  }

  /** Answers all with the error; «unknown» to those of which an earlier attempt may have been stored. */
  #fail(items: readonly Waiting[], error: CodedError): void {
    this.#settle(
      items,
      items.map(({ mayBeStored }) => (mayBeStored ? imError('OUTCOME_UNKNOWN') : error)),
    );
  }

  #settle(items: readonly Waiting[], results: readonly AppendAnswer[]): void {
    const byListener = new Map<AppendListener<unknown>, Settled<unknown>[]>();
    for (const [index, { draft, context, listener }] of items.entries()) {
      const settled = { draft, context, result: known(results[index]) };
      this.#tally.add(settled.result);
      const batch = byListener.get(listener);
      if (batch === undefined) byListener.set(listener, [settled]);
      else batch.push(settled);
    }
    for (const [listener, batch] of byListener) listener.settled(batch);
  }
}
