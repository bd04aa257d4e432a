/** How much of all groups waits for its fan-out. Whoever delivers more is made to wait until half of it is gone. */
import type { GroupOptions } from './group_options.js';

/** One batch may bring more than may wait; so many times the bound only somebody brings who never waits. */
const FAR_OVER = 16;

export class WaitingEvents {
  readonly #options: Pick<GroupOptions, 'groupWaitingEvents' | 'groupWaitingBytes'>;
  /** Bounded by who delivers: each waits for its turn. */
  #resolvers: (() => void)[] = [];
  count = 0;
  bytes = 0;
  /** Kept by LetGoEvents. */
  letGoCount = 0;

  constructor(options: Pick<GroupOptions, 'groupWaitingEvents' | 'groupWaitingBytes'>) {
    this.#options = options;
  }

  get limit(): number {
    return this.#options.groupWaitingEvents;
  }

  /** Whoever delivers does not wait as he should. */
  get isFarOver(): boolean {
    return !this.#isBelow(FAR_OVER);
  }

  /** Of those let go it is remembered for whom they were: little each, and not of any number. */
  get mayLetGo(): boolean {
    return this.letGoCount < this.limit * FAR_OVER;
  }

  add(bytes: number): void {
    this.count++;
    this.bytes += bytes;
  }

  delete(bytes: number): void {
    this.count--;
    this.bytes -= bytes;
    if (this.#resolvers.length > 0 && this.#isBelow(0.5)) this.#release();
  }

  /** Resolves at once unless too much waits. */
  room(): Promise<void> {
    if (this.#isBelow(1)) return Promise.resolve();
    return new Promise((resolve) => this.#resolvers.push(resolve));
  }

  /** Nobody waits any longer: the gateway is closing. */
  close(): void {
    this.#release();
  }

  #isBelow(part: number): boolean {
    const { groupWaitingEvents, groupWaitingBytes } = this.#options;
    return this.count <= groupWaitingEvents * part && this.bytes <= groupWaitingBytes * part;
  }

  #release(): void {
    const resolvers = this.#resolvers;
    this.#resolvers = [];
    for (const resolve of resolvers) resolve();
  }
}
