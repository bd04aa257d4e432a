/**
 * Receipts for old clients, which know single messages only: one ack.notify for each of theirs in the interval. What
 * does not fit into a full queue is owed, as intervals, and read again when there is room.
 */
import { SeqIntervals } from '../../message/seq_intervals.js';
import type { Client } from '../client.js';
import { SharedFrame } from '../shared_frame.js';
import { mayPush } from './catch_up.js';
import type { EventPusher } from './event_pusher.js';
import type { OldClient, ReceiptDown } from './old_client.js';
import { sentPages } from './sent_pages.js';
import type { StorePages } from './store_pages.js';

export interface ReceiptsByMidDeps {
  readonly pages: StorePages;
  readonly pusher: EventPusher;
}

/** Conversations of which one client is owed receipts; beyond it they are dropped, and counted. */
const OWED_COUNT = 64;
/** The same for the gaps in what it is owed of one conversation. */
const OWED_GAPS = 256;
/** Seqs paid at once; what is behind them waits for room. */
const PAID_SEQS = 1024;

export class ReceiptsByMid {
  readonly #deps: ReceiptsByMidDeps;
  droppedCount = 0;

  constructor(deps: ReceiptsByMidDeps) {
    this.#deps = deps;
  }

  /** What it had to read for it; never rejects. */
  push(client: Client, old: OldClient, shared: SharedFrame, frame: ReceiptDown): Promise<void> | undefined {
    // Old clients have no word for «read».
    if (frame.state !== 'received') return undefined;
    if (old.owedReceipts.has(frame.conv)) this.#owe(old, frame);
    else if (frame.messages === undefined) return this.#translate(client, old, frame).then(() => undefined);
    else if (!this.#deps.pusher.tryPush(client, shared)) this.#owe(old, frame);
    return undefined;
  }

  /** Pays what is owed, as far as there is room. */
  pay(client: Client, old: OldClient): void {
    if (old.owedReceipts.size === 0 || old.isPaying || !mayPush(client, old)) return;
    old.isPaying = true;
    void this.#payAll(client, old);
  }

  /** Never rejects. */
  async #payAll(client: Client, old: OldClient): Promise<void> {
    for (const [conv, { frame, intervals }] of old.owedReceipts) {
      let isPaid = true;
      while (isPaid && mayPush(client, old)) {
        const next = intervals.take(PAID_SEQS);
        if (next === undefined) break;
        isPaid = await this.#translate(client, old, { ...frame, ...next });
      }
      if (intervals.count > 0) break;
      old.owedReceipts.delete(conv);
    }
    old.isPaying = false;
  }

  /** False where not all of it fitted or could be read: that is owed then. */
  async #translate(client: Client, old: OldClient, frame: ReceiptDown): Promise<boolean> {
    const { uid } = client;
    if (uid === undefined) return false;
    let { from } = frame;
    try {
      for await (const messages of sentPages(this.#deps.pages, { ...frame, sender: uid })) {
        from = messages[0]?.seq ?? from;
        if (client.old !== old || client.isClosed) return false;
        const shared = new SharedFrame({ ...frame, messages });
        if (!this.#deps.pusher.tryPush(client, shared)) {
          this.#owe(old, { ...frame, from });
          return false;
        }
        from = messages.at(-1)?.seq ?? from;
      }
      return true;
    } catch {
      // Counted and logged where it was read; what was told already may be told once more.
      this.#owe(old, { ...frame, from });
      return false;
    }
  }

  #owe(old: OldClient, frame: ReceiptDown): void {
    const { conv, from, to } = frame;
    let owed = old.owedReceipts.get(conv);
    if (owed === undefined && old.owedReceipts.size < OWED_COUNT) {
      owed = { frame: { ...frame, messages: undefined }, intervals: new SeqIntervals(OWED_GAPS) };
      old.owedReceipts.set(conv, owed);
    }
    if (owed?.intervals.add(from, to) !== true) this.droppedCount++;
  }
}
