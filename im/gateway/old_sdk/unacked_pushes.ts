/**
 * What one old client was pushed and has not acknowledged: pushed again after a while, and twice at most; then it
 * is left to the next offline page. Also tells which message a mid stands for, so that a receipt needs no read.
 * Holds names, not contents: what is pushed again is read from the store.
 */
import type { ConversationName } from '../../message/conversation.js';
import type { Mid, Seq } from '../../message/ids.js';
import { EVENT_KIND, type ChatEvent, type PushedMessage } from '../../message/message.js';

export interface UnackedPush extends PushedMessage {
  /** The sender has been told «offline» of it, or somebody has received it. */
  isTold: boolean;
  /** By this connection; 0 where another one of the user left it behind. */
  pushCount: number;
  dueAtMs: number;
}

export interface HowPushed {
  /** The mid that the client will name in its receipt: for a recall that may be the message that it takes back. */
  readonly ackedAs: Mid;
  /** Nobody need be told if the client goes away without having acknowledged it. */
  readonly isTold: boolean;
  readonly nowMs: number;
}

export interface UnackedOptions {
  /** Of one connection; beyond it the oldest is forgotten. */
  readonly count: number;
  /** Of all connections together. */
  readonly totalCount: number;
  /** How long after the first push and the second one it is pushed again. */
  readonly againAfterMs: readonly number[];
  /** Too many: nothing is known of this one here any more, and nobody has been told of it. */
  readonly forgotten: (push: UnackedPush) => void;
}

/** Of all connections. */
export interface UnackedTotal {
  count: number;
  forgottenCount: number;
}

export class UnackedPushes {
  readonly #options: UnackedOptions;
  readonly #total: UnackedTotal;
  /** In the order of the first push. */
  readonly #byMid = new Map<Mid, UnackedPush>();
  /** Those that the client knows by another mid. */
  readonly #aliases = new Map<Mid, UnackedPush>();
  /** None is due before. */
  #nextDueAtMs = Infinity;

  constructor(options: UnackedOptions, total: UnackedTotal) {
    this.#options = options;
    this.#total = total;
  }

  get count(): number {
    return this.#byMid.size;
  }

  /** This connection was pushed it. */
  wasPushed(mid: Mid): boolean {
    return (this.#byMid.get(mid)?.pushCount ?? 0) > 0;
  }

  add(event: ChatEvent, { ackedAs, isTold, nowMs }: HowPushed): void {
    const { mid, conv, seq, from, clientId } = event;
    const before = this.#byMid.get(mid);
    const dueAtMs = nowMs + (this.#options.againAfterMs[0] ?? Infinity);
    this.#nextDueAtMs = Math.min(this.#nextDueAtMs, dueAtMs);
    if (before !== undefined) {
      before.pushCount = Math.max(1, before.pushCount);
      before.dueAtMs = dueAtMs;
      return;
    }
    // Nobody waits for the receipt of a recall.
    const nobodyWaits = isTold || event.kind !== EVENT_KIND.message;
    const push = { mid, conv, seq, from, clientId, isTold: nobodyWaits, pushCount: 1, dueAtMs };
    if (this.#keep(push) && ackedAs !== mid) this.#aliases.set(ackedAs, push);
  }

  /** Takes over what another connection of the user leaves behind: only to tell its sender, should this one go too. */
  adopt(left: UnackedPush): void {
    const own = this.#byMid.get(left.mid);
    if (own !== undefined) own.isTold = false;
    else this.#keep({ ...left, pushCount: 0, dueAtMs: Infinity });
  }

  /**
   * What a receipt for `mid` is for, removed here; undefined where this connection knows no such push. A message and
   * its recall have receipts of their own: the first is for the message, whose recall may still be on its way.
   */
  acked(mid: Mid): UnackedPush | undefined {
    const push = this.#byMid.get(mid) ?? this.#aliases.get(mid);
    if (push !== undefined) this.#forget(push);
    return push;
  }

  /** Somebody else has told the sender. */
  told(mid: Mid): void {
    const push = this.#byMid.get(mid);
    if (push !== undefined) push.isTold = true;
  }

  toldBetween(conv: ConversationName, from: Seq, to: Seq): void {
    for (const push of this.#byMid.values()) {
      if (push.conv === conv && push.seq >= from && push.seq <= to) push.isTold = true;
    }
  }

  untold(): readonly UnackedPush[] {
    return [...this.#byMid.values()].filter(({ isTold }) => !isTold);
  }

  conversations(): ReadonlySet<ConversationName> {
    return new Set([...this.#byMid.values()].map(({ conv }) => conv));
  }

  /** Those to be pushed again now, of one conversation; none costs nothing. */
  due(nowMs: number): readonly UnackedPush[] {
    if (nowMs < this.#nextDueAtMs) return [];
    const all = [...this.#byMid.values()];
    const due = all.filter(({ dueAtMs }) => dueAtMs <= nowMs);
    const conv = due[0]?.conv;
    if (conv === undefined) {
      this.#nextDueAtMs = all.reduce((least, { dueAtMs }) => Math.min(least, dueAtMs), Infinity);
    }
    return due.filter((push) => push.conv === conv);
  }

  pushedAgain(push: UnackedPush, nowMs: number): void {
    push.dueAtMs = nowMs + (this.#options.againAfterMs[push.pushCount] ?? Infinity);
    push.pushCount++;
    this.#nextDueAtMs = Math.min(this.#nextDueAtMs, push.dueAtMs);
  }

  /** Never pushed again by this connection. */
  giveUp(push: UnackedPush): void {
    push.dueAtMs = Infinity;
  }

  /** Acknowledged in another way. */
  forget(push: UnackedPush): void {
    this.#forget(push);
  }

  discard(): void {
    this.#total.count -= this.#byMid.size;
    this.#byMid.clear();
    this.#aliases.clear();
  }

  #keep(push: UnackedPush): boolean {
    const { count, totalCount } = this.#options;
    if (this.#byMid.size >= count || this.#total.count >= totalCount) {
      this.#total.forgottenCount++;
      const oldest = this.#byMid.values().next().value;
      if (oldest !== undefined) this.#forget(oldest);
      const lost = oldest ?? push;
      if (!lost.isTold) this.#options.forgotten(lost);
      if (oldest === undefined) return false;
    }
    this.#byMid.set(push.mid, push);
    this.#total.count++;
    return true;
  }

  #forget(push: UnackedPush): void {
    if (this.#byMid.delete(push.mid)) this.#total.count--;
    for (const [mid, other] of this.#aliases) if (other === push) this.#aliases.delete(mid);
  }
}
