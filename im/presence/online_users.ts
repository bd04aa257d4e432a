/**
 * Who is connected with which devices. Whoever lost his last connection counts as there for a short time yet: a phone
 * that changes its network has not gone.
 */
import type { Device, Uid } from '../message/ids.js';

export interface Departure {
  readonly uid: Uid;
  /** By the clock of the day. */
  readonly atMs: number;
}

/** One moment by both clocks: waiting goes by the one that never jumps. */
export interface Moment {
  readonly atMs: number;
  readonly monotonicMs: number;
}

export class OnlineUsers {
  readonly #debounceMs: number;
  /** Connections by device class; bounded by the connections of this process. */
  readonly #devices = new Map<Uid, Map<Device, number>>();
  /** Since when they have none, oldest first: a moment's departures. */
  readonly #leaving = new Map<Uid, Moment>();

  constructor(debounceMs: number) {
    this.#debounceMs = debounceMs;
  }

  get onlineCount(): number {
    return this.#devices.size;
  }

  get leavingCount(): number {
    return this.#leaving.size;
  }

  isOnline(uid: Uid): boolean {
    return this.#devices.has(uid) || this.#leaving.has(uid);
  }

  hasDevice(uid: Uid, device: Device): boolean {
    return this.#devices.get(uid)?.has(device) === true;
  }

  /** Who is connected now. */
  uids(): Iterable<Uid> {
    return this.#devices.keys();
  }

  /** True: he was not there before. */
  came(uid: Uid, device: Device): boolean {
    const wasThere = this.isOnline(uid);
    this.#leaving.delete(uid);
    let devices = this.#devices.get(uid);
    if (devices === undefined) {
      devices = new Map<Device, number>();
      this.#devices.set(uid, devices);
    }
    // A connection may come before the one that it replaces has gone.
    devices.set(device, (devices.get(device) ?? 0) + 1);
    return !wasThere;
  }

  /** True: that was the last connection of this device. */
  went(uid: Uid, device: Device, now: Moment): boolean {
    const devices = this.#devices.get(uid);
    const count = devices?.get(device);
    if (devices === undefined || count === undefined) return false;
    if (count > 1) {
      devices.set(device, count - 1);
      return false;
    }
    devices.delete(device);
    if (devices.size === 0) {
      this.#devices.delete(uid);
      this.#leaving.set(uid, now);
    }
    return true;
  }

  /** Those who have been away long enough: from now on they are gone. */
  takeGone(nowMonotonicMs: number): readonly Departure[] {
    const gone: Departure[] = [];
    for (const [uid, { atMs, monotonicMs }] of this.#leaving) {
      if (monotonicMs + this.#debounceMs > nowMonotonicMs) break;
      gone.push({ uid, atMs });
    }
    for (const { uid } of gone) this.#leaving.delete(uid);
    return gone;
  }

  /** Until somebody is gone, at least 0; undefined where nobody is leaving. */
  nextGoneMs(nowMonotonicMs: number): number | undefined {
    for (const { monotonicMs } of this.#leaving.values())
      return Math.max(0, monotonicMs + this.#debounceMs - nowMonotonicMs);
    return undefined;
  }
}
