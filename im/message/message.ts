/**
 * The one message model: what a client may say (UpFrame) and what it may be told (DownFrame), free of any
 * casing or unit of a profile. Plain data: everything here survives a structuredClone.
 */
import type { ACTIONS, AuthAction, ChatAction } from './actions.js';
import type { ConversationName } from './conversation.js';
import type { Device, Mid, Seq, Uid } from './ids.js';

/** Which key casing, id types and time units a connection speaks; chosen by its first frame. */
export type Profile = 'legacy' | 'web';

/** What an event of a conversation's log is. `message` counts as unread; a recall does not. */
export const EVENT_KIND = { message: 0, recall: 1 } as const;
export type EventKind = (typeof EVENT_KIND)[keyof typeof EVENT_KIND];

/**
 * Of an event. A recalled message keeps its seq, mid and client id, and loses its content; so does an event that
 * retention erased, which no read gives any more: it is only met as the answer to a late retry.
 */
export const MESSAGE_STATUS = { normal: 0, recalled: 1, expired: 2 } as const;

/** One event of a conversation's log, as every reader sees it: a message, or a recall of one (im/message/recall.ts). */
export interface ChatEvent {
  readonly kind: EventKind;
  readonly conv: ConversationName;
  readonly seq: Seq;
  readonly mid: Mid;
  /** ≤ 64 bytes, unique per conversation and sender; `m<mid>` where the sender gave only a mid. */
  readonly clientId: string;
  readonly from: Uid;
  readonly to: Uid;
  /** Opaque to the server; small integer chosen by clients. */
  readonly type: number;
  readonly content: string;
  /** What the sender's clock said, ms since 1970; the store's clock where it said nothing. */
  readonly sentAtMs: number;
  readonly storedAtMs: number;
  /** MESSAGE_STATUS. */
  readonly status: number;
}

/** A request to store and deliver one message; `retry` and `resend` are the same request again. */
export interface ChatUp {
  readonly kind: 'chat';
  readonly action: ChatAction;
  readonly echo: number;
  readonly to: Uid;
  readonly clientId: string;
  /** 0: the server allots one. */
  readonly mid: Mid | 0;
  readonly type: number;
  readonly content: string;
  /** 0: not said. */
  readonly sentAtMs: number;
  /** From `session/ticket`; '' where there is none. */
  readonly ticket: string;
}

/** Take a message of one's own back. */
export interface RecallUp {
  readonly kind: 'recall';
  readonly echo: number;
  readonly to: Uid;
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
  readonly to: Uid;
  /** The fields of the data object that travel, without sender and addressee. */
  readonly payload: RelayPayload;
  readonly ticket: string;
}

export type RelayAction = typeof ACTIONS.relay | typeof ACTIONS.relayService;
export type RelayPayload = Readonly<Record<string, unknown>>;

/** «I have received (or read) these»: by mid (old clients) or by interval of one conversation (ours). */
export type ReceiptUp =
  | { readonly kind: 'receipt'; readonly by: 'mid'; readonly mid: Mid }
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
  /** `by` has received (or read) everything that the addressee sent in [from, to]. */
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
      readonly to: Uid;
      readonly payload: RelayPayload;
    }
  | { readonly kind: 'kickout'; readonly device: Device; readonly text: string }
  | { readonly kind: 'login'; readonly device: Device }
  | { readonly kind: 'contact'; readonly id: Uid; readonly from: Uid }
  /** Somebody asks to become a contact, and waits for contacts/approval. */
  | { readonly kind: 'contactRequest'; readonly from: Uid; readonly comment: string }
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
