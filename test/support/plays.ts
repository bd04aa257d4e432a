/**
 * How often random plays of many parties are played, and which. `npm test` plays the same ones each time, so that what is
 * still to be found in them fails no change that has nothing to do with it. Whoever hunts says `PLAY_SEED=random` (or a
 * number, to play those again) and `PLAY_TIMES=100`.
 */
export interface Plays {
  readonly numRuns: number;
  readonly seed: number;
}

/** `numRuns`: without PLAY_TIMES. For fc.assert. */
export function plays(numRuns: number): Plays {
  const { PLAY_SEED: seed, PLAY_TIMES: times } = process.env;
  return {
    numRuns: numRuns * Math.max(1, Number(times ?? 1) || 1),
    seed: seed === 'random' ? Date.now() % 2 ** 31 : Number(seed ?? 1) || 1,
  };
}
