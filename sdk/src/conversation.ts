/** One conversation: its log, the marks of both sides, and what has been acked. Kept by Conversations. */
import { EVERYBODY } from '../../im/message/message.js';
import { groupOf } from '../../im/message/conversation.js';
import { DEFAULT_SETTINGS } from '../../im/message/settings.js';
import type { ConversationLog } from './conversation_log.js';
import type { ConversationSettings, ConversationView, SavedRow } from './types.js';
import { Unread } from './unread.js';
import type { SyncedConversation } from './wire.js';
import { isMessage, type LogEvent } from './wire_events.js';

export class Conversation {
  readonly conv: string;
  readonly peer: number;
  readonly isGroup: boolean;
  readonly log: ConversationLog;
  /** Kept by Receipts: what the server has been told, what it is to be told, and when it was told last. */
  readonly receipts = { acked: 0, toAck: 0, read: 0, toRead: 0, nextAtMs: -Infinity, waiting: false };
  /** What the server itself last said that it has of ours. Receipts have no answer: only its rows raise this. */
  readonly confirmed = { acked: 0, read: 0 };
  /** Kept by GapFiller. */
  readonly filling = { asked: false, attempts: 0, dueAtMs: Infinity };
  readSeq = 0;
  peerDeliveredSeq = 0;
  peerReadSeq = 0;
  settings: ConversationSettings = DEFAULT_SETTINGS;
  isMember = true;
  /** The app looks at it: whatever the interest says, its events are fetched. */
  isOpen = false;
  readonly #unread = new Unread();
  #firstSeq = 1;
  #lastAtMs = 0;
  /** Up to here the unread messages have been counted by the server. */
  #countedSeq = 0;
  /** Up to here by a row, which leaves out what was taken back. */
  #rowSeq = 0;

  constructor(conv: string, peer: number, log: ConversationLog) {
    this.conv = conv;
    this.peer = peer;
    this.isGroup = groupOf(conv) !== undefined;
    this.log = log;
  }

  /** False: what it lacks is only counted, and fetched when the app opens it. */
  get isFollowed(): boolean {
    return this.isOpen || this.settings.interest === 'full' || !this.isGroup;
  }

  /** Nothing that is to be shown is missing. */
  get isUpToDate(): boolean {
    return this.log.isComplete || !this.isFollowed;
  }

  get view(): ConversationView {
    const { conv, peer, log } = this;
    return { conv, peer, tip: log.tip, ...this.row };
  }

  /** What is remembered of it between runs, besides its log. */
  get row(): SavedRow {
    return {
      firstSeq: this.#firstSeq,
      lastSeq: this.log.lastSeq,
      lastAtMs: this.#lastAtMs,
      readSeq: this.readSeq,
      peerDeliveredSeq: this.peerDeliveredSeq,
      peerReadSeq: this.peerReadSeq,
      unread: this.#unread.count,
      mentions: this.#unread.mentions,
      isMember: this.isMember,
      settings: this.settings,
    };
  }

  get unread(): { readonly count: number; readonly mentions: number } {
    return this.#unread;
  }

  /** An event has just been shown; a message of somebody else is something new to be read, until it is taken back. */
  passed(event: LogEvent, uid: number): void {
    this.#lastAtMs = Math.max(this.#lastAtMs, event.storedAtMs);
    const { recalls } = event;
    if (recalls !== undefined && recalls.seq > this.readSeq)
      this.#unread.recalled(recalls.seq, event.seq <= this.#rowSeq, !event.own);
    if (!isMessage(event)) return;
    if (this.settings.hidden) this.settings = { ...this.settings, hidden: false };
    if (event.own || event.seq <= this.readSeq) return;
    const isMention = event.mentions?.some((one) => one === uid || one === EVERYBODY) === true;
    this.#unread.shown(event.seq, isMention, event.seq <= this.#countedSeq);
  }

  /** So many messages came, up to `lastSeq`, and were not pushed. */
  counted(lastSeq: number, messages: number): void {
    if (lastSeq <= this.#countedSeq) return;
    this.log.exists(lastSeq);
    this.#countedSeq = lastSeq;
    this.#unread.counted(messages);
  }

  /** Own reading, here or on another device; false where that was known. */
  markRead(seq: number): boolean {
    if (seq <= this.readSeq) return false;
    this.readSeq = seq;
    this.#unread.read(seq, Math.max(0, this.log.lastSeq - seq));
    return true;
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
    this.#take(row);
    this.confirmed.acked = row.deviceSeq;
    this.confirmed.read = row.readSeq;
    this.untell();
  }

  /** What an earlier run knew. */
  restore(row: SavedRow): void {
    this.#take(row);
    this.receipts.toRead = this.confirmed.read = row.readSeq;
  }

  #take(row: SavedRow): void {
    this.#firstSeq = row.firstSeq;
    this.#lastAtMs = Math.max(this.#lastAtMs, row.lastAtMs);
    this.log.exists(row.lastSeq);
    this.markRead(row.readSeq);
    // An answer that is older than what was shown since cannot count that, nor know who came or went.
    if (row.lastSeq >= Math.max(this.log.tip, this.#countedSeq)) {
      this.isMember = row.isMember;
      if (row.readSeq === this.readSeq) {
        this.#unread.set(row.unread, row.mentions);
        this.#countedSeq = this.#rowSeq = row.lastSeq;
      }
    }
    this.settings = row.settings;
    this.peerGot(row.peerDeliveredSeq, false);
    this.peerGot(row.peerReadSeq, true);
  }
}
