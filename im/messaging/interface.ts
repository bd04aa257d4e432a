/**
 * The messaging room's port: frames of signed-in (or public) connections in, replies out. It is a stream, not a
 * call per frame: replies come when they are known, matched by `connection`, in any order between conversations.
 * Local implementation: im/messaging/router.ts.
 */
import type { Device, Gid, Uid } from '../message/ids.js';
import type { Dialect } from '../message/encoder.js';
import type { ApiUp, ChatUp, DownFrame, RecallUp, ReceiptUp, RelayUp } from '../message/message.js';

export interface InboundFrame {
  /** The gateway's number for the connection; comes back in replies. */
  readonly connection: number;
  /** Undefined until the connection has signed in: then only public api operations are done. */
  readonly uid: Uid | undefined;
  readonly device: Device;
  /** Of the token that the connection signed in with; 0 before. */
  readonly tokenVersion: number;
  /** Host header of the upgrade. */
  readonly host: string;
  /** The client's, in its canonical spelling. */
  readonly address: string;
  readonly dialect: Dialect;
  readonly frame: ChatUp | RecallUp | RelayUp | ReceiptUp | ApiUp;
  /** What the frame weighs in the gateway's account of unanswered bytes; comes back in the reply that ends it. */
  readonly bytes: number;
}

export interface Reply {
  readonly connection: number;
  readonly frame: DownFrame | undefined;
  /** True on the one reply that ends a frame; later ones (`offline`) only inform. */
  readonly ends: boolean;
  readonly bytes: number;
}

export interface Messaging {
  /** Takes the frames in order as far as the batcher and returns at once; every frame gets one ending reply. */
  handle(frames: readonly InboundFrame[]): void;
}

export interface SignedInUser {
  readonly uid: Uid;
  readonly device: Device;
  readonly dialect: Dialect;
  /** Whether he was a member when his groups were read, a moment ago. */
  readonly isIn: (gid: Gid) => boolean;
}

/** Hears of every connection that has signed in, once its answer is queued. Must not throw. */
export interface SignInListener {
  signedIn(who: SignedInUser): void;
}

/** Where replies go: the gateway. */
export interface ReplySink {
  reply(replies: readonly Reply[]): void;
}
