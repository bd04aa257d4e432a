/**
 * The one message model: what a client may say (UpFrame) and what it may be told (DownFrame), free of any
 * casing or unit of a profile. Plain data: everything here survives a structuredClone.
 */
import type { ACTIONS, AuthAction, ChatAction } from './actions.js';
import type { ConversationName } from './conversation.js';
import type { Device, Gid, Mid, PeerId, Seq, Uid } from './ids.js';
import type { ConversationSettings } from './settings.js';

/** Which key casing, id types and time units a connection speaks; chosen by its first frame. */
export type Profile = 'legacy' | 'web';

/**
 * What an event of a conversation's log is. Only a `message` counts as unread. The others have JSON text as their
 * content: recall.ts, event_content.ts (edit, reaction, pin) and notice.ts (what happened to a group).
 */
export const EVENT_KIND = { message: 0, recall: 1, edit: 2, reaction: 3, pin: 4, notice: 5 } as const;
export type EventKind = (typeof EVENT_KIND)[keyof typeof EVENT_KIND];

/**
 * Of an event. A recalled message keeps its seq, mid and client id, and loses its content; so does an event that
 * retention erased, which no read gives any more: it is only met as the answer to a late retry.
 */
export const MESSAGE_STATUS = { normal: 0, recalled: 1, expired: 2 } as const;

/** Stands for every member of a group where somebody is mentioned. */
export const EVERYBODY = 0;
export type Mention = Uid | typeof EVERYBODY;

/** What few messages have besides their content. */
export interface MessageExtra {
  /** The message of the same conversation that this one answers. */
  readonly replyTo?: Mid;
  /** Who is addressed by name: at most MENTION_LIMIT. */
  readonly mentions?: readonly Mention[];
  /** Its content was changed, by the store's clock and for the last time; how often. */
  readonly editedAtMs?: number;
  readonly editCount?: number;
}

export const MENTION_LIMIT = 50;

/** One event of a conversation's log, as every reader sees it. */
export interface ChatEvent {
  readonly kind: EventKind;
  readonly conv: ConversationName;
  readonly seq: Seq;
  readonly mid: Mid;
  /** ≤ 64 bytes, unique per conversation and sender; `m<mid>` where the sender gave only a mid. */
  readonly clientId: string;
  /** Whoever sent the message, or did what the event says. */
  readonly from: Uid;
  readonly to: PeerId;
  /** Opaque to the server; small integer chosen by clients. */
  readonly type: number;
  readonly content: string;
  /** What the sender's clock said, ms since 1970; the store's clock where it said nothing. */
  readonly sentAtMs: number;
  readonly storedAtMs: number;
  /** MESSAGE_STATUS. */
  readonly status: number;
  readonly extra?: MessageExtra;
}

/** A request to store and deliver one message; `retry` and `resend` are the same request again. */
export interface ChatUp {
  readonly kind: 'chat';
  readonly action: ChatAction;
  readonly echo: number;
  readonly to: PeerId;
  readonly clientId: string;
  /** 0: the server allots one. */
  readonly mid: Mid | 0;
  readonly type: number;
  readonly content: string;
  /** 0: not said. */
  readonly sentAtMs: number;
  /** From `session/ticket`; '' where there is none. */
  readonly ticket: string;
  readonly extra?: Pick<MessageExtra, 'replyTo' | 'mentions'>;
}

/** Take a message of one's own back; in a group also somebody else's, by an admin. */
export interface RecallUp {
  readonly kind: 'recall';
  readonly echo: number;
  readonly to: PeerId;
  /** The message to be taken back. */
  readonly target: Mid;
  /** The mid of the recall itself, which its ack names; 0: the server allots one. */
  readonly mid: Mid | 0;
  /** What the sender will look for in the ack; the stored event has a client id of its own, made from the target. */
  readonly clientId: string;
  readonly ticket: string;
}

/**
 * Passed on to whoever is connected, never stored or acknowledged: message.cli (typing, streaming text, call
 * signalling) and message.cs. The server understands nothing of `payload` but where it goes.
 */
export interface RelayUp {
  readonly kind: 'relay';
  readonly action: RelayAction;
  readonly echo: number;
  /** A group: to its members who are connected. */
  readonly to: PeerId;
  /** The fields of the data object that travel, without sender and addressee. */
  readonly payload: RelayPayload;
  readonly ticket: string;
}

export type RelayAction = typeof ACTIONS.relay | typeof ACTIONS.relayService;
export type RelayPayload = Readonly<Record<string, unknown>>;

/** «I have received (or read) these»: by mid (old clients) or by interval of one conversation (ours). */
export type ReceiptUp =
  | { readonly kind: 'receipt'; readonly by: 'mid'; readonly mid: Mid }
  /** Several in one frame. */
  | { readonly kind: 'receipt'; readonly by: 'mids'; readonly mids: readonly Mid[] }
  /** Made by the gateway of the one before, where it pushed the message itself: nothing need be looked up. */
  | { readonly kind: 'receipt'; readonly by: 'pushed'; readonly messages: readonly PushedMessage[] }
  | {
      readonly kind: 'receipt';
      readonly by: 'interval';
      readonly conv: ConversationName;
      readonly from: Seq;
      readonly to: Seq;
      readonly state: ReceiptState;
    };

export type ReceiptState = 'received' | 'read';

/** Signing in on the connection: with a token, or (api.user.login) with account and password. */
export interface AuthUp {
  readonly kind: 'auth';
  readonly action: AuthAction;
  readonly echo: number;
  readonly token: string;
  readonly account: string;
  readonly password: string;
  /** Only api.user.login uses it: a token knows its own device. */
  readonly device: Device | undefined;
  /** Clients that know this protocol say so here; 0 for the public SDKs. */
  readonly protocol: number;
  readonly caps: readonly string[];
  /** The heartbeat that the client would like, ms; 0 where it says nothing. */
  readonly heartbeatMs: number;
}

export interface ApiUp {
  readonly kind: 'api';
  readonly action: string;
  readonly echo: number;
  readonly data: unknown;
}

export interface HeartbeatUp {
  readonly kind: 'heartbeat';
  /** What our SDK knows of its conversations, at most once a minute: shows the loss of a last message. */
  readonly cursor: SyncCursor | undefined;
}

/** The number of a user's conversations, and the sum of their last seqs. */
export interface SyncCursor {
  readonly count: number;
  readonly sum: number;
}

/** A frame that asks for nothing we can do; `mid` and `clientId` are set where it was meant to be a message. */
export interface BadUp {
  readonly kind: 'bad';
  readonly action: string;
  readonly echo: number;
  readonly mid: number;
  readonly clientId: string;
  readonly error: ErrorInfo;
}

export type UpFrame = ChatUp | RecallUp | RelayUp | ReceiptUp | AuthUp | ApiUp | HeartbeatUp | BadUp;

/** A CodedError as data. */
export interface ErrorInfo {
  readonly code: number;
  readonly message: string;
  readonly temporary: boolean;
  /** 0: not said. */
  readonly retryAfterMs: number;
}

export interface SentMessage {
  readonly mid: Mid;
  readonly clientId: string;
  readonly seq: Seq;
}

export interface PushedMessage extends SentMessage {
  readonly conv: ConversationName;
  readonly from: Uid;
}

/** `echo` is the envelope's sequence number of the request that is answered; 0 on pushes. */
export type DownFrame =
  /** A stored message for somebody who has not got it; `after` is the seq pushed before it to this audience. */
  | { readonly kind: 'push'; readonly event: ChatEvent; readonly after: Seq }
  | (SentMessage & {
      readonly kind: 'stored';
      readonly echo: number;
      readonly conv: ConversationName;
      readonly storedAtMs: number;
    })
  | (SentMessage & { readonly kind: 'offline'; readonly conv: ConversationName; readonly peer: Uid })
  /** Behind `stored`, for a message to a group: it is on its way to the members. */
  | (SentMessage & { readonly kind: 'accepted'; readonly conv: ConversationName })
  /**
   * `by` has received (or read) everything that the addressee sent in [from, to]. To a reader's own other devices:
   * he has read everything there, whoever sent it; in a group only that is told.
   */
  | {
      readonly kind: 'receipt';
      readonly conv: ConversationName;
      readonly from: Seq;
      readonly to: Seq;
      readonly state: ReceiptState;
      readonly by: Uid;
      /**
       * The addressee's messages in that interval, for clients that know mids only: all of it, or a page.
       * Undefined: not read yet; the gateway reads them if it has such a client.
       */
      readonly messages: readonly SentMessage[] | undefined;
    }
  | {
      readonly kind: 'failed';
      readonly echo: number;
      readonly mid: number;
      readonly clientId: string;
      readonly error: ErrorInfo;
    }
  | { readonly kind: 'success'; readonly action: string; readonly echo: number; readonly data: unknown }
  | { readonly kind: 'apiError'; readonly action: string; readonly echo: number; readonly error: ErrorInfo }
  | { readonly kind: 'error'; readonly echo: number; readonly error: ErrorInfo }
  /** A wrong ticket, or none where one is needed: the public web client then fetches one and sends again. */
  | {
      readonly kind: 'forbidden';
      readonly echo: number;
      readonly mid: number;
      readonly clientId: string;
      readonly error: ErrorInfo;
    }
  | {
      readonly kind: 'relay';
      readonly action: RelayAction;
      readonly from: Uid;
      readonly to: PeerId;
      readonly payload: RelayPayload;
    }
  | { readonly kind: 'kickout'; readonly device: Device; readonly text: string }
  | { readonly kind: 'login'; readonly device: Device }
  /** A new contact, or (`id` is a gid) a group that the addressee has been added to by `from`. */
  | { readonly kind: 'contact'; readonly id: PeerId; readonly from: Uid }
  /** Somebody asks to become a contact, and waits for contacts/approval. */
  | { readonly kind: 'contactRequest'; readonly from: Uid; readonly comment: string }
  /** To owner and admins: somebody asks to be let in, and waits for group/requests/answer. */
  | { readonly kind: 'groupRequest'; readonly gid: Gid; readonly from: Uid; readonly comment: string }
  /** Of somebody whose presence the connection subscribed to. */
  | { readonly kind: 'presence'; readonly uid: Uid; readonly online: boolean; readonly lastSeenAtMs: number }
  /** Instead of pushes, where the reader's interest is `count`: so many messages more, up to `lastSeq`. */
  | {
      readonly kind: 'count';
      readonly conv: ConversationName;
      /** Where what is counted here begins: of what lies before, earlier frames have told. */
      readonly fromSeq?: Seq;
      readonly lastSeq: Seq;
      readonly messages: number;
      /** Of these, those that name the reader or everybody; absent: none. */
      readonly mentions?: number;
      /** The highest that was taken back meanwhile; absent: none. */
      readonly recalledSeq?: Seq;
    }
  /** Another device of the same user changed how he wants to have this conversation. */
  | {
      readonly kind: 'settings';
      readonly conv: ConversationName;
      readonly settings: ConversationSettings;
    }
  /**
   * Empty list: any conversation may lack something. With a cursor, the store's own: the client waits for pushes
   * under way (2 s) and asks only if it still has less.
   */
  | {
      readonly kind: 'sync';
      readonly conversations: readonly ConversationName[];
      readonly cursor?: SyncCursor;
    }
  /** `isProbe`: the server asks for a sign of life; otherwise it answers one. */
  | { readonly kind: 'heartbeat'; readonly isProbe: boolean };
