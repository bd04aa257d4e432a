/**
 * One socket from dialling to its end: sign-in, requests matched by their number, signs of life. Knows nothing of
 * conversations. After its end it does nothing more; the reconnector makes a new one.
 */
import { imError } from '../../im/errors.js';
import { ACTIONS } from '../../im/message/actions.js';
import { isJsonObject } from '../../im/message/json_fields.js';
import { toCount } from '../../im/message/ids.js';
import { CodedError } from '../../pkg/errors/coded_error.js';
import type { Random } from './backoff.js';
import { nowMs } from './coarse_timer.js';
import { Heartbeat } from './heartbeat.js';
import type { ClientTuning, WebSocketLike } from './types.js';
import { readError, readWelcome, type Welcome } from './wire.js';

/** Why a connection ended. `refusal`: the server's answer to the sign-in, where that was it. */
export interface ConnectionEnd {
  readonly code: number;
  readonly reason: string;
  readonly refusal?: CodedError;
}

export interface ConnectionHandler {
  signedIn(welcome: Welcome): void;
  /** Every frame that is no answer to a request. */
  frame(action: string, data: unknown): void;
  /** `notify.error` that answers the frame of that number (0: none). */
  refused(frameSeq: number, error: CodedError): void;
  /** Once. */
  ended(end: ConnectionEnd): void;
  wakeBy(atMs: number): void;
  /** What is known of the user's conversations: told to the server now and then. */
  cursor(): { readonly count: number; readonly sum: number } | undefined;
  readonly random: Random;
}

interface Request {
  readonly resolve: (data: unknown) => void;
  readonly reject: (error: CodedError) => void;
  readonly dueAtMs: number;
}

type ConnectionTuning = Pick<
  ClientTuning,
  'connectTimeoutMs' | 'requestTimeoutMs' | 'heartbeatMs' | 'heartbeatAnswerMs' | 'cursorIntervalMs'
>;

/** Requests without an answer; the client itself has a handful, the rest is the app's `call`. */
const REQUEST_LIMIT = 1_000;
const CLOSE_WAIT_MS = 1_000;
const AUTH_SEQ = 1;
const OPEN = 1;
/** What browsers report for a connection that ended without a word. */
const ABNORMAL_CODE = 1006;

export class Connection {
  readonly #socket: WebSocketLike;
  readonly #handler: ConnectionHandler;
  readonly #tuning: ConnectionTuning;
  readonly #requests = new Map<number, Request>();
  readonly #signInByMs: number;
  readonly #heartbeat: Heartbeat;
  #seq = AUTH_SEQ;
  #phase: 'signing in' | 'open' | 'ended' = 'signing in';
  #onEnd: () => void = () => undefined;

  constructor(socket: WebSocketLike, token: string, tuning: ConnectionTuning, handler: ConnectionHandler) {
    this.#socket = socket;
    this.#handler = handler;
    this.#tuning = tuning;
    this.#heartbeat = new Heartbeat(tuning, {
      // A socket on its way out is told nothing more; its silence then ends it.
      send: (text) => {
        if (this.isOpen) this.send(text);
      },
      cursor: () => handler.cursor(),
      wakeBy: (atMs) => handler.wakeBy(atMs),
      random: handler.random,
    });
    this.#signInByMs = nowMs() + tuning.connectTimeoutMs;
    socket.onopen = () => this.#authenticate(token);
    socket.onmessage = (event: { readonly data: unknown }) => this.#receive(event.data);
    socket.onclose = (event: { readonly code: number; readonly reason: string }) => this.#end(event);
    // A close event always follows, with the code.
    socket.onerror = () => undefined;
    handler.wakeBy(this.#signInByMs);
  }

  get isOpen(): boolean {
    return this.#phase === 'open' && this.#socket.readyState === OPEN;
  }

  /** A number for the next envelope. */
  nextSeq(): number {
    return ++this.#seq;
  }

  /** Hands the text of a frame to the socket; the caller has looked at isOpen. */
  send(text: string): void {
    this.#socket.send(text);
    this.#heartbeat.sent();
  }

  /** Rejects with the server's CodedError, or a temporary one where no answer came. */
  request(action: string, data: unknown): Promise<unknown> {
    if (!this.isOpen) return Promise.reject(notConnected());
    if (this.#requests.size >= REQUEST_LIMIT)
      return Promise.reject(imError('TOO_BUSY', 'requests of this client'));
    const seq = this.nextSeq();
    const dueAtMs = nowMs() + this.#tuning.requestTimeoutMs;
    this.send(`{"seq":${seq},"action":${JSON.stringify(action)},"data":${JSON.stringify(data ?? null)}}`);
    this.#handler.wakeBy(dueAtMs);
    return new Promise((resolve, reject) => this.#requests.set(seq, { resolve, reject, dueAtMs }));
  }

  /** Asks the server for a sign of life where none came lately. */
  probe(atMs: number): void {
    this.#heartbeat.probe(atMs);
  }

  tick(atMs: number): number {
    if (this.#phase === 'ended') return Infinity;
    if (this.#phase === 'signing in') {
      if (atMs >= this.#signInByMs) this.drop('no answer to the sign-in');
      return this.#signInByMs;
    }
    this.#expireRequests(atMs);
    const beatMs = this.#heartbeat.tick(atMs);
    if (beatMs !== 'lost') return Math.min(this.#nextRequestMs(), beatMs);
    this.drop('no answer to the heartbeat');
    return Infinity;
  }

  /** Ends it from our side without waiting for the server, which may be gone. */
  drop(reason: string): void {
    const socket = this.#socket;
    this.#end({ code: ABNORMAL_CODE, reason });
    socket.close();
  }

  /** Says goodbye behind what was sent; resolves when the server has answered, at the latest after CLOSE_WAIT_MS. */
  close(): Promise<void> {
    if (this.#phase === 'ended') return Promise.resolve();
    this.#socket.close(1000, 'bye');
    return new Promise((resolve) => {
      const giveUp = setTimeout(() => this.drop('no answer to the goodbye'), CLOSE_WAIT_MS);
      this.#onEnd = () => {
        clearTimeout(giveUp);
        resolve();
      };
    });
  }

  #nextRequestMs(): number {
    for (const request of this.#requests.values()) return request.dueAtMs;
    return Infinity;
  }

  /** All wait equally long, so the oldest is always the first. */
  #expireRequests(atMs: number): void {
    for (const [seq, request] of this.#requests) {
      if (request.dueAtMs > atMs) return;
      this.#requests.delete(seq);
      request.reject(new CodedError(0, 'no answer in time', { temporary: true }));
      this.probe(atMs);
    }
  }

  #authenticate(token: string): void {
    const data = { v: 1, caps: ['interval'], token, heartbeatMs: Math.round(this.#tuning.heartbeatMs) };
    this.send(JSON.stringify({ seq: AUTH_SEQ, action: ACTIONS.authenticate, data }));
  }

  #receive(text: unknown): void {
    if (this.#phase === 'ended' || typeof text !== 'string') return;
    this.#heartbeat.heard();
    let envelope: unknown;
    try {
      envelope = JSON.parse(text);
    } catch {
      this.#handler.refused(
        0,
        new CodedError(0, 'the server sent a frame that is not JSON', { temporary: true }),
      );
      return;
    }
    if (!isJsonObject(envelope)) return;
    const { action, data, seq } = envelope;
    if (typeof action === 'string') this.#dispatch(action, data, toCount(seq) ?? 0);
  }

  #dispatch(action: string, data: unknown, seq: number): void {
    switch (action) {
      case ACTIONS.apiSuccess:
      case ACTIONS.apiFailed:
        this.#answer(seq, action === ACTIONS.apiSuccess, data);
        return;
      case ACTIONS.notifySuccess:
        if (this.#phase === 'signing in') this.#welcome(data);
        return;
      case ACTIONS.notifyError:
        this.#refuse(seq, readError(data));
        return;
      case ACTIONS.heartbeat:
        this.#heartbeat.received(isJsonObject(data) && data['probe'] === true);
        return;
      default:
        if (this.#phase === 'open') this.#handler.frame(action, data);
    }
  }

  #answer(seq: number, success: boolean, data: unknown): void {
    const request = this.#requests.get(seq);
    if (request === undefined) return;
    this.#requests.delete(seq);
    if (success) request.resolve(data);
    else request.reject(readError(data));
  }

  #welcome(data: unknown): void {
    const welcome = readWelcome(data);
    if (welcome === undefined) {
      this.drop('the answer to the sign-in is not understood');
      return;
    }
    this.#phase = 'open';
    this.#heartbeat.start(welcome.heartbeatMs);
    this.#handler.signedIn(welcome);
  }

  #refuse(seq: number, error: CodedError): void {
    if (this.#phase === 'open') {
      if (this.#requests.has(seq)) this.#answer(seq, false, error);
      else this.#handler.refused(seq, error);
      return;
    }
    this.#end({ code: error.code, reason: error.message, refusal: error });
    this.#socket.close();
  }

  #end(end: ConnectionEnd): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    const { code, reason, refusal } = end;
    for (const request of this.#requests.values()) request.reject(notConnected());
    this.#requests.clear();
    this.#handler.ended(refusal === undefined ? { code, reason } : { code, reason, refusal });
    this.#onEnd();
  }
}

export function notConnected(): CodedError {
  return new CodedError(0, 'not connected', { temporary: true });
}
