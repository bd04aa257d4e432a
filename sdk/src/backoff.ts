/** How long to wait before trying again: full jitter (AWS, «Exponential Backoff And Jitter»). */

export interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
}

export type Random = () => number;

/** Evenly drawn from [0, min(maxMs, minMs · 2^attempt)); `attempt` counts from 0. */
export function fullJitterMs(attempt: number, options: BackoffOptions, random: Random): number {
  return random() * Math.min(options.maxMs, options.minMs * 2 ** Math.min(attempt, 30));
}
