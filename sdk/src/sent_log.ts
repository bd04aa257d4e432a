/** The last sends that were stored, for the ticks that come later. Bounded: the oldest are forgotten. */
import { raise, type LateState, type Send } from './outbox.js';
import type { PeerMarks } from './wire.js';

export class SentLog {
  readonly #limitCount: number;
  readonly #onRaise: (send: Send) => void;
  readonly #sends = new Map<string, Send>();

  constructor(options: { readonly limitCount: number }, onRaise: (send: Send) => void) {
    this.#limitCount = options.limitCount;
    this.#onRaise = onRaise;
  }

  add(send: Send): void {
    this.#sends.set(send.clientId, send);
    if (this.#sends.size <= this.#limitCount) return;
    for (const oldest of this.#sends.keys()) {
      this.#sends.delete(oldest);
      return;
    }
  }

  find(clientId: string): Send | undefined {
    return this.#sends.get(clientId);
  }

  forget(clientId: string): void {
    this.#sends.delete(clientId);
  }

  /** The peer of `conv` has got (or read) everything of ours in [from, to]. */
  raiseRange(conv: string, from: number, to: number, state: 'received' | 'read'): void {
    for (const send of this.#sends.values()) {
      const { view } = send;
      if (view.conv === conv && view.seq >= from && view.seq <= to && raise(send, state)) this.#onRaise(send);
    }
  }

  /** Marks cover everything below them: makes good for receipts that did not reach us. */
  raiseAll(marksOf: (conv: string) => PeerMarks | undefined): void {
    for (const send of this.#sends.values()) {
      const { conv, seq, state } = send.view;
      const marks = state === 'read' ? undefined : marksOf(conv);
      if (marks === undefined || seq > Math.max(marks.peerDeliveredSeq, marks.peerReadSeq)) continue;
      if (raise(send, seq <= marks.peerReadSeq ? 'read' : 'received')) this.#onRaise(send);
    }
  }

  raiseOne(clientId: string, state: LateState): void {
    const send = this.#sends.get(clientId);
    if (send !== undefined && raise(send, state)) this.#onRaise(send);
  }
}
