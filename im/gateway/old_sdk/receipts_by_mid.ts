/**
 * Receipts for old clients, which know single messages only: one ack.notify for each of theirs in the interval, the
 * newest 256. What does not fit into a full queue is owed, as an interval, and read again when there is room.
 */
import { known, toSeq, type Seq } from '../../message/ids.js';
import type { Client } from '../client.js';
import { SharedFrame } from '../shared_frame.js';
import { mayPush } from './catch_up.js';
import type { EventPusher } from './event_pusher.js';
import type { OldClient, ReceiptDown } from './old_client.js';
import type { StorePages } from './store_pages.js';

export interface ReceiptsByMidDeps {
  readonly pages: StorePages;
  readonly pusher: EventPusher;
}

/** Older messages than these are not looked at any more. */
const MESSAGE_COUNT = 256;
/** Conversations of which one client is owed receipts; beyond it they are dropped, and counted. */
const OWED_COUNT = 64;

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
    else if (frame.messages === undefined) return this.#translate(client, old, frame);
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
    for (const [conv, frame] of old.owedReceipts) {
      if (!mayPush(client, old)) break;
      old.owedReceipts.delete(conv);
      await this.#translate(client, old, frame);
      if (old.owedReceipts.has(conv)) break;
    }
    old.isPaying = false;
  }

  async #translate(client: Client, old: OldClient, frame: ReceiptDown): Promise<void> {
    const { conv, from, to } = frame;
    const { uid } = client;
    if (uid === undefined) return;
    const messages = await this.#deps.pages.read((store) =>
      store.sentBetween(conv, uid, from, to, MESSAGE_COUNT),
    );
    if (client.old !== old || client.isClosed) return;
    const isPushed =
      messages !== undefined && this.#deps.pusher.tryPush(client, new SharedFrame({ ...frame, messages }));
    if (!isPushed) this.#owe(old, frame);
  }

  #owe(old: OldClient, frame: ReceiptDown): void {
    const { conv } = frame;
    const owed = old.owedReceipts.get(conv);
    if (owed === undefined && old.owedReceipts.size >= OWED_COUNT) {
      this.droppedCount++;
      return;
    }
    const [from, to] = [lower(frame.from, owed?.from), higher(frame.to, owed?.to)];
    old.owedReceipts.set(conv, { ...frame, from, to, messages: undefined });
  }
}

function lower(one: Seq, other = one): Seq {
  return known(toSeq(Math.min(one, other)));
}

function higher(one: Seq, other = one): Seq {
  return known(toSeq(Math.max(one, other)));
}
