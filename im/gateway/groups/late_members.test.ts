/** Who came into groups by events that arrive behind what was read: he is told of all of it, and nobody twice. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { waitUntil } from '../../../test/support/wait.js';
import type { Gid } from '../../message/ids.js';
import { gidOf, GroupScene, seqsOf, turns, uidOf, type Watched } from './fake_groups.js';

const [GROUP, OTHER] = [gidOf(1), gidOf(2)];
const [ANN, BOB] = [uidOf(1), uidOf(2)];

function sceneOf(t: TestContext): GroupScene {
  const scene = new GroupScene();
  t.after(() => scene.index.close());
  return scene;
}

/** Up to here the connection has been told to fetch the group, or had it when it signed in. */
const syncedOf = (one: Watched, gid: Gid): number => one.synced.get(gid) ?? 0;

test('a look for one late joining finds another that is on its way: its connections are told of both groups', async (t) => {
  const scene = sceneOf(t);
  const { store } = scene;
  store.join(GROUP, ANN);
  store.join(OTHER, ANN);
  const bob = await scene.signIn(BOB);
  const [here, there] = [store.join(GROUP, BOB), store.join(OTHER, BOB)];
  await scene.deliver(store.say(GROUP, ANN), here);
  await waitUntil('word of the first', () => syncedOf(bob, GROUP) === 3);
  assert.equal(syncedOf(bob, OTHER), 2, 'he has a place there from 2 on, and is not pushed it');
  await scene.deliver(there, store.say(OTHER, ANN));
  await turns();
  assert.deepEqual([seqsOf(bob, GROUP), seqsOf(bob, OTHER)], [[], [3]]);
  const { lateLookingCount, lateCount, lateFailedCount } = scene.index.stats();
  assert.deepEqual([lateLookingCount, lateCount, lateFailedCount], [0, 1, 0]);
});

test('who goes and comes back, and is known by his last joining first, is told of what came before it', async (t) => {
  const scene = sceneOf(t);
  const { store } = scene;
  store.join(GROUP, ANN);
  const bob = await scene.signIn(BOB);
  const [came, said, gone] = [store.join(GROUP, BOB), store.say(GROUP, ANN), store.leave(GROUP, BOB)];
  await scene.deliver(store.join(GROUP, BOB));
  assert.deepEqual(seqsOf(bob, GROUP), [5]);
  await scene.deliver(came, said, gone);
  await turns();
  assert.equal(syncedOf(bob, GROUP), 5);
  await scene.deliver(store.say(GROUP, ANN));
  assert.deepEqual(seqsOf(bob, GROUP), [5, 6]);
  assert.equal(store.membershipReads, 1, 'he has his place: nothing needs to be read');
});

test('a connection that went by his leaving while the look was under way is not pushed that again', async (t) => {
  const scene = sceneOf(t);
  const { store } = scene;
  store.join(GROUP, ANN);
  const bob = await scene.signIn(BOB);
  const came = store.join(GROUP, BOB);
  const again = await scene.signIn(BOB);
  store.turns = () => 4;
  await scene.deliver(came);
  await turns(2);
  await scene.deliver(store.leave(GROUP, BOB));
  await waitUntil('word of it', () => syncedOf(bob, GROUP) === 3);
  await turns();
  assert.deepEqual([seqsOf(bob, GROUP), seqsOf(again, GROUP)], [[], [3]]);
  assert.equal(scene.index.stats().slotCount, 0);
});

test('an old joining that comes while the look is under way gives no place to who has gone since', async (t) => {
  const scene = sceneOf(t);
  const { store } = scene;
  store.join(GROUP, ANN);
  store.join(OTHER, ANN);
  const came = store.join(GROUP, BOB);
  const bob = await scene.signIn(BOB);
  await scene.deliver(store.leave(GROUP, BOB));
  assert.deepEqual(seqsOf(bob, GROUP), [3]);
  const there = store.join(OTHER, BOB);
  store.turns = () => 4;
  await scene.deliver(store.say(OTHER, ANN), there);
  await turns(2);
  await scene.deliver(came);
  await waitUntil('word of the other', () => syncedOf(bob, OTHER) === 3);
  await turns();
  assert.deepEqual(seqsOf(bob, GROUP), [3]);
  assert.deepEqual([scene.index.stats().channelCount, scene.index.stats().slotCount], [1, 1]);
});

test('who signs in while another comes and goes in his group has nothing pushed to that one again', async (t) => {
  const scene = sceneOf(t);
  const { store } = scene;
  const bob = await scene.signIn(BOB);
  store.turns = () => 4;
  const signingIn = scene.signIn(ANN);
  await turns(2);
  await scene.deliver(store.join(GROUP, ANN), store.join(GROUP, BOB), store.leave(GROUP, BOB));
  const ann = await signingIn;
  await scene.deliver(store.say(GROUP, ANN));
  await waitUntil('what is said to her', () => seqsOf(ann, GROUP).includes(4));
  assert.deepEqual([seqsOf(bob, GROUP), seqsOf(ann, GROUP)], [[2, 3], [4]]);
});

test('a connection that signs in again is told of a group in which the read finds it before the joining comes', async (t) => {
  const scene = sceneOf(t);
  const { store } = scene;
  store.join(GROUP, ANN);
  const [old, modern] = [await scene.signIn(BOB, false), await scene.signIn(BOB)];
  const came = store.join(GROUP, BOB);
  for (const one of [old, modern]) await scene.signInAgain(one);
  assert.deepEqual([syncedOf(old, GROUP), syncedOf(modern, GROUP)], [2, 2]);
  await scene.deliver(came, store.say(GROUP, ANN));
  await turns();
  assert.deepEqual([seqsOf(old, GROUP), seqsOf(modern, GROUP)], [[3], [3]]);
});

test('a connection that signs in again is told of all groups that it came into meanwhile in one frame', async (t) => {
  const scene = sceneOf(t);
  const modern = await scene.signIn(BOB);
  for (const [count, named] of [
    [3, 3],
    [65, 0],
  ] as const) {
    const from = modern.client.groups?.size ?? 0;
    const gids = Array.from({ length: count }, (_, index) => gidOf(from + index + 1));
    for (const gid of gids) scene.store.join(gid, BOB);
    await scene.signInAgain(modern);
    const frame = modern.frames
      .splice(0)
      .map((one) => (one.kind === 'sync' ? one.conversations.length : one));
    assert.deepEqual(frame, [named]);
    for (const gid of gids) assert.equal(syncedOf(modern, gid), 1);
  }
});

test('an old client that came late and has gone meanwhile is told as far as the group has passed', async (t) => {
  const scene = sceneOf(t);
  const { store } = scene;
  store.join(GROUP, ANN);
  const bob = await scene.signIn(BOB, false);
  const came = store.join(GROUP, BOB);
  await scene.signIn(ANN);
  await scene.deliver(came, store.say(GROUP, ANN), store.leave(GROUP, BOB));
  await waitUntil('word of it', () => syncedOf(bob, GROUP) > 1);
  assert.equal(syncedOf(bob, GROUP), 4);
});
