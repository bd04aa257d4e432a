/**
 * Whatever members of a group do: by every way of paging each of them reads exactly the union of his memberships,
 * in order, once. The rule is said here a second time and slowly.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ConversationName } from '../message/conversation.js';
import type { Seq } from '../message/ids.js';
import { plays } from '../../test/support/plays.js';
import { GroupScene } from './group_scene.contract.js';
import { Scene, seq, WEB, WIDE, type StoreFactory } from './scene.contract.js';

const USERS = [0, 1, 2, 3] as const;
const STEPS = ['say', 'come', 'go', 'remove', 'open', 'close', 'read'] as const;

interface Step {
  readonly what: (typeof STEPS)[number];
  readonly who: number;
}

/** One user: his memberships, closed intervals of seqs of which the last may have no end yet. */
interface Side {
  readonly spans: { from: number; to: number; joined: number }[];
  /** From where his device starts: at its mark, and while it has none at what he has read. */
  start: number;
  hasMark: boolean;
  isMember: boolean;
}

class Model {
  readonly sides: readonly Side[] = USERS.map((index) => ({
    spans: index === 0 ? [{ from: 1, to: Infinity, joined: 1 }] : [],
    start: 0,
    hasMark: false,
    isMember: index === 0,
  }));
  readonly said: { at: number; by: number }[] = [];
  isOpen = false;
  lastSeq = 1;

  come(who: number, joined: number): void {
    const side = this.sides[who];
    if (side === undefined) return;
    if (side.spans.length === 0 || (this.isOpen && this.#hadAll(who, side))) side.start = joined - 1;
    side.spans.push({ from: this.isOpen ? 1 : joined, to: Infinity, joined });
    side.isMember = true;
  }

  /**
   * Of his earlier memberships, so that in open history he begins at his return like somebody new: a device that has
   * a mark had every event but the notice of his going, and one that has none begins behind the messages he has read.
   */
  #hadAll(who: number, { spans, start, hasMark }: Side): boolean {
    if (hasMark) return start >= (spans.at(-1)?.to ?? 0) - 1;
    const wasThere = (at: number) => spans.some(({ joined, to }) => joined <= at && at <= to);
    return !this.said.some(({ at, by }) => by !== who && at > start && wasThere(at));
  }

  go(who: number, left: number): void {
    const side = this.sides[who];
    const span = side?.spans.at(-1);
    if (side === undefined || span === undefined) return;
    span.to = left;
    side.isMember = false;
  }

  readable(who: number): readonly number[] {
    const all = Array.from({ length: this.lastSeq }, (_, index) => index + 1);
    const spans = this.sides[who]?.spans ?? [];
    return all.filter((at) => spans.some(({ from, to }) => from <= at && at <= to));
  }
}

export function groupReadsRandomContract(name: string, factory: StoreFactory): void {
  test(`${name}: random memberships: everybody reads the union of his intervals, by every way`, async (t) => {
    const { stores } = await factory(t);
    const step = fc.record({ what: fc.constantFrom(...STEPS), who: fc.constantFrom(...USERS) });
    const plan = fc.record({
      steps: fc.array(step, { maxLength: 30, size: 'max' }),
      count: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ steps, count }) => {
        const scene = await Scene.open(stores, USERS.length);
        const group = await GroupScene.create(scene);
        const model = new Model();
        for (const one of steps) await take(group, model, one);
        for (const who of USERS) await check(group, model, who, count);
      }),
      plays(200),
    );
  });
}

/** What nobody may do here is left out: rights are tested elsewhere. */
async function take(group: GroupScene, model: Model, { what, who }: Step): Promise<void> {
  const isMember = model.sides[who]?.isMember === true;
  if (what === 'open' || what === 'close') {
    if (model.isOpen === (what === 'open')) return;
    model.isOpen = what === 'open';
    model.lastSeq = await group.openHistory(model.isOpen);
  } else if (what === 'come') {
    if (isMember) return;
    model.lastSeq = await group.add(who);
    model.come(who, model.lastSeq);
  } else if (!isMember) {
    return;
  } else if (what === 'say') {
    model.lastSeq = await group.say(who, `${group.scene.newMid()}`);
    model.said.push({ at: model.lastSeq, by: who });
  } else if (what === 'read') {
    await got(group, model, who);
  } else if (who !== 0) {
    model.lastSeq = what === 'go' ? await group.exit(who) : await group.remove(who);
    model.go(who, model.lastSeq);
  }
}

/** All that there is, on the device that the pages below are of. */
async function got(group: GroupScene, model: Model, who: number): Promise<void> {
  const { uid, conv } = { uid: group.uid(who), conv: group.conv };
  const [from, to] = [seq(1), seq(model.lastSeq)];
  await group.scene.stores.messages.mark([{ uid, device: WEB, conv, from, to, read: false }]);
  const side = model.sides[who];
  if (side !== undefined) [side.start, side.hasMark] = [model.lastSeq, true];
}

async function check(group: GroupScene, model: Model, who: number, count: number): Promise<void> {
  const readable = model.readable(who);
  if (model.sides[who]?.spans.length === 0) return;
  const side = model.sides[who];
  assert.deepEqual(await group.seqsOf(who, count), readable, 'range');
  assert.deepEqual(await historyOf(group, who, count), readable.toReversed(), 'history');
  const missed = readable.filter((at) => at > (side?.start ?? 0));
  assert.deepEqual(await missedBy(group, who, count), missed, 'offline pages');
  const { messages } = group.scene.stores;
  const times = await messages.historyBetween(group.uid(who), group.conv, 1, 0, WIDE);
  assert.deepEqual(
    times.map((event) => event.seq),
    readable.toReversed(),
    'by time',
  );
  const [state] = await messages.conversations(group.uid(who), WEB, 1, group.conv);
  assert.deepEqual(
    [state?.firstSeq, state?.lastSeq, state?.isMember],
    [readable[0], readable.at(-1), side?.isMember],
  );
}

async function historyOf(group: GroupScene, who: number, count: number): Promise<readonly number[]> {
  const seqs: number[] = [];
  let before = 0;
  for (;;) {
    const limits = { ...WIDE, count };
    const page = await group.scene.stores.messages.history(group.uid(who), group.conv, before, limits);
    const last = page.at(-1);
    if (last === undefined) return seqs;
    seqs.push(...page.map((event) => event.seq));
    before = last.mid;
  }
}

async function missedBy(group: GroupScene, who: number, count: number): Promise<readonly number[]> {
  const seqs: number[] = [];
  const passed = new Map<ConversationName, Seq>();
  for (;;) {
    const limits = { ...WIDE, count };
    const page = await group.scene.stores.messages.offlinePage(group.uid(who), WEB, passed, limits);
    const last = page.at(-1);
    if (last === undefined) return seqs;
    seqs.push(...page.map((event) => event.seq));
    passed.set(last.conv, last.seq);
  }
}
