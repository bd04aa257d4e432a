/**
 * The api room's port: one call per operation, whoever carries it (HTTP or a connection). Operations are listed
 * in im/api/operations.ts; they throw CodedError and return what becomes the `Data` of the answer.
 */
import type { ConversationName } from '../message/conversation.js';
import type { Dialect } from '../message/encoder.js';
import type { Device, Mid, PeerId, Seq, Uid } from '../message/ids.js';

/** Who asks. Filled from a checked token, never from the request's body. */
export interface Caller {
  readonly uid: Uid;
  readonly device: Device;
  readonly tokenVersion: number;
}

export interface ApiRequest {
  /** Path without the leading slash: `msg/chat/history`. */
  readonly operation: string;
  /** The decoded JSON body; undefined where there was none. */
  readonly input: unknown;
  readonly caller: Caller | undefined;
  /** Host that the client used, for the default of `Servers`: see CallContext. */
  readonly host: string;
  /** The client's, in its canonical spelling. */
  readonly address: string;
  /** Of the connection that it came by; absent over HTTP. */
  readonly dialect?: Dialect;
}

export interface Api {
  /** Throws NO_SUCH_ROUTE, UNAUTHENTICATED (a caller is needed), INVALID_PARAMETER, or the operation's own errors. */
  call(request: ApiRequest): Promise<unknown>;
  /** `msg/range` for `api.msg.range` and the S28 aliases; undefined where no operation has that action. */
  operationOf(action: string): string | undefined;
}

/** Checks a bearer token: signature, expiry, version (the version may be up to a second old). */
export interface TokenChecker {
  /** Throws UNAUTHENTICATED. */
  check(token: string): Promise<Caller>;
  /** The signature only: also of an expired or superseded token, as a late logout has it. Throws UNAUTHENTICATED. */
  genuine(token: string): Promise<Caller>;
}

/** What a token says. Opaque to clients. */
export interface TokenClaims {
  readonly uid: Uid;
  readonly device: Device;
  readonly version: number;
  readonly issuedAtMs: number;
  /** Whole seconds on the wire. */
  readonly expiresAtMs: number;
}

/** Implementation: service/api/jose_tokens.ts. */
export interface TokenSigner {
  sign(claims: TokenClaims): Promise<string>;
  /** Undefined where we did not sign it; expiry and version are the caller's business. */
  verify(token: string): Promise<TokenClaims | undefined>;
  /** For messages of `from` to `to`: the same each time, and nobody else can make it. Opaque to clients. */
  ticket(from: Uid, to: PeerId): string;
}

/** Implementation: service/api/argon2_hasher.ts. Every method throws TOO_BUSY where too many wait already. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  verify(hash: string, password: string): Promise<boolean>;
  /** Costs as much as `verify`, so that an unknown account takes as long as a wrong password. */
  burn(password: string): Promise<void>;
}

/** Carries a verification code to its owner. Implementation: service/api/webhook_code_sender.ts. */
export interface CodeSender {
  send(email: string, code: string): Promise<void>;
}

/** «I have these»: raises the caller's marks and tells the senders. Implementation: im/messaging. */
export interface Receipts {
  /** Mids that are not in a conversation of the caller are ignored. */
  received(caller: Pick<Caller, 'uid' | 'device'>, mids: readonly Mid[]): Promise<void>;
  /**
   * What these users acknowledged until now is in the store when this resolves, if the store takes it; of their peers
   * in chats what has been checked. Never rejects.
   */
  written(uids: readonly Uid[]): Promise<void>;
  read(caller: Pick<Caller, 'uid' | 'device'>, conv: ConversationName, from: Seq, to: Seq): Promise<void>;
}

/** Takes messages back. Implementation: im/messaging. */
export interface Recaller {
  /**
   * Takes back the message `target` to `to`: the caller's, or in a group that he is an admin of anybody's, and tells everybody who has it; again is the same. Throws
   * NO_SUCH_MESSAGE, NO_PERMISSION, RECALL_TOO_LATE, or what a store may throw.
   */
  recall(caller: Pick<Caller, 'uid' | 'device'>, to: PeerId, target: Mid): Promise<void>;
}

/** Events that change or mark a message. Implementation: im/messaging. */
export interface MessageEvents {
  /** The same client id again is the same edit. Throws NO_SUCH_MESSAGE, NO_PERMISSION, EDIT_TOO_LATE. */
  edit(caller: Pick<Caller, 'uid' | 'device'>, edit: EditRequest): Promise<EventPlace>;
  /** Undefined: it was so already. Throws NO_SUCH_MESSAGE, TOO_MANY_REACTIONS. */
  react(
    caller: Pick<Caller, 'uid' | 'device'>,
    target: MessageTarget,
    emoji: string,
    on: boolean,
  ): Promise<EventPlace | undefined>;
  /** Undefined: it was so already. Throws NO_SUCH_MESSAGE, NO_PERMISSION, TOO_MANY_PINS. */
  pin(
    caller: Pick<Caller, 'uid' | 'device'>,
    target: MessageTarget,
    on: boolean,
  ): Promise<EventPlace | undefined>;
}

export interface MessageTarget {
  readonly conv: ConversationName;
  readonly mid: Mid;
}

export interface EditRequest extends MessageTarget {
  readonly content: string;
  readonly clientId: string;
}

/** Where an event stands in the log. */
export interface EventPlace {
  readonly conv: ConversationName;
  readonly mid: Mid;
  readonly seq: Seq;
  readonly storedAtMs: number;
}

/** Real numbers of the running server for `app/info`. */
export interface ServerFigures {
  onlineCount(): number;
  /** The highest onlineCount since the start. */
  maxOnlineCount(): number;
  /** Messages acked since the start. */
  messageCount(): number;
  readonly startedAtMs: number;
}
