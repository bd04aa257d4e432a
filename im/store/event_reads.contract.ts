/** Pages around a place, messages by their mids, receipts, settings and totals, in conversations of two and groups. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../errors.js';
import { editContent } from '../message/event_content.js';
import { GROUP_ROLE, LARGE_GROUP } from '../message/group.js';
import { known } from '../message/ids.js';
import { EVENT_KIND, EVERYBODY, type ChatEvent } from '../message/message.js';
import { DEFAULT_SETTINGS } from '../message/settings.js';
import { RECEIPT_NAMES_LIMIT } from './event_interface.js';
import { UNREAD_LIMIT } from './interface.js';
import { GroupScene } from './group_scene.contract.js';
import { indexAll } from './search.contract.js';
import type { Stores } from './stores_interface.js';
import {
  mid,
  outcomes,
  PHONE,
  Scene,
  seq,
  stored,
  WEB,
  WIDE,
  withCode,
  type StoreFactory,
} from './scene.contract.js';

const noPermission = withCode(ERRORS.NO_PERMISSION.code);
const noSuchMessage = withCode(ERRORS.NO_SUCH_MESSAGE.code);
const seqsOf = (events: readonly ChatEvent[]): readonly number[] => events.map((event) => event.seq);
const limit = (count: number) => ({ count, bytes: WIDE.bytes });

export function eventReadsContract(name: string, factory: StoreFactory): void {
  pageCases(name, factory);
  groupCases(name, factory);
  receiptCases(name, factory);
  settingsCases(name, factory);
}

function pageCases(name: string, factory: StoreFactory): void {
  test(`${name}: pages before, after and around a place are ascending and bounded`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 3);
    await scene.say(0, 1, ...Array.from({ length: 9 }, (_, at) => `m${at + 1}`));
    const { events } = scene.stores;
    const [reader, conv] = [scene.uid(1), scene.conv()];
    const page = async (at: number, side: 'before' | 'after' | 'around', count: number) =>
      seqsOf(await events.page(reader, conv, seq(at), side, limit(count)));
    assert.deepEqual(await page(5, 'before', 3), [2, 3, 4]);
    assert.deepEqual(await page(5, 'before', 9), [1, 2, 3, 4]);
    assert.deepEqual(await page(1, 'before', 9), []);
    assert.deepEqual(await page(5, 'after', 3), [6, 7, 8]);
    assert.deepEqual(await page(9, 'after', 3), []);
    assert.deepEqual(await page(5, 'around', 5), [3, 4, 5, 6, 7]);
    assert.deepEqual(await page(1, 'around', 4), [1, 2]);
    assert.deepEqual(await page(9, 'around', 4), [6, 7, 8, 9]);
    assert.deepEqual(await page(5, 'around', 1), [5]);
    assert.deepEqual(await page(2 ** 40, 'before', 2), [8, 9]);
    await assert.rejects(events.page(scene.uid(2), conv, seq(5), 'after', WIDE), noPermission);
    assert.deepEqual(await events.page(reader, scene.conv(1, 2), seq(5), 'around', WIDE), []);
  });

  test(`${name}: a page is bounded in bytes too, and holds at least one event of each side`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores);
    const big = 'x'.repeat(64 << 10);
    await scene.say(0, 1, `1${big}`, `2${big}`, `3${big}`, `4${big}`);
    const { events } = scene.stores;
    const page = async (at: number, side: 'before' | 'after' | 'around', bytes: number) =>
      seqsOf(await events.page(scene.uid(1), scene.conv(), seq(at), side, { count: 9, bytes }));
    assert.deepEqual(await page(0, 'after', 140 << 10), [1, 2]);
    assert.deepEqual(await page(9, 'before', 140 << 10), [3, 4]);
    assert.deepEqual(await page(0, 'after', 1), [1]);
    assert.deepEqual(await page(3, 'around', 1), [2, 3]);
  });

  test(`${name}: messages by their mids are those that the reader may read`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 3);
    const [mine] = await scene.say(0, 1, 'a\0b');
    const [others] = await scene.say(1, 2, 'secret');
    const mids = [known(others).mid, mid(2 ** 50), known(mine).mid];
    const { events } = scene.stores;
    const found = await events.messages(scene.uid(0), mids);
    assert.deepEqual(
      found.map(({ content, conv, to }) => [content, conv, to]),
      [['a\0b', scene.conv(), scene.uid(1)]],
    );
    assert.equal((await events.messages(scene.uid(1), mids)).length, 2);
  });
}

function groupCases(name: string, factory: StoreFactory): void {
  test(`${name}: of a group, everything that is said of messages is for members and of their time`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores, 4);
    const group = await GroupScene.create(scene, [1]);
    const { conv } = group;
    await group.say(1, 'before');
    const came = await group.add(2);
    await group.say(0, 'inside');
    const went = await group.remove(2);
    await group.say(0, 'after');
    const log = await group.readBy(0);
    const of = (content: string) => known(log.find((event) => event.content === content)).mid;
    const pins = [of('before'), of('inside'), of('after')].map((target, at) => ({
      ...group.message(0, '{}', { kind: EVENT_KIND.pin, clientId: `pin ${at}` }),
      change: { kind: 'pin', mid: target, by: scene.uid(0), on: true } as const,
    }));
    await group.append(...pins);
    const check = async ({ events }: Stores): Promise<void> => {
      const left = scene.uid(2);
      const inside = [came, came + 1, went];
      assert.deepEqual(seqsOf(await events.page(left, conv, seq(0), 'after', WIDE)), inside);
      assert.deepEqual(seqsOf(await events.page(left, conv, seq(99), 'before', WIDE)), inside);
      assert.deepEqual(seqsOf(await events.page(left, conv, came, 'around', WIDE)), inside);
      const mids = [of('before'), of('inside'), of('after')];
      const read = async (uid: number) =>
        (await events.messages(scene.uid(uid), mids)).map(({ content }) => content);
      assert.deepEqual(await read(1), ['before', 'inside', 'after']);
      assert.deepEqual(await read(2), ['inside']);
      assert.deepEqual(await read(3), []);
      assert.deepEqual(await events.pins(left, conv), [], 'pinned after he went');
      assert.equal((await events.pins(scene.uid(1), conv)).length, 3);
      await assert.rejects(events.edits(left, conv, of('after')), noSuchMessage);
      assert.deepEqual(await events.reactions(left, conv, mids), []);
      const stranger = scene.uid(3);
      await assert.rejects(events.page(stranger, conv, seq(0), 'after', WIDE), noPermission);
      await assert.rejects(events.pins(stranger, conv), noPermission);
      await assert.rejects(events.edits(stranger, conv, of('inside')), noPermission);
      await assert.rejects(events.reactions(stranger, conv, mids), noPermission);
      await assert.rejects(events.receipts(stranger, conv, of('inside')), noPermission);
      await assert.rejects(events.setSettings(stranger, conv, { pinned: true }), noPermission);
    };
    await check(subject.stores);
    await check(await subject.reopen());
  });

  test(`${name}: who has left a group is shown nothing that was written or done since, in no message`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores, 3);
    const group = await GroupScene.create(scene, [1, 2]);
    const { conv } = group;
    const extra = { mentions: [scene.uid(2)] };
    const said = stored((await group.append(group.message(0, 'word first', { extra })))[0]);
    const edit = (content: string) => ({
      ...group.message(0, editContent({ ...said, clientId: 'x', content }), {
        kind: EVENT_KIND.edit,
        clientId: content,
      }),
      change: { kind: 'edit', mid: said.mid, by: scene.uid(0), content, windowMs: 60_000 } as const,
    });
    await group.append(edit('word second'));
    await group.remove(2);
    await group.append(edit('word third'));
    await indexAll(subject.stores);
    const check = async ({ events, messages, search }: Stores): Promise<void> => {
      const read = async (user: number) => {
        const [uid, at] = [scene.uid(user), said.seq];
        const lists = [
          (await messages.range(uid, conv, at, at, WIDE)).events,
          (await messages.history(uid, conv, 0, WIDE)).filter((event) => event.seq === at),
          (await messages.historyBetween(uid, conv, 0, 0, WIDE)).filter((event) => event.seq === at),
          (await messages.offlinePage(uid, WEB, new Map(), WIDE)).filter((event) => event.seq === at),
          await events.page(uid, conv, at, 'around', limit(1)),
          await events.messages(uid, [said.mid]),
        ];
        const texts = lists.flat().map((event) => `${event.content} ${event.extra?.editCount}`);
        assert.ok(lists.flat().every((event) => event.extra?.mentions?.[0] === scene.uid(2)));
        const edits = (await events.edits(uid, conv, said.mid)).map(({ content }) => content);
        const all = { conv: '', from: undefined, fromMs: 0, toMs: 0, before: 0, limit: 9 } as const;
        const found = (await search.search({ ...all, uid, text: 'third' })).events.length;
        return [...new Set(texts), ...edits, found];
      };
      assert.deepEqual(await read(1), ['word third 2', 'word first', 'word second', 1]);
      assert.deepEqual(await read(2), ['word second 1', 'word first', 0]);
    };
    await check(subject.stores);
    await check(await subject.reopen());
  });

  test(`${name}: in a group members react to what they may read, admins pin and take back`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 5);
    const group = await GroupScene.create(scene, [1, 2]);
    const target = stored((await group.append(group.message(1, 'a')))[0]).mid;
    await group.add(3);
    let count = 0;
    const ask = (by: number, kind: 'reaction' | 'pin' | 'recall', of = target, windowMs = 60_000) => {
      count += 1;
      const event = group.message(by, '{}', { kind: EVENT_KIND[kind], clientId: `ask ${count}` });
      const change = { mid: of, by: scene.uid(by), on: true, emoji: '👍', windowMs };
      return { ...event, change: { ...change, kind } };
    };
    const results = await group.append(
      ask(2, 'reaction'),
      ask(2, 'reaction'),
      ask(3, 'reaction'),
      ask(4, 'reaction'),
      ask(2, 'pin'),
      ask(0, 'pin'),
      ask(2, 'recall'),
      ask(1, 'recall', target, -1),
      ask(0, 'recall', target, -1),
      ask(2, 'reaction'),
    );
    assert.deepEqual(outcomes(results), [
      'stored',
      'changed',
      'NO_SUCH_MESSAGE',
      'NOT_A_MEMBER',
      'NO_PERMISSION',
      'stored',
      'NO_PERMISSION',
      'RECALL_TOO_LATE',
      'stored',
      'NO_SUCH_MESSAGE',
    ]);
    const own = stored((await group.append(group.message(0, 'own')))[0]).mid;
    const [late] = await group.append(ask(0, 'recall', own, -1));
    assert.equal(late?.outcome, 'stored', 'an admin has no window');
    assert.deepEqual(await scene.stores.events.pins(scene.uid(1), group.conv), []);
  });
}

function receiptCases(name: string, factory: StoreFactory): void {
  test(`${name}: receipts of a conversation of two are its sender's`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 3);
    const { events, messages } = scene.stores;
    const [conv, sender, reader] = [scene.conv(), scene.uid(0), scene.uid(1)];
    const [said, later] = await scene.say(0, 1, 'a', 'b');
    const target = known(said).mid;
    const nothing = { conv, mid: target, seq: 1, audience: 1, readCount: 0, readers: [], deliveredCount: 0 };
    assert.deepEqual(await events.receipts(sender, conv, target), nothing);
    await messages.mark([{ uid: reader, device: WEB, conv, from: seq(1), to: seq(1), read: false }]);
    assert.deepEqual(await events.receipts(sender, conv, target), { ...nothing, deliveredCount: 1 });
    await messages.mark([{ uid: reader, device: WEB, conv, from: seq(1), to: seq(1), read: true }]);
    const read = { ...nothing, readCount: 1, readers: [reader], deliveredCount: 1 };
    assert.deepEqual(await events.receipts(sender, conv, target), read);
    assert.equal((await events.receipts(sender, conv, known(later).mid)).readCount, 0);
    await assert.rejects(events.receipts(reader, conv, target), noPermission);
    await assert.rejects(events.receipts(scene.uid(2), conv, target), noPermission);
    await assert.rejects(events.receipts(sender, conv, mid(2 ** 50)), noSuchMessage);
    const [note] = await scene.say(0, 0, 'note');
    const own = await events.receipts(sender, scene.conv(0, 0), known(note).mid);
    assert.deepEqual([own.audience, own.readCount], [0, 0]);
  });

  test(`${name}: receipts of a group are of those who were members then, for its sender and admins`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 7);
    const group = await GroupScene.create(scene, [1, 2, 3, 4]);
    const { events, messages } = scene.stores;
    const { conv } = group;
    await group.exit(4);
    const said = stored((await group.append(group.message(1, 'a')))[0]);
    await group.add(5);
    await group.exit(3);
    const mark = (user: number, read: boolean) => ({
      uid: scene.uid(user),
      device: PHONE,
      conv,
      from: seq(1),
      to: said.seq,
      read,
    });
    await messages.mark([mark(2, true), mark(3, true), mark(0, false), mark(5, true)]);
    const receipts = await events.receipts(scene.uid(1), conv, said.mid);
    assert.deepEqual(receipts, {
      conv,
      mid: said.mid,
      seq: said.seq,
      audience: 3,
      readCount: 2,
      readers: [scene.uid(2), scene.uid(3)],
      deliveredCount: 3,
    });
    assert.deepEqual(await events.receipts(scene.uid(0), conv, said.mid), receipts);
    await assert.rejects(events.receipts(scene.uid(2), conv, said.mid), noPermission);
    await group.did(0, { do: 'role', uid: scene.uid(2), role: GROUP_ROLE.admin });
    assert.deepEqual(await events.receipts(scene.uid(2), conv, said.mid), receipts);
    await assert.rejects(events.receipts(scene.uid(5), conv, said.mid), noSuchMessage);
    await assert.rejects(events.receipts(scene.uid(6), conv, said.mid), noPermission);
  });

  test(`${name}: in a large group receiving is not kept, and names are capped where counts are not`, async (t) => {
    const count = Math.max(LARGE_GROUP.deliveredMarks, RECEIPT_NAMES_LIMIT) + 5;
    const scene = await Scene.open((await factory(t)).stores, count + 1);
    const others = Array.from({ length: count }, (_, at) => at + 1);
    const group = await GroupScene.create(scene, others);
    const at = await group.say(0, 'a');
    const { conv } = group;
    const { events, messages } = scene.stores;
    await messages.mark(
      others.map((user) => ({ uid: scene.uid(user), device: PHONE, conv, from: seq(1), to: at, read: true })),
    );
    const target = known((await group.readBy(0)).at(-1)).mid;
    const receipts = await events.receipts(scene.uid(0), conv, target);
    assert.deepEqual([receipts.audience, receipts.readCount, receipts.deliveredCount], [count, count, -1]);
    assert.equal(receipts.readers.length, RECEIPT_NAMES_LIMIT);
  });
}

function settingsCases(name: string, factory: StoreFactory): void {
  test(`${name}: settings are the user's own, and tell his other devices`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores, 3);
    const { events, messages } = subject.stores;
    const [uid, conv] = [scene.uid(0), scene.conv()];
    await assert.rejects(events.setSettings(uid, conv, { pinned: true }), noPermission);
    await scene.say(0, 1, 'a');
    const request = { uid, device: WEB, afterConv: '', limit: 9 };
    const { nowMs } = await messages.sync({ ...request, sinceMs: 0 });
    const changed = await events.setSettings(uid, conv, {
      pinned: true,
      draft: 'to be\0 said 😀',
      interest: 'count',
    });
    assert.deepEqual(changed, { ...DEFAULT_SETTINGS, pinned: true, draft: 'to be\0 said 😀' });
    assert.deepEqual(await events.setSettings(uid, conv, { muted: true, draft: '' }), {
      ...DEFAULT_SETTINGS,
      pinned: true,
      muted: true,
    });
    const check = async (stores: Stores): Promise<void> => {
      const page = await stores.messages.sync({ ...request, sinceMs: nowMs });
      assert.deepEqual(page.conversations[0]?.settings, { ...DEFAULT_SETTINGS, pinned: true, muted: true });
      const [other] = await stores.messages.conversations(scene.uid(1), WEB, 1);
      assert.deepEqual(other?.settings, DEFAULT_SETTINGS);
      await assert.rejects(stores.events.setSettings(scene.uid(2), conv, { pinned: true }), noPermission);
    };
    await check(subject.stores);
    await check(await subject.reopen());
  });

  test(`${name}: a group's interest is kept; hidden ends with the next message`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 2);
    const group = await GroupScene.create(scene, [1]);
    const { events, messages } = scene.stores;
    const set = await events.setSettings(scene.uid(1), group.conv, { interest: 'muted', hidden: true });
    assert.deepEqual([set.interest, set.hidden], ['muted', true]);
    const settings = async () => (await messages.conversations(scene.uid(1), WEB, 1))[0]?.settings;
    assert.equal((await settings())?.hidden, true);
    await group.say(0, 'a');
    assert.deepEqual([(await settings())?.hidden, (await settings())?.interest], [false, 'muted']);
  });

  test(`${name}: totals are what the conversations say, without those that are hidden`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 5);
    const { events, messages } = scene.stores;
    const [uid, extra] = [scene.uid(0), { mentions: [EVERYBODY] as const }];
    const group = await GroupScene.create(scene, [1, 2]);
    const totals = { unread: 0, muted: 0, mentions: 0, conversations: 0 };
    assert.deepEqual(await events.unread(uid), totals);
    await scene.say(1, 0, 'a', 'b');
    await scene.append(scene.message(2, 0, 'c', { extra }), scene.message(3, 0, 'd', { extra }));
    await scene.say(0, 4, 'own');
    await group.append(group.message(1, 'e', { extra }), group.message(0, 'f'), group.message(2, 'g'));
    assert.deepEqual(await events.unread(uid), { unread: 6, muted: 0, mentions: 3, conversations: 4 });
    await events.setSettings(uid, scene.conv(0, 2), { muted: true });
    await events.setSettings(uid, scene.conv(0, 3), { hidden: true });
    assert.deepEqual(await events.unread(uid), { unread: 4, muted: 1, mentions: 2, conversations: 2 });
    await messages.mark([{ uid, device: WEB, conv: scene.conv(), from: seq(1), to: seq(1), read: true }]);
    assert.deepEqual(await events.unread(uid), { unread: 3, muted: 1, mentions: 2, conversations: 2 });
    await group.remove(1);
    await group.say(2, 'h');
    assert.equal((await events.unread(scene.uid(1))).unread, 2, 'what he may read of it');
  });

  test(`${name}: one conversation counts up to the limit`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 3);
    const many = Array.from({ length: UNREAD_LIMIT + 10 }, (_, at) => `m${at}`);
    await scene.say(1, 0, ...many);
    await scene.say(2, 0, 'one more');
    const { unread, conversations } = await scene.stores.events.unread(scene.uid(0));
    assert.deepEqual([unread, conversations], [UNREAD_LIMIT + 1, 2]);
  });
}
