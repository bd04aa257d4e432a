/** Range, history, offline and look-ups by mid: what a reader gets, where a page ends, who gets nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../errors.js';
import { known } from '../message/ids.js';
import { mid, PHONE, Scene, seq, WEB, WIDE, withCode, type StoreFactory } from './scene.contract.js';

export function readsContract(name: string, factory: StoreFactory): void {
  const open = async (t: Parameters<StoreFactory>[0], users = 2): Promise<Scene> =>
    Scene.open((await factory(t)).stores, users);

  test(`${name}: a range covers what it says and ends at the last seq`, async (t) => {
    const scene = await open(t);
    await scene.say(0, 1, 'a', 'b', 'c', 'd');
    const range = (from: number, to: number, count = 100, bytes = 1000) =>
      scene.stores.messages.range(scene.uid(1), scene.conv(), seq(from), seq(to), { count, bytes });
    const pages = [
      [await range(2, 3), 2, 3, 'bc', false],
      [await range(1, 1000), 1, 4, 'abcd', false],
      [await range(1, 4, 2), 1, 2, 'ab', true],
      [await range(3, 4, 2), 3, 4, 'cd', false],
      [await range(1, 4, 100, 3), 1, 3, 'abc', true],
      [await range(1, 4, 100, 0), 1, 1, 'a', true],
      [await range(5, 9), 5, 4, '', false],
      [await range(3, 2), 3, 2, '', false],
      [await range(0, 2), 1, 2, 'ab', false],
    ] as const;
    for (const [page, from, to, contents, more] of pages) {
      assert.deepEqual([page.from, page.to, page.more, page.floor], [from, to, more, 1]);
      assert.equal(page.events.map((event) => event.content).join(''), contents);
    }
  });

  test(`${name}: a conversation without messages is an empty range for its members`, async (t) => {
    const scene = await open(t);
    const page = await scene.stores.messages.range(scene.uid(0), scene.conv(), seq(1), seq(9), WIDE);
    assert.deepEqual([page.from, page.to, page.events, page.more], [1, 0, [], false]);
    assert.deepEqual(await scene.stores.messages.history(scene.uid(0), scene.conv(), 0, WIDE), []);
  });

  test(`${name}: below the floor everything is expired; what crosses it begins there`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores);
    await scene.say(0, 1, 'a', 'b', 'c', 'd');
    await subject.expire(scene.conv(), seq(3));
    const { messages } = scene.stores;
    const range = (from: number, to: number) =>
      messages.range(scene.uid(1), scene.conv(), seq(from), seq(to), WIDE);
    await assert.rejects(range(1, 2), withCode(ERRORS.EXPIRED.code));
    const page = await range(1, 4);
    assert.deepEqual([page.from, page.to, page.floor, page.events.length, page.more], [3, 4, 3, 2, false]);
    const history = await messages.history(scene.uid(1), scene.conv(), 0, WIDE);
    const offline = await messages.offline(scene.uid(1), WEB, WIDE);
    assert.deepEqual([history.length, offline.length], [2, 2]);
    assert.equal((await scene.say(0, 1, 'e'))[0]?.seq, 5);
  });

  test(`${name}: nobody reads a conversation that he has no part in`, async (t) => {
    const scene = await open(t, 3);
    const [sent] = await scene.say(0, 1, 'secret');
    const { messages } = scene.stores;
    const stranger = scene.uid(2);
    const refused = withCode(ERRORS.NO_PERMISSION.code);
    await assert.rejects(messages.range(stranger, scene.conv(), seq(1), seq(9), WIDE), refused);
    await assert.rejects(messages.history(stranger, scene.conv(), 0, WIDE), refused);
    assert.deepEqual(await messages.locate(stranger, [known(sent).mid]), []);
    assert.deepEqual(await messages.offline(stranger, WEB, WIDE), []);
    assert.deepEqual(await messages.conversations(stranger, WEB, 10, scene.conv()), []);
  });

  test(`${name}: history is newest first below a mid, bounded in count and bytes`, async (t) => {
    const scene = await open(t, 3);
    const sent = await scene.say(0, 1, 'a', 'b', 'c', 'd');
    const [foreign] = await scene.say(0, 2, 'x');
    const history = async (beforeMid: number, count = 100, bytes = 1000): Promise<string> => {
      const events = await scene.stores.messages.history(scene.uid(1), scene.conv(), beforeMid, {
        count,
        bytes,
      });
      return events.map((event) => event.content).join('');
    };
    assert.equal(await history(0), 'dcba');
    assert.equal(await history(known(sent[2]).mid), 'ba');
    assert.equal(await history(known(sent[0]).mid), '');
    assert.equal(await history(0, 2), 'dc');
    assert.equal(await history(0, 9, 3), 'dcb');
    assert.equal(await history(2 ** 50), '', 'before a mid that is not there lies nothing');
    assert.equal(await history(known(foreign).mid), '', 'nor before one of another conversation');
  });

  test(`${name}: offline gives what the device has not acked and did not send, oldest first`, async (t) => {
    const scene = await open(t, 3);
    const say = async (from: number, content: string, device = PHONE): Promise<void> => {
      await scene.append(scene.message(from, from === 1 ? 0 : 1, content, { device }));
      const atMs = Date.now();
      while (Date.now() === atMs) await new Promise((resolve) => setImmediate(resolve));
    };
    for (const [from, content] of [
      [0, 'a'],
      [2, 'b'],
      [0, 'c'],
      [2, 'd'],
    ] as const)
      await say(from, content);
    await say(1, 'own other device', PHONE);
    await say(1, 'own', WEB);
    const offline = async (device = WEB, limits = WIDE): Promise<readonly string[]> => {
      const events = await scene.stores.messages.offline(scene.uid(1), device, limits);
      return events.map((event) => event.content);
    };
    assert.deepEqual(await offline(), ['a', 'b', 'c', 'd', 'own other device']);
    assert.deepEqual(await offline(WEB, { count: 3, bytes: 100 }), ['a', 'b', 'c']);
    assert.deepEqual(await offline(WEB, { count: 9, bytes: 2 }), ['a', 'b']);
    assert.deepEqual(await offline(WEB, { count: 9, bytes: 0 }), ['a']);
    const [uid, conv] = [scene.uid(1), scene.conv()];
    await scene.stores.messages.mark([{ uid, device: WEB, conv, from: seq(1), to: seq(1), read: false }]);
    assert.deepEqual(await offline(), ['b', 'c', 'd', 'own other device']);
    assert.deepEqual(await offline(PHONE), ['a', 'b', 'c', 'd', 'own']);
  });

  test(`${name}: offline keeps each conversation's order over long backlogs of many`, async (t) => {
    const scene = await open(t, 6);
    const sent: string[] = [];
    for (let round = 0; round < 100; round += 1) {
      const contents = [1, 2, 3, 4, 5].map((from) => `${from} ${round}`);
      sent.push(...contents);
      await scene.append(...contents.map((content, index) => scene.message(index + 1, 0, content)));
    }
    const events = await scene.stores.messages.offline(scene.uid(0), WEB, WIDE);
    assert.deepEqual(new Set(events.map((event) => event.content)), new Set(sent));
    assert.equal(events.length, sent.length);
    for (const index of [1, 2, 3, 4, 5]) {
      const seqs = events.filter((event) => event.conv === scene.conv(0, index)).map((event) => event.seq);
      assert.deepEqual(
        seqs,
        seqs.map((_, at) => at + 1),
      );
    }
    const times = events.map((event) => event.storedAtMs);
    assert.deepEqual(
      times,
      [...times].sort((one, other) => one - other),
    );
  });

  test(`${name}: a message is located by its mid, with what a receipt needs`, async (t) => {
    const scene = await open(t);
    const [first] = await scene.say(0, 1, 'a');
    const found = await scene.stores.messages.locate(scene.uid(1), [mid(2 ** 50), known(first).mid]);
    const expected = { mid: known(first).mid, conv: scene.conv(), seq: 1, from: scene.uid(0), clientId: 'a' };
    const [told] = await scene.stores.messages.history(scene.uid(1), scene.conv(), 0, WIDE);
    assert.deepEqual(found, [{ ...expected, sentAtMs: known(told).sentAtMs }]);
  });

  test(`${name}: what somebody sent in an interval: the newest, ascending`, async (t) => {
    const scene = await open(t);
    await scene.append(
      ...[0, 1, 0, 0, 1, 0].map((from, index) => scene.message(from, 1 - from, `${index + 1}`)),
    );
    const sent = async (from: number, to: number, limit: number): Promise<readonly string[]> => {
      const { messages } = scene.stores;
      const rows = await messages.sentBetween(scene.conv(), scene.uid(0), seq(from), seq(to), limit);
      return rows.map((row) => row.clientId);
    };
    assert.deepEqual(await sent(1, 6, 10), ['1', '3', '4', '6']);
    assert.deepEqual(await sent(2, 5, 10), ['3', '4']);
    assert.deepEqual(await sent(1, 6, 2), ['4', '6']);
  });
}
