/**
 * Who is connected, and when he was last: told to those who subscribed, unless he keeps it to himself. Local
 * implementation: im/presence/local_presence.ts.
 */
import type { Device, Uid } from '../message/ids.js';

/** What a gateway says of its connections. Must not throw. */
export interface PresenceSink {
  came(uid: Uid, device: Device): void;
  went(uid: Uid, device: Device): void;
}

export interface PresenceState {
  readonly uid: Uid;
  readonly online: boolean;
  /** Ms since 1970; 0: now, never, or not told. */
  readonly lastSeenAtMs: number;
}

export interface Presence {
  /**
   * What they are now, and from then on every change, as `presence` frames to this device until it goes. Replaces
   * what it subscribed to before; [] ends it. Throws TOO_MANY_SUBSCRIPTIONS.
   */
  subscribe(
    subscriber: { readonly uid: Uid; readonly device: Device },
    uids: readonly Uid[],
  ): Promise<readonly PresenceState[]>;
  /**
   * What `uid` is now, and from then on his changes too, besides what the device subscribed to before. Where it has as
   * many as it may, or who asks may not know of him, this is an answer only.
   */
  watch(subscriber: { readonly uid: Uid; readonly device: Device }, uid: Uid): Promise<PresenceState>;
  /** Of those of whom `asker` may know; the others are absent or never seen. */
  states(asker: Uid, uids: readonly Uid[]): Promise<readonly PresenceState[]>;
  /** Of `uids` those who are there, as far as `asker` may know; it costs what these are, not what all of them are. */
  online(asker: Uid, uids: readonly Uid[]): Promise<readonly PresenceState[]>;
  /**
   * Others than before may know of these now: who no longer may hears «offline, never seen» at once, and nothing from
   * then on. So the next coming or going tells him nothing either.
   */
  rightsChanged(uids: readonly Uid[]): void;
}
