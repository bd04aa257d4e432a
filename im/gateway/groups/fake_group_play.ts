/**
 * For tests: a random play of two groups on one gateway, and the model of what each connection must have been told in
 * the end. Written from the promise and from the log alone; slow, and simple.
 */
import fc from 'fast-check';
import { known, toDevice, type Gid, type Uid } from '../../message/ids.js';
import { EVENT_KIND, EVERYBODY, type ChatEvent, type Mention } from '../../message/message.js';
import { membersChanged, noticeConcerns, readNotice } from '../../message/notice.js';
import { INTERESTS, type Interest } from '../../message/settings.js';
import type { GroupDelivery } from '../interface.js';
import { gidOf, GroupScene, seqsOf, turns, uidOf, type Watched } from './fake_groups.js';
import { pass, passUntil } from './fake_time.js';
import type { GroupOptions } from './group_options.js';

const GIDS = [gidOf(1), gidOf(2)];
const UIDS = [1, 2, 3].map(uidOf);
/** Is in both groups, from first to last. */
const WITNESS = uidOf(9);
const NOBODYS_DEVICE = known(toDevice(999));

type EventDelivery = Extract<GroupDelivery, { kind: 'event' }>;

export const playStep = fc.record({
  what: fc.constantFrom(
    ...(['say', 'say', 'recall', 'alias', 'relay', 'join', 'join', 'leave', 'remove'] as const),
    ...(['deliver', 'deliver', 'deliver', 'lose', 'repeat', 'swap', 'fail', 'turn', 'time'] as const),
    ...(['signIn', 'signIn', 'signInAgain', 'signOut', 'interest', 'interest'] as const),
  ),
  uid: fc.constantFrom(...UIDS),
  other: fc.constantFrom(...UIDS),
  gid: fc.constantFrom(known(GIDS[0]), ...GIDS),
  number: fc.integer({ min: 1, max: 5 }),
  interest: fc.constantFrom(...INTERESTS),
});
export type PlayStep = typeof playStep extends fc.Arbitrary<infer Value> ? Value : never;

export interface PlayOptions extends Partial<GroupOptions> {
  /** The witness is connected: whatever is lost is missed. Without him only messages are. */
  readonly isWitnessed: boolean;
  readonly isDissolved: boolean;
}

interface Relayed {
  readonly gid: Gid;
  /** The last event of the group that had come before it. */
  readonly heardSeq: number;
  readonly from: Uid;
  readonly device: number;
}

export class GroupPlay {
  readonly scene: GroupScene;
  readonly connections: Watched[] = [];
  readonly #options: PlayOptions;
  readonly #ended = new Set<Watched>();
  readonly #signingIn: Promise<unknown>[] = [];
  readonly #onTheWay: GroupDelivery[] = [];
  readonly #came: EventDelivery[] = [];
  readonly #relays: Relayed[] = [];
  /** By event: which device has an answer of its own, and whom a notice in a large group concerns. */
  readonly #deliveries = new Map<ChatEvent, EventDelivery>();

  constructor(options: PlayOptions, delays: readonly number[]) {
    this.#options = options;
    this.scene = new GroupScene({ groupHoleMs: 1, groupCountMs: 1, ...options });
    let read = 0;
    this.scene.store.turns = () => delays[read++ % delays.length] ?? 1;
  }

  async begin(): Promise<void> {
    for (const gid of GIDS) this.#send(this.scene.store.join(gid, WITNESS));
    if (!this.#options.isWitnessed) return;
    this.#deliver(2);
    this.connections.push(await this.scene.signIn(WITNESS));
  }

  do(step: PlayStep): Promise<void> | void {
    const { what, uid, gid, number, interest } = step;
    const { store } = this.scene;
    const living = this.connections.find((one) => one.uid === uid && !this.#ended.has(one));
    switch (what) {
      case 'deliver':
        return this.#deliver(number);
      case 'lose':
        return this.#lose(number);
      case 'repeat': {
        const came = this.#came.at(-number);
        if (came !== undefined) this.#onTheWay.splice(number, 0, came);
        return;
      }
      case 'swap':
        // One of the first comes last.
        this.#onTheWay.push(...this.#onTheWay.splice(Math.min(number, this.#onTheWay.length) - 1, 1));
        return;
      case 'fail':
        store.logFailures = number;
        return;
      case 'turn':
        return turns(number);
      case 'time':
        return pass(number);
      case 'signIn':
        this.#signIn(uid, number !== 1);
        return;
      case 'signInAgain':
        if (living !== undefined) this.#signingIn.push(this.scene.signInAgain(living).catch(() => undefined));
        return;
      case 'signOut':
        if (living === undefined) return;
        this.#ended.add(living);
        return this.scene.signOut(living);
      case 'interest':
        if (!store.group(gid).members.has(uid)) return;
        store.interests.set(`${uid}/${gid}`, interest);
        return this.scene.index.setInterest([{ uid, gid, interest }]);
      default:
        this.#write(step, living);
    }
  }

  #write({ what, uid, other, gid, number }: PlayStep, living: Watched | undefined): void {
    const { store } = this.scene;
    const { members, log } = store.group(gid);
    const both = [...new Set([uid, other])];
    const isMember = members.has(uid);
    const device = living?.client.device ?? NOBODYS_DEVICE;
    if (what === 'join') {
      const coming = both.filter((one) => !members.has(one));
      if (coming.length > 0) this.#send(store.join(gid, ...coming), number);
    } else if (what === 'remove') {
      const uids = both.filter((one) => members.has(one));
      if (uids.length > 0)
        this.#send(store.note(gid, WITNESS, { type: 'removed', uids, banned: false }), number);
    } else if (!isMember) return;
    else if (what === 'leave') this.#send(store.leave(gid, uid), number);
    else if (what === 'alias')
      this.#send(store.note(gid, uid, { type: 'alias', uid: other, alias: 'x' }), number);
    else if (what === 'say') {
      const mentions: readonly Mention[] = number > 2 ? [] : [number === 1 ? EVERYBODY : other];
      const said = store.say(gid, uid, mentions.length === 0 ? undefined : { mentions });
      this.#send({ ...said, except: { uid, device } });
    } else if (what === 'recall') {
      const said = log.filter(({ kind, from }) => kind === EVENT_KIND.message && from === uid).at(-1);
      if (said !== undefined) this.#send(store.recall(gid, uid, said));
    } else if (what === 'relay') {
      const payload = { seq: log.length };
      const frame = { kind: 'relay', action: 'message.cli', from: uid, to: gid, payload } as const;
      this.#onTheWay.push({ kind: 'relay', gid, frame, except: { uid, device } });
    }
  }

  /** Of groups with many members, now and then: only for those concerned. */
  #send(delivery: EventDelivery, number = 0): void {
    const notice = readNotice(delivery.event.content);
    const isForSome = notice !== undefined && noticeConcerns(notice) !== 'everybody' && number > 3;
    const sent = isForSome ? { ...delivery, audience: 'concerned' as const } : delivery;
    this.#deliveries.set(sent.event, sent);
    this.#onTheWay.push(sent);
  }

  #deliver(count: number): void {
    const batch = this.#onTheWay.splice(0, count);
    for (const one of batch) {
      if (one.kind === 'event') this.#came.push(one);
      else this.#relayed(one);
    }
    void this.scene.deliver(...batch);
  }

  #relayed({ gid, except: { uid: from, device }, frame }: Extract<GroupDelivery, { kind: 'relay' }>): void {
    const heardSeq = Math.max(
      0,
      ...this.#came.filter((one) => one.gid === gid).map(({ event }) => event.seq),
    );
    Object.assign(frame.payload, { number: this.#relays.length });
    this.#relays.push({ gid, heardSeq, from, device });
  }

  #lose(number: number): void {
    const { isWitnessed } = this.#options;
    const lost = this.#onTheWay.findIndex(
      (one, index) =>
        index >= number - 1 &&
        one.kind === 'event' &&
        (isWitnessed || one.event.kind === EVENT_KIND.message) &&
        !this.#came.includes(one),
    );
    if (lost !== -1) this.#onTheWay.splice(lost, 1);
  }

  #signIn(uid: Uid, isModern: boolean): void {
    const signingIn = this.scene.signIn(uid, isModern);
    this.#signingIn.push(
      signingIn.then(
        (watched) => this.connections.push(watched),
        () => undefined,
      ),
    );
  }

  /** All that is under way arrives, and in each group a last event after it. */
  async finish(): Promise<void> {
    await Promise.all(this.#signingIn);
    this.#deliver(Infinity);
    const { store, index } = this.scene;
    store.logFailures = 0;
    for (const gid of GIDS) this.#send(store.say(gid, WITNESS));
    if (this.#options.isDissolved) this.#send(store.note(known(GIDS[1]), WITNESS, { type: 'dissolved' }));
    this.#deliver(Infinity);
    const isComplete = (): boolean => {
      const { waitingCount, lateLookingCount } = index.stats();
      return (
        waitingCount === 0 &&
        lateLookingCount === 0 &&
        this.missing().length === 0 &&
        this.places().length === 0
      );
    };
    // Behind a hole that is still read somebody may come in, and go.
    for (let reads = -1; reads !== store.logReads;) {
      reads = store.logReads;
      await passUntil(isComplete);
      // And what comes once more than it should.
      await pass(30);
    }
  }

  findings(): readonly string[] {
    const { waitingCount, waitingBytes, signingInCount, lateLookingCount } = this.scene.index.stats();
    const left = { waitingCount, waitingBytes, signingInCount, lateLookingCount };
    const numbers = Object.entries(left).flatMap(([name, value]) =>
      value === 0 ? [] : [`${name} is ${value}`],
    );
    return [
      ...this.wrong(),
      ...this.wrongCounts(),
      ...this.wrongRelays(),
      ...this.missing(),
      ...this.places(),
      ...numbers,
    ];
  }

  /** The seqs that `uid` may have, by the log: from each joining to each leaving; the last of each is in `ends`. */
  #spans(gid: Gid, uid: Uid): { readonly own: ReadonlySet<number>; readonly ends: ReadonlySet<number> } {
    const [own, ends] = [new Set<number>(), new Set<number>()];
    let isMember = false;
    for (const { seq, kind, content } of this.scene.store.group(gid).log) {
      const notice = kind === EVENT_KIND.notice ? readNotice(content) : undefined;
      const change = notice === undefined ? undefined : membersChanged(notice);
      if (change?.added.includes(uid) === true) isMember = true;
      if (isMember) own.add(seq);
      const { removed = [] } = change ?? {};
      if (!isMember || (removed !== 'everybody' && !removed.includes(uid))) continue;
      isMember = false;
      ends.add(seq);
    }
    return { own, ends };
  }

  #each(find: (one: Watched, gid: Gid) => readonly string[]): readonly string[] {
    return this.connections.flatMap((one, index) =>
      GIDS.flatMap((gid) => find(one, gid).map((what) => `${one.uid} on ${index}: ${gid % 1000}#${what}`)),
    );
  }

  /** Pushed what is not his, or not in order. */
  wrong(): readonly string[] {
    return this.#each((one, gid) => {
      const { own } = this.#spans(gid, one.uid);
      let last = 0;
      return seqsOf(one, gid).flatMap((seq) => {
        const isLate = seq <= last;
        last = Math.max(seq, last);
        return [...(own.has(seq) ? [] : [`${seq} of others`]), ...(isLate ? [`${seq} late or again`] : [])];
      });
    });
  }

  #interestOf(uid: Uid, gid: Gid): Interest {
    return this.scene.store.interests.get(`${uid}/${gid}`) ?? 'full';
  }

  /** What living connections were neither given nor told of. */
  missing(): readonly string[] {
    const stats = this.scene.index.stats();
    return this.#each((one, gid) => {
      if (this.#ended.has(one)) return [];
      const { own, ends } = this.#spans(gid, one.uid);
      const interest = this.#interestOf(one.uid, gid);
      // Came by what was late, and gone before that was looked up: old clients are told as far as it was known here.
      const lastEnd = one.client.isModern || stats.lateCount === 0 ? 0 : Math.max(0, ...ends);
      const isBack = this.scene.store.group(gid).members.has(one.uid);
      const pushed = new Set(seqsOf(one, gid));
      const counts = this.#countsOf(one, gid);
      const synced = one.synced.get(gid) ?? 0;
      return [...own].flatMap((seq) => {
        if (seq <= synced || seq <= lastEnd || pushed.has(seq)) return [];
        const event = known(this.scene.store.group(gid).log[seq - 1]);
        // Withheld before he went last: what is for all he finds, as what he is pushed next says where it is behind.
        if (seq < Math.max(0, ...ends)) {
          if (known(this.#deliveries.get(event)).audience === 'concerned' && !ends.has(seq)) return [];
          if (one.client.isModern && this.#isHole(one, gid, seq)) return [];
        }
        // Who is back and wants nothing needs not hear that he was gone.
        if (!ends.has(seq) || isBack) {
          if (interest === 'muted' || !this.#isFor(one, event)) return [];
          if (interest === 'count' && one.client.isModern) {
            if (!countsFor(event, one.uid)) return [];
            if (counts.some(({ fromSeq, lastSeq }) => fromSeq <= seq && seq <= lastSeq)) return [];
            if (this.#isHole(one, gid, seq)) return [];
          }
        }
        return [`${seq} is missing (${interest})`];
      });
    });
  }

  /** What he was pushed says that there was something before it. */
  #isHole({ frames }: Watched, gid: Gid, seq: number): boolean {
    return frames.some((frame) => frame.kind === 'push' && frame.event.to === gid && frame.after >= seq);
  }

  /** False: his own answer says it, or the group is large and it does not concern him. */
  #isFor({ uid, client }: Watched, event: ChatEvent): boolean {
    const { except, audience } = known(this.#deliveries.get(event));
    if (except?.uid === uid && except.device === client.device) return false;
    const notice = readNotice(event.content);
    if (audience === 'members' || notice === undefined) return true;
    const concerned = noticeConcerns(notice);
    return concerned === 'everybody' || event.from === uid || concerned.includes(uid);
  }

  #countsOf({ frames }: Watched, gid: Gid) {
    return frames.flatMap((frame) => {
      if (frame.kind !== 'count' || frame.conv !== `g${gid}`) return [];
      return [{ ...frame, fromSeq: known(frame.fromSeq) }];
    });
  }

  wrongCounts(): readonly string[] {
    const isAllPushed = this.scene.index.stats().skippedCount === 0;
    return this.#each((one, gid) => {
      const { own } = this.#spans(gid, one.uid);
      let last = 0;
      return this.#countsOf(one, gid).flatMap((frame) => {
        const { fromSeq, lastSeq } = frame;
        const events = this.scene.store.group(gid).log.slice(fromSeq - 1, lastSeq);
        const said = events.filter((event) => event.kind === EVENT_KIND.message && event.from !== one.uid);
        const named = said.filter(({ extra }) =>
          extra?.mentions?.some((uid) => uid === one.uid || uid === EVERYBODY),
        );
        const wrong = [
          ...(events.every(({ seq }) => own.has(seq)) ? [] : ['of others']),
          ...(fromSeq > last ? [] : ['again']),
          ...(frame.messages > said.length ? ['too many'] : []),
          ...(isAllPushed && frame.messages !== said.length ? [`of ${said.length}`] : []),
          ...(isAllPushed && (frame.mentions ?? 0) !== named.length ? [`${named.length} mentions`] : []),
        ];
        last = lastSeq;
        return wrong.map((what) => `${fromSeq}-${lastSeq} counted ${frame.messages} ${what}`);
      });
    });
  }

  /** Whoever hears what is passed on is a member, as far as the group was known when it came. */
  wrongRelays(): readonly string[] {
    return this.#each((one, gid) => {
      const { own, ends } = this.#spans(gid, one.uid);
      const length = this.scene.store.group(gid).log.length;
      return one.frames.flatMap((frame) => {
        if (frame.kind !== 'relay' || frame.to !== gid) return [];
        const { number } = frame.payload as { number: number };
        const { heardSeq, from, device } = known(this.#relays[number]);
        if (from === one.uid && device === one.client.device) return [`relay ${number} of his own`];
        for (let seq = heardSeq; seq <= length; seq++) if (own.has(seq) && !ends.has(seq)) return [];
        return [`relay ${number} behind ${heardSeq}`];
      });
    });
  }

  /** Who is a member has a place, and wants there what the store says; nobody else has one. */
  places(): readonly string[] {
    return this.#each((one, gid) => {
      const place = one.client.groups?.get(gid);
      const isIn = !this.#ended.has(one) && this.scene.store.group(gid).members.has(one.uid);
      if (isIn !== (place !== undefined)) return [isIn ? 'has no place' : 'has a place'];
      const interest = this.#interestOf(one.uid, gid);
      // More than he wants is no loss: what he wants may be known here before it is known that he has come.
      const isLess = place !== undefined && INTERESTS.indexOf(place.interest) > INTERESTS.indexOf(interest);
      return isLess ? [`wants ${interest}, not ${place.interest}`] : [];
    });
  }
}

function countsFor({ kind, from }: ChatEvent, uid: Uid): boolean {
  return kind === EVENT_KIND.recall || (kind === EVENT_KIND.message && from !== uid);
}
