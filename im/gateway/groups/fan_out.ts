/** One event, or one relay, on its way to the connections of a group, part by part. */
import { known, toSeq, type Device, type Uid } from '../../message/ids.js';
import { SharedFrame } from '../shared_frame.js';
import { countedOf, type Counted } from './counted.js';
import type { GroupEvent, GroupRelay, MemberChange } from './group_event.js';
import type { FannedOut, GroupPusher } from './group_pusher.js';
import type { GroupSlot } from './group_slot.js';
import { NOWHERE } from './member_slots.js';

type Places = readonly (GroupSlot | undefined)[];
type Except = { readonly uid: Uid; readonly device: Device } | undefined;

export class FanOut implements FannedOut {
  readonly shared: SharedFrame;
  /** 0 for a relay. */
  readonly seq: number;
  readonly change: MemberChange | undefined;
  readonly counted: Counted | undefined;
  readonly from: Uid;
  readonly #places: Places;
  readonly #except: Except;
  /** Who gets a place meanwhile has been given, or will fetch, what this is. */
  readonly #end: number;
  /** It was passed over, and who goes by it is not here when what was is announced. */
  readonly #isSilent: boolean;
  #next = 0;

  private constructor(
    shared: SharedFrame,
    places: Places,
    event: Pick<GroupEvent, 'except'> & {
      readonly seq: number;
      readonly from: Uid;
      readonly counted: Counted | undefined;
    },
    change: MemberChange | undefined,
    isSilent = false,
  ) {
    this.#isSilent = isSilent;
    this.shared = shared;
    this.#places = places;
    this.#end = places.length;
    this.seq = event.seq;
    this.from = event.from;
    this.counted = event.counted;
    this.#except = event.except;
    this.change = change;
  }

  static ofEvent(
    { event, except }: GroupEvent,
    shared: SharedFrame,
    places: Places,
    change?: MemberChange,
  ): FanOut {
    const { seq, from } = event;
    return new FanOut(shared, places, { seq, from, counted: countedOf(event), except }, change);
  }

  /** Of `leaving` nobody goes without being told, whatever else he wants to know. */
  static ofSilence({ event }: GroupEvent, change: MemberChange, leaving: Places): FanOut {
    const { seq, from } = event;
    const shared = new SharedFrame({ kind: 'push', event, after: seq });
    const silent = { seq, from, counted: undefined, except: undefined };
    return new FanOut(shared, leaving, silent, change, true);
  }

  static ofRelay({ frame: { from }, except }: GroupRelay, shared: SharedFrame, places: Places): FanOut {
    return new FanOut(shared, places, { seq: 0, from, counted: undefined, except }, undefined);
  }

  get isDone(): boolean {
    return this.#next >= this.#end;
  }

  /** How many it went to, at most `budget`. */
  step(budget: number, pusher: GroupPusher): number {
    const places = this.#places;
    const except = this.#except;
    let count = 0;
    let next = this.#next;
    for (; next < this.#end && count < budget; next++) {
      const slot = places[next];
      if (slot === undefined || slot.index === NOWHERE) continue;
      if (this.seq > 0 && slot.sinceSeq >= this.seq) continue;
      count++;
      const { client } = slot;
      if (this.#isSilent)
        pusher.announce({ client, conv: slot.conv, interest: 'full' }, known(toSeq(this.seq)));
      else if (except !== undefined && client.uid === except.uid && client.device === except.device) {
        pusher.answered(slot, this.shared);
      } else if (this.seq === 0) pusher.relay(slot, this.shared);
      else if (slot.interest === 'full') pusher.push(slot, this.shared);
      else pusher.pushLess(slot, this);
    }
    this.#next = next;
    return count;
  }
}
