/** What finds losses and fills them: cursors of many users, pages for old clients, history by time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../errors.js';
import type { ConversationName } from '../message/conversation.js';
import { known, toUid, type Seq } from '../message/ids.js';
import type { PageLimits } from './interface.js';
import { PHONE, Scene, seq, WEB, WIDE, withCode, type StoreFactory } from './scene.contract.js';

/** What is stored after it has a later time. */
async function nextMs(): Promise<void> {
  const atMs = Date.now();
  while (Date.now() <= atMs) await new Promise((resolve) => setImmediate(resolve));
}

export function cursorsContract(name: string, factory: StoreFactory): void {
  const open = async (t: Parameters<StoreFactory>[0], users = 3): Promise<Scene> =>
    Scene.open((await factory(t)).stores, users);

  test(`${name}: a cursor is what sync says of the user, also where he has nothing`, async (t) => {
    const scene = await open(t, 4);
    const { messages } = scene.stores;
    await scene.say(0, 1, 'a', 'b');
    await scene.say(2, 0, 'c');
    await scene.say(0, 0, 'note');
    await messages.openConversation(scene.uid(1), scene.uid(2));
    const uids = [3, 0, 1, 2].map((index) => scene.uid(index));
    const cursors = await messages.cursors([...uids, known(toUid(2 ** 30 - 1))]);
    assert.deepEqual(
      cursors.map(({ count, sum }) => [count, sum]),
      [
        [0, 0],
        [3, 4],
        [2, 2],
        [1, 1],
        [0, 0],
      ],
    );
    for (const [index, uid] of uids.entries()) {
      const { count, sum } = await messages.sync({ uid, device: WEB, sinceMs: 0, afterConv: '', limit: 9 });
      assert.deepEqual(cursors[index], { uid, count, sum });
    }
    assert.deepEqual(await messages.cursors([]), []);
  });

  test(`${name}: a page begins after what the connection was given, not after what it acked`, async (t) => {
    const scene = await open(t);
    const { messages } = scene.stores;
    await scene.say(0, 1, 'a', 'b', 'c');
    await nextMs();
    await scene.say(2, 1, 'x', 'y');
    await nextMs();
    await scene.append(
      scene.message(1, 0, 'own', { device: WEB }),
      scene.message(1, 0, 'phone', { device: PHONE }),
    );
    const [first, second] = [scene.conv(0, 1), scene.conv(2, 1)];
    const page = async (
      passed: readonly (readonly [ConversationName, Seq])[],
      limits: PageLimits = WIDE,
      only?: ConversationName,
    ): Promise<string> => {
      const events = await messages.offlinePage(scene.uid(1), WEB, new Map(passed), limits, only);
      return events.map(({ content }) => content).join(' ');
    };
    assert.equal(await page([]), 'a b c x y phone');
    assert.equal(await page([[first, seq(2)]]), 'c x y phone');
    assert.equal(await page([[first, seq(5)]]), 'x y');
    assert.equal(
      await page([
        [first, seq(99)],
        [second, seq(2)],
      ]),
      '',
    );
    assert.equal(await page([], { count: 2, bytes: 100 }), 'a b');
    assert.equal(await page([[first, seq(1)]], { count: 9, bytes: 0 }), 'b');
    assert.equal(await page([], WIDE, second), 'x y');
    assert.equal(await page([[first, seq(2)]], WIDE, first), 'c phone');
    assert.equal(await page([], WIDE, scene.conv(0, 2)), '', 'not his');
    const uid = scene.uid(1);
    await messages.mark([{ uid, device: WEB, conv: first, from: seq(1), to: seq(2), read: false }]);
    assert.equal(await page([]), 'c x y phone');
    assert.equal(await page([[first, seq(1)]]), 'c x y phone', 'what was acked was given');
  });

  test(`${name}: page after page gives a long backlog once, in order`, async (t) => {
    const scene = await open(t);
    const { messages } = scene.stores;
    const sent = Array.from({ length: 100 }, (_, index) => `${index}`);
    for (const from of [0, 2]) await scene.say(from, 1, ...sent);
    const passed = new Map<ConversationName, Seq>();
    const got: string[] = [];
    for (;;) {
      const page = await messages.offlinePage(scene.uid(1), WEB, passed, { count: 33, bytes: 1 << 20 });
      if (page.length === 0) break;
      for (const { conv, seq: at, content } of page) {
        assert.equal(at, (passed.get(conv) ?? 0) + 1);
        passed.set(conv, at);
        got.push(content);
      }
    }
    assert.equal(got.length, 200);
    assert.deepEqual([...passed.values()], [100, 100]);
  });

  test(`${name}: history between two times, newest first, for members only`, async (t) => {
    const scene = await open(t);
    const { messages } = scene.stores;
    const times: number[] = [];
    for (const content of ['a', 'b', 'c', 'd']) {
      times.push(known((await scene.say(0, 1, content))[0]).storedAtMs);
      await nextMs();
    }
    const between = async (fromMs = 0, toMs = 0, limits: PageLimits = WIDE): Promise<string> => {
      const events = await messages.historyBetween(scene.uid(1), scene.conv(), fromMs, toMs, limits);
      return events.map(({ content }) => content).join('');
    };
    const [, second, third, last] = times.map(known);
    assert.equal(await between(), 'dcba');
    assert.equal(await between(second), 'dcb');
    assert.equal(await between(second, last), 'cb');
    assert.equal(await between(0, third), 'ba');
    assert.equal(await between(known(last) + 1), '');
    assert.equal(await between(third, second), '');
    assert.equal(await between(0, 1), '');
    assert.equal(await between(0, 0, { count: 2, bytes: 100 }), 'dc');
    assert.equal(await between(0, last, { count: 9, bytes: 0 }), 'c');
    const refused = withCode(ERRORS.NO_PERMISSION.code);
    await assert.rejects(messages.historyBetween(scene.uid(2), scene.conv(), 0, 0, WIDE), refused);
    assert.deepEqual(await messages.historyBetween(scene.uid(2), scene.conv(0, 2), 0, 0, WIDE), []);
  });
}
