/**
 * How soon one transaction follows the other: at once while there is time; while the event loop has none, so long
 * after the last one began that more requests share it. What a transaction costs besides its rows (two thread hops,
 * the pages of the log, a flush) is what a busy core is short of.
 */
import { loopShare } from '../../pkg/timer/loop_share.js';

const SAMPLE_MS = 50;
/** Shares of the time in which the event loop was busy. */
const BUSY = 0.85;
const AT_EASE = 0.7;
/** With so many waiting requests a longer wait saves nothing worth it. */
const ENOUGH_COUNT = 100;
/** Fewer than so many, at the rate at which they come, are not worth a wait: a few who write one after the other. */
const WORTH_COUNT = 30;

export class CommitPace {
  readonly #gapMs: number;
  readonly #busyShare: () => number;
  #sampledAtMs = -Infinity;
  #begunAtMs = -Infinity;
  #isBusy = false;
  #timer: NodeJS.Timeout | undefined;
  #begin: (() => void) | undefined;

  /** `busyShare`: of the time since it was asked last, the share in which the event loop was busy. */
  constructor(gapMs: number, busyShare: () => number = loopShare()) {
    this.#gapMs = gapMs;
    this.#busyShare = busyShare;
  }

  /** Call before each transaction, with how many requests wait for it; undefined: it begins now. */
  next(waitingCount: number): Promise<void> | undefined {
    const nowMs = performance.now();
    this.#sample(nowMs);
    const sinceMs = nowMs - this.#begunAtMs;
    const waitMs = this.#gapMs - sinceMs;
    const isWorth = waitingCount < ENOUGH_COUNT && waitingCount * this.#gapMs >= WORTH_COUNT * sinceMs;
    if (!this.#isBusy || !isWorth || waitMs <= 0) {
      this.#begunAtMs = nowMs;
      return undefined;
    }
    return new Promise((resolve) => {
      this.#begin = () => {
        clearTimeout(this.#timer);
        this.#begin = undefined;
        this.#begunAtMs = performance.now();
        resolve();
      };
      this.#timer = setTimeout(this.#begin, waitMs);
    });
  }

  /** Call when so many wait now. */
  came(waitingCount: number): void {
    if (waitingCount >= ENOUGH_COUNT) this.#begin?.();
  }

  /** What is waited for begins now. */
  hurry(): void {
    this.#begin?.();
  }

  #sample(nowMs: number): void {
    if (nowMs - this.#sampledAtMs < SAMPLE_MS) return;
    this.#sampledAtMs = nowMs;
    const share = this.#busyShare();
    this.#isBusy = share > (this.#isBusy ? AT_EASE : BUSY);
  }
}
