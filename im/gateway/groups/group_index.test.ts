import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { waitUntil } from '../../../test/support/wait.js';
import { ERRORS } from '../../errors.js';
import { known, toSeq, type Uid } from '../../message/ids.js';
import { EVERYBODY } from '../../message/message.js';
import type { GroupDelivery } from '../interface.js';
import { gidOf, GroupScene, seqsOf, turns, uidOf } from './fake_groups.js';
import type { GroupOptions } from './group_options.js';

const GROUP = gidOf(1);
const [ANN, BOB, CID] = [uidOf(1), uidOf(2), uidOf(3)];

function sceneOf(t: TestContext, options: Partial<GroupOptions> = {}): GroupScene {
  const scene = new GroupScene(options);
  t.after(() => scene.index.close());
  return scene;
}

test('events go to members only, in order and once, whatever comes twice or early', async (t) => {
  const scene = sceneOf(t);
  scene.store.join(GROUP, ANN, BOB);
  const [ann, bob, cid] = [await scene.signIn(ANN), await scene.signIn(BOB), await scene.signIn(CID)];
  const events = Array.from({ length: 4 }, () => scene.store.say(GROUP, ANN));
  const [first, second, third, fourth] = events;
  assert.ok(first && second && third && fourth);
  await scene.deliver(second, first, first, fourth, third, second);
  await turns();
  assert.deepEqual(seqsOf(ann, GROUP), [2, 3, 4, 5]);
  assert.deepEqual(seqsOf(bob, GROUP), [2, 3, 4, 5]);
  assert.deepEqual(cid.frames, []);
  const { waitingCount, holeCount, slotCount } = scene.index.stats();
  assert.deepEqual([waitingCount, holeCount, slotCount], [0, 0, 2]);
});

test('who comes in gets his notice first, who goes gets his last, and nothing after it', async (t) => {
  const scene = sceneOf(t);
  scene.store.join(GROUP, ANN);
  const [ann, bob] = [await scene.signIn(ANN), await scene.signIn(BOB)];
  const log = [
    scene.store.say(GROUP, ANN),
    scene.store.join(GROUP, BOB),
    scene.store.say(GROUP, ANN),
    scene.store.note(GROUP, ANN, { type: 'removed', uids: [BOB], banned: false }),
    scene.store.say(GROUP, ANN),
  ];
  await scene.deliver(...log);
  await turns();
  assert.deepEqual(seqsOf(ann, GROUP), [2, 3, 4, 5, 6]);
  assert.deepEqual(seqsOf(bob, GROUP), [3, 4, 5]);
  await scene.deliver(scene.store.note(GROUP, ANN, { type: 'dissolved' }));
  await turns();
  assert.deepEqual(seqsOf(ann, GROUP).at(-1), 7);
  assert.deepEqual(scene.index.stats().channelCount, 0);
});

test('in a large group a notice goes to those concerned and who did it; `after` reaches back over it', async (t) => {
  const scene = sceneOf(t);
  scene.store.join(GROUP, ANN, BOB);
  const [ann, bob, cid] = [await scene.signIn(ANN), await scene.signIn(BOB), await scene.signIn(CID)];
  const joined = scene.store.note(GROUP, ANN, { type: 'joined', uids: [CID], how: 'invited' });
  await scene.deliver({ ...joined, audience: 'concerned' }, scene.store.say(GROUP, ANN));
  await turns();
  assert.deepEqual(
    [ann, bob, cid].map((one) => seqsOf(one, GROUP)),
    [[2, 3], [3], [2, 3]],
  );
  const last = bob.frames.at(-1);
  assert.deepEqual(last?.kind === 'push' && last.after, 1);
});

test('the device that has an answer gets no push, the others of its user do', async (t) => {
  const scene = sceneOf(t);
  scene.store.join(GROUP, ANN);
  const [one, two] = [await scene.signIn(ANN), await scene.signIn(ANN)];
  const { device } = one.client;
  await scene.deliver({ ...scene.store.say(GROUP, ANN), except: { uid: ANN, device } });
  await turns();
  assert.deepEqual([seqsOf(one, GROUP), seqsOf(two, GROUP)], [[], [2]]);
});

test('a hole is waited for, then read once for everybody; a store that fails is asked again', async (t) => {
  const scene = sceneOf(t);
  const members = Array.from({ length: 50 }, (_, index) => uidOf(index + 1));
  scene.store.join(GROUP, ...members);
  const all = await Promise.all(members.map((uid) => scene.signIn(uid)));
  assert.equal(scene.store.membershipReads, 1, 'one read for all who sign in together');
  for (let lost = 0; lost < 5; lost++) scene.store.say(GROUP, ANN);
  scene.store.failures = 1;
  await scene.deliver(scene.store.say(GROUP, ANN));
  assert.equal(scene.store.logReads, 0);
  await waitUntil('the hole to be filled', () => seqsOf(known(all[49]), GROUP).length === 6);
  for (const one of all) assert.deepEqual(seqsOf(one, GROUP), [2, 3, 4, 5, 6, 7]);
  assert.equal(scene.store.logReads, 2);
  assert.deepEqual([scene.index.stats().holeCount, scene.index.stats().failedReadCount], [1, 1]);
});

test('a hole that is too long, or cannot be read, is announced; who came and went in it is known all the same', async (t) => {
  const scene = sceneOf(t, { groupHoleEvents: 10, groupReadEvents: 4 });
  scene.store.join(GROUP, ANN, BOB);
  const [ann, bob, cid] = [await scene.signIn(ANN), await scene.signIn(BOB), await scene.signIn(CID)];
  for (let lost = 0; lost < 10; lost++) scene.store.say(GROUP, ANN);
  scene.store.leave(GROUP, BOB);
  scene.store.join(GROUP, CID);
  scene.store.failures = 4;
  await scene.deliver(scene.store.say(GROUP, ANN));
  await waitUntil('the hole to be passed', () => scene.index.stats().waitingCount === 0);
  await waitUntil('its end', () => ann.frames.filter(({ kind }) => kind === 'sync').length === 2);
  await scene.deliver(scene.store.say(GROUP, ANN));
  await turns();
  assert.deepEqual(
    [ann, bob, cid].map((one) => seqsOf(one, GROUP)),
    [[15], [], [15]],
  );
  assert.ok(
    bob.frames.some(({ kind }) => kind === 'sync'),
    'he was here when it was given up',
  );
});

test('who is removed by what was passed over is told so, wherever he stood', async (t) => {
  const scene = sceneOf(t, { groupHoleEvents: 3 });
  const { store } = scene;
  store.join(GROUP, ANN, BOB, CID);
  store.interests.set(`${CID}/${GROUP}`, 'muted');
  const [ann, bob, cid] = [await scene.signIn(ANN), await scene.signIn(BOB, false), await scene.signIn(CID)];
  const twin = await scene.signIn(CID);
  for (let lost = 0; lost < 3; lost++) store.say(GROUP, ANN);
  store.note(GROUP, ANN, { type: 'removed', uids: [BOB, CID], banned: false });
  await scene.deliver(store.say(GROUP, ANN));
  await waitUntil('the hole to be passed', () => ann.frames.length > 0);
  const syncedOf = (one: typeof ann): number | undefined => one.synced.get(GROUP);
  assert.deepEqual([ann, bob, cid, twin].map(syncedOf), [6, 5, 6, 6]);
  assert.equal(cid.frames[0], twin.frames[0], 'the same for all who go');
  assert.equal(scene.index.stats().slotCount, 1);
});

test('what was passed over is announced before the next is pushed, which may be the last for somebody', async (t) => {
  const scene = sceneOf(t, { groupHoleEvents: 3 });
  const { store } = scene;
  store.join(GROUP, ANN, BOB);
  const [modern, old] = [await scene.signIn(BOB), await scene.signIn(BOB, false)];
  for (let lost = 0; lost < 4; lost++) store.say(GROUP, ANN);
  const heard = store.say(GROUP, ANN);
  // While the hole is read, which is passed over only up to where it had been heard of then.
  store.turns = () => {
    store.turns = () => 1;
    void scene.deliver(store.note(GROUP, ANN, { type: 'removed', uids: [BOB], banned: false }));
    return 1;
  };
  await scene.deliver(heard);
  await waitUntil('his last', () => seqsOf(old, GROUP).length > 0);
  assert.deepEqual(
    modern.frames.map(({ kind }) => kind),
    ['sync', 'push'],
  );
  assert.deepEqual([old.synced.get(GROUP), seqsOf(old, GROUP)], [6, [7]]);
});

test('more than a channel keeps is read from the store in its turn, and whoever delivers is made to wait', async (t) => {
  const scene = sceneOf(t, { groupWaitingEvents: 16 });
  scene.store.join(GROUP, ANN);
  const ann = await scene.signIn(ANN);
  scene.store.say(GROUP, ANN);
  const log = Array.from({ length: 40 }, () => scene.store.say(GROUP, ANN));
  let isTaken = false;
  const taken = scene.deliver(...log.slice(0, 17)).then(() => (isTaken = true));
  await turns(2);
  await scene.deliver(...log.slice(17, 17));
  assert.ok(scene.index.stats().waitingCount <= 17);
  void scene.deliver(...log.slice(17));
  await waitUntil('all of it', () => seqsOf(ann, GROUP).length === 41);
  await taken;
  assert.ok(isTaken);
  assert.deepEqual(
    seqsOf(ann, GROUP),
    Array.from({ length: 41 }, (_, index) => index + 2),
  );
});

test('what is read again because too much waited is for the same devices as when it came', async (t) => {
  const scene = sceneOf(t, { groupWaitingEvents: 16 });
  const { store } = scene;
  store.join(GROUP, ANN, BOB);
  const [one, two, bob] = [await scene.signIn(ANN), await scene.signIn(ANN), await scene.signIn(BOB)];
  const except = { uid: ANN, device: one.client.device };
  store.say(GROUP, BOB);
  const said = Array.from({ length: 30 }, () => ({ ...store.say(GROUP, ANN), except }));
  const alias = store.note(GROUP, ANN, { type: 'alias', uid: ANN, alias: 'A' });
  await turns();
  void scene.deliver(...said, { ...alias, audience: 'concerned' }, store.say(GROUP, BOB));
  await waitUntil('all of it', () => seqsOf(bob, GROUP).includes(34));
  assert.ok(store.logReads > 1, 'more than the hole was read');
  const all = Array.from({ length: 33 }, (_, index) => index + 2);
  assert.deepEqual(seqsOf(two, GROUP), all);
  assert.deepEqual(seqsOf(one, GROUP), [2, 33, 34], 'no echo of its own');
  assert.deepEqual(
    seqsOf(bob, GROUP),
    all.filter((seq) => seq !== 33),
    'the notice does not concern him',
  );
  const last = bob.frames.at(-1);
  assert.deepEqual(last?.kind === 'push' && last.after, 32);
  await scene.deliver(...said);
  assert.deepEqual([seqsOf(one, GROUP).length, scene.index.stats().waitingCount], [3, 0]);
});

test('a fan-out yields: so many pushes in a turn, one event after the other, groups in turns', async (t) => {
  const scene = sceneOf(t);
  const other = gidOf(2);
  const members = Array.from({ length: 600 }, (_, index) => uidOf(index + 1));
  scene.store.join(GROUP, ...members);
  scene.store.join(other, ANN);
  const all = await Promise.all(members.map((uid) => scene.signIn(uid)));
  const [ann, last] = [known(all[0]), known(all[599])];
  scene.pushedInTurn = 0;
  const taken = scene.deliver(
    scene.store.say(GROUP, BOB),
    scene.store.say(GROUP, BOB),
    scene.store.say(other, ANN),
  );
  assert.ok(scene.pushedInTurn <= 256, String(scene.pushedInTurn));
  await taken;
  assert.deepEqual(seqsOf(last, GROUP), []);
  await turns(2);
  assert.deepEqual(seqsOf(ann, other), [2], 'a large group does not keep a small one waiting');
  for (const one of all.slice(300, 310)) scene.signOut(one);
  await turns();
  for (const one of [...all.slice(0, 300), ...all.slice(310)]) assert.deepEqual(seqsOf(one, GROUP), [2, 3]);
  assert.equal(scene.index.stats().slotCount, 591);
});

test('that somebody wants more may be read, by a further sign-in, before word of it comes: he is told all the same', async (t) => {
  const scene = sceneOf(t);
  const { store } = scene;
  store.join(GROUP, ANN, BOB);
  store.interests.set(`${BOB}/${GROUP}`, 'muted');
  const [modern, old] = [await scene.signIn(BOB), await scene.signIn(BOB, false)];
  await scene.deliver(store.say(GROUP, ANN));
  await turns();
  store.interests.set(`${BOB}/${GROUP}`, 'full');
  await scene.signInAgain(modern);
  await scene.signInAgain(old);
  scene.index.setInterest([{ uid: BOB, gid: GROUP, interest: 'full' }]);
  assert.deepEqual([modern.synced.get(GROUP), old.synced.get(GROUP)], [2, 2]);
});

test('less than everything: counts, at most one for each while, or nothing; removed ones hear it', async (t) => {
  const scene = sceneOf(t);
  scene.store.join(GROUP, ANN, BOB, CID);
  scene.store.interests.set(`${BOB}/${GROUP}`, 'count');
  const [ann, bob, cid] = [await scene.signIn(ANN), await scene.signIn(BOB), await scene.signIn(CID)];
  scene.index.setInterest([{ uid: CID, gid: GROUP, interest: 'muted' }]);
  await scene.deliver(...[ANN, ANN, BOB].map((from: Uid) => scene.store.say(GROUP, from)));
  await waitUntil('a count', () => bob.frames.length > 0);
  assert.deepEqual(
    bob.frames.map((frame) => frame.kind === 'count' && [frame.lastSeq, frame.messages]),
    [[3, 2]],
    'without his own',
  );
  const syncs = (one: typeof bob): number => one.frames.filter(({ kind }) => kind === 'sync').length;
  scene.index.setInterest([{ uid: BOB, gid: GROUP, interest: 'muted' }]);
  assert.equal(syncs(bob), 0);
  for (const interest of ['count', 'full', 'muted'] as const)
    scene.index.setInterest([{ uid: BOB, gid: GROUP, interest }]);
  assert.equal(syncs(bob), 2, 'each time that he wants more');
  await scene.deliver(scene.store.note(GROUP, ANN, { type: 'removed', uids: [BOB, CID], banned: true }));
  await turns();
  assert.deepEqual(
    [ann, bob, cid].map((one) => seqsOf(one, GROUP)),
    [[2, 3, 4, 5], [5], [5]],
  );
});

test('a count says what names its reader, and that something was taken back, his own sender too', async (t) => {
  const scene = sceneOf(t);
  const { store } = scene;
  store.join(GROUP, ANN, BOB, CID);
  for (const uid of [BOB, CID]) store.interests.set(`${uid}/${GROUP}`, 'count');
  const [bob, cid] = [await scene.signIn(BOB), await scene.signIn(CID)];
  const counts = (one: typeof bob): unknown[] =>
    one.frames.splice(0).map((frame) => {
      assert.ok(frame.kind === 'count');
      const { lastSeq, messages, mentions, recalledSeq } = frame;
      return [lastSeq, messages, mentions, recalledSeq];
    });
  const told = (what: string): Promise<unknown> =>
    waitUntil(what, () => bob.frames.length > 0 && cid.frames.length > 0);
  const said = store.say(GROUP, ANN, { mentions: [BOB] });
  const others = [store.say(GROUP, ANN, { mentions: [EVERYBODY, BOB] }), store.say(GROUP, ANN, {})];
  await scene.deliver(said, ...others);
  await told('the messages');
  assert.deepEqual([counts(bob), counts(cid)], [[[4, 3, 2, undefined]], [[4, 3, 1, undefined]]]);
  await scene.deliver(
    store.recall(GROUP, BOB, known(others[0]).event),
    store.recall(GROUP, ANN, said.event),
    store.say(GROUP, CID, { mentions: [EVERYBODY] }),
  );
  await told('the recalls');
  assert.deepEqual([counts(bob), counts(cid)], [[[7, 1, 1, 3]], [[6, 0, undefined, 3]]]);
});

test('relays go to current members, without those that want less, and are let go where too many wait', async (t) => {
  const scene = sceneOf(t);
  scene.store.join(GROUP, ANN, BOB);
  const [ann, bob, cid] = [await scene.signIn(ANN), await scene.signIn(BOB), await scene.signIn(CID)];
  const { device } = ann.client;
  const relay: GroupDelivery = {
    ...{ kind: 'relay', gid: GROUP, except: { uid: ANN, device } },
    frame: { kind: 'relay', action: 'message.cli', from: ANN, to: GROUP, payload: {} },
  };
  await scene.deliver(relay);
  await turns();
  assert.deepEqual(
    [ann, bob, cid].map(({ frames }) => frames.length),
    [0, 1, 0],
  );
  scene.index.setInterest([{ uid: BOB, gid: GROUP, interest: 'count' }]);
  await scene.deliver(relay);
  await turns();
  assert.equal(bob.frames.length, 1);
});

test('who comes in behind a hole has his place, though the last who was here goes meanwhile', async (t) => {
  const scene = sceneOf(t, { groupHoleMs: 20 });
  scene.store.join(GROUP, ANN);
  const [ann, bob] = [await scene.signIn(ANN), await scene.signIn(BOB)];
  scene.store.say(GROUP, ANN);
  await scene.deliver(scene.store.join(GROUP, BOB));
  scene.signOut(ann);
  await waitUntil('his notice', () => seqsOf(bob, GROUP).length === 1);
  await scene.deliver(scene.store.say(GROUP, ANN));
  await turns();
  assert.deepEqual(seqsOf(bob, GROUP), [3, 4]);
  scene.signOut(bob);
  assert.deepEqual([scene.index.stats().channelCount, scene.index.stats().slotCount], [0, 0]);
});

test('an old notice that comes again gives nobody who has gone a place in which he hears relays', async (t) => {
  const scene = sceneOf(t, { groupHoleMs: 20 });
  const joined = scene.store.join(GROUP, BOB);
  scene.store.leave(GROUP, BOB);
  scene.store.join(GROUP, ANN);
  const bob = await scene.signIn(BOB);
  await scene.deliver(joined);
  const ann = await scene.signIn(ANN);
  const relay: GroupDelivery = {
    ...{ kind: 'relay', gid: GROUP, except: { uid: CID, device: ann.client.device } },
    frame: { kind: 'relay', action: 'message.cli', from: CID, to: GROUP, payload: {} },
  };
  await scene.deliver(relay);
  await waitUntil('the relay', () => ann.frames.some(({ kind }) => kind === 'relay'));
  assert.deepEqual(seqsOf(bob, GROUP), [1, 2]);
  assert.ok(bob.frames.every(({ kind }) => kind !== 'relay'));
  assert.equal(scene.index.stats().slotCount, 1);
});

test('who came in by an event that arrives behind what others had read is told to fetch, and goes on from there', async (t) => {
  const scene = sceneOf(t);
  scene.store.join(GROUP, ANN);
  const bob = await scene.signIn(BOB);
  const joined = scene.store.join(GROUP, BOB);
  await scene.signIn(ANN);
  scene.store.failures = 1;
  await scene.deliver(joined);
  await waitUntil('word of it', () => bob.frames.some(({ kind }) => kind === 'sync'));
  await scene.deliver(scene.store.say(GROUP, ANN));
  await turns();
  assert.deepEqual(seqsOf(bob, GROUP), [3]);
  assert.equal(scene.index.stats().signingInCount, 0);
});

test('what is read for a group that is closed meanwhile does not count as waiting', async (t) => {
  const scene = sceneOf(t);
  scene.store.join(GROUP, ANN);
  await scene.signIn(ANN);
  scene.store.say(GROUP, ANN);
  scene.store.turns = () => {
    scene.index.close();
    return 1;
  };
  await scene.deliver(scene.store.say(GROUP, ANN));
  await waitUntil('a read', () => scene.store.logReads === 1);
  await turns();
  assert.deepEqual([scene.index.stats().waitingCount, scene.index.stats().waitingBytes], [0, 0]);
});

test('a connection that goes while a notice for many is passed around is given nothing more', async (t) => {
  const scene = sceneOf(t);
  const members = Array.from({ length: 400 }, (_, index) => uidOf(index + 1));
  const all = await Promise.all(members.map((uid) => scene.signIn(uid)));
  await scene.deliver({ ...scene.store.join(GROUP, ...members), audience: 'concerned' });
  const gone = known(all.at(-1));
  scene.signOut(gone);
  await turns();
  assert.deepEqual(seqsOf(known(all[398]), GROUP), [1]);
  assert.deepEqual(gone.frames, []);
});

test('a sign-in whose groups cannot be read is refused; too much to keep means reading again', async (t) => {
  const scene = sceneOf(t, { groupSignInEvents: 2 });
  scene.store.join(GROUP, ANN);
  scene.store.failures = 1;
  await assert.rejects(scene.signIn(ANN), { code: ERRORS.STORE_UNAVAILABLE.code });
  assert.deepEqual([scene.index.stats().signingInCount, scene.index.stats().slotCount], [0, 0]);
  scene.store.turns = () => 4;
  const signingIn = scene.signIn(ANN);
  await turns(2);
  for (let number = 2; number < 6; number++) await scene.deliver(scene.store.say(gidOf(number), BOB));
  await scene.deliver(scene.store.say(GROUP, BOB));
  const ann = await signingIn;
  assert.equal(scene.index.stats().readAgainCount, 1);
  await scene.deliver(scene.store.say(GROUP, BOB));
  await turns();
  assert.deepEqual(seqsOf(ann, GROUP).at(-1), 3);
  assert.equal(known(toSeq(3)), 3);
});

test('whoever went and came back while he signs in wants everything, whatever he wanted before', async (t) => {
  for (const when of ['before the read', 'after the read', 'before the sign-in', 'again'] as const) {
    const scene = sceneOf(t);
    const { store, index } = scene;
    const want = (interest: 'count' | 'muted'): void => {
      store.interests.set(`${BOB}/${GROUP}`, interest);
      index.setInterest([{ uid: BOB, gid: GROUP, interest }]);
    };
    store.join(GROUP, ANN, BOB);
    await scene.signIn(ANN);
    store.turns = () => 6;
    if (when === 'before the sign-in') want('muted');
    const signingIn = scene.signIn(BOB);
    if (when === 'before the read') want('muted');
    const change = (): readonly GroupDelivery[] => [store.leave(GROUP, BOB), store.join(GROUP, BOB)];
    const deliveries = when === 'before the read' ? change() : [];
    await turns(2);
    if (when === 'after the read') want('muted');
    if (when !== 'before the read') await scene.deliver(...change());
    if (when === 'again') want('count');
    const bob = await signingIn;
    await scene.deliver(...deliveries, store.say(GROUP, ANN));
    await turns();
    assert.equal(bob.client.groups?.get(GROUP)?.interest, when === 'again' ? 'count' : 'full', when);
    assert.equal(seqsOf(bob, GROUP).includes(4), when !== 'again', when);
  }
});
