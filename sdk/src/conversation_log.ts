/**
 * One conversation's log as this device sees it: everything up to `tip` has been shown or left for scrolling,
 * what came early waits in a bounded buffer, the rest up to `lastSeq` is a hole. It asks nobody for anything.
 *
 *   1 ........ tip | hole | buffered | hole | buffered .. lastSeq
 */
import { Intervals } from './intervals.js';
import type { LogEvent } from './wire_events.js';

export interface Hole {
  readonly from: number;
  readonly to: number;
}

/** What became of a message: `full` means not kept, part of a hole. */
export type Reception = 'shown' | 'buffered' | 'repeat' | 'full';

export class ConversationLog {
  readonly #bufferLimit: number;
  readonly #show: (message: LogEvent) => void;
  /** Seqs above `tip` that are received or not for us. */
  readonly #covered = new Intervals();
  readonly #buffer = new Map<number, LogEvent>();
  #tip: number;
  #lastSeq: number;

  /** `tip`: up to here the app knows everything. `show` is called in seq order, once for each message. */
  constructor(tip: number, bufferLimit: number, show: (message: LogEvent) => void) {
    this.#tip = tip;
    this.#lastSeq = tip;
    this.#bufferLimit = bufferLimit;
    this.#show = show;
  }

  get tip(): number {
    return this.#tip;
  }

  /** The highest seq that is known to exist. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  get isComplete(): boolean {
    return this.#tip >= this.#lastSeq;
  }

  /** The first missing interval. */
  get hole(): Hole | undefined {
    if (this.isComplete) return undefined;
    return { from: this.#tip + 1, to: Math.min(this.#lastSeq, this.#covered.lowest - 1) };
  }

  /** A message and the seq before it in our sequence: what lies between is not for us. */
  receive(message: LogEvent, after: number): Reception {
    const { seq } = message;
    if (seq <= this.#tip || this.#buffer.has(seq)) return 'repeat';
    this.exists(seq);
    const follows = after <= this.#tip;
    if (follows && this.#buffer.size === 0) {
      this.#covered.dropThrough(seq);
      this.#tip = seq;
      this.#show(message);
      this.#drain();
      return 'shown';
    }
    if (!follows && this.#buffer.size >= this.#bufferLimit) return 'full';
    this.#buffer.set(seq, message);
    this.#covered.add(Math.min(after, seq - 1) + 1, seq);
    this.#drain();
    return follows ? 'shown' : 'buffered';
  }

  /** An answer that covers [from, to]: what is absent from `messages` (ascending) is not for us. */
  cover(from: number, to: number, messages: readonly LogEvent[]): void {
    this.exists(to);
    for (const message of messages) {
      if (message.seq > this.#tip && message.seq <= to) this.#buffer.set(message.seq, message);
    }
    this.#covered.add(Math.max(from, this.#tip + 1), to);
    this.#drain();
  }

  /** Somebody said that `seq` exists. */
  exists(seq: number): void {
    if (seq > this.#lastSeq) this.#lastSeq = seq;
  }

  /** Gives up what is missing up to `seq`: it counts as known. What was received of it is not shown either. */
  skipTo(seq: number): void {
    if (seq <= this.#tip) return;
    this.exists(seq);
    for (const key of this.#buffer.keys()) if (key <= seq) this.#buffer.delete(key);
    this.#covered.dropThrough(seq);
    this.#tip = seq;
    this.#drain();
  }

  #drain(): void {
    while (this.#covered.lowest <= this.#tip + 1) {
      const end = this.#covered.takeLowest();
      for (const seq of this.#bufferedThrough(end)) this.#release(seq);
      this.#tip = Math.max(this.#tip, end);
    }
  }

  #release(seq: number): void {
    const message = this.#buffer.get(seq);
    if (message === undefined) return;
    this.#buffer.delete(seq);
    // Before the call: the app may look at its conversations from inside its handler.
    this.#tip = seq;
    this.#show(message);
  }

  /** Seqs to look at, ascending: every one of a short stretch, only the buffered ones of a long one. */
  #bufferedThrough(end: number): Iterable<number> {
    const first = this.#tip + 1;
    const count = end - this.#tip;
    if (count <= this.#buffer.size * 2) return Array.from({ length: count }, (_, index) => first + index);
    return [...this.#buffer.keys()].filter((seq) => seq <= end).sort((one, other) => one - other);
  }
}
