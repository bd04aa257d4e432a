/** Readiness against stores that take, refuse, forget, or never answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imError, isError } from '../../im/errors.js';
import type { AppendAnswer, AppendDraft, Appender } from '../../im/store/interface.js';
import type { CodedError } from '../../pkg/errors/coded_error.js';
import { Readiness, type ReadinessOptions } from './readiness.js';

type Answer = Exclude<AppendAnswer, CodedError>;

/** `take` decides what an append does; what was taken is given back unless `forgets`. */
function scene(options: Partial<ReadinessOptions>, take: () => Promise<Answer>, forgets = false) {
  const probes: number[] = [];
  const appender: Appender = {
    enqueue: () => undefined,
    append: ({ change }: AppendDraft) => {
      if (change?.kind === 'probe') probes.push(change.value);
      return take();
    },
  };
  const probed = () => Promise.resolve({ value: forgets ? 0 : (probes.at(-1) ?? 0), epoch: 1 });
  const readiness = new Readiness(
    { readyShareMs: 0, readyMs: 5000, ...options },
    { appender, messages: { probed } },
  );
  return { readiness, probes };
}

const changed = (): Promise<Answer> => Promise.resolve({ outcome: 'changed' });

test('ready: a value of its own is written and read back each time', async () => {
  const { readiness, probes } = scene({}, changed);
  await readiness.check();
  await readiness.check();
  assert.equal(probes.length, 2);
  assert.equal(new Set(probes).size, 2);
});

test('one probe serves everybody who asks within the time that it is shared', async () => {
  const { readiness, probes } = scene({ readyShareMs: 60_000 }, changed);
  await Promise.all([readiness.check(), readiness.check()]);
  await readiness.check();
  assert.equal(probes.length, 1);
});

test('a failure is shared as well, and the next probe looks again', async () => {
  const answers = [() => Promise.reject<Answer>(imError('STORE_READ_ONLY')), changed];
  const { readiness, probes } = scene({}, () => answers.shift()?.() ?? changed());
  await assert.rejects(readiness.check(), (error) => isError(error, 'STORE_READ_ONLY'));
  await readiness.check();
  assert.equal(probes.length, 2);
  const sharing = scene({ readyShareMs: 60_000 }, () => Promise.reject(imError('STORE_FULL')));
  for (let i = 0; i < 3; i++)
    await assert.rejects(sharing.readiness.check(), (error) => isError(error, 'STORE_FULL'));
  assert.equal(sharing.probes.length, 1);
});

test('a store that does not answer is not ready, and its late failure disturbs nobody', async () => {
  let fail: (error: Error) => void = () => undefined;
  const never = new Promise<Answer>((_resolve, reject) => (fail = reject));
  const { readiness } = scene({ readyMs: 10 }, () => never);
  await assert.rejects(readiness.check(), (error) => isError(error, 'STORE_UNAVAILABLE'));
  fail(new Error('too late'));
  await assert.rejects(never, /too late/);
});

test('a store that takes without keeping, or refuses, is not ready', async () => {
  const unavailable = (error: unknown): boolean => isError(error, 'STORE_UNAVAILABLE');
  await assert.rejects(scene({}, changed, true).readiness.check(), unavailable);
  const refuses = (): Promise<Answer> => Promise.resolve({ outcome: 'refused', error: 'NO_PERMISSION' });
  await assert.rejects(scene({}, refuses).readiness.check(), unavailable);
});
