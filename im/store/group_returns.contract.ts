/** What holds for whoever has left a group, and for whoever left and came back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editContent, readEdit } from '../message/event_content.js';
import { known, type Uid } from '../message/ids.js';
import { EVENT_KIND } from '../message/message.js';
import { RECALL_TYPE, recallClientId } from '../message/recall.js';
import { DEFAULT_SETTINGS, type ConversationSettings } from '../message/settings.js';
import { GroupScene } from './group_scene.contract.js';
import type { AppendRequest, StoredNumbers } from './interface.js';
import { outcomes, Scene, seq, stored, WEB, WIDE, type StoreFactory } from './scene.contract.js';

const WINDOW_MS = 60_000;
const DAY_MS = 86_400_000;

export function groupReturnsContract(name: string, factory: StoreFactory): void {
  receiptCases(name, factory);
  openHistoryCases(name, factory);
  editCases(name, factory);
  settingsCases(name, factory);
  batchCases(name, factory);
}

function receiptCases(name: string, factory: StoreFactory): void {
  test(`${name}: receipts name nobody who came after the message, though he could read it`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 3);
    const group = await GroupScene.create(scene, [1], { openHistory: true });
    const { events } = scene.stores;
    const early = stored((await group.append(group.message(0, 'early')))[0]);
    const audience = async (mid = early.mid): Promise<readonly number[]> => {
      const found = await events.receipts(scene.uid(0), group.conv, mid);
      return [found.audience, found.readCount];
    };
    await group.add(2);
    assert.deepEqual(await audience(), [1, 0], 'came later');
    const late = stored((await group.append(group.message(0, 'late')))[0]);
    await group.exit(2);
    assert.deepEqual(
      [await audience(), await audience(late.mid)],
      [
        [1, 0],
        [2, 0],
      ],
      'left',
    );
    const missed = stored((await group.append(group.message(0, 'missed')))[0]);
    await group.add(2);
    assert.deepEqual(await audience(), [1, 0], 'came back');
    assert.deepEqual(
      [await audience(late.mid), await audience(missed.mid)],
      [
        [2, 0],
        [1, 0],
      ],
    );
    await group.exit(2);
    assert.deepEqual(
      [await audience(), await audience(late.mid), await audience(missed.mid)],
      [
        [1, 0],
        [2, 0],
        [1, 0],
      ],
    );
  });

  test(`${name}: who received and read what stays true when the group is dissolved`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 5);
    const group = await GroupScene.create(scene, [1, 2, 3]);
    const { events, groups, messages } = scene.stores;
    const said = stored((await group.append(group.message(0, 'a')))[0]);
    const mark = (user: number, read: boolean) =>
      messages.mark([
        { uid: scene.uid(user), device: WEB, conv: group.conv, from: seq(1), to: said.seq, read },
      ]);
    await mark(1, true);
    await mark(2, false);
    await group.exit(3);
    const before = await events.receipts(scene.uid(0), group.conv, said.mid);
    assert.deepEqual([before.audience, before.readCount, before.deliveredCount], [3, 1, 2]);
    await group.dissolve();
    assert.deepEqual(await events.receipts(scene.uid(0), group.conv, said.mid), before);
    await mark(2, true);
    const { readCount, readers } = await events.receipts(scene.uid(0), group.conv, said.mid);
    assert.deepEqual([readCount, readers], [2, [scene.uid(1), scene.uid(2)]], 'he may still read it');
    const [found] = await groups.byGids([group.gid]);
    assert.deepEqual([found?.memberCount, found?.isDissolved], [0, true]);
    for (const user of [0, 1, 3]) {
      assert.deepEqual(await groups.groupsOf(scene.uid(user)), []);
      assert.deepEqual((await groups.memberships([scene.uid(user)])).memberships, []);
    }
    assert.deepEqual(await groups.members(group.gid, undefined, 9), []);
    assert.deepEqual(await groups.admins(group.gid), []);
  });
}

/** Coming back into a group whose history is open: what was said meanwhile may be read, and was not missed. */
function openHistoryCases(name: string, factory: StoreFactory): void {
  const open = async (t: Parameters<StoreFactory>[0]) => {
    const scene = await Scene.open((await factory(t)).stores, 4);
    const group = await GroupScene.create(scene, [1, 2], { openHistory: true });
    const counts = async (index: number): Promise<readonly number[]> => {
      const [row] = await scene.stores.messages.conversations(scene.uid(index), WEB, 1, group.conv);
      return [known(row).unread, known(row).mentions, known(row).readSeq, known(row).deviceSeq];
    };
    const missed = async (index: number): Promise<readonly number[]> => {
      const page = await scene.stores.messages.offlinePage(scene.uid(index), WEB, new Map(), WIDE, 'groups');
      return page.map((event) => event.seq);
    };
    const mark = (index: number, to: number, read: boolean) =>
      scene.stores.messages.mark([
        { uid: scene.uid(index), device: WEB, conv: group.conv, from: seq(1), to: seq(to), read },
      ]);
    return { scene, group, counts, missed, mark };
  };

  test(`${name}: who comes back into open history has missed no more than who is new`, async (t) => {
    const { scene, group, counts, missed, mark } = await open(t);
    await mark(1, await group.say(0, 'read'), true);
    await group.exit(1);
    for (let at = 0; at < 5; at += 1)
      await group.append(
        group.message(0, `meanwhile ${at}`, { extra: { mentions: [scene.uid(1), scene.uid(3)] } }),
      );
    const joined = await group.add(1);
    await group.add(3);
    assert.deepEqual(await counts(1), [0, 0, joined - 1, joined - 1]);
    assert.deepEqual(await counts(3), [0, 0, joined, joined]);
    assert.deepEqual([await missed(1), await missed(3)], [[joined, joined + 1], [joined + 1]]);
    assert.deepEqual((await group.seqsOf(1)).length, joined + 1, 'all of it is his to read');
    const last = await group.say(0, 'after');
    assert.deepEqual((await counts(1)).slice(0, 2), [1, 0]);
    await mark(1, last, true);
    assert.deepEqual([await counts(1), await missed(1)], [[0, 0, last, last], []]);
  });

  test(`${name}: coming back into open history, what he had not got of his earlier stay is still his to get`, async (t) => {
    const { scene, group, counts, missed, mark } = await open(t);
    const said = async (content: string, mentions: readonly Uid[] = []) =>
      stored((await group.append(group.message(0, content, { extra: { mentions } })))[0]);
    const receipts = async (mid: StoredNumbers['mid']): Promise<readonly number[]> => {
      const found = await scene.stores.events.receipts(scene.uid(0), group.conv, mid);
      return [found.audience, found.readCount, found.deliveredCount];
    };
    const [read, got, never] = [await said('read'), await said('got'), await said('never', [scene.uid(1)])];
    await mark(1, read.seq, true);
    await mark(1, got.seq, false);
    await group.exit(1);
    await said('meanwhile');
    const joined = await group.add(1);
    assert.ok((await missed(1)).includes(never.seq), 'a device may not pass what it never had');
    assert.deepEqual(
      [(await counts(1)).slice(0, 2), (await counts(1))[3]],
      [[3, 1], got.seq],
      'with what was said since',
    );
    assert.deepEqual(await receipts(never.mid), [2, 0, 0]);
    assert.deepEqual(await receipts(got.mid), [2, 0, 1]);
    const now = await said('now');
    await mark(1, now.seq, true);
    for (const { mid } of [read, got, never, now])
      assert.deepEqual(await receipts(mid), [2, 1, 1], 'he has read it since');
    assert.deepEqual([await missed(1), (await counts(1)).slice(0, 2)], [[], [0, 0]]);
    assert.ok(joined > never.seq);
  });

  test(`${name}: what was taken back or erased of his earlier time is neither unread nor missed by who comes back`, async (t) => {
    const { scene, group, counts, missed } = await open(t);
    const recalled = stored((await group.append(group.message(0, 'recalled')))[0]);
    await group.exit(1);
    await group.remove(2);
    const request = group.message(0, '{}', {
      kind: EVENT_KIND.recall,
      type: RECALL_TYPE,
      clientId: recallClientId(recalled.mid),
    });
    const by = scene.uid(0);
    const change = { kind: 'recall', mid: recalled.mid, by, windowMs: WINDOW_MS } as const;
    await group.append({ ...request, change });
    await group.say(0, 'meanwhile');
    const first = await group.add(1);
    assert.deepEqual((await counts(1)).slice(0, 3), [0, 0, first - 1]);
    await scene.stores.messages.mark([
      { uid: scene.uid(2), device: WEB, conv: group.conv, from: seq(1), to: seq(1), read: false },
    ]);
    await group.say(0, 'later');
    await scene.stores.messages.expire(Date.now() + 1000, 2, 1000);
    const joined = await group.add(2);
    assert.deepEqual(await counts(2), [0, 0, joined - 1, joined - 1]);
    assert.deepEqual(await missed(2), [joined]);
  });

  test(`${name}: coming back into open history, whose own time is read, however often, nothing more of it is`, async (t) => {
    const { scene, group, counts, mark } = await open(t);
    const first = stored((await group.append(group.message(0, 'first')))[0]);
    const receipts = async (mid: StoredNumbers['mid']): Promise<readonly number[]> => {
      const found = await scene.stores.events.receipts(scene.uid(0), group.conv, mid);
      return [found.audience, found.readCount, found.deliveredCount];
    };
    await mark(1, first.seq, true);
    const before = await receipts(first.mid);
    assert.deepEqual(before, [2, 1, 1]);
    for (const other of [undefined, false, true]) {
      if (other !== undefined) await group.openHistory(other);
      await group.exit(1);
      const meanwhile = stored((await group.append(group.message(0, 'meanwhile')))[0]);
      await group.add(1);
      assert.deepEqual(await receipts(first.mid), before);
      assert.deepEqual(await receipts(meanwhile.mid), [1, 0, 0], 'he was no member then');
      assert.deepEqual((await counts(1)).slice(0, 2), [0, 0]);
    }
  });
}

function editCases(name: string, factory: StoreFactory): void {
  const edit = (group: GroupScene, target: StoredNumbers, content: string): AppendRequest => {
    const text = editContent({ mid: target.mid, clientId: 'target', seq: target.seq, content });
    const request = group.message(0, text, { kind: EVENT_KIND.edit, type: 0 });
    return {
      ...request,
      change: { kind: 'edit', mid: target.mid, by: group.uid(0), content, windowMs: WINDOW_MS },
    };
  };

  test(`${name}: who comes back is shown no words that were written while he was out`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 2);
    const group = await GroupScene.create(scene, [1]);
    const { events, messages } = scene.stores;
    const [uid, { conv }] = [scene.uid(1), group];
    const target = stored((await group.append(group.message(0, 'first')))[0]);
    const shown = async (): Promise<readonly unknown[]> => {
      const at = seq(target.seq);
      const all = await Promise.all([
        messages.range(uid, conv, at, at, WIDE).then((page) => page.events),
        messages.history(uid, conv, 0, WIDE).then((page) => page.filter(({ mid }) => mid === target.mid)),
        messages
          .historyBetween(uid, conv, 0, 0, WIDE)
          .then((page) => page.filter(({ mid }) => mid === target.mid)),
        messages
          .offlinePage(uid, WEB, new Map(), WIDE)
          .then((page) => page.filter(({ mid }) => mid === target.mid)),
        events.page(uid, conv, at, 'around', { count: 1, bytes: 999 }),
        events.messages(uid, [target.mid]),
      ]);
      const rows = all.flat().map(({ content, extra }) => `${content} ${extra?.editCount ?? 0}`);
      assert.equal(rows.length, all.length);
      const before = await events.edits(uid, conv, target.mid);
      return [...new Set(rows), before.map(({ content }) => content)];
    };
    await group.append(edit(group, target, 'second'));
    await group.exit(1);
    await group.append(edit(group, target, 'third'), edit(group, target, 'fourth'));
    assert.deepEqual(await shown(), ['second 1', ['first']]);
    await group.add(1);
    assert.deepEqual(await shown(), ['second 1', ['first']], 'come back');
    await group.append(edit(group, target, 'fifth'));
    assert.deepEqual(await shown(), ['fifth 4', ['first', 'second']], 'edited while he is there');
    await group.append(edit(group, target, 'sixth'));
    assert.deepEqual(await shown(), ['sixth 5', ['first', 'second', 'fifth']]);
    const edits = (await group.readBy(1)).filter(({ kind }) => kind === EVENT_KIND.edit);
    assert.deepEqual(
      edits.map(({ content }) => readEdit(content)?.content),
      ['second', 'fifth', 'sixth'],
    );
    const all = await events.edits(scene.uid(0), conv, target.mid);
    assert.deepEqual(
      all.map(({ content }) => content),
      ['first', 'second', 'third', 'fourth', 'fifth'],
    );
  });
}

function settingsCases(name: string, factory: StoreFactory): void {
  const open = async (t: Parameters<StoreFactory>[0]) => {
    const scene = await Scene.open((await factory(t)).stores, 3);
    const group = await GroupScene.create(scene, [1, 2]);
    const settings = async (): Promise<ConversationSettings> => {
      const [row] = await scene.stores.messages.conversations(scene.uid(1), WEB, 1, group.conv);
      return known(row).settings;
    };
    const set = (change: Partial<ConversationSettings>) =>
      scene.stores.events.setSettings(scene.uid(1), group.conv, change);
    return { scene, group, settings, set };
  };

  test(`${name}: a group that was hidden after leaving stays hidden, whoever speaks in it`, async (t) => {
    const { scene, group, settings, set } = await open(t);
    await set({ hidden: true });
    await group.say(0, 'a');
    await group.exit(1);
    assert.equal((await settings()).hidden, false, 'a message of his time ended it');
    await group.say(0, 'b');
    assert.equal((await set({ hidden: true })).hidden, true);
    assert.equal((await settings()).hidden, true);
    await group.say(0, 'c');
    assert.equal((await settings()).hidden, true);
    assert.equal((await scene.stores.events.unread(scene.uid(1))).unread, 0);
    assert.equal((await set({ muted: true })).hidden, true, 'another setting leaves it');
    for (const days of [1, 31]) await scene.stores.messages.expire(Date.now() + days * DAY_MS, 0, 1000);
    assert.equal((await settings()).hidden, true, 'nothing of his time is left');
    assert.equal((await set({ muted: false })).hidden, true);
    assert.equal((await set({ hidden: false })).hidden, false);
    assert.equal((await settings()).hidden, false);
    assert.equal((await set({ hidden: true })).hidden, true);
    assert.equal((await settings()).hidden, true);
  });

  test(`${name}: who comes back is told everything and sees the group, and keeps his other settings`, async (t) => {
    const { scene, group, settings, set } = await open(t);
    await set({ interest: 'muted', pinned: true, draft: 'so' });
    await group.exit(1);
    await set({ hidden: true });
    await group.add(1);
    assert.deepEqual(await settings(), { ...DEFAULT_SETTINGS, pinned: true, draft: 'so' });
    const page = await scene.stores.groups.memberships([scene.uid(1)]);
    assert.deepEqual(
      page.memberships.map(({ interest }) => interest),
      ['full'],
    );
    await set({ interest: 'count', pinned: false, draft: '' });
    await group.remove(1);
    await group.add(1);
    assert.deepEqual(await settings(), DEFAULT_SETTINGS);
  });
}

function batchCases(name: string, factory: StoreFactory): void {
  test(`${name}: also what the same batch has stored nobody may mark who may not read it`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 3);
    const group = await GroupScene.create(scene, [1]);
    const react = (by: number, { event }: AppendRequest): AppendRequest => {
      const request = group.message(by, '{"emoji":"x"}', { kind: EVENT_KIND.reaction, type: 0 });
      const target = known(event).mid;
      return {
        ...request,
        change: { kind: 'reaction', mid: target, by: group.uid(by), emoji: 'x', on: true },
      };
    };
    const come = (by: number): AppendRequest =>
      group.request(by, { do: 'add', uids: [group.uid(by)], how: 'open', code: '', groupLimit: 9 });
    const said = ['his time', 'out', 'before', 'after'].map((content) => group.message(0, content));
    const [his, out, before, after] = [known(said[0]), known(said[1]), known(said[2]), known(said[3])];
    const marks = [react(1, his), react(1, out), react(1, after), react(2, before), react(2, after)];
    const results = await group.append(
      ...[his, group.request(1, { do: 'exit' }), out, come(1), before, come(2), after],
      ...marks,
    );
    assert.deepEqual(outcomes(results).slice(-marks.length), [
      'stored',
      'NO_SUCH_MESSAGE',
      'stored',
      'NO_SUCH_MESSAGE',
      'stored',
    ]);
  });
}
