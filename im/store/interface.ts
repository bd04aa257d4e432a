/**
 * The ports of everything that outlives the process. Implementations: service/store. Contract cases:
 * im/store/*.contract.ts, run over every engine. All methods are async and batch-first, take and give plain
 * data, and throw only CodedError (STORE_UNAVAILABLE, STORE_FULL, STORE_READ_ONLY, INTERNAL) for a broken
 * machine; what a caller must expect (duplicate, blocked, unknown) is a value.
 */
import type { CodedError } from '../../pkg/errors/coded_error.js';
import type { ErrorName } from '../errors.js';
import type { ConversationName } from '../message/conversation.js';
import type { Device, Mid, PeerId, Seq, Uid } from '../message/ids.js';
import type { ChatEvent, EventKind, MessageExtra, SyncCursor } from '../message/message.js';
import type { ConversationSettings } from '../message/settings.js';
import type { GroupChange } from './group_interface.js';

/** An event to be stored. `from` is authenticated; rights are decided by the store under the conversation's lock. */
export interface NewEvent {
  readonly kind: EventKind;
  readonly from: Uid;
  readonly device: Device;
  readonly to: PeerId;
  readonly clientId: string;
  readonly mid: Mid;
  /** The sender named the mid himself: the store checks that it comes from one of his blocks. */
  readonly midIsClaimed: boolean;
  readonly type: number;
  readonly content: string;
  /** 0: the store's own time. */
  readonly sentAtMs: number;
  /** Of a message: `replyTo` and `mentions`. */
  readonly extra?: MessageExtra;
}

/** Something written in the same transaction and under the same lock as messages, taking no seq of its own. */
export type Change =
  | {
      readonly kind: 'relation';
      readonly uid: Uid;
      readonly peer: Uid;
      readonly list: RelationList;
      readonly on: boolean;
    }
  /**
   * Takes back the message `mid` of this conversation: it loses its content and its status becomes `recalled`.
   * Refused with NO_SUCH_MESSAGE (not here, or no message), NO_PERMISSION (not sent by `by`, who is no admin of the
   * group either), RECALL_TOO_LATE (his own, stored longer than `windowMs` ago; an admin has no window); then the
   * event that comes with it is not written either. Of a message that is recalled already, the event is the
   * duplicate by its client id.
   */
  | { readonly kind: 'recall'; readonly mid: Mid; readonly by: Uid; readonly windowMs: number }
  /**
   * Gives the message a new content, and keeps the one before: refused as a recall, with EDIT_TOO_LATE, and never by
   * an admin. Comes with an event of kind `edit`.
   */
  | {
      readonly kind: 'edit';
      readonly mid: Mid;
      readonly by: Uid;
      readonly content: string;
      readonly windowMs: number;
    }
  /**
   * Comes with an event of kind `reaction`, which is written only where it changes something (else the outcome is
   * `changed`). NO_SUCH_MESSAGE, TOO_MANY_REACTIONS.
   */
  | {
      readonly kind: 'reaction';
      readonly mid: Mid;
      readonly by: Uid;
      readonly emoji: string;
      readonly on: boolean;
    }
  /** The same with an event of kind `pin`: by admins in a group. NO_SUCH_MESSAGE, NO_PERMISSION, TOO_MANY_PINS. */
  | { readonly kind: 'pin'; readonly mid: Mid; readonly by: Uid; readonly on: boolean }
  /** What happens to a group and its members. */
  | GroupChange
  /** Proves that the store takes writes (readiness): kept in store_meta, belongs to no conversation. */
  | { readonly kind: 'probe'; readonly value: number };

export type RelationList = 'black' | 'white';

/** What one append asks for: an event, a change, or both, of one conversation. `conv` is '' only for a probe. */
export interface AppendRequest {
  readonly conv: ConversationName | '';
  readonly event?: NewEvent;
  readonly change?: Change;
}

export type AppendResult =
  /** `content`: where the store wrote it itself, from what it really changed (group notices). */
  | { readonly outcome: 'stored'; readonly event: StoredNumbers; readonly content?: string }
  /** Same conversation, sender and client id as a row that is there: that row, whatever the request said. */
  | { readonly outcome: 'duplicate'; readonly event: ChatEvent }
  /** Done, or so already; no event was written. `isRepeated`: of an `ask`, where he had asked before. */
  | { readonly outcome: 'changed'; readonly isRepeated?: true }
  /** Nothing of this request was written. */
  | { readonly outcome: 'refused'; readonly error: ErrorName }
  /** The conversation is locked elsewhere: nothing was done, ask again, before anything later of it. */
  | { readonly outcome: 'busy' };

export interface StoredNumbers {
  readonly mid: Mid;
  readonly seq: Seq;
  readonly n: number;
  readonly storedAtMs: number;
  /** Of a group, when this had been done; 0 in a conversation of two. */
  readonly memberCount: number;
}

/** A request of a batch of which the database refused a statement: try the requests in smaller batches. */
export interface BatchRefused {
  readonly refused: true;
  readonly cause: string;
}

/** A closed interval [from, to] that `events` covers for this reader: what is absent in it is not for him. */
export interface RangePage {
  readonly conv: ConversationName;
  readonly from: Seq;
  readonly to: Seq;
  /** Ascending. */
  readonly events: readonly ChatEvent[];
  /** The page was cut by a limit: ask again from `to` + 1. */
  readonly more: boolean;
  /** Lowest seq still kept; below it everything is expired. */
  readonly floor: Seq;
}

export interface PageLimits {
  readonly count: number;
  /** Of content. At least one event is given whatever its size. */
  readonly bytes: number;
}

/** One of a user's conversations, from his side. */
export interface ConversationState {
  readonly conv: ConversationName;
  /** The group, where it is one. */
  readonly peer: PeerId;
  /** Lowest seq that he may read: of the log, or of his membership where earlier history is closed. */
  readonly firstSeq: Seq;
  /** The last that he may read: where he has left a group it stays as it was then. */
  readonly lastSeq: Seq;
  /** False: he has left, or the group has been dissolved. True in a conversation of two. */
  readonly isMember: boolean;
  readonly lastMid: number;
  /** Never falls: where the store's clock was set back it stays ahead of the messages' storedAtMs for that long. */
  readonly lastAtMs: number;
  readonly createdAtMs: number;
  /** This device's cumulative mark. */
  readonly deviceSeq: Seq;
  readonly deliveredSeq: Seq;
  readonly readSeq: Seq;
  readonly peerDeliveredSeq: Seq;
  readonly peerReadSeq: Seq;
  /**
   * Messages of others after readSeq; UNREAD_LIMIT means that many or more. Behind some thousand newer events his own
   * and recalled ones count as well.
   */
  readonly unread: number;
  /** Those among them that name him, or everybody. */
  readonly mentions: number;
  readonly settings: ConversationSettings;
}

export { UNREAD_LIMIT } from '../message/unread_limit.js';

export interface SyncRequest {
  readonly uid: Uid;
  readonly device: Device;
  /** Conversations changed at or after this, ms of the store's clock; 0: all. */
  readonly sinceMs: number;
  /** Where the page before ended; '' for the first page. */
  readonly afterConv: string;
  readonly limit: number;
}

export interface SyncPage {
  readonly conversations: readonly ConversationState[];
  readonly more: boolean;
  /** Of all the user's conversations, whatever `sinceMs` says. */
  readonly count: number;
  readonly sum: number;
  /** The next `sinceMs`: no lower than the times in these rows, no higher than any change that is not in them. */
  readonly nowMs: number;
  readonly epoch: number;
}

/** A stored message found by its mid, with just what a receipt needs. */
export interface LocatedMessage {
  readonly mid: Mid;
  readonly conv: ConversationName;
  readonly seq: Seq;
  readonly from: Uid;
  readonly clientId: string;
}

/** As above, with what a change of it needs besides. */
export interface LocatedTarget extends LocatedMessage {
  readonly sentAtMs: number;
}

export type WriterPair = Pick<NewEvent, 'from' | 'to'>;

/** `uid` on `device` has got (or read) everything in [from, to]. */
export interface MarkRequest {
  readonly uid: Uid;
  readonly device: Device;
  readonly conv: ConversationName;
  readonly from: Seq;
  readonly to: Seq;
  readonly read: boolean;
}

export interface MessageStore {
  /**
   * All requests in one transaction, flushed before it answers; results in the order of the requests. Each is decided
   * after those before it, by what they did, changes among them. A BatchRefused or a rejection means that nothing of it
   * was stored, save a rejection with OUTCOME_UNKNOWN.
   */
  append(batch: readonly AppendRequest[]): Promise<readonly AppendResult[] | BatchRefused>;
  /** Throws NO_PERMISSION where `reader` has no part in `conv`; EXPIRED where `to` lies below the floor. */
  range(reader: Uid, conv: ConversationName, from: Seq, to: Seq, limits: PageLimits): Promise<RangePage>;
  /** Newest first, below `beforeMid` (0: from the end; one that is not in `conv`: nothing). Throws NO_PERMISSION. */
  history(
    reader: Uid,
    conv: ConversationName,
    beforeMid: number,
    limits: PageLimits,
  ): Promise<readonly ChatEvent[]>;
  /**
   * By time: at most `limits` events stored at or after `fromMs` and before `toMs` (0: no bound), newest first.
   * Throws NO_PERMISSION.
   */
  historyBetween(
    reader: Uid,
    conv: ConversationName,
    fromMs: number,
    toMs: number,
    limits: PageLimits,
  ): Promise<readonly ChatEvent[]>;
  /**
   * The log as it is, whoever may read it: how a gateway fills a hole in a group once for all who sit behind it.
   * Ascending; the interval covered is [from, to]. Empty where the conversation does not exist.
   */
  logOf(conv: ConversationName, from: Seq, to: Seq, limits: PageLimits): Promise<RangePage>;
  sync(request: SyncRequest): Promise<SyncPage>;
  /** Of each user: how many conversations he has and the sum of their last seqs. Unknown uids have none. */
  cursors(uids: readonly Uid[]): Promise<readonly (SyncCursor & { readonly uid: Uid })[]>;
  /**
   * The newest conversations first, at most `limit`; one conversation where `conv` is given; `people`: groups are
   * left out.
   */
  conversations(
    uid: Uid,
    device: Device,
    limit: number,
    conv?: ConversationName | 'people',
  ): Promise<readonly ConversationState[]>;
  /**
   * Creates the 1:1 conversation if it is missing. While it is empty the peer has it in no list, page or count
   * before he opens it too or both become contacts. Throws NO_SUCH_USER.
   */
  openConversation(uid: Uid, peer: Uid): Promise<void>;
  /**
   * What the device has not acked and did not send itself, oldest first over all conversations of two: whoever pulls
   * it knows no group.
   */
  offline(uid: Uid, device: Device, limits: PageLimits): Promise<readonly ChatEvent[]>;
  /**
   * One page of the same, of groups too, for a client that is pushed everything and acks later: after `passed`,
   * which says per conversation up to where this connection has been given everything (absent: the device's mark).
   * With `only`, of that one conversation: how a hole is filled without what the device sent itself; or of groups.
   */
  offlinePage(
    uid: Uid,
    device: Device,
    passed: ReadonlyMap<ConversationName, Seq>,
    limits: PageLimits,
    only?: ConversationName | 'groups',
  ): Promise<readonly ChatEvent[]>;
  /**
   * Retention: erases events stored before `beforeMs`, lowest seqs first, and raises the floor of their
   * conversations, below which nobody reads; the newest `keepCount` of each stay. The row itself goes 30 days later:
   * until then a late retry is still the same message. The number of rows erased or gone, at most `limit`; fewer
   * mean that nothing is left to do. One call at a time.
   */
  expire(beforeMs: number, keepCount: number, limit: number): Promise<number>;
  /** Why an append would now refuse that pair (NO_SUCH_USER, BANNED, BLOCKED, CONTACTS_ONLY); undefined: it would not. */
  mayWrite(pairs: readonly WriterPair[]): Promise<readonly (ErrorName | undefined)[]>;
  /** Those of `mids` that lie in a conversation of `reader` and are still kept; others are absent. */
  locate(reader: Uid, mids: readonly Mid[]): Promise<readonly LocatedTarget[]>;
  /** What `sender` sent in [from, to] of `conv`: the newest `limit`, ascending. */
  sentBetween(
    conv: ConversationName,
    sender: Uid,
    from: Seq,
    to: Seq,
    limit: number,
  ): Promise<readonly LocatedMessage[]>;
  /** The last seq of each existing conversation among `names`. */
  lastSeqs(names: readonly ConversationName[]): Promise<readonly { conv: ConversationName; lastSeq: Seq }[]>;
  /** Of each reader: the last event that he may read there; undefined where he has no part in it. */
  readable(
    readers: readonly { readonly uid: Uid; readonly conv: ConversationName }[],
  ): Promise<readonly (Seq | undefined)[]>;
  /** Of each: up to where some device of `uid` has got `conv`; 0 where he has no part in it. */
  delivered(
    places: readonly { readonly uid: Uid; readonly conv: ConversationName }[],
  ): Promise<readonly Seq[]>;
  /**
   * Raises marks: device_mark passes a seq that is covered by a request of the batch, that this device sent itself, or
   * that is not for the user to read; it stops at the first other, what his other devices sent among them, never
   * exceeds the last that is for him and never falls. A device that has none begins at read_seq. delivered_seq follows
   * the highest device, read_seq a request with `read`. Requests that concern nothing are ignored.
   */
  mark(batch: readonly MarkRequest[]): Promise<void>;
  /** The value of the last committed probe change, and the store's epoch. */
  probed(): Promise<{ value: number; epoch: number }>;
}

/** A message to append; `mid` 0 is allotted by the batcher, another one is checked against the sender's blocks. */
export type EventDraft = Omit<NewEvent, 'mid' | 'midIsClaimed'> & { readonly mid: Mid | 0 };

export interface AppendDraft extends Pick<AppendRequest, 'conv' | 'change'> {
  readonly event?: EventDraft;
}

/** What became of a draft: a CodedError where the store could not be asked or gave no answer in time. */
export type AppendAnswer = Exclude<AppendResult, { outcome: 'busy' }> | CodedError;

export interface Settled<Context> {
  readonly draft: AppendDraft;
  readonly context: Context;
  readonly result: AppendAnswer;
}

export interface AppendListener<Context> {
  /** All of this listener's requests of one transaction, in order, after its commit and flush. Must not throw. */
  settled(batch: readonly Settled<Context>[]): void;
}

/** The door to `MessageStore.append` for everybody: im/store/append_batcher.ts. */
export interface Appender {
  /**
   * Takes a request, answered later through `listener`; or refuses it at once (QUEUE_FULL, SHUTTING_DOWN) by
   * returning the error, and then the listener is not called.
   */
  enqueue<Context>(
    draft: AppendDraft,
    listener: AppendListener<Context>,
    context: Context,
  ): CodedError | undefined;
  /** The same for callers with one request and time for a promise; throws CodedError. */
  append(draft: AppendDraft): Promise<Exclude<AppendAnswer, CodedError>>;
}

export interface IdStore {
  /** Reserves `count` mids nobody else gets: [first, first + count). */
  leaseMids(count: number): Promise<{ readonly first: Mid; readonly count: number }>;
  /** The same, remembered as this user's, so that he may name them in a message. */
  leaseMidBlock(uid: Uid, count: number): Promise<{ readonly first: Mid; readonly count: number }>;
}
