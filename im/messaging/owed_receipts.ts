/**
 * Receipts that were too many to be told at once: kept as intervals for each reader of a conversation, and told as
 * fast as he may say something. Nothing is invented between them: what he did not acknowledge stays a gap.
 */
import type { ConversationName } from '../message/conversation.js';
import type { Seq, Uid } from '../message/ids.js';
import type { ReceiptState } from '../message/message.js';
import { SeqIntervals } from '../message/seq_intervals.js';

export interface ReceiptNews {
  readonly conv: ConversationName;
  readonly by: Uid;
  readonly from: Seq;
  readonly to: Seq;
  readonly state: ReceiptState;
}

interface Owed {
  readonly conv: ConversationName;
  readonly by: Uid;
  readonly state: ReceiptState;
  readonly intervals: SeqIntervals;
}

/** Readers of conversations; beyond it, and beyond so many gaps of one, a receipt is only marked, and counted. */
const READER_COUNT = 10_000;
const GAP_COUNT = 1024;
const TOTAL_COUNT = 200_000;

export class OwedReceipts {
  readonly #owed = new Map<string, Owed>();
  #intervalCount = 0;

  get isEmpty(): boolean {
    return this.#owed.size === 0;
  }

  /** False where there is no memory left for it. */
  add({ conv, by, from, to, state }: ReceiptNews): boolean {
    const key = `${conv}/${by}/${state}`;
    let owed = this.#owed.get(key);
    if (owed === undefined) {
      if (this.#owed.size >= READER_COUNT) return false;
      owed = { conv, by, state, intervals: new SeqIntervals(GAP_COUNT) };
      this.#owed.set(key, owed);
    }
    const before = owed.intervals.count;
    const isKept = this.#intervalCount < TOTAL_COUNT && owed.intervals.add(from, to);
    this.#intervalCount += owed.intervals.count - before;
    if (owed.intervals.count === 0) this.#owed.delete(key);
    return isKept;
  }

  /** What may be told now, at most `size` seqs each; `mayTell` says whether its reader may name that many. */
  take(size: number, mayTell: (news: ReceiptNews) => boolean): readonly ReceiptNews[] {
    const taken: ReceiptNews[] = [];
    for (const [key, { intervals, ...of }] of this.#owed) {
      const before = intervals.count;
      for (let next = intervals.take(size); next !== undefined; next = intervals.take(size)) {
        const news = { ...of, ...next };
        if (!mayTell(news)) {
          intervals.add(next.from, next.to);
          break;
        }
        taken.push(news);
      }
      this.#intervalCount += intervals.count - before;
      if (intervals.count === 0) this.#owed.delete(key);
    }
    return taken;
  }
}
