/**
 * Signs of life of one connection: a beat when nothing was sent for a while, an answer to the server's probes, and
 * now and then, busy or not, the cursor by which the server finds a lost last message.
 */
import { ACTIONS } from '../../im/message/actions.js';
import type { Random } from './backoff.js';
import { nowMs } from './coarse_timer.js';
import type { ClientTuning } from './types.js';

export interface HeartbeatDeps {
  send(text: string): void;
  /** What is known of the user's conversations; undefined as long as the first sync is not in. */
  cursor(): { readonly count: number; readonly sum: number } | undefined;
  wakeBy(atMs: number): void;
  readonly random: Random;
}

type HeartbeatTuning = Pick<ClientTuning, 'heartbeatMs' | 'heartbeatAnswerMs' | 'cursorIntervalMs'>;

const frame = (data: string): string => `{"action":"${ACTIONS.heartbeat}","data":${data}}`;
/** The server knows these very words and does not parse them. */
const PLAIN = frame('{}');
/** In parts of the cursor's interval: when it is tried again where the first sync was not in. */
const NOT_YET = 0.1;

export class Heartbeat {
  readonly #tuning: HeartbeatTuning;
  readonly #deps: HeartbeatDeps;
  #intervalMs: number;
  #sentAtMs = nowMs();
  #heardAtMs = nowMs();
  /** When our unanswered beat left; Infinity where none is under way. */
  #beatAtMs = Infinity;
  /** When the cursor is to be told next. */
  #cursorAtMs = Infinity;
  /** It is due, and waits for something else to be sent: a long heartbeat is there to let a radio sleep. */
  #isCursorHeld = false;

  constructor(tuning: HeartbeatTuning, deps: HeartbeatDeps) {
    this.#tuning = tuning;
    this.#deps = deps;
    this.#intervalMs = tuning.heartbeatMs;
  }

  /** Signed in. `heartbeatMs` is the server's word on what we asked for; 0: it has none. */
  start(heartbeatMs: number): void {
    if (heartbeatMs > 0) this.#intervalMs = Math.min(this.#intervalMs, heartbeatMs);
    // Clients that were disconnected together do not ask together for ever.
    this.#cursorAtMs = nowMs() + this.#tuning.cursorIntervalMs * (0.5 + this.#deps.random() / 2);
    this.#deps.wakeBy(Math.min(this.#sentAtMs + this.#intervalMs, this.#cursorAtMs));
  }

  sent(): void {
    this.#sentAtMs = nowMs();
    if (!this.#isCursorHeld) return;
    this.#isCursorHeld = false;
    this.#deps.wakeBy(this.#sentAtMs);
  }

  heard(): void {
    this.#heardAtMs = nowMs();
  }

  /** A heartbeat of the server: its answer to ours, or a probe, which is answered in kind. */
  received(isProbe: boolean): void {
    if (isProbe) this.#deps.send(PLAIN);
  }

  /** Asks the server for a sign of life where no question is under way. */
  probe(atMs: number): void {
    if (this.#beatAtMs === Infinity) this.#beat(atMs);
  }

  /** The next moment to look again; 'lost' where the server has not answered in time. */
  tick(atMs: number): number | 'lost' {
    if (this.#heardAtMs >= this.#beatAtMs) this.#beatAtMs = Infinity;
    if (atMs >= this.#answerByMs()) return 'lost';
    const isBeatDue = atMs >= this.#sentAtMs + this.#intervalMs && this.#beatAtMs === Infinity;
    if (isBeatDue || this.#isCursorDue(atMs)) this.#beat(atMs);
    const beatMs = this.#beatAtMs === Infinity ? this.#sentAtMs + this.#intervalMs : Infinity;
    return Math.min(this.#answerByMs(), beatMs, this.#isCursorHeld ? Infinity : this.#cursorAtMs);
  }

  #answerByMs(): number {
    return this.#beatAtMs + this.#tuning.heartbeatAnswerMs;
  }

  #isCursorDue(atMs: number): boolean {
    const { cursorIntervalMs } = this.#tuning;
    if (atMs < this.#cursorAtMs) return false;
    const isAwake = this.#intervalMs <= cursorIntervalMs || atMs - this.#sentAtMs < cursorIntervalMs;
    this.#isCursorHeld = !isAwake;
    return isAwake;
  }

  #beat(atMs: number): void {
    const text = atMs >= this.#cursorAtMs ? this.#withCursor(atMs) : PLAIN;
    this.#isCursorHeld = false;
    this.#deps.send(text);
    if (this.#beatAtMs !== Infinity) return;
    this.#beatAtMs = atMs;
    this.#deps.wakeBy(this.#answerByMs());
  }

  #withCursor(atMs: number): string {
    const { cursorIntervalMs } = this.#tuning;
    const cursor = this.#deps.cursor();
    this.#cursorAtMs = atMs + cursorIntervalMs * (cursor === undefined ? NOT_YET : 1);
    return cursor === undefined ? PLAIN : frame(`{"count":${cursor.count},"sum":${cursor.sum}}`);
  }
}
