/**
 * Keeps one connection alive: dials, waits with full jitter after an end, stops for good where the server says
 * so (close codes 4500-4999, a final refusal of the sign-in, a kick-out).
 *
 *   stopped ─start─► connecting ─signed in─► online ─end─► offline ─wait─► connecting …
 *                        └──────── end ────────────────────► offline | ended
 */
import { CLOSE_CODES, isError } from '../../im/errors.js';
import { CodedError } from '../../pkg/errors/coded_error.js';
import { fullJitterMs, type Random } from './backoff.js';
import { nowMs } from './coarse_timer.js';
import { Connection, type ConnectionEnd } from './connection.js';
import type { ClientTuning, ConnectionState, WebSocketFactory } from './types.js';
import type { Welcome } from './wire.js';

export interface ReconnectorOptions {
  readonly url: () => Promise<string>;
  readonly token: () => Promise<string>;
  readonly webSocket: WebSocketFactory;
  readonly tuning: ClientTuning;
}

export interface ReconnectorDeps {
  signedIn(connection: Connection, welcome: Welcome): void;
  frame(action: string, data: unknown): void;
  refused(frameSeq: number, error: CodedError): void;
  /** The connection that was signed in is gone. */
  lost(): void;
  state(state: ConnectionState): void;
  wakeBy(atMs: number): void;
  cursor(): { readonly count: number; readonly sum: number } | undefined;
  readonly random: Random;
}

const FIRST_FINAL_CODE = 4500;
const LAST_FINAL_CODE = 4999;
/** A server that goes down sends everybody away at once: they come back over four times the first wait. */
const ATTEMPTS_AFTER_GOING_AWAY = 2;

export class Reconnector {
  readonly #options: ReconnectorOptions;
  readonly #deps: ReconnectorDeps;
  #state: ConnectionState = { name: 'stopped' };
  #connection: Connection | undefined;
  /** Told by a kick-out notice: whatever ends the connection now is final. */
  #kickedBecause: string | undefined;
  #attempts = 0;
  #retryAtMs = Infinity;
  /** Answers to an earlier start are recognised by this. */
  #round = 0;

  constructor(options: ReconnectorOptions, deps: ReconnectorDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The connection, once it is signed in and while it is open. */
  get connection(): Connection | undefined {
    return this.#connection?.isOpen === true ? this.#connection : undefined;
  }

  start(): void {
    this.#attempts = 0;
    this.#dial();
  }

  /** Not again by itself. The socket is closed in good order. */
  async stop(): Promise<void> {
    const connection = this.#connection;
    this.#detach();
    this.#enter({ name: 'stopped' });
    await connection?.close();
  }

  /** The connection has proved itself (signed in and synced): the next wait starts small again. */
  proved(): void {
    this.#attempts = 0;
  }

  kicked(text: string): void {
    this.#kickedBecause = text;
  }

  tick(atMs: number): number {
    if (atMs >= this.#retryAtMs) this.#dial();
    return Math.min(this.#retryAtMs, this.#connection?.tick(atMs) ?? Infinity);
  }

  #detach(): void {
    this.#round++;
    this.#retryAtMs = Infinity;
    this.#connection = undefined;
    this.#kickedBecause = undefined;
  }

  #dial(): void {
    this.#detach();
    const round = this.#round;
    this.#enter({ name: 'connecting' });
    this.#open(round).catch((error: unknown) => {
      if (round === this.#round) this.#undialled(error);
    });
  }

  async #open(round: number): Promise<void> {
    const [url, token] = await Promise.all([this.#options.url(), this.#options.token()]);
    if (round !== this.#round) return;
    const socket = this.#options.webSocket(url);
    const connection: Connection = new Connection(socket, token, this.#options.tuning, {
      signedIn: (welcome) => {
        if (round === this.#round) this.#signedIn(connection, welcome);
      },
      frame: (action, data) => {
        if (round === this.#round) this.#deps.frame(action, data);
      },
      refused: (frameSeq, error) => {
        if (round === this.#round) this.#deps.refused(frameSeq, error);
      },
      ended: (end) => {
        if (round === this.#round) this.#ended(end);
      },
      wakeBy: (atMs) => this.#deps.wakeBy(atMs),
      cursor: () => this.#deps.cursor(),
      random: this.#deps.random,
    });
    this.#connection = connection;
  }

  /** No socket was opened: the app's own url or token function failed, or the factory did. */
  #undialled(error: unknown): void {
    const isFinal = isError(error, 'UNAUTHENTICATED') || isError(error, 'WRONG_CREDENTIALS');
    const code = error instanceof CodedError ? error.code : 0;
    const reason = error instanceof Error ? error.message : String(error);
    this.#ended(isFinal ? { code, reason, refusal: error } : { code, reason });
  }

  #signedIn(connection: Connection, welcome: Welcome): void {
    this.#enter({ name: 'online' });
    this.#deps.signedIn(connection, welcome);
  }

  #ended(end: ConnectionEnd): void {
    const { code, refusal } = end;
    const wasOnline = this.#state.name === 'online';
    const kicked = this.#kickedBecause;
    this.#detach();
    const isFinal =
      refusal === undefined ? code >= FIRST_FINAL_CODE && code <= LAST_FINAL_CODE : !refusal.temporary;
    if (isFinal || kicked !== undefined) {
      this.#enter({ name: 'ended', code, reason: kicked ?? end.reason });
    } else {
      if (code === CLOSE_CODES.GOING_AWAY.code)
        this.#attempts = Math.max(this.#attempts, ATTEMPTS_AFTER_GOING_AWAY);
      const { reconnectMinMs: minMs, reconnectMaxMs: maxMs } = this.#options.tuning;
      const jitterMs = fullJitterMs(this.#attempts++, { minMs, maxMs }, this.#deps.random);
      const retryInMs = Math.round((refusal?.retryAfterMs ?? 0) + jitterMs);
      this.#retryAtMs = nowMs() + retryInMs;
      this.#deps.wakeBy(this.#retryAtMs);
      this.#enter({ name: 'offline', retryInMs, code, reason: end.reason });
    }
    if (wasOnline) this.#deps.lost();
  }

  #enter(state: ConnectionState): void {
    this.#state = state;
    this.#deps.state(state);
  }
}
