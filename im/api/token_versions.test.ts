/** The cache of token versions: how old, how many, and what overtakes what. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { known, toDevice, toUid, type Uid } from '../message/ids.js';
import { TokenVersions } from './token_versions.js';

const DEVICE = known(toDevice(1));
const user = (uid: number) => ({ uid: known(toUid(uid)), device: DEVICE });

/** A store whose answers can be held back. */
function scene(versionCacheCount = 100) {
  const clock = { nowMs: 5000 };
  const stored = new Map<Uid, number>();
  const gates: Promise<void>[] = [];
  const reads: number[] = [];
  const versions = new TokenVersions(
    { versionCacheMs: 1000, versionCacheCount },
    {
      nowMs: () => clock.nowMs,
      users: {
        tokenVersions: async (pairs) => {
          reads.push(pairs.length);
          const found = pairs.map((pair) => ({ ...pair, version: stored.get(pair.uid) ?? 0 }));
          await gates.shift();
          return found;
        },
      },
    },
  );
  const cached = async (uid: number): Promise<number> => (await versions.cached(user(uid))).version;
  return { clock, stored, gates, reads, versions, cached };
}

test('a version is read once in a second and is never older than that', async () => {
  const { clock, stored, reads, cached } = scene();
  stored.set(user(1).uid, 3);
  assert.equal(await cached(1), 3);
  stored.set(user(1).uid, 4);
  clock.nowMs += 999;
  assert.equal(await cached(1), 3);
  clock.nowMs += 1;
  assert.equal(await cached(1), 4);
  assert.equal(reads.length, 2);
});

test('after the clock was set back nothing cached is trusted', async () => {
  const { clock, stored, cached } = scene();
  stored.set(user(1).uid, 3);
  assert.equal(await cached(1), 3);
  stored.set(user(1).uid, 4);
  clock.nowMs -= 3_600_000;
  assert.equal(await cached(1), 4);
});

test('what this process raised is known at once, and a read that began before does not bring the old one back', async () => {
  const { stored, gates, versions, cached } = scene();
  stored.set(user(1).uid, 3);
  let answer = (): void => undefined;
  gates.push(new Promise((resolve) => (answer = resolve)));
  const slow = cached(1);
  stored.set(user(1).uid, 4);
  versions.raised([{ ...user(1), version: 4 }]);
  answer();
  assert.equal(await slow, 3);
  assert.equal(await cached(1), 4);
});

test('the cache is bounded: the oldest entry leaves', async () => {
  const { reads, cached } = scene(2);
  for (const uid of [1, 2, 3]) await cached(uid);
  await cached(3);
  await cached(2);
  assert.equal(reads.length, 3);
  await cached(1);
  assert.equal(reads.length, 4);
});

test('read asks the store every time, for many at once, in their order', async () => {
  const { stored, reads, versions } = scene();
  stored.set(user(2).uid, 7);
  const found = await versions.read([user(2), user(1)]);
  assert.deepEqual(
    found.map(({ version }) => version),
    [7, 0],
  );
  await versions.read([user(2)]);
  assert.deepEqual(reads, [2, 1]);
});

test('a store that fails is not cached', async () => {
  const { gates, cached } = scene();
  gates.push(Promise.reject(new Error('away')));
  await assert.rejects(cached(1), /away/);
  assert.equal(await cached(1), 0);
});
