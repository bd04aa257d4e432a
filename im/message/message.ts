/**
 * The one message model: what a client may say (UpFrame) and what it may be told (DownFrame), free of any
 * casing or unit of a profile. Plain data: everything here survives a structuredClone.
 */
import type { AuthAction, ChatAction } from './actions.js';
import type { ConversationName } from './conversation.js';
import type { Device, Mid, Seq, Uid } from './ids.js';

/** Which key casing, id types and time units a connection speaks; chosen by its first frame. */
export type Profile = 'legacy' | 'web';

/** One stored message, as every reader of its conversation sees it. */
export interface ChatEvent {
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
  /** 0 normal. */
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
}

/** «I have received (or read) these»: by mid (old clients) or by interval of one conversation (ours). */
export type ReceiptUp =
  | { readonly kind: 'receipt'; readonly by: 'mid'; readonly mid: Mid }
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
}

export interface ApiUp {
  readonly kind: 'api';
  readonly action: string;
  readonly echo: number;
  readonly data: unknown;
}

export interface HeartbeatUp {
  readonly kind: 'heartbeat';
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

export type UpFrame = ChatUp | ReceiptUp | AuthUp | ApiUp | HeartbeatUp | BadUp;

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
       * The addressee's messages in that interval, for clients that know mids only: the newest 256.
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
  | { readonly kind: 'kickout'; readonly device: Device; readonly text: string }
  | { readonly kind: 'login'; readonly device: Device }
  | { readonly kind: 'contact'; readonly id: Uid; readonly from: Uid }
  /** Empty list: any conversation may lack something. */
  | { readonly kind: 'sync'; readonly conversations: readonly ConversationName[] }
  | { readonly kind: 'heartbeat' };
