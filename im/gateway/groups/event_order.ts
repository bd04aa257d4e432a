/**
 * The events of one group in the order of their seqs, each once:
 *
 *   1 ……… appliedSeq │ a hole │ events that came early ……… heardSeq
 *   passed on        │ waited for, then read from the store
 */
import type { ChatEvent } from '../../message/message.js';
import { loggedEvent, type GroupEvent } from './group_event.js';
import { LetGoEvents } from './let_go_events.js';
import type { WaitingEvents } from './waiting_events.js';

/** The store covers the place, and nothing is there (any more). */
const NOTHING = 'nothing';

export class EventOrder {
  readonly #waiting: WaitingEvents;
  readonly #events = new Map<number, GroupEvent | typeof NOTHING>();
  readonly #letGo: LetGoEvents;
  appliedSeq: number;
  /** There is an event with this seq, whether or not it came here. */
  heardSeq: number;
  /** What is missing up to here will not come by itself: it has been waited for, or was let go. */
  lostSeq: number;

  constructor(appliedSeq: number, heardSeq: number, waiting: WaitingEvents) {
    this.appliedSeq = appliedSeq;
    this.heardSeq = heardSeq;
    this.lostSeq = heardSeq;
    this.#waiting = waiting;
    this.#letGo = new LetGoEvents(waiting);
  }

  get hasNext(): boolean {
    return this.#events.size > 0 && this.#events.has(this.appliedSeq + 1);
  }

  /** The next is known to be there, and is not here. */
  get hasHole(): boolean {
    return this.appliedSeq < this.heardSeq && !this.#events.has(this.appliedSeq + 1);
  }

  /** More than that are not kept: what comes then is read from the store in its turn. */
  add(event: GroupEvent): void {
    const { seq } = event.event;
    if (seq > this.heardSeq) this.heardSeq = seq;
    if (seq > this.appliedSeq && (this.#events.size >= this.#waiting.limit || this.#waiting.isFarOver)) {
      this.lostSeq = Math.max(this.lostSeq, seq);
      if (!this.#events.has(seq)) this.#letGo.add(event);
      return;
    }
    this.#fill(event);
  }

  /** One that was missing, as the log has it; whoever reads it bounds how many there are. */
  fill(event: ChatEvent): void {
    this.#fill(loggedEvent(event, this.#letGo.take(event.seq)));
  }

  #fill(event: GroupEvent): void {
    const { seq } = event.event;
    if (seq <= this.appliedSeq || this.#events.has(seq)) return;
    this.#letGo.take(seq);
    this.#events.set(seq, event);
    this.#waiting.add(event.bytes);
  }

  /** Nothing is there. */
  pass(seq: number): void {
    if (seq <= this.appliedSeq || this.#events.has(seq)) return;
    this.#letGo.take(seq);
    this.#events.set(seq, NOTHING);
  }

  /** The next in order, which counts as applied from now on; places where nothing is are passed over. */
  take(): GroupEvent | undefined {
    for (;;) {
      const seq = this.appliedSeq + 1;
      const event = this.#events.get(seq);
      if (event === undefined) return undefined;
      this.#events.delete(seq);
      this.appliedSeq = seq;
      if (event === NOTHING) continue;
      this.#waiting.delete(event.bytes);
      return event;
    }
  }

  /** The first interval that is missing, where the next event is; undefined where nothing is known to be missing. */
  hole(): { readonly from: number; readonly to: number } | undefined {
    if (!this.hasHole) return undefined;
    const from = this.appliedSeq + 1;
    let to = this.heardSeq;
    for (const seq of this.#events.keys()) if (seq <= to) to = seq - 1;
    return { from, to };
  }

  discard(): void {
    for (const event of this.#events.values()) if (event !== NOTHING) this.#waiting.delete(event.bytes);
    this.#events.clear();
    this.#letGo.discard();
  }
}
