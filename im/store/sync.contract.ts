/** Reconnect sync and the list of recent conversations. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../errors.js';
import { known, toUid } from '../message/ids.js';
import { DEFAULT_SETTINGS } from '../message/settings.js';
import { UNREAD_LIMIT, type SyncPage, type SyncRequest } from './interface.js';
import { PHONE, Scene, seq, WEB, withCode, type StoreFactory } from './scene.contract.js';

export function syncContract(name: string, factory: StoreFactory): void {
  const open = async (t: Parameters<StoreFactory>[0], users = 2): Promise<Scene> =>
    Scene.open((await factory(t)).stores, users);
  const sync = (scene: Scene, index: number, more: Partial<SyncRequest> = {}): Promise<SyncPage> =>
    scene.stores.messages.sync({
      uid: scene.uid(index),
      device: WEB,
      sinceMs: 0,
      afterConv: '',
      limit: 10,
      ...more,
    });

  test(`${name}: sync gives a conversation as its owner sees it`, async (t) => {
    const scene = await open(t);
    const sent = await scene.say(0, 1, 'a', 'b', 'c');
    await scene.say(1, 0, 'd');
    const { epoch, nowMs, ...page } = await sync(scene, 1);
    const [state] = page.conversations;
    assert.deepEqual(page, { conversations: [state], more: false, count: 1, sum: 4 });
    assert.equal(epoch, 1);
    const { lastMid, lastAtMs, createdAtMs, ...rest } = known(state);
    assert.ok(lastMid !== sent[2]?.mid && createdAtMs <= lastAtMs && lastAtMs <= nowMs);
    assert.deepEqual(rest, {
      conv: scene.conv(),
      peer: scene.uid(0),
      firstSeq: 1,
      lastSeq: 4,
      deviceSeq: 0,
      deliveredSeq: 0,
      readSeq: 0,
      peerDeliveredSeq: 0,
      peerReadSeq: 0,
      unread: 3,
      mentions: 0,
      isMember: true,
      settings: DEFAULT_SETTINGS,
    });
  });

  test(`${name}: since leaves out what has not changed; count and sum are of all`, async (t) => {
    const scene = await open(t, 4);
    await scene.say(0, 1, 'a');
    await scene.say(0, 2, 'b', 'c');
    await scene.say(3, 0, 'd');
    const { nowMs } = await sync(scene, 0);
    while (Date.now() <= nowMs) await new Promise((resolve) => setImmediate(resolve));
    await scene.say(3, 0, 'e');
    const page = await sync(scene, 0, { sinceMs: nowMs + 1 });
    assert.deepEqual(
      page.conversations.map((state) => state.conv),
      [scene.conv(0, 3)],
    );
    assert.deepEqual([page.count, page.sum], [3, 5]);
    assert.equal((await sync(scene, 0, { sinceMs: 2 ** 50 })).conversations.length, 0);
  });

  test(`${name}: pages follow each other by name without loss or repeat`, async (t) => {
    const scene = await open(t, 8);
    for (let index = 1; index < 8; index += 1) await scene.say(index, 0, 'x');
    const seen: string[] = [];
    let page = await sync(scene, 0, { limit: 3 });
    for (;;) {
      seen.push(...page.conversations.map((state) => state.conv));
      if (!page.more) break;
      page = await sync(scene, 0, { limit: 3, afterConv: known(seen.at(-1)) });
    }
    assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7].map((index) => scene.conv(0, index)).sort());
    assert.deepEqual([page.count, page.sum], [7, 7]);
  });

  test(`${name}: unread counts the messages of others after the read mark, up to the limit`, async (t) => {
    const scene = await open(t);
    const unread = async (index: number): Promise<number> =>
      known((await sync(scene, index)).conversations[0]).unread;
    await scene.append(...[0, 0, 1, 0, 0].map((from, index) => scene.message(from, 1 - from, `${index}`)));
    assert.deepEqual([await unread(0), await unread(1)], [1, 4]);
    const [uid, conv] = [scene.uid(1), scene.conv()];
    await scene.stores.messages.mark([{ uid, device: WEB, conv, from: seq(1), to: seq(4), read: true }]);
    assert.equal(await unread(1), 1);
    const many = Array.from({ length: UNREAD_LIMIT + 5 }, (_, index) => `more ${index}`);
    await scene.say(0, 1, ...many);
    assert.equal(await unread(1), UNREAD_LIMIT);
  });

  test(`${name}: recent conversations come newest first, or one by its name`, async (t) => {
    const scene = await open(t, 4);
    for (const index of [2, 1, 3]) {
      await scene.say(0, index, 'x');
      const atMs = Date.now();
      while (Date.now() === atMs) await new Promise((resolve) => setImmediate(resolve));
    }
    const recent = async (limit: number): Promise<readonly string[]> => {
      const states = await scene.stores.messages.conversations(scene.uid(0), PHONE, limit);
      return states.map((state) => state.conv);
    };
    assert.deepEqual(
      await recent(10),
      [3, 1, 2].map((index) => scene.conv(0, index)),
    );
    assert.deepEqual(await recent(1), [scene.conv(0, 3)]);
    const one = await scene.stores.messages.conversations(scene.uid(0), PHONE, 10, scene.conv(0, 1));
    assert.deepEqual(
      one.map((state) => state.conv),
      [scene.conv(0, 1)],
    );
  });

  test(`${name}: an empty conversation is its opener's until the other opens it, writes, or is a contact`, async (t) => {
    const scene = await open(t, 5);
    const { messages, contacts } = scene.stores;
    for (const peer of [1, 2, 3, 4]) await messages.openConversation(scene.uid(0), scene.uid(peer));
    assert.equal((await sync(scene, 0)).count, 4);
    const had = async (index: number): Promise<readonly number[]> => {
      const uid = scene.uid(index);
      const { count, conversations, nowMs } = await sync(scene, index);
      assert.ok(nowMs > 0);
      const rest = await messages.conversations(uid, WEB, 9);
      const [cursor] = await messages.cursors([uid]);
      return [count, conversations.length, rest.length, cursor?.count ?? -1];
    };
    for (const index of [1, 2, 3, 4]) assert.deepEqual(await had(index), [0, 0, 0, 0]);
    const since = await Promise.all([1, 2, 3].map(async (index) => (await sync(scene, index)).nowMs));
    await messages.openConversation(scene.uid(1), scene.uid(0));
    await scene.say(0, 2, 'a');
    assert.equal(await contacts.add(scene.uid(0), scene.uid(3), ''), 'added');
    for (const [index, sinceMs] of since.entries()) {
      assert.deepEqual(await had(index + 1), [1, 1, 1, 1]);
      const page = { uid: scene.uid(index + 1), device: WEB, sinceMs, afterConv: '', limit: 9 };
      assert.equal((await messages.sync(page)).conversations.length, 1, 'a change since the sync before');
    }
    assert.deepEqual(await had(4), [0, 0, 0, 0]);
    assert.equal((await sync(scene, 0)).count, 4);
  });

  test(`${name}: a conversation can be opened without a message, once`, async (t) => {
    const scene = await open(t);
    const { messages } = scene.stores;
    await messages.openConversation(scene.uid(0), scene.uid(1));
    await messages.openConversation(scene.uid(1), scene.uid(0));
    const page = await sync(scene, 1);
    assert.deepEqual([page.count, page.sum, page.conversations[0]?.lastSeq], [1, 0, 0]);
    const nobody = known(toUid(2 ** 30 - 1));
    await assert.rejects(messages.openConversation(scene.uid(0), nobody), withCode(ERRORS.NO_SUCH_USER.code));
    assert.equal((await scene.say(0, 1, 'a'))[0]?.seq, 1);
  });
}
