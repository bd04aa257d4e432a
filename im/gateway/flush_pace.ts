/**
 * How long pushes to groups wait for more to the same socket: not at all while there is time, and longer and longer
 * while the event loop has none, as long as that saves writes. A write costs as much as twenty frames in it.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { loopShare } from '../../pkg/timer/loop_share.js';

export const FLUSH_OPTIONS = {
  groupFlushMs: integer(
    250,
    'ms',
    { min: 0, max: 1000 },
    'Under load pushes of groups wait at most so long for others to the same socket; 0: never.',
  ),
} as const;

export type FlushOptions = OptionsOf<typeof FLUSH_OPTIONS>;

const SAMPLE_MS = 50;
/** Shares of the time in which the event loop was busy. */
const BUSY = 0.85;
const AT_EASE = 0.7;
/** Frames in a write: with so many, waiting longer saves nothing worth it. */
const MERGED_WELL = 8;
const FIRST_MS = 2;

export class FlushPace {
  readonly #longestMs: number;
  readonly #busyShare: () => number;
  #sampledAtMs = 0;
  #writeCount = 0;
  #frameCount = 0;
  #holdMs = 0;

  /** `busyShare`: of the time since it was asked last, the share in which the event loop was busy. */
  constructor({ groupFlushMs }: FlushOptions, busyShare: () => number = loopShare()) {
    this.#longestMs = groupFlushMs;
    this.#busyShare = busyShare;
  }

  get holdMs(): number {
    return this.#holdMs;
  }

  /** One write of so many frames. */
  wrote(frameCount: number): void {
    this.#writeCount++;
    this.#frameCount += frameCount;
  }

  /** Call once a turn. */
  look(nowMs: number): void {
    if (nowMs - this.#sampledAtMs < SAMPLE_MS) return;
    this.#sampledAtMs = nowMs;
    const share = this.#busyShare();
    const merged = this.#frameCount / Math.max(1, this.#writeCount);
    this.#writeCount = 0;
    this.#frameCount = 0;
    if (share > BUSY && merged < MERGED_WELL) {
      this.#holdMs = Math.min(this.#longestMs, Math.max(FIRST_MS, this.#holdMs * 2));
    } else if (share < AT_EASE || merged > MERGED_WELL * 2) {
      this.#holdMs = this.#holdMs / 2 < FIRST_MS ? 0 : this.#holdMs / 2;
    }
  }
}
