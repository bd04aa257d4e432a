/**
 * Everything that comes in and what it leads to: messages into their logs, receipts out, holes filled, the list
 * of conversations kept true. Pushes wait until the first sync of a connection says where the logs stand.
 */
import { ACTIONS } from '../../im/message/actions.js';
import { isJsonObject } from '../../im/message/json_fields.js';
import { CodedError } from '../../pkg/errors/coded_error.js';
import type { Random } from './backoff.js';
import { nowMs } from './coarse_timer.js';
import { notConnected, type Connection } from './connection.js';
import type { Conversation } from './conversation.js';
import { Conversations } from './conversations.js';
import type { Emitter } from './emitter.js';
import { GapFiller } from './gap_filler.js';
import { tellHappening } from './happenings.js';
import { clientError } from './outbox.js';
import { Receipts } from './receipts.js';
import { RecentlyShown } from './recently_shown.js';
import { Sync, type SyncResult } from './sync.js';
import type { ClientEvents, ClientTuning } from './types.js';
import { Unshown } from './unshown.js';
import {
  readCount,
  readCursor,
  readRange,
  readReceipt,
  readSettings,
  type PeerMarks,
  type RangeAnswer,
  type SyncCursor,
  type SyncedConversation,
} from './wire.js';
import type { LogEvent, Push } from './wire_events.js';

export interface InboxDeps {
  readonly emitter: Emitter<ClientEvents>;
  connection(): Connection | undefined;
  /** The peer of `conv` has got (or read) what this user sent in [from, to]. */
  peerGot(conv: string, from: number, to: number, state: 'received' | 'read'): void;
  /** How far peers have come with everything of ours, by the server's word; undefined where that is not said. */
  peerStands(marksOf: (conv: string) => PeerMarks | undefined): void;
  /** Everything missed has been shown. */
  synced(): void;
  /** The first sync failed: the connection is of no use. */
  unusable(reason: string): void;
  changed(): void;
  wakeBy(atMs: number): void;
  readonly random: Random;
}

export class Inbox {
  readonly #deps: InboxDeps;
  readonly #tuning: ClientTuning;
  readonly #conversations: Conversations;
  readonly #receipts: Receipts;
  readonly #gaps: GapFiller;
  readonly #sync: Sync;
  readonly #unshown: Unshown;
  readonly #shown: RecentlyShown;
  /** Until they are shown: the server needs no receipt for them. */
  readonly #sentHere = new WeakSet<LogEvent>();
  #uid = 0;
  /** Undefined once the first sync of the connection has been applied. */
  #held: Push[] | undefined = [];
  /** More came meanwhile than is held, or something was counted: what exists must be asked for again. */
  #heldTooMuch = false;
  #isSyncedTold = false;

  constructor(tuning: ClientTuning, deps: InboxDeps) {
    this.#deps = deps;
    this.#tuning = tuning;
    this.#shown = new RecentlyShown(tuning.shownLimit);
    const backoff = { minMs: tuning.reconnectMinMs, maxMs: tuning.reconnectMaxMs };
    const wakeBy = (atMs: number): void => deps.wakeBy(atMs);
    this.#conversations = new Conversations(tuning.bufferLimit, (conversation, message) =>
      this.#show(conversation, message),
    );
    this.#receipts = new Receipts(
      {
        intervalMs: tuning.receiptIntervalMs,
        groupIntervalMs: tuning.groupReceiptIntervalMs,
        backoff,
      },
      {
        wakeBy,
        random: deps.random,
        all: () => this.#conversations.all(),
        send: (conv, from, to, state) => this.#sendReceipt(conv, from, to, state),
      },
    );
    this.#gaps = new GapFiller(
      { ...tuning, backoff },
      {
        wakeBy,
        random: deps.random,
        range: (conv, from, to) => this.range(conv, from, to),
        skipped: (conv, from, to) => deps.emitter.emit('skipped', { conv, from, to }),
        warn: (error) => this.#warn(error),
        idle: () => this.#tellSynced(),
      },
    );
    this.#sync = new Sync(tuning, {
      wakeBy,
      random: deps.random,
      request: (operation, data) => this.request(operation, data),
      reset: () => this.#reset(),
      apply: (result) => this.#apply(result),
      totals: () => this.#conversations.totals(),
      failed: (error, isFirst) => this.#syncFailed(error, isFirst),
    });
    this.#unshown = new Unshown({
      uid: () => this.#uid,
      recount: (wait) => this.#sync.soon(wait),
      changed: (conversation) => this.#changed(conversation),
    });
  }

  get conversations(): Conversations {
    return this.#conversations;
  }

  get epoch(): number {
    return this.#sync.epoch;
  }

  get cursorMs(): number {
    return this.#sync.cursorMs;
  }

  /** What is known of all conversations; undefined until the first sync of the connection is in. */
  cursor(): SyncCursor | undefined {
    return this.#held === undefined ? this.#conversations.totals() : undefined;
  }

  /** What an earlier run of the app saved. */
  restore(epoch: number, cursorMs: number): void {
    this.#sync.epoch = epoch;
    this.#sync.cursorMs = cursorMs;
  }

  /** Another user: nothing here is his. */
  clear(): void {
    this.#reset();
    this.#shown.clear();
    this.restore(0, 0);
  }

  /** How far the peer of `conv` is known to have come with our message `seq`. */
  peerHas(conv: string, seq: number): 'received' | 'read' | undefined {
    const conversation = this.#conversations.find(conv);
    if (conversation === undefined || conversation.peerDeliveredSeq < seq) return undefined;
    return conversation.peerReadSeq >= seq ? 'read' : 'received';
  }

  connected(uid: number, epoch: number): void {
    this.#uid = uid;
    this.#heldTooMuch = false;
    this.#isSyncedTold = false;
    this.#gaps.start();
    this.#sync.start(epoch);
  }

  disconnected(): void {
    this.#sync.stop();
    this.#gaps.stop();
    this.#receipts.disconnected();
    this.#held = [];
  }

  /** A message from the server, or an own one that has just been stored. */
  take(push: Push): void {
    if (this.#held === undefined) this.#receive(push);
    else if (this.#held.length < this.#tuning.bufferLimit) this.#held.push(push);
    else this.#heldTooMuch = true;
  }

  /** `ack.notify` in its interval form. */
  receipt(data: unknown): void {
    const receipt = readReceipt(data);
    if (receipt === undefined) return;
    const { conv, from, to, state, by } = receipt;
    const conversation = this.#conversations.find(conv);
    // Of the first message of a chat it may come before its ack, or before the row that tells of the chat.
    if (conversation === undefined) this.#sync.again();
    if (by === this.#uid) this.#readElsewhere(conversation, to, state);
    // Of a note to oneself the reader is the peer too.
    if (by === this.#uid && conversation?.peer !== by) return;
    conversation?.peerGot(to, state === 'read');
    this.#deps.peerGot(conv, from, to, state);
    this.#deps.emitter.emit('receipt', receipt);
  }

  /** `notify.count`: so many messages came that are not pushed. */
  counted(data: unknown): void {
    // The row that this connection's sync brings may have it, or not.
    if (this.#held !== undefined) this.#heldTooMuch = true;
    const conversation = this.#held === undefined ? this.#named(data) : undefined;
    const count = readCount(data);
    if (conversation === undefined || count === undefined) return;
    this.#unshown.counted(conversation, count);
    this.#gaps.check(conversation, true);
  }

  /** `notify.settings`: another device wants this conversation otherwise; or the answer to this one's wish. */
  settingsChanged(data: unknown): void {
    const conversation = this.#named(data);
    if (conversation === undefined || !isJsonObject(data)) return;
    this.#sync.overtaken();
    const isLate = conversation.settingsTold(readSettings(data['settings']), nowMs());
    if (isLate) this.#sync.soon();
    this.#gaps.check(conversation, true);
    this.#changed(conversation);
  }

  /** The app looks at it, or no longer does: what was only counted is fetched. False: not known. */
  setOpen(conv: string, isOpen: boolean): boolean {
    const conversation = this.#conversations.find(conv);
    if (conversation === undefined) return false;
    conversation.isOpen = isOpen;
    if (!isOpen) this.#unshown.leftBehind(conversation);
    this.#gaps.check(conversation, true);
    return true;
  }

  /** An answer says that the event `seq` of that conversation exists; its push should be here, or soon. */
  expects(conv: string, seq: number): void {
    const conversation = this.#conversations.find(conv);
    if (conversation === undefined) return this.#sync.again();
    conversation.log.exists(seq);
    this.#gaps.check(conversation);
  }

  /** An error that names no frame; false where it cannot be about a receipt. */
  refused(error: CodedError): boolean {
    if (error.code === 0 || !error.temporary) return false;
    this.#receipts.refused(error.retryAfterMs ?? 0, nowMs());
    return true;
  }

  /** `notify.sync`: the server let something go that we should have got; with a cursor, it may be on the way. */
  announced(data: unknown): void {
    if (this.#deps.connection() === undefined) return;
    const cursor = readCursor(data);
    if (cursor === undefined) this.#sync.again();
    else this.#sync.compare(cursor);
  }

  markRead(conv: string, seq: number): void {
    const conversation = this.#conversations.find(conv);
    if (conversation === undefined) return;
    // What is known to exist, but not shown yet, nobody has seen.
    const upTo = Math.min(seq, conversation.log.tip);
    const isNew = conversation.markRead(upTo);
    this.#receipts.read(conversation, upTo, nowMs());
    if (isNew) this.#unshown.read(conversation);
  }

  tick(atMs: number): number {
    return Math.min(this.#receipts.tick(atMs), this.#gaps.tick(atMs), this.#sync.tick(atMs));
  }

  flush(): void {
    this.#receipts.flush(nowMs());
  }

  request(operation: string, data: unknown): Promise<unknown> {
    const action = `api.${operation.replaceAll('/', '.')}`;
    return this.#deps.connection()?.request(action, data) ?? Promise.reject(notConnected());
  }

  async range(conv: string, from: number, to: number): Promise<RangeAnswer> {
    const answer = readRange(await this.request('msg/range', { conv, from, to }), this.#uid);
    if (answer !== undefined) return answer;
    throw new CodedError(0, 'the answer to msg/range is not understood', { temporary: true });
  }

  /** Forgets all conversations, and waits with pushes until a sync says where they stand. */
  #reset(): void {
    this.#shown.lookBack();
    this.#conversations.clear();
    this.#receipts.clear();
    this.#gaps.stop();
    this.#gaps.start();
    this.#held = [];
  }

  /** The conversation that `data` names; one that is not known yet is asked for. */
  #named(data: unknown): Conversation | undefined {
    const conv = isJsonObject(data) ? data['conv'] : undefined;
    if (typeof conv !== 'string') return undefined;
    const conversation = this.#conversations.find(conv);
    if (conversation === undefined && this.#held === undefined) this.#sync.again();
    return conversation;
  }

  #changed(conversation: Conversation): void {
    this.#deps.changed();
    this.#deps.emitter.emit('conversation', conversation.view);
  }

  #readElsewhere(conversation: Conversation | undefined, seq: number, state: 'received' | 'read'): void {
    if (state === 'read' && conversation?.markRead(seq) === true) this.#unshown.read(conversation);
  }

  #receive({ message, after, isSentHere = false }: Push): void {
    if (isSentHere) this.#sentHere.add(message);
    const conversations = this.#conversations;
    const conversation = conversations.find(message.conv) ?? conversations.begin(message, this.#uid);
    // The row of a sync says where this user's part of that log begins.
    if (conversation === undefined) return this.#sync.again();
    const reception = conversation.log.receive(message, after);
    if (reception === 'buffered' || reception === 'full') this.#unshown.received(conversation, message);
    if (reception === 'repeat' && !isSentHere) this.#receipts.repeated(conversation, message.seq, nowMs());
    if (reception !== 'repeat') this.#gaps.check(conversation);
  }

  #show(conversation: Conversation, message: LogEvent): void {
    this.#unshown.passed(conversation, message);
    if (!this.#sentHere.has(message)) this.#receipts.received(conversation, message.seq, nowMs());
    this.#deps.changed();
    const { conv, from, recalls, happening } = message;
    if (recalls !== undefined) return this.#deps.emitter.emit('recalled', { conv, by: from, ...recalls });
    if (happening !== undefined) return this.#happened(conversation, message);
    // After the store was restored what is on the screen comes again.
    if (this.#shown.has(message)) return;
    this.#shown.add(message);
    this.#deps.emitter.emit('message', message);
  }

  #happened(conversation: Conversation, event: LogEvent): void {
    const isChanged = this.#unshown.memberChanged(conversation, event);
    tellHappening(this.#deps.emitter, event);
    if (isChanged) this.#deps.emitter.emit('conversation', conversation.view);
  }

  #apply(result: SyncResult): void {
    const miscounted = [...this.#conversations.all()].filter(({ isMiscounted }) => isMiscounted);
    for (const row of result.conversations) this.#applyRow(row);
    for (const conversation of miscounted) this.#unshown.answered(conversation);
    const rows = new Map(result.conversations.map((row) => [row.conv, row]));
    this.#deps.peerStands((conv) => rows.get(conv));
    const held = this.#held;
    this.#held = undefined;
    for (const push of held ?? []) this.#receive(push);
    for (const conversation of this.#conversations.all()) {
      if (!conversation.isUpToDate) this.#gaps.check(conversation, true);
      // What the server has forgotten, or could not be told while there was no connection.
      this.#receipts.offer(conversation, nowMs());
    }
    this.#deps.changed();
    if (this.#heldTooMuch) this.#sync.again();
    this.#heldTooMuch = false;
    if (this.#gaps.isIdle) this.#tellSynced();
    this.#deps.wakeBy(nowMs());
  }

  #applyRow(row: SyncedConversation): void {
    const known = this.#conversations.find(row.conv);
    const conversation = known ?? this.#conversations.openAt(row);
    const { peerDeliveredSeq, peerReadSeq } = conversation;
    // After a sign-in the app is told of all of it at once.
    this.#unshown.synced(conversation, row, this.#isSyncedTold);
    // Of a conversation that is new here there is nothing to be raised.
    if (known === undefined || conversation.isGroup) return;
    this.#peerRose(peerDeliveredSeq + 1, row.peerDeliveredSeq, 'received', row);
    this.#peerRose(peerReadSeq + 1, row.peerReadSeq, 'read', row);
  }

  #peerRose(from: number, to: number, state: 'received' | 'read', row: SyncedConversation): void {
    if (to < from) return;
    this.#deps.emitter.emit('receipt', { conv: row.conv, from, to, state, by: row.peer });
  }

  #tellSynced(): void {
    if (this.#isSyncedTold || this.#held !== undefined) return;
    this.#isSyncedTold = true;
    this.#deps.synced();
  }

  #syncFailed(error: unknown, isFirst: boolean): void {
    this.#warn(error);
    if (isFirst) this.#deps.unusable(`sync failed: ${clientError(error).message}`);
    else this.#unshown.failed(this.#conversations.all());
  }

  #warn(error: unknown): void {
    this.#deps.emitter.emit('warning', clientError(error));
  }

  #sendReceipt(conv: string, from: number, to: number, state: 'received' | 'read'): boolean {
    const data = `{"conv":"${conv}","from":${from},"to":${to},"state":"${state}"}`;
    const connection = this.#held === undefined ? this.#deps.connection() : undefined;
    connection?.send(`{"action":"${ACTIONS.ackRequest}","data":${data}}`);
    return connection !== undefined;
  }
}
