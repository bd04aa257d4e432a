import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultsOf } from '../../pkg/config/option.js';
import { AttemptCounter, type AttemptCounterOptions } from '../../pkg/limit/attempt_counter.js';
import { imError, isError, type ErrorName } from '../errors.js';
import { known, toUid } from '../message/ids.js';
import { ATTEMPT_OPTIONS, AttemptGuard, type AttemptOptions } from './attempt_guard.js';

function guard(options: Partial<AttemptOptions>): AttemptGuard {
  const counter = (asked: AttemptCounterOptions) => new AttemptCounter(asked);
  return new AttemptGuard({ ...defaultsOf(ATTEMPT_OPTIONS), ...options }, { counter });
}

const signIn = (account: string) => ({ kind: 'signIn', account }) as const;
const ok = () => Promise.resolve('in');
const fail = (name: ErrorName) => () => Promise.reject(imError(name));

async function code(work: Promise<unknown>): Promise<string> {
  return work.then(String, (error: unknown) => (isError(error, 'TOO_MANY_ATTEMPTS') ? 'refused' : 'failed'));
}

test('an account: so many failures of one address, in any case of letters, then not even the right password', async () => {
  const made = guard({ signInAccountCount: 3 });
  for (const name of ['ann', 'Ann', 'ANN'])
    assert.equal(await code(made.run(signIn(name), '192.0.2.9', fail('WRONG_CREDENTIALS'))), 'failed');
  let looked = false;
  const look = () => Promise.resolve((looked = true));
  await assert.rejects(made.run(signIn('ann'), '192.0.2.9', look), (error: unknown) => {
    assert.ok(isError(error, 'TOO_MANY_ATTEMPTS'));
    assert.ok(error.temporary && error.retryAfterMs !== undefined && error.retryAfterMs > 0);
    return true;
  });
  assert.ok(!looked, 'the password is not looked at');
  assert.equal(await code(made.run(signIn('bob'), '192.0.2.9', ok)), 'in');
  assert.equal(
    await code(made.run(signIn('ann'), '192.0.2.1', ok)),
    'in',
    'who comes from elsewhere is not locked out',
  );
  assert.deepEqual(made.stats().refused, { signIn: 1, create: 0, mail: 0, lookup: 0, search: 0, group: 0 });
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

test('an account over all addresses: a larger number, and a success does not start that anew', async () => {
  const made = guard({ signInAccountCount: 2, signInAccountTotalCount: 5 });
  for (let index = 0; index < 5; index++) {
    assert.equal(await code(made.run(signIn('ann'), `a${index}`, fail('WRONG_CODE'))), 'failed');
    if (index === 3) assert.equal(await code(made.run(signIn('ann'), 'owner', ok)), 'in');
  }
  assert.equal(await code(made.run(signIn('ann'), 'owner', ok)), 'refused');
});

test('an address that has none left makes nothing of what it names remembered', async () => {
  const made = guard({ signInAddressCount: 1, signInAccountCount: 1, keyCount: 10 });
  await assert.rejects(made.run(signIn('ann'), 'good', fail('WRONG_CREDENTIALS')));
  await assert.rejects(made.run(signIn('x'), 'bad', fail('WRONG_CREDENTIALS')));
  for (let index = 0; index < 100; index++)
    assert.equal(await code(made.run(signIn(`made up ${index}`), 'bad', ok)), 'refused');
  const guess = made.run(signIn('ann'), 'good', ok);
  assert.equal(await code(guess), 'refused', 'the failure of before is not forgotten');
});

test('passwords looked at are counted per address, right or wrong; not where none was', async () => {
  const made = guard({ passwordAddressCount: 4 });
  assert.equal(await code(made.run(signIn('ann'), 'a', fail('TOO_BUSY'))), 'failed');
  for (const work of [ok, ok, fail('WRONG_CREDENTIALS'), fail('BANNED')])
    await code(made.run(signIn('ann'), 'a', work));
  assert.equal(await code(made.run(signIn('ann'), 'a', ok)), 'refused');
  assert.equal(await code(made.run(signIn('ann'), 'b', ok)), 'in');
});

/** Each runs until it is let go. */
function held() {
  const ends: (() => void)[] = [];
  const work = () => new Promise<string>((resolve) => ends.push(() => resolve('in')));
  return { work, ends };
}

const isBusy = (error: unknown): boolean => isError(error, 'TOO_BUSY') && error.retryAfterMs !== undefined;

test('an address has few passwords under way, an account fewer; all others have theirs', async () => {
  const made = guard({ hashAddressCount: 3, hashAccountCount: 2 });
  const { work, ends } = held();
  const running = [
    made.run(signIn('ann'), 'a', work),
    made.run({ kind: 'create', hashes: true }, 'a', work),
    made.run(signIn('bob'), 'a', work),
  ];
  await assert.rejects(made.run(signIn('carl'), 'a', ok), isBusy);
  await assert.rejects(made.run({ kind: 'create', hashes: true }, 'a', ok), isBusy);
  assert.equal(await code(made.run({ kind: 'create', hashes: false }, 'a', ok)), 'in', 'a guest');
  running.push(made.run(signIn('ann'), 'b', work));
  await assert.rejects(made.run(signIn('ANN'), 'c', ok), isBusy);
  assert.equal(await code(made.run(signIn('bob'), 'c', ok)), 'in');
  for (const end of ends) end();
  assert.deepEqual(await Promise.all(running), ['in', 'in', 'in', 'in']);
  assert.equal(await code(made.run(signIn('ann'), 'a', ok)), 'in');
  assert.equal(made.stats().refused.signIn, 0);
});

test('a thousand guesses at once are no more than the limit, also when a success comes in between', async () => {
  const limits = { hashAddressCount: 1000, hashAccountCount: 1000 };
  const made = guard({ ...limits, signInAccountCount: 10 });
  const { work, ends } = held();
  const running = Array.from({ length: 1000 }, () => made.run(signIn('ann'), 'a', work));
  assert.equal(ends.length, 10);
  ends[0]?.();
  await running[0];
  const more = Array.from({ length: 1000 }, () => made.run(signIn('ann'), 'a', work));
  assert.equal(ends.length, 11, 'the nine under way are not forgotten');
  for (const end of ends) end();
  await Promise.allSettled([...running, ...more]);
});

test('accounts, mails and look-ups count whether they succeed or not', async () => {
  const made = guard({ createCount: 1, mailCount: 1, lookupUserCount: 1, lookupAddressCount: 2 });
  const lookup = (uid: number) => ({ kind: 'lookup', uid: known(toUid(uid)) }) as const;
  for (const attempt of [{ kind: 'create', hashes: false }, { kind: 'mail' }] as const) {
    assert.equal(await code(made.run(attempt, 'a', ok)), 'in');
    assert.equal(await code(made.run(attempt, 'a', ok)), 'refused');
    assert.equal(await code(made.run(attempt, 'b', ok)), 'in');
  }
  assert.equal(await code(made.run(lookup(1), 'a', fail('NO_SUCH_USER'))), 'failed');
  assert.equal(await code(made.run(lookup(1), 'a', ok)), 'refused');
  assert.equal(await code(made.run(lookup(2), 'a', ok)), 'in');
  assert.equal(await code(made.run(lookup(3), 'a', ok)), 'refused', 'the address');
});

test('new groups count per user and per address, apart from look-ups', async () => {
  const made = guard({ groupUserCount: 1, groupAddressCount: 2, lookupUserCount: 1 });
  const group = (uid: number) => ({ kind: 'group', uid: known(toUid(uid)) }) as const;
  assert.equal(await code(made.run({ ...group(1), kind: 'lookup' }, 'a', ok)), 'in');
  assert.equal(await code(made.run(group(1), 'a', ok)), 'in');
  assert.equal(await code(made.run(group(1), 'b', ok)), 'refused');
  assert.equal(await code(made.run(group(2), 'a', fail('TOO_MANY_GROUPS'))), 'failed');
  assert.equal(await code(made.run(group(3), 'a', ok)), 'refused', 'the address');
  assert.equal(made.stats().refused.group, 2);
});

test('searches count per user and per address, apart from look-ups', async () => {
  const made = guard({ searchUserCount: 1, searchAddressCount: 2, lookupUserCount: 1 });
  const search = (uid: number) => ({ kind: 'search', uid: known(toUid(uid)) }) as const;
  assert.equal(await code(made.run({ ...search(1), kind: 'lookup' }, 'a', ok)), 'in');
  assert.equal(await code(made.run(search(1), 'a', ok)), 'in');
  assert.equal(await code(made.run(search(1), 'b', ok)), 'refused');
  assert.equal(await code(made.run(search(2), 'a', ok)), 'in');
  assert.equal(await code(made.run(search(3), 'a', ok)), 'refused', 'the address');
  assert.equal(made.stats().refused.search, 2);
});
