/**
 * Ports of the limits room: how fast one connection, user and address may ask. Sign-in attempts are the api's
 * own business (im/api/attempt_guard.ts). Implementation: im/limits/rate_limits.ts.
 */
import type { Uid } from '../message/ids.js';

/** What frames and requests are counted as; each class has an allowance of its own. */
export const RATE_CLASSES = ['message', 'relay', 'receipt', 'api', 'heavy', 'auth'] as const;
export type RateClass = (typeof RATE_CLASSES)[number];

/** The allowances of one connection: its own, its user's once it has one, and its address's. */
export interface ConnectionRates {
  /**
   * One frame. 0: it was paid for. Else the milliseconds after which it could be, and nothing was spent.
   * `kind` undefined: a frame that counts for connection and address only, as a heartbeat does.
   */
  take(kind: RateClass | undefined, uid: Uid | undefined): number;
}

export interface RateLimits {
  /** `address`: canonical (pkg/limit/address.ts). */
  connection(address: string): ConnectionRates;
  /** A request outside of a connection, before it is known whose it is; 0 or the wait in milliseconds. */
  takeAddress(address: string): number;
  /** The same request, as its user's. */
  takeUser(uid: Uid, kind: RateClass): number;
}
