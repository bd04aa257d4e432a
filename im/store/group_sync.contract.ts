/** Groups in sync, lists, counts and marks of their members, and of those who have left. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LARGE_GROUP } from '../message/group.js';
import { known, type Device } from '../message/ids.js';
import { EVERYBODY } from '../message/message.js';
import { DEFAULT_SETTINGS } from '../message/settings.js';
import { GroupScene } from './group_scene.contract.js';
import type { ConversationState, SyncPage } from './interface.js';
import { PHONE, Scene, seq, WEB, type StoreFactory } from './scene.contract.js';

export function groupSyncContract(name: string, factory: StoreFactory): void {
  const open = async (t: Parameters<StoreFactory>[0], users = 3): Promise<Scene> =>
    Scene.open((await factory(t)).stores, users);
  const sync = (scene: Scene, index: number, sinceMs = 0): Promise<SyncPage> =>
    scene.stores.messages.sync({ uid: scene.uid(index), device: WEB, sinceMs, afterConv: '', limit: 99 });

  test(`${name}: sync gives a group as its member sees it`, async (t) => {
    const scene = await open(t);
    const group = await GroupScene.create(scene);
    await group.say(0, 'before');
    const joined = await group.add(1);
    const last = await group.say(0, 'a', 'b');
    await scene.say(0, 1, 'to him alone');
    const { conversations, count, sum } = await sync(scene, 1);
    assert.deepEqual([count, sum], [2, last + 1]);
    const state = known(conversations.find(({ conv }) => conv === group.conv));
    const { lastMid, lastAtMs, createdAtMs, ...rest } = state;
    const newest = (await group.readBy(1)).at(-1);
    assert.ok(lastMid === newest?.mid && lastAtMs >= createdAtMs);
    assert.deepEqual(rest, {
      conv: group.conv,
      peer: group.gid,
      firstSeq: joined,
      lastSeq: last,
      isMember: true,
      deviceSeq: joined - 1,
      deliveredSeq: joined - 1,
      readSeq: joined - 1,
      peerDeliveredSeq: 0,
      peerReadSeq: 0,
      unread: 2,
      mentions: 0,
      settings: DEFAULT_SETTINGS,
    });
    const people = await scene.stores.messages.conversations(scene.uid(1), WEB, 9, 'people');
    assert.deepEqual(
      people.map(({ conv }) => conv),
      [scene.conv()],
    );
  });

  test(`${name}: coming and going are changes; what is said after one has gone is none`, async (t) => {
    const scene = await open(t);
    const group = await GroupScene.create(scene);
    const changed = async (sinceMs: number): Promise<string> => {
      const { conversations, count, sum } = await sync(scene, 1, sinceMs);
      const [state] = conversations;
      return `${conversations.length} ${state?.isMember} ${state?.lastSeq}; ${count} ${sum}`;
    };
    const later = async (): Promise<number> => {
      const { nowMs } = await sync(scene, 1);
      while (Date.now() <= nowMs) await new Promise((resolve) => setImmediate(resolve));
      return nowMs + 1;
    };
    assert.equal(await changed(0), '0 undefined undefined; 0 0');
    let since = await later();
    const joined = await group.add(1);
    assert.equal(await changed(since), `1 true ${joined}; 1 ${joined}`);
    since = await later();
    const left = await group.exit(1);
    assert.equal(await changed(since), `1 false ${left}; 1 ${left}`);
    const [before] = (await sync(scene, 1)).conversations;
    since = await later();
    await group.say(0, 'not his');
    assert.equal(await changed(since), `0 undefined undefined; 1 ${left}`);
    assert.deepEqual((await sync(scene, 1)).conversations, [before]);
    assert.deepEqual(await scene.stores.messages.cursors([scene.uid(1)]), [
      { uid: scene.uid(1), count: 1, sum: left },
    ]);
    since = await later();
    const again = await group.add(1);
    assert.equal(await changed(since), `1 true ${again}; 1 ${again}`);
    since = await later();
    const dissolved = await group.dissolve();
    assert.equal(await changed(since), `1 false ${dissolved}; 1 ${dissolved}`);
  });

  test(`${name}: unread and mentions are counted over his memberships, and stand still when he has left`, async (t) => {
    const scene = await open(t, 4);
    const group = await GroupScene.create(scene, [2]);
    const naming = (from: number, ...mentions: readonly number[]) =>
      group.message(from, `naming ${scene.newMid()}`, {
        extra: { mentions: mentions.map((index) => (index < 0 ? EVERYBODY : scene.uid(index))) },
      });
    const counts = async (): Promise<readonly number[]> => {
      const { unread, mentions } = known((await sync(scene, 1)).conversations[0]);
      return [unread, mentions];
    };
    await group.append(naming(0, 1));
    await group.add(1);
    assert.deepEqual(await counts(), [0, 0]);
    await group.append(naming(0, 1), naming(0, 2), naming(2, -1), naming(1, -1), naming(0, 1, -1));
    await group.say(0, 'of nobody');
    assert.deepEqual(await counts(), [5, 3]);
    await group.exit(1);
    await group.append(naming(0, 1), naming(0, -1));
    assert.deepEqual(await counts(), [5, 3]);
    await group.add(1);
    await group.append(naming(0, 1));
    assert.deepEqual(await counts(), [6, 4]);
    const [uid, conv] = [scene.uid(1), group.conv];
    const [{ seq: first }] = [known((await group.readBy(1))[1])];
    await scene.stores.messages.mark([
      { uid, device: WEB, conv, from: first, to: seq(first + 1), read: true },
    ]);
    assert.deepEqual(await counts(), [4, 3]);
  });

  test(`${name}: marks of a member stop at holes, walk over what is not for him, and end where he left`, async (t) => {
    const scene = await open(t);
    const group = await GroupScene.create(scene);
    const mark = async (from: number, to: number, device: Device, read = false): Promise<void> => {
      const [uid, conv] = [scene.uid(1), group.conv];
      await scene.stores.messages.mark([{ uid, device, conv, from: seq(from), to: seq(to), read }]);
    };
    const marks = async (device = WEB): Promise<readonly number[]> => {
      const [state] = await scene.stores.messages.conversations(scene.uid(1), device, 1, group.conv);
      const { deviceSeq, deliveredSeq, readSeq } = known(state);
      return [deviceSeq, deliveredSeq, readSeq];
    };
    await group.say(0, 'not his');
    await group.add(1);
    assert.deepEqual(await marks(), [2, 2, 2]);
    await group.say(0, 'a', 'b');
    await mark(4, 4, WEB);
    assert.deepEqual(await marks(), [2, 2, 2], 'he has not got the notice of his coming');
    await mark(3, 4, WEB);
    assert.deepEqual(await marks(), [4, 4, 2]);
    await mark(5, 5, PHONE);
    await group.exit(1);
    await group.say(0, 'not his', 'not his');
    await mark(3, 99, WEB, true);
    assert.deepEqual(await marks(), [6, 6, 6], 'who has left reads what he had, and no further');
    await group.add(1);
    await group.say(0, 'c');
    await mark(9, 9, WEB);
    assert.deepEqual(await marks(), [9, 9, 6], 'over what lies between his memberships');
    await mark(1, 3, WEB, true);
    assert.deepEqual(await marks(), [9, 9, 6]);
    await mark(10, 10, WEB, true);
    assert.deepEqual(await marks(), [10, 10, 10]);
    const [uid, conv] = [scene.uid(2), group.conv];
    await scene.stores.messages.mark([{ uid, device: WEB, conv, from: seq(1), to: seq(9), read: true }]);
    assert.equal((await sync(scene, 2)).count, 0, 'a stranger has none');
  });

  test(`${name}: what a member missed before he left stops his mark when he is back`, async (t) => {
    const scene = await open(t);
    const group = await GroupScene.create(scene, [1]);
    await group.say(0, 'a', 'b');
    await group.remove(1);
    await group.say(0, 'not his');
    const joined = await group.add(1);
    const [uid, conv] = [scene.uid(1), group.conv];
    const mark = async (from: number, to: number): Promise<number | undefined> => {
      const request = { uid, device: WEB, conv, from: seq(from), to: seq(to), read: false };
      await scene.stores.messages.mark([request]);
      return (await scene.stores.messages.conversations(uid, WEB, 1, conv))[0]?.deviceSeq;
    };
    assert.equal(await mark(1, 2), 2);
    assert.equal(await mark(joined, joined), 2);
    assert.equal(await mark(3, 4), joined - 1, 'to the end of what is not his');
    assert.equal(await mark(joined, joined), joined);
  });

  test(`${name}: in a large group only reading is marked for others, and notices stop no device`, async (t) => {
    const users = LARGE_GROUP.memberNotices + 2;
    const scene = await open(t, users);
    const others = Array.from({ length: LARGE_GROUP.deliveredMarks - 2 }, (_, index) => index + 2);
    const group = await GroupScene.create(scene, [1, ...others]);
    const got = async (place: number, read: boolean): Promise<readonly number[]> => {
      const [uid, conv, at] = [scene.uid(1), group.conv, seq(place)];
      await scene.stores.messages.mark([{ uid, device: WEB, conv, from: at, to: at, read }]);
      const [state] = await scene.stores.messages.conversations(uid, WEB, 1, conv);
      const { deviceSeq, deliveredSeq, readSeq } = known(state) satisfies ConversationState;
      return [deviceSeq, deliveredSeq, readSeq];
    };
    assert.deepEqual(await got(1, false), [1, 1, 0], 'as many as have delivered marks');
    await group.add(LARGE_GROUP.deliveredMarks);
    assert.deepEqual(await got(2, false), [2, 1, 0], 'one more');
    await group.say(0, 'a');
    assert.deepEqual(await got(3, true), [3, 1, 3]);
    const more = Array.from(
      { length: users - LARGE_GROUP.deliveredMarks - 1 },
      (_, index) => users - 1 - index,
    );
    await group.add(...more);
    await group.exit(users - 1);
    await group.add(users - 1);
    await group.say(0, 'b', 'c');
    assert.deepEqual(await got(7, false), [7, 1, 3]);
    assert.deepEqual(await got(9, false), [7, 1, 3], 'a message that he has not got stops him all the same');
  });
}
