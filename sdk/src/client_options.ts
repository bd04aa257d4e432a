/** Defaults of every interval and limit of the client, with their reasons. The types are in types.ts. */
import { imError } from '../../im/errors.js';
import type { ClientTuning } from './types.js';

export const CLIENT_DEFAULTS: ClientTuning = {
  /** From dialling to the answer to the sign-in: a phone's first packets over a bad link take seconds. */
  connectTimeoutMs: 10_000,
  /** One request over the connection; the server answers within 3 s or not at all. */
  requestTimeoutMs: 10_000,
  /** Repeating costs the server a look-up only, so rather early than late; a flush takes milliseconds. */
  ackTimeoutMs: 5_000,
  /** The first wait is drawn from [0, this): 10,000 clients of a restarted gateway spread over it. */
  reconnectMinMs: 500,
  /** The widest draw: what an app in the foreground can bear after a long outage. */
  reconnectMaxMs: 30_000,
  /** Below the idle time-out of common NATs and proxies (60 s); the server may ask for less. */
  heartbeatMs: 30_000,
  heartbeatAnswerMs: 10_000,
  /** What overtook on the way comes within this; asking at once would double the load of every hiccup. */
  gapWaitMs: 200,
  /** One cumulative receipt per conversation and second, the first at once. */
  receiptIntervalMs: 1_000,
  /** The same for what was received in a group: nobody sees a tick of it, and its members are many. */
  groupReceiptIntervalMs: 3_000,
  /** After a sync, pushes that it counted may still be on the way for so long. */
  fullSyncCheckMs: 2_000,
  /** To twice this: what is unread is asked for where it cannot be known, by all members of a group not at once. */
  recountMs: 1_000,
  /** Finds the lost last message of a quiet conversation. */
  cursorIntervalMs: 60_000,
  /** Five pages: nobody reads more at once, and the rest is there on scroll. */
  gapFillLimit: 1_000,
  /** The server's own page limit. */
  pageCount: 200,
  /** Unsent messages; more means that the app should stop its user from typing. */
  outboxLimit: 1_000,
  /** Stored sends remembered for their ticks; older ones only move the marks of their conversation. */
  recentLimit: 500,
  bufferLimit: 1_000,
  /** More than the screens of an app hold; some 100 bytes each. */
  shownLimit: 2_000,
};

/** The defaults with `overrides`. Throws INVALID_PARAMETER naming a value that is no positive number. */
export function tuningOf(overrides: Partial<ClientTuning> = {}): ClientTuning {
  const tuning: ClientTuning = { ...CLIENT_DEFAULTS, ...overrides };
  for (const [name, value] of Object.entries(tuning)) {
    const valid = typeof value === 'number' && value >= 1 && value <= Number.MAX_SAFE_INTEGER;
    if (!valid || !Object.hasOwn(CLIENT_DEFAULTS, name)) throw imError('INVALID_PARAMETER', `tuning.${name}`);
  }
  return tuning;
}
