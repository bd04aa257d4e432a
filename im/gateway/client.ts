/**
 * One connection and what the gateway knows of it.
 *
 *   new ──auth──► signing in ──ok──► signed in ──kick/logout/shutdown──► draining ──answered, flushed──► closed
 *    ▲               │ refused                                              (no frame is read any more)
 *    └───────────────┘
 */
import type { TimerEntry } from '../../pkg/timer/timer_wheel.js';
import type { CloseName } from '../errors.js';
import type { Dialect } from '../message/encoder.js';
import { known, toDevice, type Device, type Gid, type Uid } from '../message/ids.js';
import type { Profile } from '../message/message.js';
import type { ConnectionRates } from '../limits/interface.js';
import type { Connection } from './interface.js';
import type { GroupPlace } from './groups/group_place.js';
import type { OldClient } from './old_sdk/old_client.js';
import type { OutboundQueue } from './outbound_queue.js';
import type { UntoldPushes } from './untold_pushes.js';

/** A frame that was read while nothing may be handled: signing in, or too much unanswered. */
export interface HeldFrame {
  readonly text: string;
  readonly bytes: number;
}

export class Client implements TimerEntry<Client> {
  readonly connection: Connection;
  readonly outbound: OutboundQueue;
  readonly openedAtMs: number;
  profile: Profile | undefined;
  isModern = false;
  /** Kept by OldSdks for a signed-in connection that is not modern. */
  old: OldClient | undefined;
  /** Made for the first push that nobody has acknowledged yet. */
  untold: UntoldPushes | undefined;
  /** Its places in groups, kept by GroupIndex; made for the first one. */
  groups: Map<Gid, GroupPlace> | undefined;
  uid: Uid | undefined;
  device: Device = known(toDevice(0));
  tokenVersion = 0;
  tokenExpiresAtMs = 0;
  /** In the order of the sign-in frames: of two with the same token the later one keeps the device. */
  signInNumber = 0;
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
  /** Kept by FrameLimiter; `isLimited`: not read for a while, because it went on after many refusals. */
  rates: ConnectionRates | undefined;
  refusals: { count: number; sinceMs: number } | undefined;
  isLimited = false;
  /** Kept by TimerWheel. */
  timerNext: Client | undefined = undefined;
  timerPrevious: Client | undefined = undefined;
  timerTick = 0;
  /** Kept by Heartbeat, whole ms; `probeCount`: probes unanswered by any frame, `beatsOwed`: by a heartbeat. */
  heardAtMs: number;
  probedAtMs = 0;
  probeIdleMs = 0;
  probeCount = 0;
  beatsOwed = 0;
  held: HeldFrame[] | undefined;
  isPaused = false;
  isWriting = false;
  /** The last write was not taken at once. */
  isSlow = false;
  writingSinceMs = 0;
  writtenInTurn = 0;
  onWritten: ((isPart?: boolean) => void) | undefined;
  isInFlushList = false;
  /** Kept by Flusher: has pushes that wait for more. */
  isHeldBack = false;
  /** PresenceSink has been told that it came. */
  isPresent = false;

  constructor(connection: Connection, outbound: OutboundQueue, openedAtMs: number) {
    this.connection = connection;
    this.outbound = outbound;
    this.openedAtMs = openedAtMs;
    this.heardAtMs = Math.floor(openedAtMs);
  }

  get dialect(): Dialect {
    if (this.profile === 'legacy') return 'legacy';
    return this.isModern ? 'modern' : 'web';
  }
}
