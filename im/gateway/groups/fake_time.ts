/** For random plays: their own clock, so that a seed is one play on any machine, and one that fails is shrunk soon. */
import { mock } from 'node:test';
import { turns } from './fake_groups.js';

/** For fast-check: what it has found by then it says, however long it could go on looking for less. */
export const LOOKED_FOR_MS = 60_000;
const STEP_MS = 50;
/** Of the play's own time: longer than all pauses of a few milliseconds that grow, and those of half a second. */
const LIMIT_MS = 5000;

export async function inPlayTime(play: () => Promise<void>): Promise<void> {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  try {
    await play();
  } finally {
    mock.timers.reset();
  }
}

/** So many milliseconds pass, and a turn of the loop after each. */
export async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed++) {
    mock.timers.tick(1);
    await turns(1);
  }
}

/** Time passes until `isDone`, at most for so long that it never will be. */
export async function passUntil(isDone: () => boolean): Promise<void> {
  for (let passedMs = 0; passedMs < LIMIT_MS && !isDone(); passedMs += STEP_MS) {
    mock.timers.tick(STEP_MS);
    await turns(8);
  }
}
