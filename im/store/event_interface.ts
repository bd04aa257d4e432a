/**
 * The ports beside the log: what events say of messages (edits, reactions, pins, receipts), a user's settings of a
 * conversation, his unread totals, and search. Rights are those of reading: NO_PERMISSION for who has no part in it.
 */
import type { ConversationName } from '../message/conversation.js';
import type { Mid, Seq, Uid } from '../message/ids.js';
import type { ChatEvent } from '../message/message.js';
import type { ConversationSettings } from '../message/settings.js';
import type { PageLimits } from './interface.js';

/** One emoji of one message. */
export interface Reaction {
  readonly mid: Mid;
  readonly emoji: string;
  readonly count: number;
  /** Whether the asking user is among them. */
  readonly own: boolean;
  /** The first of them, REACTOR_LIMIT at most. */
  readonly uids: readonly Uid[];
}

export const REACTOR_LIMIT = 20;
/** Different emoji on one message. */
export const REACTION_LIMIT = 50;
/** Earlier contents of one message that are shown. */
export const EDITS_LIMIT = 100;
/** Pinned messages of one conversation. */
export const PIN_LIMIT = 100;

export interface EarlierContent {
  readonly content: string;
  /** When it was replaced. */
  readonly untilMs: number;
}

/** Who has got a message of the asking user's (or, for an admin, anybody's). Names are capped, counts only in very large groups. */
export interface MessageReceipts {
  readonly conv: ConversationName;
  readonly mid: Mid;
  readonly seq: Seq;
  /** Members who could get it, without its sender. */
  readonly audience: number;
  readonly readCount: number;
  readonly readers: readonly Uid[];
  /** -1: not kept in a group of this size. */
  readonly deliveredCount: number;
  /** Not all were looked at, there are too many: the counts are «at least». */
  readonly isPartial?: true;
}

export const RECEIPT_NAMES_LIMIT = 200;

export interface UnreadTotals {
  /** Of conversations that are neither muted nor hidden, each counted to UNREAD_LIMIT. */
  readonly unread: number;
  /** Of conversations that are muted. */
  readonly muted: number;
  /** Of both. */
  readonly mentions: number;
  /** How many make up `unread`. */
  readonly conversations: number;
}

export interface EventStore {
  /** Events around one place, ascending: `before` ends below `seq`, `after` begins above it, `around` has it in the middle. */
  page(
    reader: Uid,
    conv: ConversationName,
    seq: Seq,
    side: 'before' | 'after' | 'around',
    limits: PageLimits,
  ): Promise<readonly ChatEvent[]>;
  /** By mid, those that the reader may read; others are absent. */
  messages(reader: Uid, mids: readonly Mid[]): Promise<readonly ChatEvent[]>;
  reactions(reader: Uid, conv: ConversationName, mids: readonly Mid[]): Promise<readonly Reaction[]>;
  /** The pinned messages, last pinned first. */
  pins(reader: Uid, conv: ConversationName): Promise<readonly ChatEvent[]>;
  /** What a message said before, oldest first: the last EDITS_LIMIT. Throws NO_SUCH_MESSAGE. */
  edits(reader: Uid, conv: ConversationName, mid: Mid): Promise<readonly EarlierContent[]>;
  /** Throws NO_SUCH_MESSAGE; NO_PERMISSION where the message is not the reader's own and he is no admin. */
  receipts(reader: Uid, conv: ConversationName, mid: Mid): Promise<MessageReceipts>;
  /** The settings as they are then; the conversation counts as changed for this user's sync. */
  setSettings(
    uid: Uid,
    conv: ConversationName,
    change: Partial<ConversationSettings>,
  ): Promise<ConversationSettings>;
  unread(uid: Uid): Promise<UnreadTotals>;
}

/** Words, and pairs of characters, of one query. */
export const SEARCH_TERM_LIMIT = 32;

export interface SearchRequest {
  readonly uid: Uid;
  /** What somebody typed: its words, and pairs of characters where the script has no spaces, must all be there. */
  readonly text: string;
  /** '' for all his conversations; of somebody who has thousands, part after part of them, the newest first. */
  readonly conv: ConversationName | '';
  /** Undefined: from whoever. */
  readonly from: Uid | undefined;
  /** Stored at or after, and before; 0: no bound. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Where the page before ended; 0 for the first page. */
  readonly before: number;
  readonly limit: number;
}

export interface SearchPage {
  /** Newest first by the store's clock, in each part; fewer than asked for, or none, also where there is more. */
  readonly events: readonly ChatEvent[];
  /** The next `before`; 0: that was all. */
  readonly next: number;
}

export interface SearchStore {
  /**
   * Messages that the user may read now, in conversations that he has. Throws INVALID_PARAMETER where nothing is
   * asked for or more than SEARCH_TERM_LIMIT words are; of a `conv`, as any read.
   */
  search(request: SearchRequest): Promise<SearchPage>;
  /** Takes what was stored, edited, recalled or erased since into the index: how many events, at most `limit`. One call at a time. */
  indexBehind(limit: number): Promise<number>;
}
