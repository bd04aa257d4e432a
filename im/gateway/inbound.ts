/**
 * Frames of one connection, in order: decoded, answered here or handed to messaging, and held back while the
 * client has too much unanswered or is signing in. Steps 2 and 3 of the message path.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { errorInfo } from '../message/error_info.js';
import { decodeUp, type DecodeLimits } from '../message/json_decoder.js';
import { ACTIONS } from '../message/actions.js';
import { ANSWER_BYTES, isLargeAnswer, type AnswerSize } from '../message/answer_size.js';
import type {
  ApiUp,
  AuthUp,
  BadUp,
  ChatUp,
  RecallUp,
  ReceiptUp,
  RelayUp,
  UpFrame,
} from '../message/message.js';
import type { InboundFrame, Messaging } from '../messaging/interface.js';
import type { Client } from './client.js';
import { plainHeartbeat } from './heartbeat.js';
import type { FrameLimiter } from './frame_limiter.js';
import type { OutboundOptions } from './outbound_queue.js';
import type { CloseName } from '../errors.js';
import type { DownFrame, SyncCursor } from '../message/message.js';

export const INBOUND_OPTIONS = {
  frameBytes: integer(
    65_536,
    'bytes',
    { min: 1024, max: 16 << 20 },
    'Largest inbound frame, on every codec.',
  ),
  contentBytes: integer(32_768, 'bytes', { min: 1, max: 8 << 20 }, 'Largest content of one message, UTF-8.'),
  jsonDepth: integer(16, 'levels', { min: 4, max: 1000 }, 'Nesting of one frame.'),
  jsonKeys: integer(512, 'count', { min: 16, max: 100_000 }, 'Keys of one frame, over all levels.'),
  unansweredCount: integer(
    256,
    'count',
    { min: 1, max: 100_000 },
    'Frames of one connection under way; beyond it its socket is not read.',
  ),
  unansweredBytes: integer(262_144, 'bytes', { min: 1024, max: 64 << 20 }, 'The same in bytes.'),
  apiFrameBytes: integer(
    65_536,
    'bytes',
    { min: 0, max: 1 << 20 },
    'What an api request counts in that at least: its answer may be large.',
  ),
  badFrames: integer(
    100,
    'count',
    { min: 1, max: 1_000_000 },
    'Malformed frames after which a connection is closed.',
  ),
} as const;

export type InboundOptions = OptionsOf<typeof INBOUND_OPTIONS>;

export interface InboundDeps {
  /** What all connections together have waiting to be written. */
  readonly outboundBytes: () => number;
  readonly messaging: Messaging;
  readonly answerSize: (action: string) => AnswerSize;
  readonly limiter: Pick<FrameLimiter, 'admit'>;
  readonly send: (client: Client, frame: DownFrame) => void;
  readonly signIn: (client: Client, frame: AuthUp) => void;
  /** The receipt to hand on: where the gateway pushed the message, it says more than the client did. */
  readonly receipt: (client: Client, frame: ReceiptUp) => ReceiptUp;
  readonly heartbeat: (client: Client, cursor: SyncCursor | undefined) => void;
  readonly close: (client: Client, reason: CloseName) => void;
}

const BUSY_RETRY_MS = 1000;
/** Their sender looks for no answer by mid or client id. */
const RELAYED: ReadonlySet<string> = new Set([ACTIONS.relay, ACTIONS.relayService]);
const HEARTBEAT: UpFrame = { kind: 'heartbeat', cursor: undefined };

export class Inbound {
  readonly #options: InboundOptions & Pick<OutboundOptions, 'totalBytes'>;
  readonly #limits: DecodeLimits;
  readonly #deps: InboundDeps;
  /** What the answers to all api requests under way may weigh. */
  #apiBytes = 0;

  constructor(options: InboundOptions & Pick<OutboundOptions, 'totalBytes'>, deps: InboundDeps) {
    this.#options = options;
    this.#limits = { depth: options.jsonDepth, keys: options.jsonKeys, contentBytes: options.contentBytes };
    this.#deps = deps;
  }

  get apiBytes(): number {
    return this.#apiBytes;
  }

  received(client: Client, text: string, bytes: number): void {
    if (client.closing !== undefined) return;
    if (this.#mustWait(client)) {
      // Bounded by what the socket had read before it was paused.
      (client.held ??= []).push({ text, bytes });
      this.#pause(client);
      return;
    }
    this.#handle(client, text, bytes);
    if (this.#mustWait(client)) this.#pause(client);
  }

  /** A ping: paid for as a heartbeat. False: it is not answered. */
  pinged(client: Client): boolean {
    if (client.closing !== undefined) return false;
    const isAdmitted = this.#deps.limiter.admit(client, HEARTBEAT);
    if (this.#mustWait(client)) this.#pause(client);
    return isAdmitted;
  }

  /** Call when something was answered or the client's queue has drained: goes on with what was held back. */
  resume(client: Client): void {
    // A sign-in may end after its connection: what it held back would be answered to nobody, and be owed for ever.
    if (client.isClosed || client.closing !== undefined) return;
    if (!client.isPaused || !this.#hasRoom(client)) return;
    const held = client.held;
    client.held = undefined;
    let index = 0;
    while (held !== undefined && index < held.length && !this.#mustWait(client)) {
      const frame = held[index++];
      if (frame !== undefined) this.#handle(client, frame.text, frame.bytes);
    }
    if (held !== undefined && index < held.length) {
      client.held = held.slice(index);
      // An answer given at once, within the loop above, saw nothing held and went on reading.
      this.#pause(client);
    } else if (!this.#mustWait(client)) {
      client.isPaused = false;
      client.connection.resume();
    }
  }

  answered(client: Client, bytes: number): void {
    client.unansweredCount--;
    client.unansweredBytes -= bytes;
    // Its answers are in the queue now, and counted there.
    if (client.unansweredBytes === 0) this.forget(client);
    if (client.isPaused) this.resume(client);
  }

  /** Nothing more of this client's api requests is under way. */
  forget(client: Client): void {
    this.#apiBytes -= client.apiBytes;
    client.apiBytes = 0;
  }

  #mustWait(client: Client): boolean {
    const { unansweredCount, unansweredBytes } = this.#options;
    return (
      client.isSigningIn ||
      client.isLimited ||
      client.unansweredCount >= unansweredCount ||
      client.unansweredBytes >= unansweredBytes ||
      // Answers to a client that does not read pile up here: it is not listened to until it reads.
      client.outbound.bytes >= unansweredBytes
    );
  }

  /** Half of the limits, so that a busy connection is not paused and resumed for every frame. */
  #hasRoom(client: Client): boolean {
    const { unansweredCount, unansweredBytes } = this.#options;
    return (
      !client.isSigningIn &&
      !client.isLimited &&
      client.unansweredCount * 2 <= unansweredCount &&
      client.unansweredBytes * 2 <= unansweredBytes &&
      client.outbound.bytes * 2 <= unansweredBytes
    );
  }

  #pause(client: Client): void {
    if (client.isPaused) return;
    client.isPaused = true;
    client.connection.pause();
  }

  #handle(client: Client, text: string, bytes: number): void {
    const beating = plainHeartbeat(text);
    if (beating !== undefined) {
      client.profile ??= beating;
      if (!this.#deps.limiter.admit(client, HEARTBEAT)) return;
      return this.#deps.heartbeat(client, undefined);
    }
    const { profile, frame } = decodeUp(text, this.#limits);
    // A text that is no envelope chooses nothing.
    if (frame.kind !== 'bad' || frame.action !== '') client.profile ??= profile;
    if (!this.#deps.limiter.admit(client, frame)) return;
    switch (frame.kind) {
      case 'heartbeat':
        return this.#deps.heartbeat(client, frame.cursor);
      case 'bad':
        return this.#refuse(client, frame);
      case 'auth':
        return this.#deps.signIn(client, frame);
      case 'api':
        return this.#forwardApi(client, frame, bytes);
      case 'chat':
      case 'recall':
      case 'relay':
      case 'receipt':
        if (client.uid === undefined) return this.#refuseStranger(client, frame);
        return this.#forward(
          client,
          frame.kind === 'receipt' ? this.#deps.receipt(client, frame) : frame,
          bytes,
        );
    }
  }

  /** Answers are held in memory until they are read: what may become of all requests under way is bounded. */
  #forwardApi(client: Client, frame: ApiUp, bytes: number): void {
    const { apiFrameBytes, unansweredBytes, totalBytes } = this.#options;
    const size = this.#deps.answerSize(frame.action);
    const answerBytes = Math.max(ANSWER_BYTES[size], apiFrameBytes);
    if (this.#deps.outboundBytes() + this.#apiBytes + answerBytes > totalBytes) {
      const error = { ...errorInfo('TOO_BUSY'), retryAfterMs: BUSY_RETRY_MS };
      return this.#deps.send(client, {
        kind: 'apiError',
        action: ACTIONS.apiFailed,
        echo: frame.echo,
        error,
      });
    }
    this.#apiBytes += answerBytes;
    client.apiBytes += answerBytes;
    // A large one goes alone: nothing more is read until it has been answered and mostly taken.
    this.#forward(client, frame, isLargeAnswer(size) ? unansweredBytes : Math.max(bytes, apiFrameBytes));
  }

  #forward(
    client: Client,
    frame: Exclude<UpFrame, { kind: 'bad' | 'auth' | 'heartbeat' }>,
    bytes: number,
  ): void {
    client.unansweredCount++;
    client.unansweredBytes += bytes;
    const { uid, device, tokenVersion } = client;
    const inbound: InboundFrame = {
      connection: client.connection.id,
      uid,
      device,
      tokenVersion,
      host: client.connection.host,
      dialect: client.dialect,
      address: client.connection.remoteAddress,
      frame,
      bytes,
    };
    this.#deps.messaging.handle([inbound]);
  }

  #refuse(client: Client, { action, echo, mid, clientId, error }: BadUp): void {
    const isMessage = action.startsWith('message.') && !RELAYED.has(action);
    const answer: DownFrame = isMessage
      ? { kind: 'failed', echo, mid, clientId, error }
      : action.startsWith('api.')
        ? { kind: 'apiError', action: 'api.failed', echo, error }
        : { kind: 'error', echo, error };
    this.#deps.send(client, answer);
    if (++client.badFrameCount >= this.#options.badFrames) this.#deps.close(client, 'BAD_FRAMES');
  }

  #refuseStranger(client: Client, frame: ChatUp | RecallUp | RelayUp | ReceiptUp): void {
    const error = errorInfo('NOT_SIGNED_IN');
    if (frame.kind === 'receipt') return this.#deps.send(client, { kind: 'error', echo: 0, error });
    const { echo } = frame;
    if (frame.kind === 'relay') return this.#deps.send(client, { kind: 'error', echo, error });
    const mid = frame.kind === 'recall' && frame.mid === 0 ? frame.target : frame.mid;
    this.#deps.send(client, { kind: 'failed', echo, mid, clientId: frame.clientId, error });
  }
}
