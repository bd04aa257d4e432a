/** Two generations of clients count time in seconds or milliseconds; inside it is always milliseconds. */
import { toCount } from './ids.js';

/** Below this a time is in seconds (10^10 ms is April 1970, 10^10 s the year 2286): both public SDKs agree. */
const SECONDS_BELOW = 1e10;

/** Milliseconds since 1970, 0 for absent; undefined for what is no time. Fractions are cut off. */
export function fromWireTime(value: unknown): number | undefined {
  const count = toCount(typeof value === 'number' ? Math.trunc(value) : (value ?? 0));
  if (count === undefined) return undefined;
  return count <= SECONDS_BELOW ? count * 1000 : count;
}

export function toSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}
