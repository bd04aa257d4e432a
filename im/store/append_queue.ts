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

  /** The next batch: a conversation's requests end at its first change; the first request fits whatever its size. */
  take(countLimit: number, bytesLimit: number): Waiting[] {
    const batch: Waiting[] = [];
    const rest: Waiting[] = [];
    let ended: Set<string> | undefined;
    let bytes = 0;
    for (const item of this.#waiting) {
      const fits = batch.length === 0 || (batch.length < countLimit && bytes + item.bytes <= bytesLimit);
      if (!fits) {
        // Everything from here on stays: no small request overtakes a large one.
        rest.push(...this.#waiting.slice(batch.length + rest.length));
        break;
      }
      if (ended?.has(item.draft.conv) === true) {
        rest.push(item);
        continue;
      }
      batch.push(item);
      bytes += item.bytes;
      if (item.draft.change !== undefined) (ended ??= new Set()).add(item.draft.conv);
    }
    this.#waiting = rest;
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
