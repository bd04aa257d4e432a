/**
 * What senders were told of each reader's receipts. There are clients that acknowledge on several threads, in no
 * order: only what was told before, and all of it, is a repetition.
 */
import { SeqIntervals } from '../message/seq_intervals.js';
import type { ReceiptNews } from './owed_receipts.js';

/** Readers of conversations remembered, of each state; whoever was told of longest ago starts anew. */
const READER_COUNT = 50_000;
/**
 * Intervals of one. Each run of the reader's own messages is a gap between them, and one acknowledged late fills its
 * gap. Beyond so many the lowest is forgotten: told once more where it is acknowledged again, which costs frames; the
 * other way round a sender would never learn of what is acknowledged late.
 */
const INTERVAL_COUNT = 256;
/** Of all; some 20 MB. */
const TOTAL_COUNT = 400_000;

export class ToldIntervals {
  /** Whoever was told of longest ago first. */
  readonly #readers = new Map<string, SeqIntervals>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  has(news: ReceiptNews): boolean {
    return this.#readers.get(keyOf(news))?.covers(news.from, news.to) === true;
  }

  add(news: ReceiptNews): void {
    const key = keyOf(news);
    const intervals = this.#readers.get(key) ?? new SeqIntervals(INTERVAL_COUNT);
    const before = intervals.count;
    if (!intervals.add(news.from, news.to)) {
      intervals.take(Infinity);
      intervals.add(news.from, news.to);
    }
    this.#count += intervals.count - before;
    this.#readers.delete(key);
    this.#readers.set(key, intervals);
    this.#forget();
  }

  #forget(): void {
    for (const [oldest, intervals] of this.#readers) {
      if (this.#readers.size <= READER_COUNT && this.#count <= TOTAL_COUNT) return;
      this.#readers.delete(oldest);
      this.#count -= intervals.count;
    }
  }
}

function keyOf({ conv, by, state }: ReceiptNews): string {
  return `${conv}/${by}/${state}`;
}
