import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultsOf } from '../../pkg/config/option.js';
import { ERRORS } from '../errors.js';
import { known, toUid, type Uid } from '../message/ids.js';
import { STRANGER_OPTIONS, StrangerLookups, type StrangerOptions } from './stranger_lookups.js';

const uid = (n: number): Uid => known(toUid(n));
const many = (first: number, count: number): readonly Uid[] =>
  Array.from({ length: count }, (_, index) => uid(first + index));
const tooMany = { code: ERRORS.TOO_MANY_ATTEMPTS.code };

/** Uids below 100 are no strangers to anybody. */
function lookups(options: Partial<StrangerOptions> = {}) {
  const clock = { nowMs: 0 };
  const contacts = {
    strangers: (_uid: Uid, peers: readonly Uid[]) => Promise.resolve(peers.filter((peer) => peer >= 100)),
  };
  const guard = new StrangerLookups(
    { ...defaultsOf(STRANGER_OPTIONS), ...options },
    { contacts, nowMs: () => clock.nowMs },
  );
  return { guard, clock };
}

test('strangers are charged for, all of a list or none; others, oneself and repeats in one list are free', async () => {
  const { guard } = lookups({ strangerUserCount: 10 });
  const [ann, bob] = [uid(1), uid(2)];
  for (let n = 0; n < 20; n++) await guard.charge(ann, many(1, 90), 'a');
  await guard.charge(
    uid(200),
    Array.from({ length: 20 }, () => uid(200)),
    'a',
  );
  await guard.charge(ann, [...many(100, 8), ...many(100, 8)], 'a');
  await assert.rejects(guard.charge(ann, many(300, 3), 'a'), tooMany);
  await guard.charge(ann, many(300, 2), 'a');
  await assert.rejects(guard.charge(ann, [uid(400)], 'a'), tooMany);
  await guard.charge(ann, many(1, 90), 'a');
  await guard.charge(bob, many(300, 10), 'a');
});

test('many users of one address share its bound; the allowance comes back within the window', async () => {
  const { guard, clock } = lookups({ strangerUserCount: 10, strangerAddressCount: 25 });
  for (const user of [1, 2]) await guard.charge(uid(user), many(100, 10), 'one');
  await assert.rejects(guard.charge(uid(3), many(100, 10), 'one'), tooMany);
  await guard.charge(uid(4), many(100, 10), 'two');
  clock.nowMs += defaultsOf(STRANGER_OPTIONS).strangerWindowMs;
  await guard.charge(uid(1), many(100, 10), 'one');
});
