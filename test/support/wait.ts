/** Waiting for something to become true, with a deadline and a reason: tests never sleep for a guessed time. */

/** How often a condition that announces nothing is looked at. */
const POLL_MS = 5;
const DEFAULT_DEADLINE_MS = 10_000;

/** `promise`, or an error with `explain()` after `limitMs`. */
export async function deadline<Value>(
  promise: Promise<Value>,
  limitMs: number,
  explain: () => string,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${explain()} (after ${limitMs} ms)`)), limitMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves with the first value of `look` that is not undefined or false. */
export async function waitUntil<Value>(
  what: string | (() => string),
  look: () => Value | undefined | false | Promise<Value | undefined | false>,
  limitMs = DEFAULT_DEADLINE_MS,
): Promise<Value> {
  const endAt = performance.now() + limitMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > endAt) {
      throw new Error(`waited ${limitMs} ms in vain for: ${typeof what === 'string' ? what : what()}`);
    }
    await pause(POLL_MS);
  }
}

/** Fails as soon as `happened` says what went wrong; passes after `forMs` of quiet. */
export async function expectQuiet(forMs: number, happened: () => string | undefined): Promise<void> {
  const endAt = performance.now() + forMs;
  for (;;) {
    const trouble = happened();
    if (trouble !== undefined) throw new Error(trouble);
    if (performance.now() > endAt) return;
    await pause(POLL_MS);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
