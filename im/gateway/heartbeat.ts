/**
 * Whether the other side still lives: probes connections that have been silent, gives up on those that leave
 * three probes unanswered, answers the heartbeats of clients that wait for an answer, and of no others.
 *
 *   heard ──idle──► probe 1 ──wait──► probe 2 ──wait──► probe 3 ──wait──► HEARTBEAT_LOST
 *     ▲                └─────────── any inbound frame ──────┘
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { ACTIONS } from '../message/actions.js';
import type { Profile, SyncCursor } from '../message/message.js';
import type { Client } from './client.js';
import { SharedFrame } from './shared_frame.js';

export const HEARTBEAT_OPTIONS = {
  probeIdleMs: integer(
    30_000,
    'ms',
    { min: 10, max: 3_600_000 },
    'A connection that was silent for so long is asked for a sign of life, and again after each such time. One ' +
      'that agreed on a heartbeat of its own is asked first when that is late by a third.',
  ),
  probeLimit: integer(
    3,
    'count',
    { min: 1, max: 100 },
    'Unanswered ones after which a connection is closed: 120 s of silence with these values.',
  ),
} as const;

export type HeartbeatOptions = OptionsOf<typeof HEARTBEAT_OPTIONS>;

export interface HeartbeatDeps {
  readonly send: (client: Client, frame: SharedFrame) => void;
  /** For a connection that has not shown yet which casing it reads. */
  readonly sendText: (client: Client, text: string) => void;
  readonly checkTail: (client: Client, cursor: SyncCursor) => void;
}

/** What one look at a connection found: it is lost, or when it is to be looked at next. */
export const LOST = -1;

const PROBE_IN_BOTH_CASINGS =
  `{"Ver":0,"ver":1,"Seq":0,"seq":0,"Action":"${ACTIONS.heartbeat}","action":"${ACTIONS.heartbeat}",` +
  '"Data":"","data":{},"Extra":null}';

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #deps: HeartbeatDeps;
  /** Encoded once per kind of reader, for as long as the gateway lives. */
  readonly #probe = new SharedFrame({ kind: 'heartbeat', isProbe: true });
  readonly #answer = new SharedFrame({ kind: 'heartbeat', isProbe: false });
  #probeCount = 0;
  #lostCount = 0;

  constructor(options: HeartbeatOptions, deps: HeartbeatDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Probes sent. */
  get probeCount(): number {
    return this.#probeCount;
  }

  get lostCount(): number {
    return this.#lostCount;
  }

  /** Any sign of life, on every frame: two stores. `nowMs` may be as coarse as the sweeps. */
  heard(client: Client, nowMs: number): void {
    client.heardAtMs = nowMs;
    client.probeCount = 0;
  }

  /** The client agreed to beat when it sent nothing for `heartbeatMs`; 0: it agreed to nothing. */
  agree(client: Client, heartbeatMs: number): void {
    client.probeIdleMs = heartbeatMs === 0 ? 0 : Math.ceil((heartbeatMs * 4) / 3);
  }

  /** A heartbeat came in. */
  received(client: Client, cursor: SyncCursor | undefined): void {
    // Old clients never wait for an answer, and one of them answers every heartbeat with a heartbeat.
    if (!client.isModern) return;
    // The answer to a probe of ours. Answered in turn, two that answer everything would never stop.
    if (client.beatsOwed > 0) client.beatsOwed--;
    else this.#deps.send(client, this.#answer);
    if (cursor !== undefined && client.uid !== undefined) this.#deps.checkTail(client, cursor);
  }

  /** Sends a probe where one is due; the time of the next look, or LOST. */
  look(client: Client, nowMs: number): number {
    const { probeIdleMs, probeLimit } = this.#options;
    // What we do not read we cannot hear.
    if (client.isPaused) this.heard(client, nowMs);
    const firstAtMs = client.heardAtMs + (client.probeIdleMs === 0 ? probeIdleMs : client.probeIdleMs);
    const dueAtMs = client.probeCount === 0 ? firstAtMs : client.probedAtMs + probeIdleMs;
    if (nowMs < dueAtMs) return dueAtMs;
    if (client.probeCount >= probeLimit) {
      this.#lostCount++;
      return LOST;
    }
    this.#send(client, nowMs);
    return nowMs + probeIdleMs;
  }

  #send(client: Client, nowMs: number): void {
    this.#probeCount++;
    client.probeCount++;
    client.beatsOwed++;
    // Not from `heardAtMs`: after a pause of this process the answers are still unread, and get their time.
    client.probedAtMs = nowMs;
    if (client.profile === undefined) this.#deps.sendText(client, PROBE_IN_BOTH_CASINGS);
    else this.#deps.send(client, this.#probe);
  }
}

/** The longest of them, with a counter of twelve digits. */
const PLAIN_LENGTH = 100;
const OURS = `{"action":"${ACTIONS.heartbeat}","data":{}}`;
const PLAIN_LEGACY = /^\{"Ver":\d{1,4},"Action":"heartbeat","Seq":\d{1,12},"Data":""(?:,"Origin":null)?\}$/;
const PLAIN_WEB = /^\{"action":"heartbeat","data":(?:\{\}|null|""),"seq":\d{1,12},"to":null,"extra":null\}$/;

/** The profile of a heartbeat in the very words of a known client; undefined for all else, which is parsed. */
export function plainHeartbeat(text: string): Profile | undefined {
  if (text.length > PLAIN_LENGTH) return undefined;
  if (text === OURS || PLAIN_WEB.test(text)) return 'web';
  return PLAIN_LEGACY.test(text) ? 'legacy' : undefined;
}
