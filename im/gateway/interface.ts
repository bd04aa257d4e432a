/**
 * Ports of the gateway room: the sockets below it, and what other rooms ask of it.
 * Implementations: service/gateway (Connection), im/gateway/client_manager.ts (Gateway).
 */
import type { CloseName } from '../errors.js';
import type { Device, Gid, Uid } from '../message/ids.js';
import type { AuthUp, ChatEvent, DownFrame, SyncCursor } from '../message/message.js';
import type { Interest } from '../message/settings.js';

/** How a transport packs the text of one frame; the result is shared by all connections of that format. */
export interface FrameFormat {
  readonly name: string;
  pack(text: string): Uint8Array;
}

/** One socket. Nothing here throws; after close every call does nothing. */
export interface Connection {
  /** Unique in this process's life. */
  readonly id: number;
  /** The client's, in its canonical spelling (pkg/limit/address.ts). */
  readonly remoteAddress: string;
  /** Host that the client used: see CallContext. */
  readonly host: string;
  readonly format: FrameFormat;
  /**
   * Has the bytes written before any others; `written` is called when the kernel has them all, and before that with
   * `true` for each part of a large one.
   */
  write(chunks: readonly Uint8Array[], written: (isPart?: boolean) => void): void;
  /**
   * A frame to be written behind others, in the order in which they were asked for: `proved` is called, once, when
   * the other side has shown that it received all that was written before it, and never where it does not answer.
   * Undefined where that cannot be asked now.
   */
  probe(proved: () => void): Uint8Array | undefined;
  /** It is no stranger any more: transports keep room for those who have not signed in yet. */
  signedIn(): void;
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
  /** A sign of life that is no frame, and was not asked for. False: it came too fast, or too late, to be answered. */
  pinged(connection: Connection): boolean;
  /**
   * Once. `answered`: we closed it, and the other side answered our close; false where it went first, or where
   * nothing came back from it.
   */
  closed(connection: Connection, answered: boolean): void;
}

/** Whom a frame is for: all devices of `uid`, but for one; or that one only. */
export interface Recipient {
  readonly uid: Uid;
  readonly exceptDevice?: Device;
  readonly onlyDevice?: Device;
}

export interface Delivery {
  readonly frame: DownFrame;
  readonly recipients: readonly Recipient[];
}

/** Which recipients of a delivery had no connection at all; none of them is a slow one. */
export interface DeliveryOutcome {
  readonly absent: readonly Uid[];
}

/**
 * For a group, which the gateway expands to its members' connections: an event of its log, applied in the order of
 * seqs (a notice also to the list of members), or what is passed on unstored.
 */
export type GroupDelivery =
  | {
      readonly kind: 'event';
      readonly gid: Gid;
      readonly event: ChatEvent;
      /** `concerned`: in a large group only those whom noticeConcerns names, and who did it. */
      readonly audience: 'members' | 'concerned';
      /** This device has an answer of its own and gets no push. */
      readonly except?: { readonly uid: Uid; readonly device: Device };
    }
  | {
      readonly kind: 'relay';
      readonly gid: Gid;
      readonly frame: Extract<DownFrame, { kind: 'relay' }>;
      readonly except: { readonly uid: Uid; readonly device: Device };
    };

/** A user wants more or less of a group's events pushed from now on. */
export interface InterestChange {
  readonly uid: Uid;
  readonly gid: Gid;
  readonly interest: Interest;
}

/** Connections of (uid, device) with a token version below `belowVersion` are told why and closed. */
export interface KickOrder {
  readonly uid: Uid;
  /** Absent: all devices. */
  readonly device?: Device;
  readonly belowVersion: number;
  readonly reason: Extract<CloseName, 'KICKED' | 'LOGGED_OUT' | 'TOKEN_INVALID' | 'BANNED'>;
}

export interface Gateway {
  /** Outcomes in the order of the deliveries. A frame is enqueued, not yet read by anybody. */
  deliver(deliveries: readonly Delivery[]): Promise<readonly DeliveryOutcome[]>;
  kick(orders: readonly KickOrder[]): Promise<void>;
  /** Resolves when all of it has been taken, in order; who fans out waits for it, which bounds what waits. */
  deliverToGroups(deliveries: readonly GroupDelivery[]): Promise<void>;
  setInterest(changes: readonly InterestChange[]): Promise<void>;
}

/** Who a connection is after it signed in, and what to answer it. */
export interface SignedIn {
  readonly uid: Uid;
  readonly device: Device;
  readonly tokenVersion: number;
  readonly tokenExpiresAtMs: number;
  /** It sends a heartbeat when it has sent nothing for so long; 0 for clients that did not ask what they should. */
  readonly heartbeatMs: number;
  /** The answer's payload, in both casings. */
  readonly answer: Readonly<Record<string, unknown>>;
}

export interface SignedInToken {
  readonly uid: Uid;
  readonly device: Device;
  readonly version: number;
}

export interface Authenticator {
  /** Throws UNAUTHENTICATED, WRONG_CREDENTIALS or a temporary error: TOO_MANY_ATTEMPTS where a password is wrong too often. */
  signIn(request: AuthUp, from: Pick<Connection, 'host' | 'remoteAddress'>): Promise<SignedIn>;
  /** Of many connections in one query: those whose version has been raised since. */
  superseded(tokens: readonly SignedInToken[]): Promise<readonly SignedInToken[]>;
  /** Makes this token worthless if it is the current one, and closes its connections (TOKEN_INVALID), wherever. */
  revoke(token: SignedInToken): Promise<void>;
}

/** What the gateway compares its clients' cursors with. */
export interface CursorReader {
  /** Unknown uids have none. */
  cursors(uids: readonly Uid[]): Promise<readonly (SyncCursor & { readonly uid: Uid })[]>;
}
