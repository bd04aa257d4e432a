/** Retention: what goes, what stays, and that everything which counts by seqs goes on being right. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../errors.js';
import { known } from '../message/ids.js';
import { MESSAGE_STATUS } from '../message/message.js';
import type { Stores } from './stores_interface.js';
import {
  duplicate,
  outcomes,
  Scene,
  seq,
  WEB,
  WIDE,
  withCode,
  type FaultyStoreFactory,
  type StoreFactory,
} from './scene.contract.js';

const DAY_MS = 24 * 3_600_000;
/** Later than anything that these tests store. */
const soon = (): number => Date.now() + 1000;
const expired = withCode(ERRORS.EXPIRED.code);

export function retentionContract(name: string, factory: StoreFactory): void {
  const open = async (t: Parameters<StoreFactory>[0], users = 2): Promise<Scene> =>
    Scene.open((await factory(t)).stores, users);
  const kept = async (scene: Scene, one = 0, other = 1): Promise<string> => {
    const { messages } = scene.stores;
    const page = await messages.range(scene.uid(one), scene.conv(one, other), seq(1), seq(99), WIDE);
    return `${page.floor} ${page.events.map((event) => event.content).join('')}`;
  };

  test(`${name}: the oldest go, the newest of each conversation stay`, async (t) => {
    const scene = await open(t, 4);
    const { messages } = scene.stores;
    await scene.say(0, 1, 'a', 'b', 'c', 'd', 'e');
    await scene.say(0, 2, 'f', 'g');
    await scene.say(0, 3, 'h', 'i', 'j');
    assert.equal(await messages.expire(Date.now() - DAY_MS, 0, 100), 0, 'nothing is that old');
    assert.equal(await messages.expire(soon(), 2, 100), 4);
    assert.deepEqual(
      [await kept(scene), await kept(scene, 0, 2), await kept(scene, 0, 3)],
      ['4 de', '1 fg', '2 ij'],
    );
    assert.equal(await messages.expire(soon(), 2, 100), 0);
    assert.equal(await messages.expire(soon(), 0, 100), 6);
    await assert.rejects(messages.range(scene.uid(0), scene.conv(), seq(1), seq(5), WIDE), expired);
    assert.equal((await scene.say(0, 1, 'k'))[0]?.seq, 6);
    assert.equal(await kept(scene), '6 k');
  });

  test(`${name}: a call touches at most so many rows, lowest first, and the next goes on`, async (t) => {
    const scene = await open(t, 3);
    const { messages } = scene.stores;
    await scene.say(0, 1, 'a', 'b', 'c', 'd', 'e');
    await scene.say(0, 2, 'f', 'g', 'h');
    const counts: number[] = [];
    do counts.push(await messages.expire(soon(), 1, 2));
    while (counts.at(-1) === 2);
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      6,
    );
    assert.deepEqual([await kept(scene), await kept(scene, 0, 2)], ['5 e', '3 h']);
  });

  test(`${name}: many conversations are all found, whatever the limit`, async (t) => {
    const scene = await open(t, 30);
    const { messages } = scene.stores;
    for (let one = 1; one < 30; one += 1) await scene.say(0, one, 'a', 'b');
    let sum = 0;
    for (let count = 7; count === 7; sum += count) count = await messages.expire(soon(), 1, 7);
    assert.equal(sum, 29);
    for (let one = 1; one < 30; one += 1) assert.equal(await kept(scene, 0, one), '2 b');
  });

  test(`${name}: below the floor nobody reads anything, by any path`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores);
    const sent = await scene.say(0, 1, 'a', 'b', 'c', 'd');
    await scene.stores.messages.expire(soon(), 1, 100);
    const mids = sent.map(({ mid }) => mid);
    const check = async ({ messages }: Stores): Promise<void> => {
      const [reader, conv] = [scene.uid(1), scene.conv()];
      await assert.rejects(messages.range(reader, conv, seq(1), seq(3), WIDE), expired);
      const lists = [
        await messages.history(reader, conv, 0, WIDE),
        await messages.historyBetween(reader, conv, 0, 0, WIDE),
        await messages.offline(reader, WEB, WIDE),
        await messages.offlinePage(reader, WEB, new Map(), WIDE),
      ];
      for (const events of lists) assert.deepEqual(events.map(({ content }) => content).join(''), 'd');
      assert.deepEqual(await messages.history(reader, conv, known(mids[3]), WIDE), []);
      assert.deepEqual(await messages.history(reader, conv, known(mids[1]), WIDE), []);
      assert.deepEqual(
        (await messages.locate(reader, mids)).map((found) => found.seq),
        [4],
      );
      const by = await messages.sentBetween(conv, scene.uid(0), seq(1), seq(4), 10);
      assert.deepEqual(
        by.map((found) => found.seq),
        [4],
      );
      const [state] = await messages.conversations(reader, WEB, 1);
      assert.deepEqual([state?.firstSeq, state?.lastSeq, state?.unread], [4, 4, 1]);
      const { sum } = await messages.sync({ uid: reader, device: WEB, sinceMs: 0, afterConv: '', limit: 9 });
      assert.equal(sum, 4);
    };
    await check(subject.stores);
    await check(await subject.reopen());
  });

  test(`${name}: a device that had not got what was erased moves its marks over it`, async (t) => {
    const scene = await open(t);
    const { messages } = scene.stores;
    await scene.say(0, 1, 'a', 'b', 'c', 'd', 'e');
    await messages.expire(soon(), 2, 100);
    const [uid, conv] = [scene.uid(1), scene.conv()];
    await messages.mark([{ uid, device: WEB, conv, from: seq(4), to: seq(4), read: true }]);
    const [state] = await messages.conversations(uid, WEB, 1);
    assert.deepEqual([state?.deviceSeq, state?.deliveredSeq, state?.readSeq, state?.unread], [4, 4, 4, 1]);
    const missed = await messages.offline(uid, WEB, WIDE);
    assert.deepEqual(
      missed.map(({ content }) => content),
      ['e'],
    );
  });

  test(`${name}: a retry of what was erased is the same message, without content, for a month`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores);
    const original = scene.message(0, 1, 'a');
    await scene.append(original, scene.message(0, 1, 'b'));
    const { messages } = scene.stores;
    assert.equal(await messages.expire(soon(), 1, 100), 1);
    const again = duplicate((await scene.append(original))[0]);
    assert.deepEqual([again.seq, again.content, again.status], [1, '', MESSAGE_STATUS.expired]);
    assert.deepEqual(outcomes(await scene.append(scene.recall(0, 1, again.mid))), ['NO_SUCH_MESSAGE']);
    assert.equal(await messages.expire(soon() + 29 * DAY_MS, 1, 100), 0);
    assert.deepEqual(outcomes(await scene.append(original)), ['duplicate']);
    assert.equal(await messages.expire(soon() + 31 * DAY_MS, 1, 100), 1, 'the row itself');
    assert.equal(await messages.expire(soon() + 31 * DAY_MS, 1, 100), 0);
    assert.equal(await kept(scene), '2 b');
    assert.equal((await scene.say(1, 0, 'c'))[0]?.seq, 3);
  });

  test(`${name}: recalled messages and recalls go like any other event`, async (t) => {
    const scene = await open(t);
    const [said] = await scene.say(0, 1, 'a');
    await scene.append(scene.recall(0, 1, known(said).mid), scene.message(0, 1, 'b'));
    assert.equal(await scene.stores.messages.expire(soon(), 1, 100), 2);
    assert.equal(await kept(scene), '3 b');
  });
}

export function retentionFaultContract(name: string, factory: FaultyStoreFactory): void {
  test(`${name}: retention that fails at any statement leaves a floor that says what is there`, async (t) => {
    for (let k = 1; ; k += 1) {
      const subject = await factory(t);
      const scene = await Scene.open(subject.stores);
      const { messages } = scene.stores;
      const sent = await scene.say(0, 1, 'a', 'b', 'c');
      subject.failAtStatement(k);
      const count = await messages.expire(soon(), 1, 100).catch(() => undefined);
      const isDone = subject.statementCount() < k;
      subject.failAtStatement(0);
      const page = await messages.range(scene.uid(1), scene.conv(), seq(1), seq(9), WIDE);
      const contents = page.events.map(({ content }) => content).join('');
      assert.equal(`${count} ${page.floor} ${contents}`, isDone ? '2 3 c' : 'undefined 1 abc');
      assert.equal(
        (
          await messages.locate(
            scene.uid(1),
            sent.map(({ mid }) => mid),
          )
        ).length,
        isDone ? 1 : 3,
      );
      if (isDone) {
        assert.ok(k > 4, 'a look, BEGIN, a statement and COMMIT');
        break;
      }
      assert.equal(await messages.expire(soon(), 1, 100), 2, 'and the next call does it');
    }
  });
}
