/** Clients whose pushes wait a few ms for more, by when they are due. One timer for all of them, while there are any. */
import type { Client } from './client.js';

const TICK_MS = 4;
const NONE: Client[] = [];

export class HeldClients {
  readonly #due: () => void;
  /** By ticks from now; #buckets[0] is the next. Bounded by the longest hold. */
  #buckets: Client[][] = [];
  #line: Client[] = NONE;
  #next = 0;
  #timer: NodeJS.Timeout | undefined;
  #tickedAtMs = 0;

  /** `due`: some are to be taken. */
  constructor(due: () => void) {
    this.#due = due;
  }

  /** Bounded by writes within the longest hold: whoever is written to before he is due may be held again meanwhile. */
  add(client: Client, waitMs: number): void {
    const tick = Math.ceil(waitMs / TICK_MS);
    while (this.#buckets.length <= tick) this.#buckets.push([]);
    this.#buckets[tick]?.push(client);
    if (this.#timer !== undefined) return;
    this.#tickedAtMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  takeDue(): Client | undefined {
    const client = this.#line[this.#next];
    if (client === undefined) return undefined;
    this.#next++;
    if (this.#next === this.#line.length) {
      this.#line = NONE;
      this.#next = 0;
    }
    return client;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#buckets = [];
    this.#line = NONE;
    this.#next = 0;
  }

  /** A loop that is behind makes up for the ticks it missed. */
  #tick(): void {
    const nowMs = performance.now();
    const count = Math.max(1, Math.floor((nowMs - this.#tickedAtMs) / TICK_MS));
    this.#tickedAtMs = nowMs;
    const due = this.#buckets.splice(0, count).flat();
    if (due.length > 0) {
      this.#line = this.#line.length === 0 ? due : [...this.#line.slice(this.#next), ...due];
      this.#next = 0;
      this.#due();
    }
    if (this.#buckets.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
