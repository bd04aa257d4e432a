import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultsOf } from '../../pkg/config/option.js';
import { AttemptCounter } from '../../pkg/limit/attempt_counter.js';
import { imError, isError, type ErrorName } from '../errors.js';
import { known, toUid } from '../message/ids.js';
import { ATTEMPT_OPTIONS, AttemptGuard, type AttemptOptions } from './attempt_guard.js';

function guard(options: Partial<AttemptOptions>): AttemptGuard {
  const counter = (asked: ConstructorParameters<typeof AttemptCounter>[0]) => new AttemptCounter(asked);
  return new AttemptGuard({ ...defaultsOf(ATTEMPT_OPTIONS), ...options }, { counter });
}

const signIn = (account: string) => ({ kind: 'signIn', account }) as const;
const ok = () => Promise.resolve('in');
const fail = (name: ErrorName) => () => Promise.reject(imError(name));

async function code(work: Promise<unknown>): Promise<string> {
  return work.then(String, (error: unknown) => (isError(error, 'TOO_MANY_ATTEMPTS') ? 'refused' : 'failed'));
}

test('an account: so many failures from anywhere, in any case of letters, then not even the right password', async () => {
  const made = guard({ signInAccountCount: 3 });
  for (const [index, name] of ['ann', 'Ann', 'ANN'].entries())
    assert.equal(await code(made.run(signIn(name), `192.0.2.${index}`, fail('WRONG_CREDENTIALS'))), 'failed');
  let looked = false;
  const look = () => Promise.resolve((looked = true));
  await assert.rejects(made.run(signIn('ann'), '192.0.2.9', look), (error: unknown) => {
    assert.ok(isError(error, 'TOO_MANY_ATTEMPTS'));
    assert.ok(error.temporary && error.retryAfterMs !== undefined && error.retryAfterMs > 0);
    return true;
  });
  assert.ok(!looked, 'the password is not looked at');
  assert.equal(await code(made.run(signIn('bob'), '192.0.2.9', ok)), 'in');
  assert.deepEqual(made.stats().refused, { signIn: 1, create: 0, mail: 0, lookup: 0 });
});

test('a success starts the account anew, but not the address', async () => {
  const made = guard({ signInAccountCount: 2, signInAddressCount: 4 });
  for (let round = 0; round < 4; round++) {
    assert.equal(
      await code(made.run(signIn('ann'), 'a', fail('WRONG_CREDENTIALS'))),
      'failed',
      `round ${round}`,
    );
    if (round < 3) assert.equal(await code(made.run(signIn('ann'), 'a', ok)), 'in');
  }
  assert.equal(await code(made.run(signIn('ann'), 'a', ok)), 'refused');
  assert.equal(await code(made.run(signIn('ann'), 'b', ok)), 'in');
});

test('an address is stopped over all accounts; what it was refused is not held against the accounts', async () => {
  const made = guard({ signInAddressCount: 5, signInAccountCount: 1 });
  for (let index = 0; index < 5; index++)
    await assert.rejects(made.run(signIn(`user ${index}`), 'a', fail('WRONG_CREDENTIALS')));
  assert.equal(await code(made.run(signIn('ann'), 'a', ok)), 'refused');
  assert.equal(await code(made.run(signIn('ann'), 'b', ok)), 'in');
});

test('what is no guess does not count: a busy or broken server', async () => {
  const made = guard({ signInAccountCount: 1, signInAddressCount: 1 });
  for (const name of ['TOO_BUSY', 'STORE_UNAVAILABLE', 'INTERNAL'] as const)
    assert.equal(await code(made.run(signIn('ann'), 'a', fail(name))), 'failed');
  assert.equal(await code(made.run(signIn('ann'), 'a', ok)), 'in');
});

test('a thousand guesses at once are no more than the limit', async () => {
  const made = guard({ signInAccountCount: 10 });
  let looked = 0;
  const guess = () => Promise.resolve(looked++).then(() => Promise.reject(imError('WRONG_CREDENTIALS')));
  await Promise.allSettled(
    Array.from({ length: 1000 }, (_, index) => made.run(signIn('ann'), `a${index}`, guess)),
  );
  assert.equal(looked, 10);
});

test('accounts, mails and look-ups count whether they succeed or not', async () => {
  const made = guard({ createCount: 1, mailCount: 1, lookupUserCount: 1, lookupAddressCount: 2 });
  const lookup = (uid: number) => ({ kind: 'lookup', uid: known(toUid(uid)) }) as const;
  for (const kind of ['create', 'mail'] as const) {
    assert.equal(await code(made.run({ kind }, 'a', ok)), 'in');
    assert.equal(await code(made.run({ kind }, 'a', ok)), 'refused');
    assert.equal(await code(made.run({ kind }, 'b', ok)), 'in');
  }
  assert.equal(await code(made.run(lookup(1), 'a', fail('NO_SUCH_USER'))), 'failed');
  assert.equal(await code(made.run(lookup(1), 'a', ok)), 'refused');
  assert.equal(await code(made.run(lookup(2), 'a', ok)), 'in');
  assert.equal(await code(made.run(lookup(3), 'a', ok)), 'refused', 'the address');
});
