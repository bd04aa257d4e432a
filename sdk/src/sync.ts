/**
 * Keeps the list of conversations true: all of it or what changed since the cursor, after each sign-in and when
 * the server announces a loss. Compares the number of conversations and the sum of their
 * last seqs with ours, so that no clock can hide a message.
 */
import { CodedError } from '../../pkg/errors/coded_error.js';
import type { Random } from './backoff.js';
import { nowMs } from './coarse_timer.js';
import { readSync, type SyncAnswer, type SyncedConversation } from './wire.js';

/** All pages of one answer. `cursorMs` is the first page's: what changed meanwhile is asked for again. */
export interface SyncResult {
  readonly conversations: readonly SyncedConversation[];
  readonly count: number;
  readonly sum: number;
  readonly cursorMs: number;
  readonly epoch: number;
}

export interface SyncOptions {
  readonly fullSyncCheckMs: number;
  readonly recountMs: number;
}

export interface SyncDeps {
  request(operation: string, data: unknown): Promise<unknown>;
  /** The store was restored: forget what is known of conversations. */
  reset(): void;
  apply(result: SyncResult): void;
  totals(): { readonly count: number; readonly sum: number };
  /** `isFirst`: the one after the sign-in, without which the connection is of no use. */
  failed(error: unknown, isFirst: boolean): void;
  wakeBy(atMs: number): void;
  readonly random: Random;
}

/** A user with more conversations than the server pages in so many answers has met a server that loops. */
const PAGE_LIMIT = 10_000;

export class Sync {
  readonly #options: SyncOptions;
  readonly #deps: SyncDeps;
  cursorMs = 0;
  epoch = 0;
  #round = 0;
  #running = false;
  /** Something was announced while an answer was on its way, which may not have it. */
  #again = false;
  #applied = false;
  #checkAtMs = Infinity;
  #soonAtMs = Infinity;
  #checked = { count: 0, sum: 0 };
  /** What lacks at the check is not in what changed lately either. */
  #checksAll = false;

  constructor(options: SyncOptions, deps: SyncDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** A connection has signed in. */
  start(epoch: number): void {
    this.stop();
    this.#meet(epoch);
    this.#run(this.cursorMs);
  }

  stop(): void {
    this.#round++;
    this.#running = false;
    this.#again = false;
    this.#applied = false;
    this.#checkAtMs = Infinity;
    this.#soonAtMs = Infinity;
  }

  /** What just came may be newer than the answer that is on its way: then that is not the last word. */
  overtaken(): void {
    if (this.#running) this.#again = true;
  }

  /** Something may be missing: ask what changed. */
  again(): void {
    if (this.#running) this.#again = true;
    else this.#run(this.cursorMs);
  }

  /**
   * The same after `times` a while, together with what else turns up meanwhile, and not by all members of a group at
   * once.
   */
  soon(times = 1): void {
    const [atMs, waitMs] = [nowMs(), this.#options.recountMs * times];
    if (this.#soonAtMs <= atMs + 2 * waitMs) return;
    this.#soonAtMs = atMs + waitMs * (1 + this.#deps.random());
    this.#deps.wakeBy(this.#soonAtMs);
  }

  /** The store has so much: asked for where we still have less when what is under way has come. */
  compare({ count, sum }: { readonly count: number; readonly sum: number }): void {
    // The sync of a new connection compares by itself.
    if (!this.#applied) return;
    if (this.#checkAtMs === Infinity) {
      this.#checkAtMs = nowMs() + this.#options.fullSyncCheckMs;
      this.#checked = { count, sum };
      this.#checksAll = false;
      this.#deps.wakeBy(this.#checkAtMs);
    } else {
      this.#checked = { count: Math.max(count, this.#checked.count), sum: Math.max(sum, this.#checked.sum) };
    }
  }

  tick(atMs: number): number {
    if (atMs >= this.#soonAtMs) {
      this.#soonAtMs = Infinity;
      this.again();
    }
    if (atMs >= this.#checkAtMs) {
      this.#checkAtMs = Infinity;
      if (this.#lacks()) {
        if (this.#checksAll) this.#run(0);
        else this.again();
      }
    }
    return Math.min(this.#checkAtMs, this.#soonAtMs);
  }

  #lacks(): boolean {
    const { count, sum } = this.#deps.totals();
    return count < this.#checked.count || sum < this.#checked.sum;
  }

  /** Takes note of the store's epoch (0: not said); true where it is another than before. */
  #meet(epoch: number): boolean {
    if (epoch === 0) return false;
    const isOther = this.epoch !== 0 && this.epoch !== epoch;
    this.epoch = epoch;
    if (isOther) {
      this.cursorMs = 0;
      this.#deps.reset();
    }
    return isOther;
  }

  #run(sinceMs: number): void {
    const round = this.#round;
    this.#running = true;
    this.#soonAtMs = Infinity;
    fetchSync(sinceMs, this.#deps).then(
      (result) => {
        if (round === this.#round) this.#answered(sinceMs, result);
      },
      (error: unknown) => {
        if (round === this.#round) this.#failed(error);
      },
    );
  }

  #answered(sinceMs: number, result: SyncResult): void {
    this.#running = false;
    if (this.#meet(result.epoch) && sinceMs !== 0) {
      this.#run(0);
      return;
    }
    this.cursorMs = result.cursorMs;
    if (sinceMs !== 0) {
      this.#checked = result;
      this.#checksAll = true;
      this.#checkAtMs = nowMs() + this.#options.fullSyncCheckMs;
    }
    this.#applied = true;
    this.#deps.apply(result);
    this.#deps.wakeBy(this.#checkAtMs);
    if (!this.#again) return;
    this.#again = false;
    this.again();
  }

  #failed(error: unknown): void {
    this.#running = false;
    this.#again = false;
    this.#deps.failed(error, !this.#applied);
  }
}

/** Throws the request's CodedError, or one without code where the answer is not understood. `sinceMs` 0: all. */
async function fetchSync(sinceMs: number, deps: SyncDeps): Promise<SyncResult> {
  const first = await fetchPage(sinceMs, '', deps);
  const conversations = [...first.conversations];
  let page = first;
  for (let pages = 1; page.more; pages++) {
    if (pages >= PAGE_LIMIT || page.next === '') throw notUnderstood();
    page = await fetchPage(sinceMs, page.next, deps);
    conversations.push(...page.conversations);
  }
  const { count, sum, epoch } = page;
  if (epoch !== first.epoch)
    throw new CodedError(0, 'the store was restored during a sync', { temporary: true });
  return { conversations, count, sum, cursorMs: first.cursorMs, epoch };
}

async function fetchPage(since: number, after: string, deps: SyncDeps): Promise<SyncAnswer> {
  const answer = readSync(await deps.request('sync', after === '' ? { since } : { since, after }));
  if (answer === undefined) throw notUnderstood();
  return answer;
}

function notUnderstood(): CodedError {
  return new CodedError(0, 'the answer to sync is not understood', { temporary: true });
}
