/**
 * What an app sees of the client: options, messages, events. Times are ms since 1970, durations ms, uids, gids and
 * seqs safe integers, mids unique integers. Nothing here imports Node. What answers of operations hold is in
 * group_types.ts and people_types.ts.
 */
import type { GroupNotice } from '../../im/message/notice.js';
import type { ConversationSettings, Interest } from '../../im/message/settings.js';

export type { ConversationSettings, GroupNotice, Interest };

/** The part of the standard WebSocket that the client uses; browsers and Node 22 have it, `ws` fits too. */
export interface WebSocketLike {
  readonly readyState: number;
  readonly bufferedAmount: number;
  onopen: ((event: never) => void) | null;
  /** `never` lets sockets fit whose own event types say more; the client reads `data`, `code` and `reason`. */
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export type WebSocketFactory = (url: string) => WebSocketLike;

/** The client's memory between runs of the app; absent: only as long as the client object lives. */
export interface StateStore {
  /** What `save` was given last; undefined or null where there is nothing. What is damaged costs a warning. */
  load(): Promise<unknown>;
  save(state: SavedState): Promise<void>;
}

export interface SavedState {
  readonly uid: number;
  readonly epoch: number;
  readonly cursorMs: number;
  readonly conversations: readonly {
    readonly conv: string;
    /** Closed intervals [from, to] of seqs shown or left for scrolling, flat: from, to, from, to … */
    readonly known: readonly number[];
    readonly ackedSeq: number;
    /** What the server itself said, by the cursor's time, that it has heard of that; absent: 0. */
    readonly confirmedSeq?: number;
    /** The same of what was read; absent: all of it. */
    readonly confirmedReadSeq?: number;
    /** What the last sync said besides; absent: nothing is known, as after a first sign-in. */
    readonly row?: SavedRow;
  }[];
  readonly outbox: readonly SavedSend[];
}

/** Of a conversation: what no later sync tells again unless it changes. */
export interface SavedRow {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly lastAtMs: number;
  readonly readSeq: number;
  readonly peerDeliveredSeq: number;
  readonly peerReadSeq: number;
  readonly unread: number;
  readonly mentions: number;
  readonly isMember: boolean;
  readonly settings: ConversationSettings;
}

export interface SavedSend {
  readonly to: number;
  readonly clientId: string;
  readonly type: number;
  readonly content: string;
  readonly sentAtMs: number;
  /** Absent: a message. */
  readonly recalls?: RecallTarget;
  readonly replyTo?: number;
  readonly mentions?: readonly number[];
}

/** A message that is taken back, edited, pinned …: its own mid, place and client id. */
export interface RecallTarget {
  readonly mid: number;
  readonly seq: number;
  readonly clientId: string;
}

export interface ClientOptions {
  /** `ws://host:8080/ws`; a function is asked before each connect (server-chosen gateways). */
  readonly url: string | (() => string | Promise<string>);
  /** A token of `auth/signin` and its kin; a function is asked before each connect (renewal). */
  readonly token: string | (() => string | Promise<string>);
  /** Absent: the global WebSocket. On Node below 22: `(url) => new WebSocket(url)` with `ws`. */
  readonly webSocket?: WebSocketFactory;
  readonly state?: StateStore;
  /** Overrides of CLIENT_DEFAULTS (client_options.ts). */
  readonly tuning?: Partial<ClientTuning>;
}

/** Every interval and limit of the client; defaults and reasons in client_options.ts. */
export interface ClientTuning {
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** No ack.message for so long: the send is repeated with the same client id. */
  readonly ackTimeoutMs: number;
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  readonly heartbeatMs: number;
  readonly heartbeatAnswerMs: number;
  readonly gapWaitMs: number;
  readonly receiptIntervalMs: number;
  readonly groupReceiptIntervalMs: number;
  readonly fullSyncCheckMs: number;
  readonly recountMs: number;
  readonly cursorIntervalMs: number;
  /** More missing than this: only the newest page is fetched, the rest is left for scrolling. */
  readonly gapFillLimit: number;
  readonly pageCount: number;
  readonly outboxLimit: number;
  /** Stored sends that are remembered for their ticks. */
  readonly recentLimit: number;
  /** Messages of one conversation kept back while a hole before them is filled. */
  readonly bufferLimit: number;
  /** What was shown last, remembered to tell nothing twice after the server's store was restored. */
  readonly shownLimit: number;
}

/** One message of a conversation's log, one's own included; delivered to the app in seq order, once. */
export interface Message {
  readonly conv: string;
  readonly seq: number;
  readonly mid: number;
  readonly clientId: string;
  readonly from: number;
  readonly to: number;
  readonly type: number;
  readonly content: string;
  readonly sentAtMs: number;
  readonly storedAtMs: number;
  /** 0, or RECALLED: its sender took it back, and there is no content any more. */
  readonly status: number;
  /** Sent by this user, from whichever device. */
  readonly own: boolean;
  /** The mid of the message that this one answers. */
  readonly replyTo?: number;
  /** The uids addressed by name; EVERYBODY (0) stands for all members. */
  readonly mentions?: readonly number[];
  /** Its content was changed: when for the last time, and how often. */
  readonly editedAtMs?: number;
  readonly editCount?: number;
}

/**
 * Only rises in this order, but for `failed`, which is final; `offline` may be followed by `received`. In a group it
 * ends with `accepted`: who has read it, `messages.receipts` tells.
 */
export type SendState = 'queued' | 'stored' | 'accepted' | 'offline' | 'received' | 'read' | 'failed';

export interface Outgoing {
  readonly clientId: string;
  /** '' until the client knows its own uid (first sign-in, or saved state). */
  readonly conv: string;
  readonly to: number;
  readonly type: number;
  readonly content: string;
  readonly state: SendState;
  /** 0 until stored. */
  readonly mid: number;
  readonly seq: number;
  /** Set when failed. */
  readonly error: ClientError | undefined;
}

export interface ClientError {
  /** The server's code (docs/protocol.md), or 0 where the client itself gave up. */
  readonly code: number;
  readonly message: string;
  readonly temporary: boolean;
}

/** Somebody took a message back: forget its content. Comes again where it was known already. */
export interface Recalled extends RecallTarget {
  readonly conv: string;
  readonly by: number;
}

/** What all events of a log but messages and recalls have in common: in which conversation, at which place, by whom. */
interface LogPlace {
  readonly conv: string;
  readonly seq: number;
  readonly by: number;
  readonly atMs: number;
}

/** A message says something else now. */
export interface Edited extends LogPlace {
  readonly target: RecallTarget;
  readonly content: string;
}

export interface Reacted extends LogPlace {
  readonly target: RecallTarget;
  readonly emoji: string;
  /** False: taken away again. */
  readonly on: boolean;
}

export interface Pinned extends LogPlace {
  readonly target: RecallTarget;
  readonly on: boolean;
}

/** Something happened to a group or its members: notice.type says what. */
export interface Noticed extends LogPlace {
  readonly gid: number;
  readonly notice: GroupNotice;
}

export interface Presence {
  readonly uid: number;
  readonly online: boolean;
  /** 0: now, never, or not told. */
  readonly lastSeenAtMs: number;
}

/** Passed on by the server, stored nowhere: comes at most once, or not at all. */
export interface Relay {
  readonly from: number;
  readonly to: number;
  readonly type: number;
  readonly content: unknown;
  /** All fields that came with it. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Receipt {
  readonly conv: string;
  readonly from: number;
  readonly to: number;
  readonly state: 'received' | 'read';
  readonly by: number;
}

/** One conversation as the last sync and the pushes since have it. */
export interface ConversationView {
  readonly conv: string;
  /** The other person, or the gid. */
  readonly peer: number;
  /** The lowest seq that this user may read. */
  readonly firstSeq: number;
  /** The highest seq that is known to exist. */
  readonly lastSeq: number;
  /** Everything up to here has been shown or left for scrolling. */
  readonly tip: number;
  readonly readSeq: number;
  readonly peerDeliveredSeq: number;
  readonly peerReadSeq: number;
  /** Messages of others after readSeq; UNREAD_LIMIT (1,000) means that many or more where the server counted. */
  readonly unread: number;
  /** Those among them that name this user, or everybody. */
  readonly mentions: number;
  /** False: left, removed, or the group was dissolved; what was said before can still be read. */
  readonly isMember: boolean;
  readonly settings: ConversationSettings;
  readonly lastAtMs: number;
}

/** Unread messages over all conversations. */
export interface UnreadTotals {
  /** Of conversations that are neither muted nor hidden. */
  readonly unread: number;
  /** Of conversations that are muted. */
  readonly muted: number;
  /** Of both. */
  readonly mentions: number;
  /** How many make up `unread`: those without anything unread are not among them. */
  readonly conversations: number;
}

export type ConnectionState =
  | { readonly name: 'connecting' | 'online' | 'stopped' }
  /** Will try again in `retryInMs`. */
  | { readonly name: 'offline'; readonly retryInMs: number; readonly code: number; readonly reason: string }
  /** Will not come back by itself: kicked, replaced, token refused (close codes 4500-4999). */
  | { readonly name: 'ended'; readonly code: number; readonly reason: string };

export interface ClientEvents {
  readonly connection: ConnectionState;
  readonly message: Message;
  /** A send changed its state. */
  readonly outgoing: Outgoing;
  readonly receipt: Receipt;
  /** In its place among the messages. */
  readonly recalled: Recalled;
  /** In their places among the messages, own ones too. */
  readonly edited: Edited;
  readonly reacted: Reacted;
  readonly pinned: Pinned;
  readonly notice: Noticed;
  /**
   * Something else than a new message changed it: settings or reading on another device, messages that are only
   * counted, coming into a group or leaving it.
   */
  readonly conversation: ConversationView;
  /** Of those that presence.subscribe named. */
  readonly presence: Presence;
  /** All but typing. */
  readonly relay: Relay;
  /** `to` is a gid where it is in a group. */
  readonly typing: { readonly from: number; readonly to: number };
  /** A new contact, or (`id` is a gid) a group that `from` brought this user into. */
  readonly contact: { readonly id: number; readonly from: number };
  /** To owner and admins; answered by groups.answer. */
  readonly groupRequest: { readonly gid: number; readonly from: number; readonly comment: string };
  /** Answered by the operation contacts/approval. */
  readonly contactRequest: { readonly from: number; readonly comment: string };
  /** After each sign-in, once everything missed has been asked for and shown. */
  readonly synced: { readonly conversations: number };
  /** [from, to] was not fetched (more than gapFillLimit missing): `history` gives it. */
  readonly skipped: { readonly conv: string; readonly from: number; readonly to: number };
  /** Something that the app may want to log; the client goes on. */
  readonly warning: ClientError;
}
