/** What one user is told by every way of asking, against the model of each of his groups. */
import assert from 'node:assert/strict';
import type { ConversationName } from '../message/conversation.js';
import { ERRORS } from '../errors.js';
import { readEdit } from '../message/event_content.js';
import { known, type Device, type Seq } from '../message/ids.js';
import { EVENT_KIND, MESSAGE_STATUS, type ChatEvent } from '../message/message.js';
import type { GroupLogModel, ModelEvent } from './group_log_model.contract.js';
import type { GroupScene } from './group_scene.contract.js';
import type { ConversationState } from './interface.js';
import { mid, PHONE, seq, WEB, WIDE, withCode, type Scene } from './scene.contract.js';
import { findAll, indexAll, ask } from './search.contract.js';

export const DEVICES: readonly [Device, Device] = [PHONE, WEB];

export interface Place {
  readonly group: GroupScene;
  readonly model: GroupLogModel;
}

/** What a client holds that asks only for what has changed. */
interface Copy {
  readonly rows: Map<ConversationName, ConversationState>;
  sinceMs: number;
}

export interface Play {
  /** Of the store. */
  readonly time: { nowMs: number };
  readonly scene: Scene;
  readonly places: readonly Place[];
  /** By user. */
  readonly copies: Map<number, Copy>;
}

const SMALL = { count: 3, bytes: WIDE.bytes };
const SMALLER = { count: 2, bytes: WIDE.bytes };

export async function checkUser(play: Play, who: number): Promise<void> {
  for (const place of play.places) {
    if (!place.model.sides.has(who)) continue;
    await checkPages(place, who);
    await checkAround(place, who);
    await checkSaid(place, who);
    await checkReceipts(place, who);
    for (const device of DEVICES) {
      await checkState(place, who, device);
      await checkMissed(play, place, who, device);
    }
  }
  await checkTotals(play, who);
  await checkSync(play, who);
  await checkSearch(play, who);
}

/** The rows of his lists alone, also as a client has them that asks for what has changed: little, so that it is often. */
export async function checkLists(play: Play, who: number): Promise<void> {
  for (const place of play.places)
    if (place.model.sides.has(who)) for (const device of DEVICES) await checkState(place, who, device);
  await checkSync(play, who);
}

/** As much of an event as the model knows. */
function shown({ seq: at, mid: of, kind, status, content, extra }: ChatEvent): string {
  const isMessage = kind === EVENT_KIND.message;
  const text = isMessage ? content : kind === EVENT_KIND.edit ? known(readEdit(content)).content : '';
  const named = extra?.mentions?.length ?? 0;
  return `${at} ${of} ${kind} ${status} "${text}" ${extra?.editCount ?? 0} ${named}`;
}

function expected(model: GroupLogModel, who: number, event: ModelEvent): string {
  const { seq: at, mid: of, kind, status, mentions, edits } = event;
  const isThere = kind === EVENT_KIND.message && status === MESSAGE_STATUS.normal;
  const last = isThere ? model.editsFor(who, event).at(-1) : undefined;
  const editCount = last === undefined ? 0 : edits.indexOf(last) + 1;
  const text = model.textFor(who, event);
  return `${at} ${of} ${kind} ${status} "${text}" ${editCount} ${isThere ? mentions.length : 0}`;
}

const all = (model: GroupLogModel, who: number): readonly string[] =>
  model.readable(who).map((event) => expected(model, who, event));

async function checkPages({ group, model }: Place, who: number): Promise<void> {
  const { messages, events } = group.scene.stores;
  const [uid, { conv }] = [group.uid(who), group];
  const wanted = all(model, who);
  if (model.lastOf(who) >= model.floor || model.floor === 1)
    assert.deepEqual((await group.readBy(who, 3)).map(shown), wanted, 'range');
  else await assert.rejects(messages.range(uid, conv, seq(1), seq(model.lastOf(who)), WIDE), expired);
  const down: string[] = [];
  for (let before = 0; ;) {
    const page = await messages.history(uid, conv, before, SMALL);
    if (page.length === 0) break;
    down.push(...page.map(shown));
    before = known(page.at(-1)).mid;
  }
  assert.deepEqual(down, wanted.toReversed(), 'history');
  const between = await messages.historyBetween(uid, conv, 1, 0, WIDE);
  assert.deepEqual(between.map(shown), wanted.toReversed(), 'by time');
  const found = await events.messages(
    uid,
    model.log.map((event) => mid(event.mid)),
  );
  assert.deepEqual(found.map(shown), wanted, 'by mids');
}

const expired = withCode(ERRORS.EXPIRED.code);
const noSuchMessage = withCode(ERRORS.NO_SUCH_MESSAGE.code);

async function checkAround({ group, model }: Place, who: number): Promise<void> {
  const { events } = group.scene.stores;
  const [uid, { conv }] = [group.uid(who), group];
  const wanted = model.readable(who);
  const at = Math.ceil(model.lastSeq / 2);
  const [before, above] = [wanted.filter((e) => e.seq < at), wanted.filter((e) => e.seq > at)];
  const page = async (side: 'before' | 'after' | 'around', limits = SMALL) =>
    (await events.page(uid, conv, seq(at), side, limits)).map(shown);
  const of = (list: readonly ModelEvent[]) => list.map((event) => expected(model, who, event));
  assert.deepEqual(await page('before'), of(before.slice(-3)), 'before');
  assert.deepEqual(await page('after'), of(above.slice(0, 3)), 'after');
  const half = wanted.filter((e) => e.seq >= at).slice(0, 2);
  assert.deepEqual(await page('around'), of([...before.slice(half.length - 3), ...half]), 'around');
}

/** Earlier contents, reactions, pins. */
async function checkSaid({ group, model }: Place, who: number): Promise<void> {
  const { events } = group.scene.stores;
  const [uid, { conv }] = [group.uid(who), group];
  for (const event of model.log) {
    if (event.kind !== EVENT_KIND.message) continue;
    const asked = events.edits(uid, conv, mid(event.mid));
    if (!model.mayRead(who, event.seq)) {
      await assert.rejects(asked, noSuchMessage);
      continue;
    }
    const isThere = event.status === MESSAGE_STATUS.normal;
    const said = isThere
      ? [event.content, ...model.editsFor(who, event).map(({ content }) => content)].slice(0, -1)
      : [];
    assert.deepEqual(
      (await asked).map(({ content }) => content),
      said,
      'edits',
    );
  }
  if (!model.isMember(who)) return;
  const pins = [...model.pins].sort(([, one], [, other]) => other - one).map(([of]) => of);
  const pinned = pins.flatMap((of) => model.readable(who).find((event) => event.mid === of) ?? []);
  assert.deepEqual(
    (await events.pins(uid, conv)).map(shown),
    pinned.map((event) => expected(model, who, event)),
    'pins',
  );
  const mids = model.log.map((event) => mid(event.mid));
  const reactions = (await events.reactions(uid, conv, mids)).map(
    ({ mid: of, emoji, count, own, uids }) => `${of} ${emoji} ${count} ${own} ${uids.toSorted().join()}`,
  );
  const wanted = model.readable(who).flatMap(({ mid: of }) =>
    [...(model.reactions.get(of) ?? [])]
      .filter(([, those]) => those.size > 0)
      .map(([emoji, those]) => {
        const uids = [...those].map((one) => group.uid(one)).toSorted();
        return `${of} ${emoji} ${those.size} ${those.has(who)} ${uids.join()}`;
      }),
  );
  assert.deepEqual(reactions.toSorted(), wanted.toSorted(), 'reactions');
}

async function checkReceipts({ group, model }: Place, who: number): Promise<void> {
  const { events } = group.scene.stores;
  for (const event of model.log) {
    if (event.kind !== EVENT_KIND.message || event.by !== who) continue;
    const asked = events.receipts(group.uid(who), group.conv, mid(event.mid));
    if (event.status !== MESSAGE_STATUS.normal) {
      await assert.rejects(asked, noSuchMessage);
      continue;
    }
    const audience = [...model.sides].filter(([one]) => one !== who && model.wasIn(one, event.seq));
    const readers = audience
      .filter(([, { hasRead }]) => hasRead.has(event.seq))
      .map(([one]) => group.uid(one));
    const got = audience.filter(([, { hasGot }]) => hasGot.has(event.seq));
    const found = await asked;
    assert.deepEqual(
      [found.seq, found.audience, found.readCount, found.readers, found.deliveredCount],
      [event.seq, audience.length, readers.length, readers.toSorted((a, b) => a - b), got.length],
      `receipts of ${event.seq}`,
    );
  }
}

async function checkState({ group, model }: Place, who: number, device: Device): Promise<void> {
  const { messages } = group.scene.stores;
  const [row] = await messages.conversations(group.uid(who), device, 1, group.conv);
  const side = known(model.sides.get(who));
  const last = model.lastOf(who);
  const { settings } = side;
  const readable = model.readable(who);
  const found = known(row);
  assert.deepEqual(
    {
      firstSeq: found.firstSeq,
      lastSeq: found.lastSeq,
      isMember: found.isMember,
      lastMid: found.lastMid,
      deviceSeq: found.deviceSeq,
      deliveredSeq: found.deliveredSeq,
      readSeq: found.readSeq,
      unread: found.unread,
      mentions: found.mentions,
      settings: found.settings,
    },
    {
      firstSeq: readable[0]?.seq ?? last + 1,
      lastSeq: last,
      isMember: model.isMember(who),
      lastMid: model.isIn(who) || last >= model.firstRow ? model.log[last - 1]?.mid : 0,
      deviceSeq: side.marks.get(device) ?? side.read,
      deliveredSeq: side.delivered,
      readSeq: side.read,
      unread: model.unread(who).length,
      mentions: model.mentions(who).length,
      settings: { ...settings, hidden: model.isHidden(who) },
    },
  );
}

/** Of all his conversations, and of that one; by pages. */
async function checkMissed(play: Play, { group, model }: Place, who: number, device: Device): Promise<void> {
  const side = known(model.sides.get(who));
  const mark = side.marks.get(device) ?? side.read;
  const missed = model
    .readable(who)
    .filter((event) => event.seq > mark && !(event.by === who && event.device === device))
    .map((event) => expected(model, who, event));
  const isMuted = side.settings.interest === 'muted';
  const byAll = await pulled(play, who, device, 'groups');
  const his = byAll.filter((event) => event.conv === group.conv).map(shown);
  assert.deepEqual(his, isMuted ? [] : missed, 'offline pages');
  const byOne = (await pulled(play, who, device, group.conv)).map(shown);
  const isOut = !model.isMember(who);
  const end = isOut ? missed.filter((text) => text.startsWith(`${model.lastOf(who)} `)) : [];
  assert.deepEqual(byOne, isMuted ? end : missed, 'offline pages of one');
}

async function pulled(
  { scene }: Play,
  who: number,
  device: Device,
  only: ConversationName | 'groups',
): Promise<readonly ChatEvent[]> {
  const found: ChatEvent[] = [];
  const passed = new Map<ConversationName, Seq>();
  for (;;) {
    const page = await scene.stores.messages.offlinePage(scene.uid(who), device, passed, SMALLER, only);
    if (page.length === 0) return found;
    for (const event of page) {
      assert.ok(event.seq > (passed.get(event.conv) ?? 0), 'in order, once');
      passed.set(event.conv, event.seq);
    }
    found.push(...page);
  }
}

async function checkTotals({ scene, places }: Play, who: number): Promise<void> {
  const totals = { unread: 0, muted: 0, mentions: 0, conversations: 0 };
  for (const { model } of places) {
    const side = model.sides.get(who);
    if (side === undefined || model.isHidden(who)) continue;
    const [unread, mentions] = [model.unread(who).length, model.mentions(who).length];
    totals.mentions += mentions;
    if (side.settings.muted) totals.muted += unread;
    else totals.unread += unread;
    if (!side.settings.muted && unread > 0) totals.conversations += 1;
  }
  assert.deepEqual(await scene.stores.events.unread(scene.uid(who)), totals, 'totals');
}

/** A client that asks for what has changed has what is there. */
async function checkSync({ scene, places, copies }: Play, who: number): Promise<void> {
  const { messages } = scene.stores;
  const copy = copies.get(who) ?? { rows: new Map<ConversationName, ConversationState>(), sinceMs: 0 };
  copies.set(who, copy);
  let afterConv = '';
  for (let more = true; more;) {
    const request = { uid: scene.uid(who), device: WEB, sinceMs: copy.sinceMs, afterConv, limit: 1 };
    const page = await messages.sync(request);
    for (const row of page.conversations) copy.rows.set(row.conv, row);
    more = page.more;
    afterConv = page.conversations.at(-1)?.conv ?? '';
    if (!more) copy.sinceMs = page.nowMs;
    const his = places.filter(({ model }) => model.sides.has(who));
    const sum = his.reduce((before, { model }) => before + model.lastOf(who), 0);
    assert.deepEqual([page.count, page.sum], [his.length, sum], 'sync totals');
    const [cursor] = await messages.cursors([scene.uid(who)]);
    assert.deepEqual([cursor?.count, cursor?.sum], [his.length, sum]);
  }
  // A device's own mark is no news to anybody.
  const held = [...copy.rows.values()].map((row) => ({ ...row, deviceSeq: 0 }));
  const now = (await messages.conversations(scene.uid(who), WEB, 9)).map((row) => ({ ...row, deviceSeq: 0 }));
  const byName = (one: { conv: string }, other: { conv: string }) => (one.conv < other.conv ? -1 : 1);
  assert.deepEqual(held.sort(byName), now.sort(byName), 'a copy kept by sync');
}

async function checkSearch({ scene, places }: Play, who: number): Promise<void> {
  await indexAll(scene.stores);
  for (const text of ['alpha', 'beta alpha']) {
    const words = text.split(' ');
    const wanted = places.flatMap(({ model }) =>
      model.readable(who).flatMap((event) => {
        if (event.kind !== EVENT_KIND.message || event.status !== MESSAGE_STATUS.normal) return [];
        const shownNow = model.textFor(who, event);
        // Found is what a message says now, which he must know.
        if (shownNow !== (event.edits.at(-1)?.content ?? event.content)) return [];
        return words.every((word) => shownNow.split(' ').includes(word)) ? [shownNow] : [];
      }),
    );
    const found = await findAll(scene.stores, { ...ask(scene.uid(who), text), limit: 2 });
    assert.deepEqual(found.toSorted(), wanted.toSorted(), `search of ${text}`);
  }
}
