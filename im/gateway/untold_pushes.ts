/**
 * What a connection was pushed, or should have been, and nobody has acknowledged yet, as one interval for each
 * conversation: if its user goes away like that, those who wrote it are told «offline». Exact only to the interval:
 * whoever tells asks the store first what any device of the user has received.
 */
import type { ConversationName } from '../message/conversation.js';
import { known, toSeq, type Seq } from '../message/ids.js';

export interface UntoldInterval {
  readonly conv: ConversationName;
  from: Seq;
  to: Seq;
}

export interface UntoldLimits {
  /** Conversations of one connection; of others nobody is told. */
  readonly count: number;
  /** Of all connections together. */
  readonly totalCount: number;
}

/** Of all connections. */
export interface UntoldTotal {
  count: number;
  droppedCount: number;
}

export class UntoldPushes {
  readonly #limits: UntoldLimits;
  readonly #total: UntoldTotal;
  readonly #intervals = new Map<ConversationName, UntoldInterval>();

  constructor(limits: UntoldLimits, total: UntoldTotal) {
    this.#limits = limits;
    this.#total = total;
  }

  /** On the way of every push to a client that acknowledges intervals: one look, and an object for the first. */
  add(conv: ConversationName, from: Seq, to: Seq): void {
    const interval = this.#intervals.get(conv);
    if (interval !== undefined) {
      if (from < interval.from) interval.from = from;
      if (to > interval.to) interval.to = to;
      return;
    }
    if (this.#intervals.size >= this.#limits.count || this.#total.count >= this.#limits.totalCount) {
      this.#total.droppedCount++;
      return;
    }
    this.#intervals.set(conv, { conv, from, to });
    this.#total.count++;
  }

  /** A device that finds holes itself has acknowledged `to`: nothing below it is missing there. */
  receivedTo(conv: ConversationName, to: Seq): void {
    const interval = this.#intervals.get(conv);
    if (interval !== undefined && to >= interval.from) this.#cut(interval, to + 1, interval.to);
  }

  /** A device that knows single messages only has acknowledged one. */
  receivedOne(conv: ConversationName, seq: Seq): void {
    const interval = this.#intervals.get(conv);
    if (interval?.from === seq) this.#cut(interval, seq + 1, interval.to);
    else if (interval?.to === seq) this.#cut(interval, interval.from, seq - 1);
  }

  intervals(): readonly UntoldInterval[] {
    return [...this.#intervals.values()];
  }

  #cut(interval: UntoldInterval, from: number, to: number): void {
    if (from > to) {
      this.#intervals.delete(interval.conv);
      this.#total.count--;
      return;
    }
    interval.from = known(toSeq(from));
    interval.to = known(toSeq(to));
  }

  discard(): void {
    this.#total.count -= this.#intervals.size;
    this.#intervals.clear();
  }
}
