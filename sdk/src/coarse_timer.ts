/**
 * The client's only timer: it sleeps until the earliest moment that anything asked for, then asks everything
 * what is due. A message costs a comparison here, not a timer.
 */

/** Late by at most this: work that falls due close together is done in one wake. */
const GRAIN_MS = 5;

/** What a timer can hold; a longer sleep is slept in parts. */
const LONGEST_MS = 2 ** 31 - 1;

/** Monotonic milliseconds: a changed wall clock moves no deadline. */
export function nowMs(): number {
  return performance.now();
}

export class CoarseTimer {
  readonly #wake: (nowMs: number) => number;
  #handle: ReturnType<typeof setTimeout> | undefined;
  #armedAtMs = Infinity;
  #stopped = false;

  /** `wake` does what is due and returns the next moment, Infinity for none. */
  constructor(wake: (nowMs: number) => number) {
    this.#wake = wake;
  }

  /** Wakes at `atMs` at the latest. */
  wakeBy(atMs: number): void {
    if (atMs >= this.#armedAtMs || this.#stopped) return;
    clearTimeout(this.#handle);
    this.#armedAtMs = atMs;
    this.#handle = setTimeout(
      () => this.#fire(),
      Math.min(LONGEST_MS, Math.max(0, atMs - nowMs()) + GRAIN_MS),
    );
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#handle);
    this.#armedAtMs = Infinity;
  }

  start(): void {
    this.#stopped = false;
  }

  #fire(): void {
    this.#armedAtMs = Infinity;
    this.wakeBy(this.#wake(nowMs()));
  }
}
