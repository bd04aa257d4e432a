/**
 * How much senders are told by receipts: a reader says each thing once and a few times more, because answers get
 * lost and pushes are repeated; whoever says it without end only costs his addressee frames: such a repetition is
 * marked and no more. News that are too many at once are owed, and told a little later.
 */
import { Allowance } from '../../pkg/queue/allowance.js';
import type { ReceiptState } from '../message/message.js';
import { OwedReceipts, type ReceiptNews } from './owed_receipts.js';

/** Messages a reader's receipts may name at once, and per second, in one conversation. */
const TOLD_BURST = 1024;
const TOLD_PER_SECOND = 1024;
/** Of one receipt: a longer one is told in pieces, because an old client is told of each message. */
const PIECE_SEQS = TOLD_BURST / 2;
/** Receipts of his that say nothing higher than what was told before: the same again, or a late one. */
const REPEAT_BURST = 256;
const REPEATS_PER_SECOND = 4;
/** Readers of conversations remembered, of each kind; the one idle longest starts anew. */
const KEY_COUNT = 50_000;

type Highest = Record<ReceiptState, number>;

export class ToldReceipts {
  readonly #named = new Allowance({ burst: TOLD_BURST, perSecond: TOLD_PER_SECOND, keyLimit: KEY_COUNT });
  readonly #repeats = new Allowance({
    burst: REPEAT_BURST,
    perSecond: REPEATS_PER_SECOND,
    keyLimit: KEY_COUNT,
  });
  /** The one told longest ago first. */
  readonly #highest = new Map<string, Highest>();
  readonly #owed = new OwedReceipts();
  #untoldCount = 0;

  /** Repeated too often, or more than can be owed. */
  get untoldCount(): number {
    return this.#untoldCount;
  }

  /** Which of them are told. What is news is measured before the batch: who acknowledges a pull does so in any order. */
  take(batch: readonly ReceiptNews[], nowMs: number): readonly boolean[] {
    const told = batch.map((news) => this.#isTold(news, nowMs));
    for (const [index, news] of batch.entries()) if (told[index] === true) this.#remember(news);
    return told;
  }

  get isOwing(): boolean {
    return !this.#owed.isEmpty;
  }

  /** What is told later after all: it was too much before, or could not be told. */
  owe(news: ReceiptNews): void {
    if (!this.#owed.add(news)) this.#untoldCount++;
  }

  /** Of what is owed, what may be told now. */
  takeOwed(nowMs: number): readonly ReceiptNews[] {
    const taken = this.#owed.take(PIECE_SEQS, (news) => this.#mayName(news, nowMs));
    for (const news of taken) this.#remember(news);
    return taken;
  }

  #isTold(news: ReceiptNews, nowMs: number): boolean {
    const { conv, by, from, to, state } = news;
    const key = `${conv}/${by}`;
    const isNews = to > (this.#highest.get(key)?.[state] ?? 0);
    if (!isNews && !this.#repeats.spend(key, 1, nowMs)) {
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

  #remember({ conv, by, to, state }: ReceiptNews): void {
    const key = `${conv}/${by}`;
    const highest = this.#highest.get(key) ?? { received: 0, read: 0 };
    highest[state] = Math.max(highest[state], to);
    this.#highest.delete(key);
    this.#highest.set(key, highest);
    if (this.#highest.size <= KEY_COUNT) return;
    for (const oldest of this.#highest.keys()) {
      this.#highest.delete(oldest);
      return;
    }
  }
}
