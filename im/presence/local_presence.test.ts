import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultsOf } from '../../pkg/config/option.js';
import { imError, isError } from '../errors.js';
import type { Delivery } from '../gateway/interface.js';
import { known, toDevice, toUid, type Uid } from '../message/ids.js';
import type { LastSeen, User } from '../store/people_interface.js';
import { LocalPresence, PRESENCE_OPTIONS, type PresenceOptions } from './local_presence.js';
import { waitUntil } from '../../test/support/wait.js';

const uid = (n: number): Uid => known(toUid(n));
const [alice, bob, carol, eve] = [uid(1), uid(2), uid(3), uid(4)];
const [phone, web] = [known(toDevice(1)), known(toDevice(2))];

interface Bench {
  readonly presence: LocalPresence;
  readonly delivered: Delivery[];
  readonly saved: LastSeen[];
  /** `from-to`: may not write. */
  readonly refused: Set<string>;
  readonly secretive: Set<Uid>;
  /** `from-to`: whose right has been asked for. */
  readonly pairs: string[];
  isBroken: boolean;
  nowMs: number;
}

function bench(options: Partial<PresenceOptions> = {}): Bench {
  const quiet = (): undefined => undefined;
  const saved: LastSeen[] = [];
  const delivered: Delivery[] = [];
  const refused = new Set<string>();
  const secretive = new Set<Uid>();
  const asked: string[] = [];
  const user = (one: Uid): User => ({
    ...{ uid: one, account: '', nickname: '', avatar: '', email: '', isBanned: false },
    ...{ approval: false, contactsOnly: false, privatePresence: secretive.has(one) },
  });
  const presence = new LocalPresence(
    { ...defaultsOf(PRESENCE_OPTIONS), presenceDebounceMs: 10, presenceSaveMs: 10, ...options },
    {
      store: {
        saw: (times) => {
          if (made.isBroken) return Promise.reject(imError('STORE_READ_ONLY'));
          saved.push(...times);
          return Promise.resolve();
        },
        lastSeen: (uids) => Promise.resolve(saved.filter((row) => uids.includes(row.uid))),
      },
      users: { byUids: (uids) => Promise.resolve(uids.filter((one) => one < 100).map(user)) },
      messages: {
        mayWrite: (pairs) =>
          Promise.resolve(
            pairs.map(({ from, to }) => {
              asked.push(`${from}-${to}`);
              return refused.has(`${from}-${to}`) ? 'BLOCKED' : undefined;
            }),
          ),
      },
      dispatch: {
        deliver: (batch) => {
          delivered.push(...batch);
          return Promise.resolve(batch.map(() => ({ absent: [] })));
        },
      },
      logger: { error: quiet, warn: quiet, info: quiet, debug: quiet },
      nowMs: () => made.nowMs,
      monotonicMs: () => performance.now(),
    },
  );
  const state = { isBroken: false, nowMs: 1_700_000_000_000 };
  const made: Bench = Object.assign(state, { presence, delivered, saved, refused, secretive, pairs: asked });
  return made;
}

const told = (made: Bench) =>
  made.delivered.map(({ frame, recipients }) => {
    assert.ok(frame.kind === 'presence');
    return [
      frame.uid,
      frame.online,
      frame.lastSeenAtMs,
      ...recipients.map((one) => [one.uid, one.onlyDevice]),
    ];
  });

test('a subscriber is told of changes, on the device that asked, until it goes', async () => {
  const made = bench();
  const { presence } = made;
  presence.came(alice, web);
  presence.came(alice, phone);
  assert.deepEqual(await presence.subscribe({ uid: alice, device: web }, [bob, bob, carol]), [
    { uid: bob, online: false, lastSeenAtMs: 0 },
    { uid: carol, online: false, lastSeenAtMs: 0 },
  ]);
  presence.came(bob, phone);
  presence.came(bob, web);
  await waitUntil('it to come', () => made.delivered.length === 1);
  assert.deepEqual(told(made), [[bob, true, 0, [alice, web]]]);
  presence.went(bob, phone);
  presence.went(bob, web);
  await waitUntil('it to come', () => made.delivered.length === 2);
  assert.deepEqual(told(made)[1], [bob, false, made.nowMs, [alice, web]]);
  assert.deepEqual(await presence.states(alice, [bob]), [
    { uid: bob, online: false, lastSeenAtMs: made.nowMs },
  ]);

  presence.went(alice, web);
  assert.equal(presence.stats().subscriptionCount, 0);
  presence.came(bob, phone);
  await presence.close();
  assert.equal(made.delivered.length, 2);
});

test('whom a device watches it is told of besides its list; beyond its limit, or unasked for, it is not', async () => {
  const made = bench({ presenceSubscriptionCount: 2 });
  const { presence } = made;
  const subscriber = { uid: alice, device: web };
  for (const one of [alice, bob, carol, eve]) presence.came(one, web);
  await presence.subscribe(subscriber, [bob]);
  made.refused.add(`${alice}-${eve}`);
  assert.deepEqual(await presence.watch(subscriber, eve), { uid: eve, online: false, lastSeenAtMs: 0 });
  assert.equal(presence.stats().subscriptionCount, 1, 'of whom one may not know nothing is remembered');
  const there = (one: Uid) => ({ uid: one, online: true, lastSeenAtMs: 0 });
  assert.deepEqual(await presence.watch(subscriber, carol), there(carol));
  assert.deepEqual(await presence.watch(subscriber, alice), there(alice), 'an answer, and no more than that');
  assert.deepEqual(await presence.watch({ uid: eve, device: phone }, bob), there(bob), 'not connected');
  assert.equal(presence.stats().subscriptionCount, 2);
  for (const one of [bob, carol, eve]) presence.went(one, web);
  await waitUntil('them to be gone', () => made.delivered.length === 2);
  assert.deepEqual(told(made), [
    [bob, false, made.nowMs, [alice, web]],
    [carol, false, made.nowMs, [alice, web]],
  ]);
  assert.equal((await presence.watch(subscriber, carol)).lastSeenAtMs, made.nowMs);
  presence.went(alice, web);
  assert.equal(presence.stats().subscriptionCount, 0);
  await presence.close();
});

test('whoever comes back in time was never away', async () => {
  const made = bench({ presenceDebounceMs: 60 });
  const { presence } = made;
  presence.came(alice, web);
  presence.came(bob, phone);
  await presence.subscribe({ uid: alice, device: web }, [bob]);
  presence.went(bob, phone);
  assert.deepEqual(await presence.states(alice, [bob]), [{ uid: bob, online: true, lastSeenAtMs: 0 }]);
  presence.came(bob, web);
  await new Promise((resolve) => setTimeout(resolve, 120));
  assert.deepEqual([made.delivered.length, presence.stats().leavingCount], [0, 0]);
  await presence.close();
});

test('of who keeps it to himself, or refuses the asker, one learns what one learns of nobody', async () => {
  const made = bench();
  const { presence } = made;
  made.secretive.add(bob);
  made.refused.add(`${alice}-${carol}`);
  for (const one of [alice, bob, carol, eve]) presence.came(one, web);
  const unknown = uid(999);
  const states = await presence.subscribe({ uid: alice, device: web }, [bob, carol, eve, unknown, alice]);
  const hidden = { online: false, lastSeenAtMs: 0 };
  assert.deepEqual(states, [
    { uid: bob, ...hidden },
    { uid: carol, ...hidden },
    { uid: eve, online: true, lastSeenAtMs: 0 },
    { uid: unknown, ...hidden },
    { uid: alice, online: true, lastSeenAtMs: 0 },
  ]);
  assert.deepEqual(
    await presence.states(bob, [bob]),
    [{ uid: bob, online: true, lastSeenAtMs: 0 }],
    'himself',
  );
  assert.equal(presence.stats().subscriptionCount, 2, 'of bob and carol nothing is remembered');
  presence.went(bob, web);
  presence.went(carol, web);
  presence.went(eve, web);
  await waitUntil('it to come', () => made.delivered.length === 1);
  await presence.close();
  assert.deepEqual(
    told(made).map(([who]) => who),
    [eve],
  );
});

test('a block ends what was subscribed to: «offline, never seen» once, then nothing', async () => {
  const made = bench();
  const { presence } = made;
  for (const one of [alice, bob, eve]) presence.came(one, web);
  await presence.subscribe({ uid: alice, device: web }, [bob]);
  await presence.subscribe({ uid: eve, device: web }, [bob]);
  made.refused.add(`${eve}-${bob}`);
  presence.went(bob, web);
  await waitUntil('it to come', () => made.delivered.length === 2);
  assert.deepEqual(told(made), [
    [bob, false, made.nowMs, [alice, web]],
    [bob, false, 0, [eve, web]],
  ]);
  presence.came(bob, web);
  await waitUntil('it to come', () => made.delivered.length === 3);
  assert.deepEqual(told(made)[2], [bob, true, 0, [alice, web]]);
  await presence.close();
});

test('who may know no longer hears so at once, alone, and nothing when he really goes', async () => {
  const made = bench();
  const { presence } = made;
  for (const one of [alice, bob, eve]) presence.came(one, web);
  await presence.subscribe({ uid: alice, device: web }, [bob]);
  await presence.subscribe({ uid: eve, device: web }, [bob]);
  presence.rightsChanged([bob, carol]);
  made.refused.add(`${eve}-${bob}`);
  presence.rightsChanged([bob]);
  await waitUntil('it to come', () => made.delivered.length === 1);
  assert.deepEqual(told(made), [[bob, false, 0, [eve, web]]]);
  assert.equal(presence.stats().subscriptionCount, 1);
  made.secretive.add(bob);
  presence.rightsChanged([bob]);
  await waitUntil('it to come', () => made.delivered.length === 2);
  assert.deepEqual(told(made)[1], [bob, false, 0, [alice, web]]);
  presence.went(bob, web);
  await waitUntil('him to be gone', () => presence.stats().leavingCount === 0);
  await presence.close();
  assert.equal(made.delivered.length, 2);
});

test('who is online costs rights of those who are, and a state costs them where there is one', async () => {
  const made = bench();
  const { presence } = made;
  const many = Array.from({ length: 90 }, (_, index) => uid(index + 1));
  presence.came(bob, web);
  presence.came(carol, web);
  made.secretive.add(carol);
  assert.deepEqual(await presence.online(alice, many), [{ uid: bob, online: true, lastSeenAtMs: 0 }]);
  assert.deepEqual(made.pairs.splice(0), [`${alice}-${bob}`]);
  assert.deepEqual(
    (await presence.states(alice, many)).filter(({ online }) => online).map((state) => state.uid),
    [bob],
  );
  assert.deepEqual(made.pairs.splice(0), [`${alice}-${bob}`]);
  await presence.close();
});

test('too many are refused, by device and in all; who has no connection subscribes to nothing', async () => {
  const made = bench({ presenceSubscriptionCount: 2, presenceSubscriptionTotal: 3 });
  const { presence } = made;
  const subscribe = (one: Uid, uids: readonly Uid[]) => presence.subscribe({ uid: one, device: web }, uids);
  presence.came(alice, web);
  presence.came(bob, web);
  await assert.rejects(subscribe(alice, [bob, carol, eve]), (error) =>
    isError(error, 'TOO_MANY_SUBSCRIPTIONS'),
  );
  await subscribe(alice, [bob, carol]);
  await assert.rejects(subscribe(bob, [carol, eve]), (error) => isError(error, 'TOO_MANY_SUBSCRIPTIONS'));
  assert.equal((await subscribe(eve, [alice]))[0]?.online, true);
  assert.equal(presence.stats().subscriptionCount, 2);
  await subscribe(alice, []);
  assert.equal(presence.stats().subscriptionCount, 0);
  await presence.close();
});

test('last seen is written behind, of the connected too, at the end of all, and survives a store that takes nothing', async () => {
  const made = bench({ presenceOnlineSaveMs: 20 });
  const { presence } = made;
  presence.start();
  presence.came(alice, web);
  presence.came(bob, web);
  await waitUntil('it to come', () => made.saved.some((row) => row.uid === alice));
  made.isBroken = true;
  made.nowMs += 1000;
  presence.went(bob, web);
  await waitUntil('it to come', () => presence.stats().unsavedCount === 2);
  await waitUntil('it to come', () => presence.stats().leavingCount === 0);
  assert.deepEqual(await presence.states(alice, [bob]), [
    { uid: bob, online: false, lastSeenAtMs: made.nowMs },
  ]);
  made.isBroken = false;
  await waitUntil('it to come', () => made.saved.some((row) => row.uid === bob && row.atMs === made.nowMs));
  made.nowMs += 1000;
  await presence.close();
  assert.equal(made.saved.at(-1)?.atMs, made.nowMs);
  assert.equal(made.saved.at(-1)?.uid, alice);
});

test('times that wait for the store are bounded; the oldest is let go and counted', async () => {
  const made = bench({ presenceUnsavedCount: 2, presenceDebounceMs: 0 });
  const { presence } = made;
  made.isBroken = true;
  for (const one of [alice, bob, carol]) {
    presence.came(one, web);
    presence.went(one, web);
    await waitUntil('it to come', () => presence.stats().leavingCount === 0);
  }
  assert.deepEqual([presence.stats().unsavedCount, presence.stats().droppedCount], [2, 1]);
  await presence.close();
});
