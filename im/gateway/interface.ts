/**
 * Ports of the gateway room: the sockets below it, and what other rooms ask of it.
 * Implementations: service/gateway (Connection), im/gateway/client_manager.ts (Gateway).
 */
import type { CloseName } from '../errors.js';
import type { Device, Seq, Uid } from '../message/ids.js';
import type { ConversationName } from '../message/conversation.js';
import type { AuthUp, DownFrame, SentMessage } from '../message/message.js';

/** How a transport packs the text of one frame; the result is shared by all connections of that format. */
export interface FrameFormat {
  readonly name: string;
  pack(text: string): Uint8Array;
}

/** One socket. Nothing here throws; after close every call does nothing. */
export interface Connection {
  /** Unique in this process's life. */
  readonly id: number;
  readonly remoteAddress: string;
  /** Host header of the upgrade. */
  readonly host: string;
  readonly format: FrameFormat;
  /** Hands the bytes to the socket in one write; `done` is called once when the kernel has them all. */
  write(chunks: readonly Uint8Array[], done: () => void): void;
  /** Stops and resumes reading: frames already read may still arrive after `pause`. */
  pause(): void;
  resume(): void;
  /** Says why, after what was written before, then closes; cut if the other side does not answer in time. */
  close(reason: CloseName): void;
}

/** What a transport calls. `frame` is the text of one inbound frame. */
export interface ConnectionHandler {
  opened(connection: Connection): void;
  received(connection: Connection, frame: string, bytes: number): void;
  closed(connection: Connection): void;
}

/** Whom a frame is for: all devices of `uid`, but for one. */
export interface Recipient {
  readonly uid: Uid;
  readonly exceptDevice?: Device;
}

export interface Delivery {
  readonly frame: DownFrame;
  readonly recipients: readonly Recipient[];
}

/** Which recipients of a delivery had no connection at all; none of them is a slow one. */
export interface DeliveryOutcome {
  readonly absent: readonly Uid[];
}

/** Connections of (uid, device) with a token version below `belowVersion` are told why and closed. */
export interface KickOrder {
  readonly uid: Uid;
  /** Absent: all devices. */
  readonly device?: Device;
  readonly belowVersion: number;
  readonly reason: Extract<CloseName, 'KICKED' | 'LOGGED_OUT' | 'TOKEN_INVALID'>;
}

export interface Gateway {
  /** Outcomes in the order of the deliveries. A frame is enqueued, not yet read by anybody. */
  deliver(deliveries: readonly Delivery[]): Promise<readonly DeliveryOutcome[]>;
  kick(orders: readonly KickOrder[]): Promise<void>;
}

/** Who a connection is after it signed in, and what to answer it. */
export interface SignedIn {
  readonly uid: Uid;
  readonly device: Device;
  readonly tokenVersion: number;
  readonly tokenExpiresAtMs: number;
  /** The answer's payload, in both casings. */
  readonly answer: Readonly<Record<string, unknown>>;
}

export interface SignedInToken {
  readonly uid: Uid;
  readonly device: Device;
  readonly version: number;
}

export interface Authenticator {
  /** Throws UNAUTHENTICATED, WRONG_CREDENTIALS or a temporary error. `host` is the Host header of the upgrade. */
  signIn(request: AuthUp, host: string): Promise<SignedIn>;
  /** Of many connections in one query: those whose version has been raised since. */
  superseded(tokens: readonly SignedInToken[]): Promise<readonly SignedInToken[]>;
}

/** What the gateway reads from the store for clients that count in mids. */
export interface SentReader {
  sentBetween(
    conv: ConversationName,
    sender: Uid,
    from: Seq,
    to: Seq,
    limit: number,
  ): Promise<readonly SentMessage[]>;
}
