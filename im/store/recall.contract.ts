/** Taking messages back: who may, what every reader sees afterwards, and that nothing else moves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVENT_KIND, MESSAGE_STATUS } from '../message/message.js';
import type { AppendRequest } from './interface.js';
import type { Stores } from './stores_interface.js';
import { known } from '../message/ids.js';
import {
  answered,
  duplicate,
  mid,
  outcomes,
  Scene,
  seq,
  stored,
  WEB,
  WIDE,
  type StoreFactory,
} from './scene.contract.js';

const SECRET = 'what should not have been said';

export function recallContract(name: string, factory: StoreFactory): void {
  const open = async (t: Parameters<StoreFactory>[0], users = 2): Promise<Scene> =>
    Scene.open((await factory(t)).stores, users);

  test(`${name}: a recalled message keeps its place and loses its content, on every path`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores);
    const [, said] = await scene.say(0, 1, 'before', SECRET, 'after');
    const target = known(said).mid;
    const numbers = stored((await scene.append(scene.recall(0, 1, target)))[0]);
    assert.deepEqual([numbers.seq, numbers.n], [4, 3], 'a seq of its own, and no message more');
    const check = async (stores: Stores): Promise<void> => {
      const { messages } = stores;
      const [reader, conv] = [scene.uid(1), scene.conv()];
      const log = await scene.log(0, 1, stores);
      assert.deepEqual(
        log.map(({ kind, status, content }) => [kind, status, content]),
        [
          [EVENT_KIND.message, MESSAGE_STATUS.normal, 'before'],
          [EVENT_KIND.message, MESSAGE_STATUS.recalled, ''],
          [EVENT_KIND.message, MESSAGE_STATUS.normal, 'after'],
          [EVENT_KIND.recall, MESSAGE_STATUS.normal, `{"Mid":${target}}`],
        ],
      );
      assert.deepEqual([log[1]?.mid, log[1]?.clientId], [target, SECRET]);
      const everywhere = [
        await messages.history(reader, conv, 0, WIDE),
        await messages.historyBetween(reader, conv, 0, 0, WIDE),
        await messages.offline(reader, WEB, WIDE),
        await messages.offlinePage(reader, WEB, new Map(), WIDE),
      ];
      for (const events of everywhere) {
        assert.equal(events.length, 4);
        assert.ok(events.every((event) => event.content !== SECRET));
      }
    };
    await check(subject.stores);
    await check(await subject.reopen());
  });

  test(`${name}: what was recalled is unread no more, and the recall itself never is`, async (t) => {
    const scene = await open(t);
    const [, said] = await scene.say(0, 1, 'a', 'b');
    await scene.append(scene.recall(0, 1, known(said).mid));
    const unread = async (index: number): Promise<number | undefined> =>
      (await scene.stores.messages.conversations(scene.uid(index), WEB, 1))[0]?.unread;
    assert.deepEqual([await unread(0), await unread(1)], [0, 1]);
    const [next] = await scene.say(0, 1, 'c');
    assert.deepEqual([next?.seq, next?.n], [4, 3]);
    assert.equal(await unread(1), 2);
  });

  test(`${name}: a retry of the original is the recalled row, and is never stored again`, async (t) => {
    const scene = await open(t);
    const original = scene.message(0, 1, SECRET);
    const { mid: target } = stored((await scene.append(original))[0]);
    const results = await scene.append(scene.recall(0, 1, target), original);
    const again = duplicate(results[1]);
    assert.deepEqual([again.seq, again.status, again.content], [1, MESSAGE_STATUS.recalled, '']);
    assert.deepEqual(duplicate((await scene.append(original))[0]), again);
    assert.equal((await scene.log()).length, 2);
  });

  test(`${name}: message, recall and the retries of both in one batch`, async (t) => {
    const scene = await open(t);
    const original = scene.message(0, 1, SECRET);
    const recall = scene.recall(0, 1, known(original.event).mid);
    const results = await scene.append(original, recall, original, recall, scene.message(1, 0, 'reply'));
    assert.deepEqual(outcomes(results), ['stored', 'stored', 'duplicate', 'duplicate', 'stored']);
    assert.equal(stored(results[4]).seq, 3);
    assert.deepEqual((await scene.contents())[0], '');
  });

  test(`${name}: the second recall of a message is the first, also when it comes too late`, async (t) => {
    const scene = await open(t);
    const [said] = await scene.say(0, 1, 'a');
    const target = known(said).mid;
    const first = stored((await scene.append(scene.recall(0, 1, target)))[0]);
    const again = duplicate((await scene.append(scene.recall(0, 1, target, -1)))[0]);
    assert.deepEqual([again.seq, again.mid, again.kind], [first.seq, first.mid, EVENT_KIND.recall]);
  });

  test(`${name}: a recall that is refused writes nothing and takes no seq`, async (t) => {
    const scene = await open(t, 3);
    const [said] = await scene.say(0, 1, 'mine');
    const [his] = await scene.say(1, 0, 'his');
    const [elsewhere] = await scene.say(0, 2, 'elsewhere');
    const [gone] = await scene.say(0, 1, 'gone');
    const target = known(said).mid;
    const recall = scene.recall(0, 1, known(gone).mid);
    const done = stored((await scene.append(recall))[0]);
    const wrong: readonly (readonly [AppendRequest, string])[] = [
      [scene.recall(0, 1, mid(2 ** 50)), 'NO_SUCH_MESSAGE'],
      [scene.recall(0, 1, known(elsewhere).mid), 'NO_SUCH_MESSAGE'],
      [scene.recall(0, 1, done.mid), 'NO_SUCH_MESSAGE'],
      [scene.recall(1, 2, known(elsewhere).mid), 'NO_SUCH_MESSAGE'],
      [scene.recall(0, 1, known(his).mid), 'NO_PERMISSION'],
      [scene.recall(1, 0, target), 'NO_PERMISSION'],
      [scene.recall(0, 1, target, -1), 'RECALL_TOO_LATE'],
      [{ ...scene.recall(0, 1, target), conv: scene.conv(0, 2) }, 'INVALID_PARAMETER'],
      [
        { ...scene.recall(1, 0, target), change: known(scene.recall(0, 1, target).change) },
        'INVALID_PARAMETER',
      ],
    ];
    const results = await scene.append(...wrong.map(([request]) => request), scene.message(0, 1, 'next'));
    assert.deepEqual(outcomes(results), [...wrong.map(([, outcome]) => outcome), 'stored']);
    assert.deepEqual(await scene.contents(0, 1), ['mine', 'his', '', known(recall.event).content, 'next']);
    assert.deepEqual(await scene.contents(0, 2), ['elsewhere']);
    assert.deepEqual(await scene.stores.messages.lastSeqs([scene.conv(1, 2)]), [], 'no conversation is made');
  });

  test(`${name}: a recall whose event is refused takes nothing back`, async (t) => {
    const scene = await open(t);
    const [said] = await scene.say(0, 1, 'a');
    const target = known(said).mid;
    const taken = scene.recall(0, 1, target);
    const withTakenMid = { ...taken, event: { ...known(taken.event), mid: target } };
    await scene.append(scene.relation(1, 0, 'black'));
    assert.deepEqual(outcomes(await scene.append(taken)), ['BLOCKED']);
    await scene.append(scene.relation(1, 0, 'black', false));
    assert.deepEqual(outcomes(await scene.append(withTakenMid)), ['MID_TAKEN']);
    assert.deepEqual(await scene.contents(), ['a']);
    assert.deepEqual(outcomes(await scene.append(taken)), ['stored']);
  });

  test(`${name}: a recall without an event only erases`, async (t) => {
    const scene = await open(t);
    const [said] = await scene.say(0, 1, 'a');
    const change = known(scene.recall(0, 1, known(said).mid).change);
    const request = { conv: scene.conv(), change };
    assert.deepEqual(outcomes(await scene.append(request)), ['changed']);
    assert.deepEqual(outcomes(await scene.append(request)), ['NO_SUCH_MESSAGE']);
    assert.deepEqual(await scene.contents(), ['']);
  });

  test(`${name}: a message cannot pass for a recall, nor a recall for a message`, async (t) => {
    const scene = await open(t);
    const [said, other] = await scene.say(0, 1, 'a', 'b');
    const recall = scene.recall(0, 1, known(said).mid);
    const impostor = scene.message(0, 1, 'x', { clientId: known(recall.event).clientId });
    assert.deepEqual(outcomes(await scene.append(impostor, recall)), ['stored', 'BAD_CLIENT_ID']);
    const real = scene.recall(0, 1, known(other).mid);
    const late = scene.message(0, 1, 'y', { clientId: known(real.event).clientId });
    assert.deepEqual(outcomes(await scene.append(real, late)), ['stored', 'BAD_CLIENT_ID']);
  });

  test(`${name}: a note to oneself can be taken back`, async (t) => {
    const scene = await open(t);
    const [note] = await scene.say(0, 0, 'note');
    assert.deepEqual(outcomes(await scene.append(scene.recall(0, 0, known(note).mid))), ['stored']);
    assert.equal((await scene.contents(0, 0))[0], '');
  });

  test(`${name}: recalls of one message at once: one of them is stored`, async (t) => {
    const scene = await open(t);
    const [said] = await scene.say(0, 1, 'a');
    const recall = (): Promise<unknown> =>
      scene.stores.messages
        .append([scene.recall(0, 1, known(said).mid)])
        .then((r) => outcomes(answered(r))[0]);
    const all = await Promise.all([recall(), recall(), recall()]);
    assert.deepEqual(all.sort(), ['duplicate', 'duplicate', 'stored']);
    assert.equal((await scene.log()).length, 2);
    const { messages } = scene.stores;
    const page = await messages.range(scene.uid(1), scene.conv(), seq(1), seq(1), WIDE);
    assert.equal(page.events[0]?.status, MESSAGE_STATUS.recalled);
  });
}
