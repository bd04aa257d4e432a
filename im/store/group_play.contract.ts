/**
 * Random plays in two groups at once: people come, go and come back while others write, edit, take back and react, tell
 * on several devices what they have, and retention erases. By every way of asking each is told what a slow model says.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editContent, pinContent, reactionContent } from '../message/event_content.js';
import { known, type Device } from '../message/ids.js';
import { EVENT_KIND, EVERYBODY } from '../message/message.js';
import { RECALL_TYPE, recallClientId, recallContent } from '../message/recall.js';
import { INTERESTS } from '../message/settings.js';
import { plays } from '../../test/support/plays.js';
import { ALL, GroupLogModel, type ModelEvent } from './group_log_model.contract.js';
import { checkLists, checkUser, DEVICES, type Play } from './group_play_checks.contract.js';
import { GroupScene } from './group_scene.contract.js';
import type { AppendRequest } from './interface.js';
import { mid, outcomes, PHONE, Scene, seq, type TimedStoreFactory } from './scene.contract.js';

const USERS = 3;
const DAY_MS = 86_400_000;
/** `turn`: who is in it goes, who is not comes. `leave`: several steps that are seldom drawn in this order. */
const WEIGHTS = {
  say: 10,
  turn: 12,
  open: 4,
  mark: 7,
  edit: 3,
  recall: 6,
  react: 6,
  pin: 1,
  set: 6,
  expire: 5,
  check: 12,
  dissolve: 1,
  leave: 4,
} as const;
type What = keyof typeof WEIGHTS;
/** Somebody has the group hidden, goes, and then something of his time is lost: some of it or all. */
const LEAVING: readonly What[] = [
  'say',
  'set',
  'say',
  'turn',
  'say',
  'check',
  'recall',
  'check',
  'expire',
  'check',
];

interface Draw {
  /** Among what may happen in this play. */
  readonly pick: number;
  readonly place: number;
  /** What passes before it. */
  readonly ms: number;
  readonly who: number;
  readonly device: Device;
  /** Whatever of it the step needs. */
  readonly at: number;
  readonly size: number;
  readonly on: boolean;
  /** What was written goes to the store. */
  readonly last: boolean;
}

interface Step extends Draw {
  readonly what: What;
}

const ALWAYS: readonly What[] = ['say', 'turn'];
// Its keys are those of the table.
const SOMETIMES = (Object.keys(WEIGHTS) as What[]).filter((what) => !ALWAYS.includes(what));

const draw: fc.Arbitrary<Draw> = fc.record({
  pick: fc.nat(9999),
  // Much of it happens to one of them in one place.
  place: fc.constantFrom(0, 0, 0, 1),
  who: fc.constantFrom(1, 1, 1, 0, 2),
  // More than a stamp may be held back, too.
  ms: fc.constantFrom(0, 300, 3000, 3000),
  device: fc.constantFrom(...DEVICES),
  at: fc.nat(999),
  size: fc.nat(9),
  on: fc.boolean(),
  last: fc.constantFrom(true, false, false, false),
});

/** Of few kinds each play, so that what takes several steps of them in one order happens now and then. */
const play = fc.record({
  kinds: fc.subarray(SOMETIMES, { minLength: 1 }),
  isOpen: fc.boolean(),
  draws: fc.array(draw, { minLength: 1, maxLength: 60, size: 'max' }),
});

function stepsOf(kinds: readonly What[], draws: readonly Draw[]): readonly Step[] {
  const whats = [...ALWAYS, ...kinds].flatMap((what) => Array.from({ length: WEIGHTS[what] }, () => what));
  return draws.map((one) => ({ ...one, what: known(whats[one.pick % whats.length]) }));
}

export function groupPlayContract(name: string, factory: TimedStoreFactory, numRuns = 80): void {
  test(`${name}: group: whatever happens, everybody is told what a slow model says`, async (t) => {
    const time = { nowMs: 1_700_000_000_000 };
    const stores = await factory(t, () => time.nowMs);
    await fc.assert(
      fc.asyncProperty(play, async ({ kinds, isOpen, draws }) => {
        const begun = await begin(await Scene.open(stores, USERS), time, isOpen);
        const player = new Player(begun);
        for (const one of stepsOf(kinds, draws)) await player.take(one);
        await player.flush();
        for (let who = 0; who < USERS; who += 1) await checkLists(begun, who);
        await checkUser(begun, draws.length % USERS);
      }),
      plays(numRuns),
    );
  });
}

async function begin(scene: Scene, time: Play['time'], openHistory: boolean): Promise<Play> {
  const places = [];
  for (let at = 0; at < 2; at += 1) {
    const group = await GroupScene.create(scene, [], { openHistory });
    const model = new GroupLogModel();
    model.isOpen = openHistory;
    const [made] = await scene.stores.groups.byGids([group.gid]);
    model.write({ mid: known(made).lastMid, kind: EVENT_KIND.notice, by: 0, device: PHONE });
    model.come(0);
    places.push({ group, model });
  }
  return { scene, time, places, copies: new Map() };
}

class Player {
  readonly #play: Play;
  #batch: AppendRequest[] = [];
  #expected: string[] = [];
  #count = 0;

  constructor(play: Play) {
    this.#play = play;
  }

  async take(one: Step): Promise<void> {
    const { group, model } = known(this.#play.places[one.place]);
    this.#play.time.nowMs += one.ms;
    if (one.what === 'leave') {
      await this.#leave(one);
      return;
    }
    if (one.what === 'mark' || one.what === 'set' || one.what === 'expire' || one.what === 'check') {
      await this.flush();
      await this.#aside(one, group, model);
    } else {
      this.#write(one, group, model);
      if (one.last) await this.flush();
    }
  }

  async #leave(one: Step): Promise<void> {
    const { at, size } = one;
    for (const [index, what] of LEAVING.entries()) {
      if (what !== 'check' && ((at >> index) & 3) === 3) continue;
      const who = what === 'say' ? 0 : Math.max(1, one.who);
      await this.take({
        ...one,
        what,
        who,
        ms: 3000,
        at: at + size * index,
        on: one.on !== (what === 'recall'),
      });
    }
  }

  async flush(): Promise<void> {
    if (this.#batch.length > 0)
      assert.deepEqual(outcomes(await this.#play.scene.append(...this.#batch)), this.#expected);
    this.#batch = [];
    this.#expected = [];
  }

  async #aside(one: Step, group: GroupScene, model: GroupLogModel): Promise<void> {
    const { messages, events } = this.#play.scene.stores;
    const { who, device, at, size, on } = one;
    const uid = group.uid(who);
    if (one.what === 'mark') {
      const marks = marksOf(one, model);
      await messages.mark(
        marks.map(({ from, to, read }) => ({
          uid,
          device,
          conv: group.conv,
          from: seq(from),
          to: seq(to),
          read,
        })),
      );
      model.mark(who, device, marks);
    } else if (one.what === 'set') {
      if (!model.sides.has(who)) return;
      const interest = known(INTERESTS[at % INTERESTS.length]);
      const change = [{ muted: on }, { interest }][size] ?? { hidden: on || at % 2 === 0 };
      await events.setSettings(uid, group.conv, change);
      model.set(who, change);
    } else if (one.what === 'expire') {
      // The rows themselves go a month later.
      const keep = at % 2 === 0 ? 0 : size * 2;
      for (const days of on ? [1, 31] : [1])
        while ((await messages.expire(this.#play.time.nowMs + days * DAY_MS, keep, 1000)) === 1000);
      for (const place of this.#play.places) place.model.expire(keep, on);
    } else for (let one = 0; one < USERS; one += 1) await checkLists(this.#play, one);
  }

  #write(one: Step, group: GroupScene, model: GroupLogModel): void {
    if (model.isDissolved) return;
    switch (one.what) {
      case 'say':
        if (model.isMember(one.who)) this.#say(one, group, model);
        return;
      case 'edit':
      case 'recall':
      case 'react':
      case 'pin':
        this.#change(one, group, model);
        return;
      default:
        this.#happen(one, group, model);
        // Who has just come marks what was said before him, in the same batch.
        if (one.what === 'turn' && one.at % 2 === 0) this.#change({ ...one, what: 'react' }, group, model);
    }
  }

  #say({ who, device, at, size }: Step, group: GroupScene, model: GroupLogModel): void {
    const content = this.#words(size);
    const whom = at % USERS;
    const mentions = at % 5 === 0 ? [whom] : at % 5 === 1 ? [whom, ALL] : [];
    const uids = mentions.map((one) => (one === ALL ? EVERYBODY : group.uid(one)));
    const extra = uids.length === 0 ? {} : { extra: { mentions: uids } };
    const request = group.message(who, content, { device, ...extra });
    model.write({ mid: midOf(request), kind: EVENT_KIND.message, by: who, device, content, mentions });
    this.#add(request);
  }

  /** What nobody may do here is left out: rights are tested elsewhere. */
  #happen({ what, who, on }: Step, group: GroupScene, model: GroupLogModel): void {
    const isMember = model.isMember(who);
    const tell = (by: number, request: AppendRequest): void => {
      model.write({ mid: midOf(request), kind: EVENT_KIND.notice, by, device: PHONE });
      this.#add(request);
    };
    const uids = [group.uid(who)];
    if (what === 'turn' && !isMember) {
      tell(who, group.request(who, { do: 'add', uids, how: 'open', code: '', groupLimit: 1000 }));
      model.come(who);
    } else if (what === 'turn' && on && who !== 0) {
      tell(who, group.request(who, { do: 'exit' }));
      model.go(who);
    } else if (what === 'turn' && who !== 0) {
      tell(0, group.request(0, { do: 'remove', uids }));
      model.go(who);
    } else if (what === 'open' && model.isOpen !== on) {
      tell(0, group.request(0, { do: 'profile', profile: { openHistory: on } }));
      model.isOpen = on;
    } else if (what === 'dissolve' && model.lastSeq > 25) {
      tell(0, group.request(0, { do: 'dissolve' }));
      model.isDissolved = true;
    }
  }

  #change(one: Step, group: GroupScene, model: GroupLogModel): void {
    const said = model.log.filter(({ kind, status }) => kind === EVENT_KIND.message && status === 0);
    const back = one.at % 2 === 0 && one.what !== 'recall' ? 0 : one.at % 6;
    const target = said[said.length - 1 - (back % Math.max(1, said.length))];
    if (target === undefined) return;
    if (one.what === 'edit') this.#edit(one, target, group, model);
    else if (one.what === 'recall') this.#recall(one, target, group, model);
    else if (one.what === 'react') this.#react(one, target, group, model);
    else if (one.what === 'pin') this.#pin(one, target, group, model);
  }

  #edit({ device, size }: Step, target: ModelEvent, group: GroupScene, model: GroupLogModel): void {
    const { by, mid: of, seq: at } = target;
    if (!model.isMember(by)) return;
    const content = this.#words(size);
    const text = editContent({ mid: mid(of), clientId: 'x', seq: seq(at), content });
    const request = group.message(by, text, { kind: EVENT_KIND.edit, type: 0, device });
    const change = { kind: 'edit', mid: mid(of), by: group.uid(by), content, windowMs: 1e9 } as const;
    const event = { mid: midOf(request), kind: EVENT_KIND.edit, by, device, content, target: at };
    model.edit(target, model.write(event).seq, content);
    this.#add({ ...request, change });
  }

  #recall({ device, on }: Step, target: ModelEvent, group: GroupScene, model: GroupLogModel): void {
    const { mid: of, seq: at } = target;
    const by = on ? target.by : 0;
    if (!model.isMember(by)) return;
    const [recalled, uid] = [mid(of), group.uid(by)];
    const text = recallContent({ by: uid, mid: recalled, clientId: 'x', seq: seq(at) });
    const more = { kind: EVENT_KIND.recall, type: RECALL_TYPE, clientId: recallClientId(recalled), device };
    const request = group.message(by, text, more);
    model.write({ mid: midOf(request), kind: EVENT_KIND.recall, by, device });
    model.recall(target);
    this.#add({ ...request, change: { kind: 'recall', mid: recalled, by: uid, windowMs: 1e9 } });
  }

  #react({ who, device, size, on }: Step, target: ModelEvent, group: GroupScene, model: GroupLogModel): void {
    if (!model.isMember(who)) return;
    const { mid: of, seq: at } = target;
    const emoji = `e${size % 3}`;
    const text = reactionContent({ mid: mid(of), clientId: 'x', seq: seq(at), emoji, on });
    const request = group.message(who, text, { kind: EVENT_KIND.reaction, type: 0, device });
    const change = { kind: 'reaction', mid: mid(of), by: group.uid(who), emoji, on } as const;
    const isHis = model.mayRead(who, at);
    const emojis = model.reactions.get(of) ?? new Map<string, Set<number>>();
    const those = emojis.get(emoji) ?? new Set();
    const isNew = those.has(who) !== on;
    this.#add({ ...request, change }, !isHis ? 'NO_SUCH_MESSAGE' : isNew ? 'stored' : 'changed');
    if (!isHis || !isNew) return;
    model.write({ mid: midOf(request), kind: EVENT_KIND.reaction, by: who, device });
    if (on) those.add(who);
    else those.delete(who);
    model.reactions.set(of, emojis.set(emoji, those));
  }

  #pin({ device, on }: Step, target: ModelEvent, group: GroupScene, model: GroupLogModel): void {
    const { mid: of, seq: at } = target;
    const text = pinContent({ mid: mid(of), clientId: 'x', seq: seq(at), on });
    const request = group.message(0, text, { kind: EVENT_KIND.pin, type: 0, device });
    const isNew = model.pins.has(of) !== on;
    const change = { kind: 'pin', mid: mid(of), by: group.uid(0), on } as const;
    this.#add({ ...request, change }, isNew ? 'stored' : 'changed');
    if (!isNew) return;
    const event = model.write({ mid: midOf(request), kind: EVENT_KIND.pin, by: 0, device });
    if (on) model.pins.set(of, event.seq);
    else model.pins.delete(of);
  }

  #words(size: number): string {
    this.#count += 1;
    return `${['alpha', 'beta', 'alpha beta'][size % 3] ?? ''} n${this.#count}`;
  }

  #add(request: AppendRequest, expected = 'stored'): void {
    this.#batch.push(request);
    this.#expected.push(expected);
  }
}

function midOf({ event }: AppendRequest): number {
  return known(event).mid;
}

/** All that there is, what comes next, the last, each that he is given, or whatever. */
function marksOf({ who, device, at, size, on }: Step, model: GroupLogModel) {
  const last = model.lastSeq;
  const side = model.sides.get(who);
  const next = (side?.marks.get(device) ?? side?.read ?? 0) + 1;
  if (size < 1) return [{ from: 1, to: last, read: on }];
  if (size < 3) return [{ from: next, to: next + (at % 6), read: on }];
  if (size < 4)
    return [{ from: model.lastOf(who), to: model.lastOf(who), read: on }].filter(({ to }) => to > 0);
  if (size < 9) {
    const missed = model.readable(who).filter((event) => event.seq >= next);
    return missed.slice(0, 1 + (at % 30)).map((event) => ({ from: event.seq, to: event.seq, read: on }));
  }
  const first = 1 + (at % (last + 2));
  const second = 1 + ((at * 7) % (last + 2));
  return [
    { from: first, to: first + (at % 5), read: on },
    { from: second, to: second + (at % 3) - 1, read: false },
    { from: next, to: next, read: false },
  ];
}
