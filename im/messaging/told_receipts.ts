/**
 * How much senders are told by receipts: a reader says each thing once and a few times more, because answers get
 * lost and pushes are repeated; whoever says it without end only costs his addressee frames: such a repetition is
 * marked and no more. News that are too many at once are owed, and told a little later.
 */
import { Allowance } from '../../pkg/queue/allowance.js';
import { OwedReceipts, type ReceiptNews } from './owed_receipts.js';
import { ToldIntervals } from './told_intervals.js';

/** Messages a reader's receipts may name at once, and per second, in one conversation. */
const TOLD_BURST = 1024;
const TOLD_PER_SECOND = 1024;
/** Of one receipt: a longer one is told in pieces, because an old client is told of each message. */
const PIECE_SEQS = TOLD_BURST / 2;
/** Receipts of his that say nothing but what was told before. */
const REPEAT_BURST = 256;
const REPEATS_PER_SECOND = 4;
/** Readers of conversations whose allowances are remembered; the one idle longest starts anew. */
const KEY_COUNT = 50_000;

export class ToldReceipts {
  readonly #named = new Allowance({ burst: TOLD_BURST, perSecond: TOLD_PER_SECOND, keyLimit: KEY_COUNT });
  readonly #repeats = new Allowance({
    burst: REPEAT_BURST,
    perSecond: REPEATS_PER_SECOND,
    keyLimit: KEY_COUNT,
  });
  readonly #told = new ToldIntervals();
  readonly #owed = new OwedReceipts();
  #untoldCount = 0;

  /** Repeated too often, or more than can be owed. */
  get untoldCount(): number {
    return this.#untoldCount;
  }

  /** Which of them are told. What is news is measured before the batch: who acknowledges a pull does so in any order. */
  take(batch: readonly ReceiptNews[], nowMs: number): readonly boolean[] {
    const told = batch.map((news) => this.#isTold(news, nowMs));
    for (const [index, news] of batch.entries()) if (told[index] === true) this.#told.add(news);
    return told;
  }

  /** Intervals by which it is known what was told. */
  get intervalCount(): number {
    return this.#told.count;
  }

  get isOwing(): boolean {
    return !this.#owed.isEmpty;
  }

  /** What is told later after all: it was too much before, or could not be told. */
  owe(news: ReceiptNews): void {
    if (!this.#owed.add(news)) this.#untoldCount++;
  }

  /** Of what is owed, what may be told now, at most so many pieces. */
  takeOwed(nowMs: number, count: number): readonly ReceiptNews[] {
    let leftCount = count;
    const taken = this.#owed.take(PIECE_SEQS, (news) => {
      if (leftCount <= 0 || !this.#mayName(news, nowMs)) return false;
      leftCount--;
      return true;
    });
    for (const news of taken) this.#told.add(news);
    return taken;
  }

  #isTold(news: ReceiptNews, nowMs: number): boolean {
    const { conv, by, from, to } = news;
    if (this.#told.has(news) && !this.#repeats.spend(`${conv}/${by}`, 1, nowMs)) {
      this.#untoldCount++;
      return false;
    }
    if (to - from < PIECE_SEQS && this.#mayName(news, nowMs)) return true;
    this.owe(news);
    return false;
  }

  #mayName({ conv, by, from, to }: ReceiptNews, nowMs: number): boolean {
    return this.#named.spend(`${conv}/${by}`, to - from + 1, nowMs);
  }
}
