/**
 * What the app was told of last, bounded: after the store was restored its log is read again, and what is on the
 * screen already is not told twice. A restored store gives the seqs behind the backup to other events.
 */
import type { Message } from './types.js';

/** More than the screens of an app hold; some 200 bytes each. */
const LIMIT = 2_000;

export class RecentlyShown {
  /** By conversation and seq, the oldest first. */
  readonly #shown = new Map<string, string>();

  add(message: Message): void {
    this.#shown.set(placeOf(message), contentsOf(message));
    if (this.#shown.size <= LIMIT) return;
    for (const oldest of this.#shown.keys()) {
      this.#shown.delete(oldest);
      return;
    }
  }

  /** As it is now: what was recalled since is something else than what was shown. */
  has(message: Message): boolean {
    return this.#shown.get(placeOf(message)) === contentsOf(message);
  }

  clear(): void {
    this.#shown.clear();
  }
}

function placeOf({ conv, seq }: Message): string {
  return `${conv}/${seq}`;
}

function contentsOf({ mid, clientId, status }: Message): string {
  return `${mid}/${status}/${clientId}`;
}
