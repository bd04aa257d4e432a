/**
 * The requests that wait for a transaction: bounded in count and bytes, first in first out per conversation.
 * Knows nothing of the store; append_batcher.ts runs what is taken here.
 */
import type { AppendDraft, AppendListener, AppendRequest } from './interface.js';

export interface Waiting {
  readonly draft: AppendDraft;
  readonly bytes: number;
  readonly deadlineAtMs: number;
  readonly listener: AppendListener<unknown>;
  readonly context: unknown;
  /** Set at the first attempt and kept for all later ones. */
  request: AppendRequest | undefined;
  /** An attempt ended without an answer: whatever comes later, «not stored» cannot be said any more. */
  mayBeStored: boolean;
}

export class AppendQueue {
  #waiting: Waiting[] = [];
  #bytes = 0;

  get count(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(item: Waiting): void {
    this.#waiting.push(item);
    this.#bytes += item.bytes;
  }

  /** Puts back what was taken and has to be tried again, before everything newer. */
  unshift(items: readonly Waiting[]): void {
    this.#waiting = [...items, ...this.#waiting];
    for (const item of items) this.#bytes += item.bytes;
  }

  /**
   * The next batch, in the order in which they came: the store decides each after those before it. The first fits
   * whatever its size.
   */
  take(countLimit: number, bytesLimit: number): Waiting[] {
    let count = 0;
    let bytes = 0;
    for (const item of this.#waiting) {
      // No small request overtakes a large one.
      if (count > 0 && (count >= countLimit || bytes + item.bytes > bytesLimit)) break;
      count += 1;
      bytes += item.bytes;
    }
    const batch = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    this.#bytes -= bytes;
    return batch;
  }

  /** Removes and returns those for which `condition` holds. */
  drop(condition: (item: Waiting) => boolean): Waiting[] {
    const dropped = this.#waiting.filter(condition);
    if (dropped.length === 0) return dropped;
    this.#waiting = this.#waiting.filter((item) => !condition(item));
    for (const item of dropped) this.#bytes -= item.bytes;
    return dropped;
  }
}
