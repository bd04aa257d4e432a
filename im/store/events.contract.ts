/** Edits, reactions and pins: who may, what every reader sees afterwards, and that nothing is left of what is recalled. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../errors.js';
import { editContent, readEdit } from '../message/event_content.js';
import { known, toUid, type Mid } from '../message/ids.js';
import { EVENT_KIND, EVERYBODY } from '../message/message.js';
import { EDITS_LIMIT, PIN_LIMIT, REACTION_LIMIT, REACTOR_LIMIT } from './event_interface.js';
import type { AppendRequest, StoredNumbers } from './interface.js';
import type { Stores } from './stores_interface.js';
import {
  duplicate,
  mid,
  outcomes,
  Scene,
  seq,
  stored,
  WEB,
  WIDE,
  withCode,
  type StoreFactory,
} from './scene.contract.js';

const noSuchMessage = withCode(ERRORS.NO_SUCH_MESSAGE.code);
const noPermission = withCode(ERRORS.NO_PERMISSION.code);
const WINDOW_MS = 60_000;
const BIG = 'é'.repeat(32 << 10);

/** Requests of events about the message `target`, by the numbers of the scene's users. */
export class Marks {
  readonly #scene: Scene;
  #count = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  edit(
    by: number,
    to: number,
    target: Pick<StoredNumbers, 'mid' | 'seq'>,
    content: string,
    windowMs = WINDOW_MS,
  ): AppendRequest {
    const { mid: of, seq: at } = target;
    const text = editContent({ mid: of, clientId: 'x', seq: at, content });
    const change = { kind: 'edit', mid: of, by: this.#scene.uid(by), content, windowMs } as const;
    return { ...this.#event(by, to, EVENT_KIND.edit, text), change };
  }

  react(by: number, to: number, of: Mid, emoji: string, on = true): AppendRequest {
    const change = { kind: 'reaction', mid: of, by: this.#scene.uid(by), emoji, on } as const;
    return { ...this.#event(by, to, EVENT_KIND.reaction, `{"emoji":"${emoji}"}`), change };
  }

  pin(by: number, to: number, of: Mid, on = true): AppendRequest {
    const change = { kind: 'pin', mid: of, by: this.#scene.uid(by), on } as const;
    return { ...this.#event(by, to, EVENT_KIND.pin, '{}'), change };
  }

  #event(by: number, to: number, kind: AppendEventKind, content: string): AppendRequest {
    this.#count += 1;
    return this.#scene.message(by, to, content, { kind, type: 0, clientId: `mark ${this.#count}` });
  }
}

type AppendEventKind = (typeof EVENT_KIND)['edit' | 'reaction' | 'pin'];

export function eventsContract(name: string, factory: StoreFactory): void {
  extraCases(name, factory);
  editCases(name, factory);
  reactionCases(name, factory);
  pinCases(name, factory);
  remainsCases(name, factory);
}

function extraCases(name: string, factory: StoreFactory): void {
  test(`${name}: a reply and mentions are read as they were written, on every path, and by a retry`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores);
    const [plain] = await scene.say(0, 1, 'plain');
    const extra = { replyTo: known(plain).mid, mentions: [scene.uid(1), EVERYBODY] } as const;
    const original = scene.message(0, 1, 'named', { extra });
    await scene.append(original);
    const check = async (stores: Stores): Promise<void> => {
      const [reader, conv] = [scene.uid(1), scene.conv()];
      const { messages, events } = stores;
      const everywhere = [
        await scene.log(0, 1, stores),
        (await messages.history(reader, conv, 0, WIDE)).toReversed(),
        (await messages.historyBetween(reader, conv, 0, 0, WIDE)).toReversed(),
        await messages.offline(reader, WEB, WIDE),
        await events.page(reader, conv, seq(0), 'after', WIDE),
      ];
      for (const list of everywhere) {
        assert.deepEqual(
          list.map((event) => event.extra),
          [undefined, extra],
        );
      }
    };
    await check(subject.stores);
    await check(await subject.reopen());
    const again = await subject.reopen();
    const results = await again.messages.append([original]);
    assert.ok(!('refused' in results));
    assert.deepEqual(duplicate(results[0]).extra, extra);
  });

  test(`${name}: pages are cut by what events have besides their content as well`, async (t) => {
    const { stores } = await factory(t);
    const scene = await Scene.open(stores);
    const mentions = Array.from({ length: 50 }, (_, index) => known(toUid(1_000_000_000 + index)));
    const named = Array.from({ length: 3 }, (_, index) =>
      scene.message(0, 1, `${index}`, { extra: { mentions } }),
    );
    await scene.append(...named);
    const [reader, conv, limits] = [scene.uid(1), scene.conv(), { count: 9, bytes: 1200 }];
    const { messages, events } = stores;
    const range = await messages.range(reader, conv, seq(1), seq(9), limits);
    assert.deepEqual([range.events.length, range.to, range.more], [2, 2, true]);
    assert.equal((await messages.history(reader, conv, 0, limits)).length, 2);
    assert.equal((await messages.historyBetween(reader, conv, 0, 0, limits)).length, 2);
    assert.equal((await events.page(reader, conv, seq(0), 'after', limits)).length, 2);
    assert.equal((await events.page(reader, conv, seq(9), 'before', limits)).length, 2);
  });

  test(`${name}: mentions are counted apart from what is unread`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 3);
    const mentions = (...list: readonly (0 | 1 | 2 | 'all')[]) => ({
      extra: { mentions: list.map((one) => (one === 'all' ? EVERYBODY : scene.uid(one))) },
    });
    await scene.append(
      scene.message(0, 1, 'a', mentions(1)),
      scene.message(0, 1, 'b', mentions(1, 'all')),
      scene.message(0, 1, 'c', mentions(2)),
      scene.message(0, 1, 'd', mentions('all')),
      scene.message(0, 1, 'e'),
    );
    const states = await scene.stores.messages.conversations(scene.uid(1), WEB, 1);
    assert.deepEqual([states[0]?.unread, states[0]?.mentions], [5, 3]);
  });
}

function editCases(name: string, factory: StoreFactory): void {
  test(`${name}: an edited message has its new content everywhere, and what it said before is kept`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores);
    const marks = new Marks(scene);
    const [said] = await scene.say(0, 1, 'first\0', 'other');
    const target = known(said);
    const first = stored((await scene.append(marks.edit(0, 1, target, 'second')))[0]);
    assert.deepEqual([first.seq, first.n], [3, 2], 'a seq of its own, and no message more');
    await scene.append(marks.edit(0, 1, target, BIG));
    const check = async (stores: Stores): Promise<void> => {
      const [message, other, edit] = await scene.log(0, 1, stores);
      assert.equal(message?.content, BIG);
      assert.equal(message.extra?.editCount, 2);
      assert.ok((message.extra.editedAtMs ?? 0) >= message.storedAtMs);
      assert.equal(other?.extra, undefined);
      assert.deepEqual([edit?.kind, readEdit(edit?.content ?? '')?.content], [EVENT_KIND.edit, 'second']);
      const earlier = await stores.events.edits(scene.uid(1), scene.conv(), target.mid);
      assert.deepEqual(
        earlier.map(({ content }) => content),
        ['first\0', 'second'],
      );
      assert.ok((earlier[0]?.untilMs ?? 0) <= (earlier[1]?.untilMs ?? 0));
      assert.equal(earlier[1]?.untilMs, message.extra.editedAtMs);
    };
    await check(subject.stores);
    await check(await subject.reopen());
  });

  test(`${name}: an edit keeps what the message answers and names, and its retry is the same edit`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores);
    const marks = new Marks(scene);
    const extra = { mentions: [scene.uid(1)] };
    const target = stored((await scene.append(scene.message(0, 1, 'a', { extra })))[0]);
    const edit = marks.edit(0, 1, target, 'b');
    const results = await scene.append(edit, edit);
    assert.equal(duplicate(results[1]).seq, stored(results[0]).seq);
    const [late] = await scene.append({ ...edit, change: { ...known(edit.change), windowMs: -1 } as never });
    assert.equal(duplicate(late).seq, stored(results[0]).seq, 'also when it comes too late');
    const [message] = await scene.log();
    assert.deepEqual([message?.content, message?.extra?.editCount], ['b', 1]);
    assert.deepEqual(message?.extra?.mentions, extra.mentions);
    const earlier = await scene.stores.events.edits(scene.uid(0), scene.conv(), target.mid);
    assert.equal(earlier.length, 1);
  });

  test(`${name}: an edit that is refused changes nothing and takes no seq`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 3);
    const marks = new Marks(scene);
    const [said, gone] = await scene.say(0, 1, 'mine', 'gone');
    const [elsewhere] = await scene.say(0, 2, 'elsewhere');
    const recall = stored((await scene.append(scene.recall(0, 1, known(gone).mid)))[0]);
    const results = await scene.append(
      marks.edit(0, 1, { ...known(said), mid: mid(2 ** 50) }, 'x'),
      marks.edit(0, 1, known(elsewhere), 'x'),
      marks.edit(0, 1, known(gone), 'x'),
      marks.edit(0, 1, recall, 'x'),
      marks.edit(1, 0, known(said), 'x'),
      marks.edit(0, 1, known(said), 'x', -1),
      { ...marks.edit(0, 1, known(said), 'x'), conv: scene.conv(0, 2) },
      { ...marks.edit(1, 0, known(said), 'x'), change: known(marks.edit(0, 1, known(said), 'x').change) },
      scene.message(0, 1, 'next'),
    );
    assert.deepEqual(outcomes(results), [
      'NO_SUCH_MESSAGE',
      'NO_SUCH_MESSAGE',
      'NO_SUCH_MESSAGE',
      'NO_SUCH_MESSAGE',
      'NO_PERMISSION',
      'EDIT_TOO_LATE',
      'INVALID_PARAMETER',
      'INVALID_PARAMETER',
      'stored',
    ]);
    assert.equal(stored(results[8]).seq, 4);
    assert.deepEqual((await scene.contents()).slice(0, 2), ['mine', '']);
    const { events } = scene.stores;
    const [reader, conv] = [scene.uid(0), scene.conv()];
    assert.deepEqual(await events.edits(reader, conv, known(said).mid), []);
    await assert.rejects(events.edits(reader, conv, known(elsewhere).mid), noSuchMessage);
    await assert.rejects(events.edits(reader, conv, mid(2 ** 50)), noSuchMessage);
    await assert.rejects(events.edits(scene.uid(2), conv, known(said).mid), noPermission);
  });

  test(`${name}: the last contents of a message that was edited often are shown`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores);
    const marks = new Marks(scene);
    const [said] = await scene.say(0, 1, 'v0');
    const count = EDITS_LIMIT + 5;
    const edits = Array.from({ length: count }, (_, at) => marks.edit(0, 1, known(said), `v${at + 1}`));
    await scene.append(...edits);
    const earlier = await scene.stores.events.edits(scene.uid(1), scene.conv(), known(said).mid);
    assert.equal(earlier.length, EDITS_LIMIT);
    assert.deepEqual([earlier[0]?.content, earlier.at(-1)?.content], ['v5', `v${count - 1}`]);
  });
}

function reactionCases(name: string, factory: StoreFactory): void {
  test(`${name}: reactions are counted, with their first names, and one's own are known`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores);
    const marks = new Marks(scene);
    const [said, other] = await scene.say(0, 1, 'a', 'b');
    const target = known(said).mid;
    const results = await scene.append(
      marks.react(1, 0, target, '👍'),
      marks.react(0, 1, target, '👍'),
      marks.react(1, 0, target, '👍'),
      marks.react(1, 0, target, 'x\0y'),
      marks.react(0, 1, target, '👎', false),
      marks.react(1, 0, known(other).mid, '👍'),
      marks.react(1, 0, known(other).mid, '👍', false),
    );
    assert.deepEqual(outcomes(results), [
      'stored',
      'stored',
      'changed',
      'stored',
      'changed',
      'stored',
      'stored',
    ]);
    const check = async (stores: Stores): Promise<void> => {
      const mids = [target, known(other).mid, mid(2 ** 50)];
      const found = await stores.events.reactions(scene.uid(0), scene.conv(), mids);
      assert.deepEqual(found, [
        { mid: target, emoji: 'x\0y', count: 1, own: false, uids: [scene.uid(1)] },
        { mid: target, emoji: '👍', count: 2, own: true, uids: found[1]?.uids },
      ]);
      assert.deepEqual([...known(found[1]).uids].sort(), [scene.uid(0), scene.uid(1)].sort());
    };
    assert.equal((await scene.log()).length, 7);
    await check(subject.stores);
    await check(await subject.reopen());
  });

  test(`${name}: so many emoji on one message and no more; what is refused writes nothing`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 3);
    const marks = new Marks(scene);
    const [said, gone] = await scene.say(0, 1, 'a', 'gone');
    const [elsewhere] = await scene.say(0, 2, 'elsewhere');
    await scene.append(scene.recall(0, 1, known(gone).mid));
    const target = known(said).mid;
    const all = Array.from({ length: REACTION_LIMIT }, (_, at) => marks.react(1, 0, target, `e${at}`));
    assert.ok(outcomes(await scene.append(...all)).every((one) => one === 'stored'));
    const results = await scene.append(
      marks.react(0, 1, target, 'one more'),
      marks.react(0, 1, target, 'e7'),
      marks.react(1, 0, target, 'e8', false),
      marks.react(0, 1, target, 'one more'),
      marks.react(0, 1, known(gone).mid, 'x'),
      marks.react(0, 1, known(elsewhere).mid, 'x'),
      marks.react(0, 1, mid(2 ** 50), 'x'),
    );
    assert.deepEqual(outcomes(results), [
      'TOO_MANY_REACTIONS',
      'stored',
      'stored',
      'stored',
      'NO_SUCH_MESSAGE',
      'NO_SUCH_MESSAGE',
      'NO_SUCH_MESSAGE',
    ]);
    const { events } = scene.stores;
    const found = await events.reactions(scene.uid(1), scene.conv(), [target]);
    assert.equal(found.length, REACTION_LIMIT);
    assert.ok(found.every(({ uids }) => uids.length <= REACTOR_LIMIT));
    await assert.rejects(events.reactions(scene.uid(2), scene.conv(), [target]), noPermission);
    const wrong = await events.reactions(scene.uid(0), scene.conv(0, 2), [target]);
    assert.deepEqual(wrong, [], 'of another conversation');
  });
}

function pinCases(name: string, factory: StoreFactory): void {
  test(`${name}: pins are shown last pinned first, to both, and what is pinned already is not again`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores, 3);
    const marks = new Marks(scene);
    const sent = await scene.say(0, 1, 'a', 'b', 'c');
    const [a, b, c] = sent.map((one) => one.mid);
    const results = await scene.append(
      marks.pin(0, 1, known(c)),
      marks.pin(1, 0, known(a)),
      marks.pin(0, 1, known(a)),
      marks.pin(0, 1, known(b), false),
      marks.pin(0, 1, known(b)),
      marks.pin(1, 0, known(c), false),
      marks.pin(0, 1, mid(2 ** 50)),
    );
    assert.deepEqual(outcomes(results), [
      'stored',
      'stored',
      'changed',
      'changed',
      'stored',
      'stored',
      'NO_SUCH_MESSAGE',
    ]);
    const check = async (stores: Stores): Promise<void> => {
      for (const reader of [scene.uid(0), scene.uid(1)]) {
        const pins = await stores.events.pins(reader, scene.conv());
        assert.deepEqual(
          pins.map(({ content }) => content),
          ['b', 'a'],
        );
      }
      await assert.rejects(stores.events.pins(scene.uid(2), scene.conv()), noPermission);
    };
    await check(subject.stores);
    await check(await subject.reopen());
  });

  test(`${name}: so many pins in one conversation and no more`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores);
    const marks = new Marks(scene);
    const contents = Array.from({ length: PIN_LIMIT + 1 }, (_, at) => `m${at}`);
    const mids = (await scene.say(0, 1, ...contents)).map((one) => one.mid);
    await scene.append(...mids.slice(1).map((one) => marks.pin(0, 1, one)));
    const first = known(mids[0]);
    const results = await scene.append(
      marks.pin(0, 1, first),
      marks.pin(1, 0, known(mids[1]), false),
      marks.pin(0, 1, first),
    );
    assert.deepEqual(outcomes(results), ['TOO_MANY_PINS', 'stored', 'stored']);
    assert.equal((await scene.stores.events.pins(scene.uid(1), scene.conv())).length, PIN_LIMIT);
  });
}

function remainsCases(name: string, factory: StoreFactory): void {
  const SECRET = 'what should not have been said';
  const prepared = async (stores: Stores) => {
    const scene = await Scene.open(stores);
    const marks = new Marks(scene);
    const extra = { mentions: [scene.uid(1)] };
    const target = stored((await scene.append(scene.message(0, 1, SECRET, { clientId: 'c', extra })))[0]);
    await scene.append(
      marks.edit(0, 1, target, `${SECRET} again`),
      marks.react(1, 0, target.mid, '👍'),
      marks.pin(0, 1, target.mid),
    );
    return { scene, marks, target };
  };
  const checkGone = async (stores: Stores, scene: Scene, target: StoredNumbers): Promise<void> => {
    const [reader, conv] = [scene.uid(1), scene.conv()];
    const { events, messages } = stores;
    assert.deepEqual(await events.reactions(reader, conv, [target.mid]), []);
    assert.deepEqual(await events.pins(reader, conv), []);
    const [state] = await messages.conversations(reader, WEB, 1);
    assert.deepEqual([state?.unread, state?.mentions], [0, 0]);
  };

  test(`${name}: a recall leaves nothing of the message, whatever it said and whoever reacted`, async (t) => {
    const subject = await factory(t);
    const { scene, marks, target } = await prepared(subject.stores);
    await scene.append(scene.recall(0, 1, target.mid));
    const late = [
      marks.edit(0, 1, target, 'x'),
      marks.react(1, 0, target.mid, 'x'),
      marks.pin(0, 1, target.mid),
    ];
    assert.deepEqual(outcomes(await scene.append(...late)), Array<string>(3).fill('NO_SUCH_MESSAGE'));
    const check = async (stores: Stores): Promise<void> => {
      await checkGone(stores, scene, target);
      const log = await scene.log(0, 1, stores);
      assert.equal(log.length, 5);
      assert.ok(log.every(({ content }) => !content.includes(SECRET)));
      assert.equal(log[0]?.extra, undefined);
      const edit = readEdit(log[1]?.content ?? '');
      assert.deepEqual([edit?.mid, edit?.content], [target.mid, '']);
      assert.deepEqual(await stores.events.edits(scene.uid(1), scene.conv(), target.mid), []);
    };
    await check(subject.stores);
    await check(await subject.reopen());
  });

  test(`${name}: what retention erases takes edits, reactions, mentions and pins with it`, async (t) => {
    const subject = await factory(t);
    const { scene, target } = await prepared(subject.stores);
    assert.equal(await subject.stores.messages.expire(Date.now() + 1000, 1, 100), 3);
    const check = async (stores: Stores): Promise<void> => {
      await checkGone(stores, scene, target);
      const { events } = stores;
      await assert.rejects(events.edits(scene.uid(1), scene.conv(), target.mid), noSuchMessage);
      assert.deepEqual(await events.messages(scene.uid(1), [target.mid]), []);
    };
    await check(subject.stores);
    await check(await subject.reopen());
  });
}
