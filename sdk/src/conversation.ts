/** One conversation: its log, the marks of both sides, and what has been acked. Kept by Conversations. */
import { EVERYBODY, MESSAGE_STATUS } from '../../im/message/message.js';
import { groupOf } from '../../im/message/conversation.js';
import { DEFAULT_SETTINGS } from '../../im/message/settings.js';
import type { ConversationLog } from './conversation_log.js';
import { restOf } from './count_rest.js';
import type { ConversationSettings, ConversationView, SavedRow } from './types.js';
import { Unread } from './unread.js';
import type { Count, SyncedConversation } from './wire.js';
import { isMessage, type LogEvent } from './wire_events.js';

/** How often the server is asked before an answer has come that is not older than what is known here. */
const RECOUNTS = 5;
/** Settings that come closer together may be told in another order than they were stored. */
const OVERTAKING_MS = 1000;
/** The longest wait before that, as a power of two of the first. */
const LONGEST_WAIT = 6;

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
  /** Up to here a row has said what the settings are; and this is the last message that brought it into the list again. */
  #settingsSeq = 0;
  #newsSeq = 0;
  /** When they were told last other than by a row. */
  #settingsAtMs = -Infinity;
  /** Up to here it is known who came and went, and what that made of the settings. */
  #memberSeq = 0;
  /** What is unread is not exact: it is to be asked for, at most so often. */
  #recountsLeft = 0;
  /** Nothing was counted since its interest is told: what lies before the first that is may be a push that was lost. */
  #isFirstCount = false;
  /** Rows in a row that fell amid what a count covered, so that they did not help for long. */
  #overlaps = 0;

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

  /** What of it an app shows in its list, besides the last message: to be compared. */
  get summary(): string {
    const { readSeq, isMember, settings } = this;
    const { count, mentions } = this.#unread;
    return JSON.stringify([readSeq, count, mentions, isMember, settings]);
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
    // Behind what was counted only what was shown as it stood has been added.
    const isAdded =
      recalls !== undefined && (recalls.seq <= this.#countedSeq || this.#unread.mayHave(recalls.seq));
    if (isAdded && recalls.seq > this.readSeq) {
      const isCounted = event.seq <= this.#rowSeq;
      if (!this.#unread.recalled(recalls.seq, isCounted, !event.own)) this.miscounted();
    }
    if (!isMessage(event)) return;
    this.#news(event.seq);
    if (event.own || event.seq <= this.readSeq) return;
    // Taken back: as in the server's rows. Where those have counted it, the recall that follows says so; and who was out
    // then is not shown that.
    if (event.status !== MESSAGE_STATUS.normal) return;
    const isMention = event.mentions?.some((one) => one === uid || one === EVERYBODY) === true;
    this.#unread.shown(event.seq, isMention, event.seq <= this.#countedSeq);
  }

  /** True until a row has said anew what is unread. */
  get isMiscounted(): boolean {
    return this.#recountsLeft > 0;
  }

  /** Something that only the server can count. */
  miscounted(): void {
    this.#recountsLeft = RECOUNTS;
    this.#overlaps = 0;
  }

  /** So many times the usual wait before the server is asked: longer each time that did not help. */
  get recountWait(): number {
    const inVain = RECOUNTS - this.#recountsLeft + Math.max(0, this.#overlaps - 1);
    return 2 ** Math.min(inVain, LONGEST_WAIT);
  }

  /** The server has answered, or failed to; true where it did not help, and is to be asked again. */
  recount(): boolean {
    if (this.#recountsLeft > 0) this.#recountsLeft--;
    return this.isMiscounted;
  }

  /** Messages came that were not pushed, or were taken back before they were. */
  counted(count: Count): void {
    const { lastSeq, recalledSeq } = count;
    if (lastSeq <= this.#countedSeq) return;
    // A row may have counted some of them already, or they were shown, or read elsewhere.
    const knownSeq = Math.max(this.#countedSeq, this.log.tip, this.readSeq);
    const rest = restOf(count, knownSeq);
    // Before a later one lies what need not be counted: the server has told each of them.
    if (this.#isFirstCount && count.fromSeq > knownSeq + 1) this.miscounted();
    this.#isFirstCount = false;
    if (!rest.isExact) {
      this.#recountsLeft = RECOUNTS;
      this.#overlaps++;
    } else if (this.#countedSeq === this.#rowSeq) this.#overlaps = 0;
    this.log.exists(lastSeq);
    this.#countedSeq = lastSeq;
    this.#unread.counted(rest.messages, rest.mentions);
    if (rest.messages > 0) this.#news(lastSeq);
    this.recalledUnshown(recalledSeq);
  }

  /** `seq` was taken back, and is not shown: whose it was, and whom it named, nobody here knows. */
  recalledUnshown(seq: number): void {
    if (seq > this.readSeq && this.#unread.count > 0) this.miscounted();
  }

  /**
   * The event `seq` brought this user in, or took him out. Whoever comes in is told of everything, and has the group in
   * his list: the server does the same, and tells nobody. False where it changes nothing, or is known from a row.
   */
  memberChanged(seq: number, isMember: boolean): boolean {
    if (seq <= this.#memberSeq) return false;
    this.#memberSeq = seq;
    const { settings, isMember: wasMember } = this;
    this.isMember = isMember;
    if (isMember) this.#reset();
    return isMember !== wasMember || settings !== this.settings;
  }

  /** By another device, or the answer to this one's wish. True where something else may have been faster: to be asked. */
  settingsTold(settings: ConversationSettings, nowMs: number): boolean {
    const sinceMs = nowMs - this.#settingsAtMs;
    this.#wants(settings);
    this.#settingsAtMs = nowMs;
    this.leftBehind();
    // A message that ends `hidden`, or another device's wish.
    return settings.hidden || this.isMiscounted || sinceMs < OVERTAKING_MS;
  }

  /** What it lacks is not fetched any more: what of that is unread was counted by nobody. */
  leftBehind(): void {
    if (!this.isFollowed && !this.log.isComplete) this.miscounted();
  }

  /** Own reading, here or on another device; false where that was known. */
  markRead(seq: number): boolean {
    if (seq <= this.readSeq) return false;
    this.readSeq = seq;
    const isExact = this.#unread.read(seq, Math.max(0, this.log.lastSeq - seq));
    // Of what was only counted nobody here knows which part that was.
    const isKnown = this.isFollowed || this.log.isComplete;
    if (this.#unread.count > 0 && (!isKnown || !isExact)) this.miscounted();
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
    const isFirst = this.#rowSeq === 0;
    this.#firstSeq = row.firstSeq;
    this.#lastAtMs = Math.max(this.#lastAtMs, row.lastAtMs);
    this.log.exists(row.lastSeq);
    this.markRead(row.readSeq);
    // An answer that is older than what was shown since cannot count that.
    if (row.lastSeq >= Math.max(this.log.tip, this.#countedSeq) && row.readSeq === this.readSeq) {
      this.#unread.set(row.unread, row.mentions);
      this.#countedSeq = this.#rowSeq = row.lastSeq;
      this.#recountsLeft = 0;
    } else if (row.readSeq < this.readSeq && (this.#unread.count > 0 || !this.log.isComplete)) {
      // It does not know yet what was read here: of what is left, or came meanwhile and is only counted, neither side
      // has the number.
      this.miscounted();
    }
    this.#wants(row.settings);
    // What was pushed before it it has counted.
    if (isFirst) this.#isFirstCount = false;
    if (row.lastSeq < this.#newsSeq) this.#show();
    else this.#settingsSeq = row.lastSeq;
    // Nor does it know who came or went since.
    if (row.lastSeq >= this.#memberSeq) {
      this.isMember = row.isMember;
      this.#memberSeq = row.lastSeq;
    } else if (this.isMember) this.#reset();
    this.peerGot(row.peerDeliveredSeq, false);
    this.peerGot(row.peerReadSeq, true);
  }

  #wants(settings: ConversationSettings): void {
    this.#isFirstCount ||= settings.interest !== this.settings.interest;
    this.settings = settings;
  }

  /** A message: what a row says of `hidden` that counts it already came after it. */
  #news(seq: number): void {
    if (seq <= this.#settingsSeq) return;
    this.#newsSeq = Math.max(seq, this.#newsSeq);
    this.#show();
  }

  /** In the list again. */
  #show(): void {
    if (this.settings.hidden) this.settings = { ...this.settings, hidden: false };
  }

  /** What coming in makes of the settings. */
  #reset(): void {
    this.#show();
    const { interest } = DEFAULT_SETTINGS;
    if (this.settings.interest !== interest) this.settings = { ...this.settings, interest };
  }
}
