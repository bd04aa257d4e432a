/**
 * What the app was told of last, bounded: after the store was restored its log is read again, and what is on the
 * screen already is not told twice. A restored store gives the seqs behind the backup to other events.
 */
import type { Message } from './types.js';

/** No content: the app has that. */
type Shown = Pick<Message, 'conv' | 'seq' | 'mid' | 'clientId' | 'status'>;

export class RecentlyShown {
  readonly #limit: number;
  /** A ring: `#next` is where the oldest is once it is full. */
  readonly #ring: Shown[] = [];
  #next = 0;
  /** By place; made when it is needed, which is hardly ever. */
  #index: Map<string, Shown> | undefined;

  constructor(limit: number) {
    this.#limit = Math.floor(limit);
  }

  add({ conv, seq, mid, clientId, status }: Message): void {
    const shown = { conv, seq, mid, clientId, status };
    if (this.#index !== undefined) this.#enter(this.#index, shown);
    this.#ring[this.#next] = shown;
    this.#next = (this.#next + 1) % this.#limit;
  }

  /** From now on what is shown may have been shown before. */
  lookBack(): void {
    if (this.#index !== undefined) return;
    this.#index = new Map();
    const newest = this.#ring.slice(0, this.#next);
    for (const shown of [...this.#ring.slice(this.#next), ...newest]) this.#index.set(placeOf(shown), shown);
  }

  /** As it is now: what was recalled since is something else than what was shown. False before `lookBack`. */
  has(message: Message): boolean {
    const shown = this.#index?.get(placeOf(message));
    if (shown === undefined) return false;
    return (
      shown.mid === message.mid && shown.status === message.status && shown.clientId === message.clientId
    );
  }

  clear(): void {
    this.#ring.length = 0;
    this.#next = 0;
    this.#index = undefined;
  }

  #enter(index: Map<string, Shown>, shown: Shown): void {
    const forgotten = this.#ring[this.#next];
    if (forgotten !== undefined && index.get(placeOf(forgotten)) === forgotten)
      index.delete(placeOf(forgotten));
    index.set(placeOf(shown), shown);
  }
}

function placeOf({ conv, seq }: Shown): string {
  return `${conv}/${seq}`;
}
