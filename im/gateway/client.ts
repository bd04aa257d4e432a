/**
 * One connection and what the gateway knows of it.
 *
 *   new ──auth──► signing in ──ok──► signed in ──kick/logout/shutdown──► draining ──answered, flushed──► closed
 *    ▲               │ refused                                              (no frame is read any more)
 *    └───────────────┘
 */
import type { CloseName } from '../errors.js';
import type { Dialect } from '../message/encoder.js';
import { known, toDevice, type Device, type Uid } from '../message/ids.js';
import type { Profile } from '../message/message.js';
import type { Connection } from './interface.js';
import type { OutboundQueue } from './outbound_queue.js';

/** A frame that was read while nothing may be handled: signing in, or too much unanswered. */
export interface HeldFrame {
  readonly text: string;
  readonly bytes: number;
}

export class Client {
  readonly connection: Connection;
  readonly outbound: OutboundQueue;
  readonly openedAtMs: number;
  profile: Profile | undefined;
  isModern = false;
  uid: Uid | undefined;
  device: Device = known(toDevice(0));
  tokenVersion = 0;
  tokenExpiresAtMs = 0;
  isSigningIn = false;
  /** Set when it is to be closed as soon as everything is answered; nothing inbound is handled then. */
  closing: CloseName | undefined;
  closingSinceMs = 0;
  isClosed = false;
  /** Frames and bytes handed to messaging and not answered yet. */
  unansweredCount = 0;
  unansweredBytes = 0;
  /** What the answers to its api requests under way may weigh. */
  apiBytes = 0;
  badFrameCount = 0;
  held: HeldFrame[] | undefined;
  isPaused = false;
  isWriting = false;
  /** The last write was not taken at once. */
  isSlow = false;
  writingSinceMs = 0;
  writtenInTurn = 0;
  onWritten: (() => void) | undefined;
  isInFlushList = false;

  constructor(connection: Connection, outbound: OutboundQueue, openedAtMs: number) {
    this.connection = connection;
    this.outbound = outbound;
    this.openedAtMs = openedAtMs;
  }

  get dialect(): Dialect {
    if (this.profile === 'legacy') return 'legacy';
    return this.isModern ? 'modern' : 'web';
  }
}
