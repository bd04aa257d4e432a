/**
 * The connections of one group's members: a list whose places stay as they are while a fan-out passes over it. Who
 * goes leaves his place empty, who comes is put at the end.
 */
import type { Gid } from '../../message/ids.js';
import type { Interest } from '../../message/settings.js';
import type { Client } from '../client.js';
import type { GroupChannel } from './group_channel.js';
import type { GroupSlot } from './group_slot.js';

/** A list with fewer places is not worth the work. */
const COMPACT_FROM = 32;

export class MemberSlots {
  #places: (GroupSlot | undefined)[] = [];
  #count = 0;

  get places(): readonly (GroupSlot | undefined)[] {
    return this.#places;
  }

  get count(): number {
    return this.#count;
  }

  /** The slot that the connection has already, or a new one. */
  add(channel: GroupChannel, client: Client, sinceSeq: number, interest: Interest): GroupSlot {
    const groups = (client.groups ??= new Map<Gid, GroupSlot>());
    const existing = groups.get(channel.gid);
    if (existing !== undefined) return existing;
    const slot: GroupSlot = {
      ...{ client, channel, sinceSeq, interest, index: this.#places.length, untoldCount: 0 },
    };
    this.#places.push(slot);
    this.#count++;
    groups.set(channel.gid, slot);
    return slot;
  }

  /** False where it was not here. */
  remove(slot: GroupSlot): boolean {
    if (this.#places[slot.index] !== slot) return false;
    this.#places[slot.index] = undefined;
    this.#count--;
    slot.client.groups?.delete(slot.channel.gid);
    return true;
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
