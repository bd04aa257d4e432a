/**
 * The connections of one group's members: a list whose places stay as they are while a fan-out passes over it. Who
 * goes leaves his place empty, who comes is put at the end.
 */
import { groupConversation, type ConversationName } from '../../message/conversation.js';
import type { Gid } from '../../message/ids.js';
import type { Interest } from '../../message/settings.js';
import type { Client } from '../client.js';
import type { GroupPlace } from './group_place.js';
import type { GroupSlot } from './group_slot.js';

/** A list with fewer places is not worth the work. */
const COMPACT_FROM = 32;
/** The index of a slot that has been removed. */
export const NOWHERE = -1;

export class MemberSlots {
  readonly #gid: Gid;
  readonly #conv: ConversationName;
  #places: (GroupSlot | undefined)[] = [];
  #count = 0;

  constructor(gid: Gid) {
    this.#gid = gid;
    this.#conv = groupConversation(gid);
  }

  get places(): readonly (GroupSlot | undefined)[] {
    return this.#places;
  }

  get count(): number {
    return this.#count;
  }

  of(client: Client): GroupSlot | undefined {
    const place = client.groups?.get(this.#gid);
    return place === undefined ? undefined : this.#at(place);
  }

  /** The connection keeps the slot that it has already. */
  add(client: Client, sinceSeq: number, interest: Interest): void {
    const groups = (client.groups ??= new Map<Gid, GroupPlace>());
    if (groups.has(this.#gid)) return;
    const [gid, conv, index] = [this.#gid, this.#conv, this.#places.length];
    const untold = { untoldCount: 0, untoldFromSeq: 0 };
    const slot: GroupSlot = { client, gid, conv, index, sinceSeq, interest, ...untold };
    this.#places.push(slot);
    this.#count++;
    groups.set(gid, slot);
  }

  /** False where it was not here. */
  remove(place: GroupPlace): boolean {
    const slot = this.#at(place);
    if (slot === undefined) return false;
    this.#places[place.index] = undefined;
    // Whoever still holds it sees that it is nobody's.
    slot.index = NOWHERE;
    this.#count--;
    slot.client.groups?.delete(this.#gid);
    return true;
  }

  #at(place: GroupPlace): GroupSlot | undefined {
    const slot = this.#places[place.index];
    return slot === place ? slot : undefined;
  }

  /** While nothing passes over it. */
  compact(): void {
    if (this.#places.length < COMPACT_FROM || this.#count * 2 > this.#places.length) return;
    const left: GroupSlot[] = [];
    for (const slot of this.#places) {
      if (slot === undefined) continue;
      slot.index = left.length;
      left.push(slot);
    }
    this.#places = left;
  }
}
