/** One conversation: its log, the marks of both sides, and what has been acked. Kept by Conversations. */
import type { ConversationLog } from './conversation_log.js';
import type { ConversationView } from './types.js';
import type { LogEvent, SyncedConversation } from './wire.js';

export class Conversation {
  readonly conv: string;
  readonly peer: number;
  readonly log: ConversationLog;
  /** Kept by Receipts: what the server has been told, what it is to be told, and when it was told last. */
  readonly receipts = { acked: 0, toAck: 0, read: 0, toRead: 0, nextAtMs: -Infinity, waiting: false };
  /** What the server itself last said that it has of ours. Receipts have no answer: only its rows raise this. */
  readonly confirmed = { acked: 0, read: 0 };
  /** Kept by GapFiller. */
  readonly filling = { asked: false, attempts: 0, dueAtMs: Infinity };
  readSeq = 0;
  #firstSeq = 1;
  #lastAtMs = 0;
  peerDeliveredSeq = 0;
  peerReadSeq = 0;
  #unread = 0;
  /** Up to here `#unread` was counted by the server. */
  #countedSeq = 0;

  constructor(conv: string, peer: number, log: ConversationLog) {
    this.conv = conv;
    this.peer = peer;
    this.log = log;
  }

  get view(): ConversationView {
    return {
      conv: this.conv,
      peer: this.peer,
      firstSeq: this.#firstSeq,
      lastSeq: this.log.lastSeq,
      tip: this.log.tip,
      readSeq: this.readSeq,
      peerDeliveredSeq: this.peerDeliveredSeq,
      peerReadSeq: this.peerReadSeq,
      unread: this.#unread,
      lastAtMs: this.#lastAtMs,
    };
  }

  /** A message has just been shown, or a recall: that is nothing new to be read. */
  passed(message: LogEvent): void {
    this.#lastAtMs = Math.max(this.#lastAtMs, message.storedAtMs);
    if (message.own || message.recalls !== undefined) return;
    if (message.seq > this.readSeq && message.seq > this.#countedSeq) this.#unread++;
  }

  /** Own reading, here or on another device. */
  markRead(seq: number): void {
    if (seq <= this.readSeq) return;
    this.readSeq = seq;
    this.#unread = Math.min(this.#unread, Math.max(0, this.log.lastSeq - seq));
  }

  peerGot(seq: number, read: boolean): void {
    this.peerDeliveredSeq = Math.max(this.peerDeliveredSeq, seq);
    if (read) this.peerReadSeq = Math.max(this.peerReadSeq, seq);
  }

  /** What was told since the server's last word may not have been heard. */
  untell(): void {
    this.receipts.acked = this.confirmed.acked;
    this.receipts.read = this.confirmed.read;
  }

  /** Takes over the server's word about everything but the messages. */
  synced(row: SyncedConversation): void {
    this.#firstSeq = Math.max(this.#firstSeq, row.firstSeq);
    this.#lastAtMs = Math.max(this.#lastAtMs, row.lastAtMs);
    this.log.exists(row.lastSeq);
    this.markRead(row.readSeq);
    // An answer that is older than what was shown since cannot count that.
    if (row.lastSeq >= this.log.tip && row.readSeq === this.readSeq) {
      this.#unread = row.unread;
      this.#countedSeq = row.lastSeq;
    }
    this.confirmed.acked = row.deviceSeq;
    this.confirmed.read = row.readSeq;
    this.untell();
    this.peerGot(row.peerDeliveredSeq, false);
    this.peerGot(row.peerReadSeq, true);
  }
}
