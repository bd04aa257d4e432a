/** Acknowledged intervals that wait to be written, merged per device and conversation, and found by whom they concern. */
import { chatMembers } from '../message/conversation.js';
import type { Uid } from '../message/ids.js';
import { SeqIntervals, type SeqInterval } from '../message/seq_intervals.js';
import type { MarkRequest } from '../store/interface.js';

/** Whose mark in which conversation. */
export type Place = Pick<MarkRequest, 'uid' | 'device' | 'conv' | 'read'>;

export interface WaitingMark {
  readonly place: Place;
  /** Disjoint: bounded over all places by the limit. */
  readonly intervals: SeqIntervals;
}

export class WaitingMarks {
  readonly #limit: number;
  readonly #byKey = new Map<string, WaitingMark>();
  /** Keys by whose mark it is, and in chats also by to whom it says something. */
  readonly #byUid = new Map<Uid, Set<string>>();
  #count = 0;

  /** `limit`: of intervals, over all places. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Intervals. */
  get count(): number {
    return this.#count;
  }

  get isEmpty(): boolean {
    return this.#byKey.size === 0;
  }

  concerns(uids: readonly Uid[]): boolean {
    return uids.some((uid) => this.#byUid.has(uid));
  }

  /** False: too many wait. */
  add(place: Place, { from, to }: SeqInterval): boolean {
    if (from > to) return true;
    const key = keyOf(place);
    const waiting = this.#byKey.get(key);
    const before = waiting?.intervals.count ?? 0;
    if (this.#count >= this.#limit && waiting?.intervals.touches(from, to) !== true) return false;
    const intervals = waiting?.intervals ?? new SeqIntervals(this.#limit);
    intervals.add(from, to);
    this.#count += intervals.count - before;
    if (waiting !== undefined) return true;
    const { uid, device, conv, read } = place;
    this.#byKey.set(key, { place: { uid, device, conv, read }, intervals });
    for (const one of concernedBy(place)) {
      const keys = this.#byUid.get(one);
      if (keys === undefined) this.#byUid.set(one, new Set([key]));
      else keys.add(key);
    }
    return true;
  }

  /** Takes out what concerns these users. */
  take(uids: Iterable<Uid>): WaitingMarks {
    const taken = new WaitingMarks(this.#limit);
    for (const uid of uids) for (const key of [...(this.#byUid.get(uid) ?? [])]) this.#move(key, taken);
    return taken;
  }

  *[Symbol.iterator](): IterableIterator<readonly [key: string, WaitingMark]> {
    yield* this.#byKey;
  }

  #move(key: string, to: WaitingMarks): void {
    const waiting = this.#byKey.get(key);
    if (waiting === undefined) return;
    for (const interval of waiting.intervals.all) to.add(waiting.place, interval);
    this.#byKey.delete(key);
    this.#count -= waiting.intervals.count;
    for (const uid of concernedBy(waiting.place)) {
      const keys = this.#byUid.get(uid);
      keys?.delete(key);
      if (keys?.size === 0) this.#byUid.delete(uid);
    }
  }
}

export function keyOf({ uid, device, conv, read }: Place): string {
  return `${uid}/${device}/${conv}/${read}`;
}

function concernedBy({ uid, conv }: Place): readonly Uid[] {
  return chatMembers(conv) ?? [uid];
}
