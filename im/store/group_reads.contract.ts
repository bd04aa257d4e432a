/** What members of a group read, and nobody else: memberships are intervals of its log. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../errors.js';
import { groupConversation } from '../message/conversation.js';
import { GID_LIMIT, known, toGid } from '../message/ids.js';
import { GroupScene } from './group_scene.contract.js';
import { mid, PHONE, Scene, seq, WEB, WIDE, withCode, type StoreFactory } from './scene.contract.js';

const refused = withCode(ERRORS.NO_PERMISSION.code);
const END = seq(2 ** 40);
const ALL = new Map<never, never>();

export function groupReadsContract(name: string, factory: StoreFactory): void {
  const open = async (t: Parameters<StoreFactory>[0], users = 3): Promise<Scene> =>
    Scene.open((await factory(t)).stores, users);

  test(`${name}: a member reads from the notice of his coming to the notice of his going`, async (t) => {
    const scene = await open(t);
    const group = await GroupScene.create(scene);
    await group.say(0, 'before');
    const joined = await group.add(1);
    await group.say(0, 'a', 'b');
    const left = await group.exit(1);
    await group.say(0, 'after');
    assert.deepEqual(await group.seqsOf(1), [joined, joined + 1, joined + 2, left]);
    assert.deepEqual(await group.seqsOf(0), [1, 2, 3, 4, 5, 6, 7]);
    const range = (from: number, to: number) =>
      scene.stores.messages.range(scene.uid(1), group.conv, seq(from), seq(to), WIDE);
    const { from, to, more, events } = await range(1, 2);
    assert.deepEqual([from, to, more, events], [1, 2, false, []], 'what is not his is covered all the same');
    const beyond = await range(left, left + 1);
    assert.deepEqual([beyond.to, beyond.more], [left, false], 'but nothing behind his end');
    const behind = await range(left + 1, left + 1);
    assert.deepEqual([behind.to, behind.events], [left, []]);
  });

  test(`${name}: strangers read nothing of a group, and what does not exist is no group`, async (t) => {
    const scene = await open(t);
    const { messages } = scene.stores;
    const group = await GroupScene.create(scene, [1]);
    await group.say(0, 'a');
    const nowhere = groupConversation(known(toGid(GID_LIMIT - 1)));
    const noGroup = withCode(ERRORS.NO_SUCH_GROUP.code);
    for (const [conv, error] of [[group.conv, refused] as const, [nowhere, noGroup] as const]) {
      const uid = scene.uid(2);
      await assert.rejects(messages.range(uid, conv, seq(1), END, WIDE), error);
      await assert.rejects(messages.history(uid, conv, 0, WIDE), error);
      await assert.rejects(messages.historyBetween(uid, conv, 0, 0, WIDE), error);
      assert.deepEqual(await messages.conversations(uid, WEB, 9, conv), []);
    }
    assert.deepEqual(await messages.offlinePage(scene.uid(2), WEB, ALL, WIDE), []);
  });

  test(`${name}: open history is read from the first event, also by who comes late`, async (t) => {
    const scene = await open(t);
    const group = await GroupScene.create(scene, [], { openHistory: true });
    await group.say(0, 'a', 'b');
    const joined = await group.add(1);
    assert.deepEqual(await group.seqsOf(1), [1, 2, 3, joined]);
    const page = await scene.stores.messages.offlinePage(scene.uid(1), WEB, ALL, WIDE);
    assert.deepEqual(
      page.map((event) => event.seq),
      [joined],
      'but not given as if he had missed it',
    );
    await scene.say(0, 1, 'a chat');
    const { messages } = scene.stores;
    assert.equal((await messages.offlinePage(scene.uid(1), WEB, ALL, WIDE)).length, 2);
    assert.deepEqual(
      await messages.offlinePage(scene.uid(1), WEB, ALL, WIDE, 'groups'),
      page,
      'of groups alone',
    );
    const { events } = scene.stores;
    await events.setSettings(scene.uid(1), group.conv, { interest: 'muted' });
    assert.deepEqual(
      await messages.offlinePage(scene.uid(1), WEB, ALL, WIDE, 'groups'),
      [],
      'he wants nothing',
    );
    await events.setSettings(scene.uid(1), group.conv, { interest: 'full' });
    const read = { conv: group.conv, from: seq(1), to: seq(joined), read: true };
    await messages.mark([{ uid: scene.uid(1), device: WEB, ...read }]);
    assert.deepEqual(
      await messages.offlinePage(scene.uid(1), PHONE, ALL, WIDE, 'groups'),
      [],
      'a first device of its kind begins where he has read',
    );
  });

  test(`${name}: of a group of which he wants nothing only the end of it is given, to whoever asks by its name`, async (t) => {
    const scene = await open(t, 5);
    const { messages, events } = scene.stores;
    const group = await GroupScene.create(scene, [1, 2, 3, 4]);
    for (const index of [1, 2, 3, 4])
      await events.setSettings(scene.uid(index), group.conv, { interest: 'muted' });
    const given = async (
      index: number,
      only?: typeof group.conv,
      passed: ReadonlyMap<string, number> = ALL,
    ) => {
      const from = new Map([...passed].map(([, to]) => [group.conv, seq(to)]));
      const page = await messages.offlinePage(scene.uid(index), WEB, from, WIDE, only);
      return page.map((event) => event.seq);
    };
    await group.say(0, 'a', 'b');
    assert.deepEqual(await given(1, group.conv), [], 'no message, though asked');
    const removed = await group.remove(1);
    await group.say(0, 'c');
    assert.deepEqual(await given(1, group.conv), [removed], 'he is told live as well');
    assert.deepEqual(await given(1, group.conv, new Map([[group.conv, removed]])), [], 'once');
    assert.deepEqual([await given(1), await given(2, group.conv)], [[], []]);
    await group.exit(3);
    assert.deepEqual(await given(3, group.conv), [6], 'by another device of his');
    const dissolved = await group.dissolve();
    for (const index of [2, 4]) assert.deepEqual(await given(index, group.conv), [dissolved]);
    assert.deepEqual(await given(1, group.conv), [removed]);
    assert.deepEqual(await given(4), []);
    await events.setSettings(scene.uid(4), group.conv, { interest: 'full' });
    assert.deepEqual(await given(4), [1, 2, 3, 4, 5, 6, dissolved], 'all of it is still his');
  });

  test(`${name}: who comes back reads each of his memberships; a page jumps over what lies between`, async (t) => {
    const scene = await open(t);
    const group = await GroupScene.create(scene);
    await group.add(1);
    await group.say(0, 'a');
    await group.exit(1);
    await group.say(0, 'b', 'c');
    await group.add(1);
    await group.say(0, 'd');
    assert.deepEqual(await group.seqsOf(1), [2, 3, 4, 7, 8]);
    for (const count of [1, 2, 3, 4]) assert.deepEqual(await group.seqsOf(1, count), [2, 3, 4, 7, 8]);
    const range = (from: number, to: number, count: number) =>
      scene.stores.messages.range(scene.uid(1), group.conv, seq(from), seq(to), { ...WIDE, count });
    const first = await range(2, 99, 3);
    assert.deepEqual([first.to, first.more], [6, true]);
    const hole = await range(5, 6, 9);
    assert.deepEqual([hole.from, hole.to, hole.more, hole.events], [5, 6, false, []]);
    const last = await range(3, 6, 2);
    assert.deepEqual([last.to, last.more], [6, false]);
    const newest = await scene.stores.messages.history(scene.uid(1), group.conv, 0, { ...WIDE, count: 3 });
    assert.deepEqual(
      newest.map((event) => event.seq),
      [8, 7, 4],
    );
  });

  test(`${name}: the removed and the members of a dissolved group read up to the notice of it`, async (t) => {
    const scene = await open(t);
    const group = await GroupScene.create(scene, [1, 2]);
    await group.say(1, 'a');
    const removed = await group.remove(1);
    await group.say(0, 'b');
    const dissolved = await group.dissolve();
    assert.deepEqual(await group.seqsOf(1), [1, 2, removed]);
    assert.deepEqual(await group.seqsOf(2), [1, 2, 3, 4, dissolved]);
    const membership = async (index: number) => {
      const states = await scene.stores.messages.conversations(scene.uid(index), WEB, 9, group.conv);
      return [states[0]?.isMember, states[0]?.lastSeq];
    };
    assert.deepEqual(await membership(1), [false, removed]);
    assert.deepEqual(await membership(2), [false, dissolved]);
  });

  test(`${name}: pages by time and messages by their mids are those of the membership`, async (t) => {
    const scene = await open(t);
    const { messages } = scene.stores;
    const group = await GroupScene.create(scene);
    await group.say(0, 'a');
    await group.add(1);
    await group.say(0, 'b');
    await group.exit(1);
    await group.say(0, 'c');
    const all = await group.readBy(0);
    const times = async (index: number) =>
      (await messages.historyBetween(scene.uid(index), group.conv, 1, 0, WIDE)).map((event) => event.seq);
    assert.deepEqual(await times(1), [5, 4, 3]);
    assert.deepEqual(await times(0), [6, 5, 4, 3, 2, 1]);
    const seen = async (index: number) =>
      (await messages.locate(scene.uid(index), [...all.map((event) => event.mid), mid(2 ** 50)])).map(
        (found) => found.seq,
      );
    assert.deepEqual([await seen(0), await seen(1), await seen(2)], [[1, 2, 3, 4, 5, 6], [3, 4, 5], []]);
  });

  test(`${name}: the log of a group is read whole, whoever is in it`, async (t) => {
    const scene = await open(t);
    const group = await GroupScene.create(scene);
    await group.say(0, 'a', 'b', 'c');
    const { messages } = scene.stores;
    const page = await messages.logOf(group.conv, seq(2), seq(9), { ...WIDE, count: 2 });
    assert.deepEqual([page.from, page.to, page.more], [2, 3, true]);
    assert.deepEqual(
      page.events.map((event) => event.content),
      ['a', 'b'],
    );
    const rest = await messages.logOf(group.conv, seq(4), seq(9), WIDE);
    assert.deepEqual([rest.to, rest.more, rest.events.length], [4, false, 1]);
    const nothing = await messages.logOf(scene.conv(0, 2), seq(1), seq(9), WIDE);
    assert.deepEqual([nothing.to, nothing.events], [0, []]);
  });

  test(`${name}: a device is given what it missed of a group, also what came before its user left`, async (t) => {
    const scene = await open(t);
    const { messages } = scene.stores;
    const group = await GroupScene.create(scene, [1]);
    const first = await group.say(0, 'a');
    await messages.mark([
      { uid: scene.uid(1), device: WEB, conv: group.conv, from: seq(1), to: first, read: false },
    ]);
    await group.say(0, 'b');
    await group.exit(1);
    await group.say(0, 'not his');
    const missed = async () =>
      (await messages.offlinePage(scene.uid(1), WEB, ALL, WIDE)).map((event) => event.seq);
    assert.deepEqual(await missed(), [3, 4]);
    // By somebody else, or it would be an event of his own.
    await scene.append(scene.relation(1, 0, 'white'));
    const uids = [group.uid(1)];
    await group.did(0, { do: 'add', uids, how: 'invited', code: '', groupLimit: 9 });
    await group.say(1, 'own', 'of another device');
    assert.deepEqual(await missed(), [3, 4, 6, 7, 8]);
    const page = await messages.offlinePage(scene.uid(1), PHONE, new Map([[group.conv, seq(3)]]), WIDE);
    assert.deepEqual(
      page.map((event) => event.seq),
      [6],
      'his own notice of leaving and his messages came from that device',
    );
    assert.deepEqual(await messages.offline(scene.uid(1), WEB, WIDE), [], 'who pulls that knows no group');
  });

  test(`${name}: retention raises the floor of a group for all its members`, async (t) => {
    const scene = await open(t);
    const { messages } = scene.stores;
    const group = await GroupScene.create(scene, [1]);
    await group.say(0, 'a', 'b');
    await group.exit(1);
    await group.say(0, 'c', 'd');
    await group.add(1);
    await group.say(0, 'e');
    assert.equal(await messages.expire(Date.now() + 1000, 5, 100), 3);
    assert.deepEqual(
      [await group.seqsOf(0), await group.seqsOf(1)],
      [
        [4, 5, 6, 7, 8],
        [4, 7, 8],
      ],
    );
    assert.equal(await messages.expire(Date.now() + 1000, 3, 100), 2);
    assert.deepEqual(
      [await group.seqsOf(0), await group.seqsOf(1)],
      [
        [6, 7, 8],
        [7, 8],
      ],
    );
    const [state] = await messages.conversations(scene.uid(1), WEB, 1, group.conv);
    assert.deepEqual([state?.firstSeq, state?.lastSeq], [7, 8]);
    const expired = withCode(ERRORS.EXPIRED.code);
    await assert.rejects(messages.range(scene.uid(1), group.conv, seq(1), seq(3), WIDE), expired);
    await group.exit(1);
    await group.say(0, 'f');
    assert.equal(await messages.expire(Date.now() + 1000, 0, 100), 5);
    const [gone] = await messages.conversations(scene.uid(1), WEB, 1, group.conv);
    assert.deepEqual([gone?.firstSeq, gone?.lastSeq, gone?.unread], [10, 9, 0]);
    assert.deepEqual(await group.seqsOf(1), []);
  });
}
