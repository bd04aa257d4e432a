/**
 * One group with connections here. Its events are applied strictly in the order of their seqs, one fan-out at a
 * time. A notice is a barrier: what is before it has been pushed to everybody when it changes the list of members.
 *
 *   event ─► EventOrder ─► next in order ─► who came in gets a place ─► pushed, part by part ─► who went loses his
 *               │ hole                                                  (GroupTurns)
 *               └─► HoleReader ─► log
 */
import { groupConversation, type ConversationName } from '../../message/conversation.js';
import { known, toSeq, type Gid, type Uid } from '../../message/ids.js';
import type { Interest } from '../../message/settings.js';
import type { ChatEvent } from '../../message/message.js';
import type { Client } from '../client.js';
import type { ClientDirectory } from '../client_directory.js';
import { SharedFrame } from '../shared_frame.js';
import { EventOrder } from './event_order.js';
import { FanOut } from './fan_out.js';
import { memberChange, type GroupEvent, type GroupRelay, type MemberChange } from './group_event.js';
import type { GroupPusher } from './group_pusher.js';
import type { GroupPlace } from './group_place.js';
import type { GroupSlot } from './group_slot.js';
import type { GroupTurns, Turning } from './group_turns.js';
import { MemberSlots } from './member_slots.js';
import type { WaitingEvents } from './waiting_events.js';

export interface GroupChannelDeps {
  readonly directory: Pick<ClientDirectory, 'clientsOf'>;
  readonly waiting: WaitingEvents;
  readonly turns: GroupTurns;
  readonly pusher: GroupPusher;
  /** Something is missing; may be told again before it has come. */
  readonly holed: (channel: GroupChannel) => void;
  /** For users who are signing in. */
  readonly membersChanged: (gid: Gid, seq: number, change: MemberChange) => void;
  /** Came in by an event that was passed over: he is here, and whether he is still a member only the store knows. */
  readonly cameLate: (gid: Gid, uid: Uid, seq: number) => void;
  /** It has nobody and nothing to do. */
  readonly emptied: (channel: GroupChannel) => void;
}

/** Relays that wait for a fan-out; more are let go, as nobody promised them. */
const RELAY_COUNT = 64;

export class GroupChannel implements Turning {
  readonly gid: Gid;
  readonly conv: ConversationName;
  readonly order: EventOrder;
  readonly #deps: GroupChannelDeps;
  readonly #slots: MemberSlots;
  #relays: GroupRelay[] = [];
  #fanOut: FanOut | undefined;
  /** The last event that was for all members: what `after` says. */
  #sharedSeq: number;
  /** Up to here events only change the list of members; clients are told to fetch them. */
  #silentSeq = 0;
  /** What came before never passed here: who has a place knew it when he got it. */
  readonly baseSeq: number;
  /** Kept by GroupTurns. */
  isInLine = false;
  /** Kept by HoleReader. */
  isReading = false;
  holeTimer: NodeJS.Timeout | undefined;
  isGone = false;

  /** Everything up to `appliedSeq` is done with; there are events up to `heardSeq`. */
  constructor(gid: Gid, appliedSeq: number, heardSeq: number, deps: GroupChannelDeps) {
    this.gid = gid;
    this.conv = groupConversation(gid);
    this.order = new EventOrder(appliedSeq, heardSeq, deps.waiting);
    this.#slots = new MemberSlots(gid);
    this.#sharedSeq = appliedSeq;
    this.baseSeq = appliedSeq;
    this.#deps = deps;
  }

  get slotCount(): number {
    return this.#slots.count;
  }

  get isRunnable(): boolean {
    if (this.isGone) return false;
    return this.#fanOut !== undefined || this.order.hasNext || this.#mayRelay;
  }

  /** Not while something is missing: who has gone by it must not hear what is said after it. */
  get #mayRelay(): boolean {
    return this.#relays.length > 0 && !this.order.hasHole;
  }

  add(client: Client, sinceSeq: number, interest: Interest): void {
    this.#slots.add(client, sinceSeq, interest);
  }

  remove(place: GroupPlace): void {
    if (this.#slots.remove(place)) this.#settle();
  }

  take(event: GroupEvent): void {
    if (event.event.seq <= this.baseSeq) this.#late(event.event);
    else this.order.add(event);
    this.goOn();
  }

  /** There is an event with this seq: what leads to it is waited for. */
  heard(seq: number): void {
    this.order.heardSeq = Math.max(this.order.heardSeq, seq);
    this.goOn();
  }

  relay(relay: GroupRelay): boolean {
    if (this.#relays.length >= RELAY_COUNT) return false;
    this.#relays.push(relay);
    this.goOn();
    return true;
  }

  /** Call when something came that may be next. */
  goOn(): void {
    if (this.isRunnable) this.#deps.turns.add(this);
    else this.#settle();
  }

  /** What has been heard of is not pushed any more, and what was to be passed on behind it is too late. */
  skipHeard(): void {
    this.#silentSeq = this.order.heardSeq;
    this.#deps.pusher.skippedCount += this.#relays.length;
    this.#relays = [];
  }

  /** All who are here are told to fetch what they lack. */
  announce(): void {
    for (const slot of this.#slots.places) {
      if (slot !== undefined && slot.sinceSeq < this.#silentSeq)
        this.#deps.pusher.announce(slot, known(toSeq(Math.min(this.order.appliedSeq, this.#silentSeq))));
    }
  }

  /** At most `budget` pushes; how many it were, or what it cost besides. For GroupTurns. */
  step(budget: number): number {
    let left = budget;
    while (left > 0 && !this.isGone) {
      this.#fanOut ??= this.#begin();
      if (this.#fanOut === undefined) break;
      left -= this.#fanOut.step(left, this.#deps.pusher);
      if (!this.#fanOut.isDone) break;
      this.#end(this.#fanOut);
      // Even an event without readers costs something.
      left--;
    }
    if (!this.isRunnable) this.#settle();
    return budget - left;
  }

  discard(): void {
    this.isGone = true;
    clearTimeout(this.holeTimer);
    this.order.discard();
    this.#relays = [];
    this.#fanOut = undefined;
  }

  /**
   * On its way while somebody's groups were read, or behind a later joining, which is how this channel began behind
   * it: those who signed in before it and came in by it are not here, or were never told of it.
   */
  #late(event: ChatEvent): void {
    const change = memberChange(event);
    if (change === undefined) return;
    this.#deps.membersChanged(this.gid, event.seq, change);
    for (const uid of change.added) {
      const slots = this.#slotsOf(uid);
      if (slots.length < this.#deps.directory.clientsOf(uid).length)
        this.#deps.cameLate(this.gid, uid, event.seq);
      // Gone since and back again by what came first, which is all that they were pushed. Who signed in behind it
      // knows it already, and is told once too often.
      else for (const slot of slots) this.#deps.pusher.announce(slot, known(toSeq(slot.sinceSeq)));
    }
  }

  #begin(): FanOut | undefined {
    for (;;) {
      const event = this.order.take();
      if (event === undefined) break;
      const change = memberChange(event.event);
      // First: it may be the last for somebody.
      if (event.event.seq > this.#silentSeq) this.#endSilence();
      if (change !== undefined) this.#enter(event.event.seq, change);
      if (event.event.seq > this.#silentSeq) return this.#fanOutOf(event, change);
      this.#sharedSeq = event.event.seq;
      this.#deps.pusher.skippedCount++;
      if (change !== undefined) return FanOut.ofSilence(event, change, this.#leaving(change));
    }
    const relay = this.#mayRelay ? this.#relays.shift() : undefined;
    if (relay === undefined) return undefined;
    return FanOut.ofRelay(relay, new SharedFrame(relay.frame), this.#slots.places);
  }

  #fanOutOf(event: GroupEvent, change: MemberChange | undefined): FanOut {
    const after = known(toSeq(this.#sharedSeq));
    const shared = new SharedFrame({ kind: 'push', event: event.event, after });
    const concerned = change?.concerned ?? 'everybody';
    if (event.audience === 'members' || concerned === 'everybody') {
      this.#sharedSeq = event.event.seq;
      return FanOut.ofEvent(event, shared, this.#slots.places, change);
    }
    return FanOut.ofEvent(
      event,
      shared,
      concerned.flatMap((uid) => this.#slotsOf(uid)),
      change,
    );
  }

  /** Before the notice is pushed, so that it is the first event that they get. */
  #enter(seq: number, change: MemberChange): void {
    this.#deps.membersChanged(this.gid, seq, change);
    for (const uid of change.added) {
      for (const client of this.#deps.directory.clientsOf(uid)) this.add(client, seq - 1, 'full');
    }
  }

  /** After it has been pushed, as the last one. Those who came back later have a place of a later seq. */
  #leave(seq: number, change: MemberChange): void {
    for (const slot of this.#leaving(change))
      if (slot !== undefined && slot.sinceSeq < seq) this.#slots.remove(slot);
  }

  #leaving({ removed }: MemberChange): readonly (GroupSlot | undefined)[] {
    return removed === 'everybody' ? this.#slots.places : removed.flatMap((uid) => this.#slotsOf(uid));
  }

  #slotsOf(uid: Uid): readonly GroupSlot[] {
    const slots: GroupSlot[] = [];
    for (const client of this.#deps.directory.clientsOf(uid)) {
      const slot = this.#slots.of(client);
      if (slot !== undefined) slots.push(slot);
    }
    return slots;
  }

  #end({ seq, change }: FanOut): void {
    this.#fanOut = undefined;
    if (change !== undefined) this.#leave(seq, change);
  }

  #endSilence(): void {
    if (this.#silentSeq === 0) return;
    this.announce();
    this.#silentSeq = 0;
  }

  /** Nothing can be done now. */
  #settle(): void {
    if (this.isGone || this.isRunnable) return;
    if (this.order.appliedSeq >= this.#silentSeq) this.#endSilence();
    // Behind a hole somebody may come in who is here.
    if (this.order.hasHole) return this.#deps.holed(this);
    if (this.#slots.count === 0) return this.#deps.emptied(this);
    this.#slots.compact();
  }
}
