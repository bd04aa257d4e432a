/** What the operations on messages answer. */
import type { Message } from './types.js';

/** One emoji on one message. */
export interface Reaction {
  readonly mid: number;
  readonly emoji: string;
  readonly count: number;
  /** Whether this user is among them. */
  readonly own: boolean;
  /** The first of them, at most 20. */
  readonly uids: readonly number[];
}

export interface EarlierContent {
  readonly content: string;
  /** When it was replaced. */
  readonly untilMs: number;
}

/** Who has got a message. */
export interface MessageReceipts {
  /** Members who could get it, without its sender. */
  readonly audience: number;
  readonly readCount: number;
  /** The first 200 of them. */
  readonly readers: readonly number[];
  /** Undefined: not kept in a group of this size. */
  readonly deliveredCount: number | undefined;
  /** The group is too large to look at all of it: every number is «at least». */
  readonly isPartial: boolean;
}

/** Where an event stands that this user caused. */
export interface EventPlace {
  readonly conv: string;
  readonly mid: number;
  readonly seq: number;
  readonly storedAtMs: number;
}

export interface MessagePage {
  /** Ascending. */
  readonly messages: readonly Message[];
  /** The first and last seq of what was read, where edits and notices count too: go on from there. 0: nothing is there. */
  readonly firstSeq: number;
  readonly lastSeq: number;
}

export interface SearchOptions {
  /** Only there; absent: in all conversations. */
  readonly conv?: string;
  /** Only what this person said. */
  readonly from?: number;
  /** Stored at or after, and before. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** `next` of the page before. */
  readonly before?: number;
  readonly limit?: number;
}

export interface SearchPage {
  /** Newest first; a page may hold less than `limit` and not be the last. */
  readonly messages: readonly Message[];
  /** 0: that was all. */
  readonly next: number;
}
