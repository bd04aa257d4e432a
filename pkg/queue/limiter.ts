/** Runs at most so many tasks at once and lets so many wait; the rest is turned away by the caller's own word. */

export interface LimiterStats {
  readonly runningCount: number;
  readonly waitingCount: number;
  /** Turned away since the start. */
  readonly refusedCount: number;
}

export class Limiter {
  readonly #concurrency: number;
  readonly #waitingLimit: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #refusedCount = 0;

  constructor(concurrency: number, waitingLimit: number) {
    this.#concurrency = concurrency;
    this.#waitingLimit = waitingLimit;
  }

  stats(): LimiterStats {
    return {
      runningCount: this.#running,
      waitingCount: this.#waiting.length,
      refusedCount: this.#refusedCount,
    };
  }

  /** The task's own promise, or undefined where too many wait: then it was not and will not be run. */
  run<Result>(task: () => Promise<Result>): Promise<Result> | undefined {
    if (this.#running >= this.#concurrency && this.#waiting.length >= this.#waitingLimit) {
      this.#refusedCount++;
      return undefined;
    }
    return this.#run(task);
  }

  async #run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#concurrency) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      // The place goes straight to the next in line, so nobody slips in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
