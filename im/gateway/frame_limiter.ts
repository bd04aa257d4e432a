/**
 * How fast a connection may send: each frame is paid for from the allowances of its connection, user and address,
 * or refused in its sender's terms. Who goes on after many refusals is not read for a while: the frames wait in
 * his own machine, and refusing them costs us nothing.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import type { RateClass, RateLimits } from '../limits/interface.js';
import { ACTIONS } from '../message/actions.js';
import type { AnswerSize } from '../message/answer_size.js';
import { rateClassOf } from '../message/api_class.js';
import { errorInfo } from '../message/error_info.js';
import type { DownFrame, ErrorInfo, UpFrame } from '../message/message.js';
import type { Client } from './client.js';

export const FRAME_LIMIT_OPTIONS = {
  refusalCount: integer(
    100,
    'count',
    { min: 1, max: 1_000_000 },
    'Frames of one connection refused for their rate within refusal_pause_ms, after which it is not read for that ' +
      'long. A client that waits as it is told never gets there.',
  ),
  refusalPauseMs: integer(1000, 'ms', { min: 10, max: 60_000 }, 'How long such a connection is not read.'),
} as const;

export type FrameLimitOptions = OptionsOf<typeof FRAME_LIMIT_OPTIONS>;

export interface FrameLimiterDeps {
  readonly rates: Pick<RateLimits, 'connection'>;
  readonly answerSize: (action: string) => AnswerSize;
  readonly send: (client: Client, frame: DownFrame) => void;
  /** The client may be read again. */
  readonly resume: (client: Client) => void;
}

export class FrameLimiter {
  readonly #options: FrameLimitOptions;
  readonly #deps: FrameLimiterDeps;
  readonly #paused = new Set<Client>();
  #timer: NodeJS.Timeout | undefined;
  #pausedCount = 0;

  constructor(options: FrameLimitOptions, deps: FrameLimiterDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Pauses since the start. */
  get pausedCount(): number {
    return this.#pausedCount;
  }

  /** False: it was refused and answered. */
  admit(client: Client, frame: UpFrame): boolean {
    client.rates ??= this.#deps.rates.connection(client.connection.remoteAddress);
    const waitMs = client.rates.take(this.#classOf(frame), client.uid);
    if (waitMs === 0) return true;
    const answer = refusalOf(frame, { ...errorInfo('RATE_LIMITED'), retryAfterMs: waitMs });
    if (answer !== undefined) this.#deps.send(client, answer);
    this.#count(client);
    return false;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#paused.clear();
  }

  #classOf(frame: UpFrame): RateClass | undefined {
    switch (frame.kind) {
      case 'chat':
      case 'recall':
        return 'message';
      case 'relay':
      case 'receipt':
      case 'auth':
        return frame.kind;
      case 'api':
        return rateClassOf(frame.action, this.#deps.answerSize(frame.action));
      case 'heartbeat':
      case 'bad':
        return undefined;
    }
  }

  #count(client: Client): void {
    const { refusalCount, refusalPauseMs } = this.#options;
    const nowMs = performance.now();
    const refusals = (client.refusals ??= { count: 0, sinceMs: nowMs });
    if (nowMs - refusals.sinceMs > refusalPauseMs) {
      refusals.sinceMs = nowMs;
      refusals.count = 0;
    }
    if (++refusals.count < refusalCount || client.isLimited) return;
    client.isLimited = true;
    refusals.sinceMs = nowMs;
    this.#pausedCount++;
    this.#paused.add(client);
    this.#arm();
  }

  /** One timer for all of them, and none while nobody is paused. */
  #arm(): void {
    if (this.#timer !== undefined || this.#paused.size === 0) return;
    this.#timer = setTimeout(() => this.#look(), this.#options.refusalPauseMs / 4);
    this.#timer.unref();
  }

  #look(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    for (const client of this.#paused) {
      const sinceMs = client.refusals?.sinceMs ?? 0;
      if (!client.isClosed && nowMs < sinceMs + this.#options.refusalPauseMs) continue;
      this.#paused.delete(client);
      client.isLimited = false;
      client.refusals = undefined;
      this.#deps.resume(client);
    }
    this.#arm();
  }
}

/** In the words that its sender waits for; a heartbeat is not waited for. */
function refusalOf(frame: UpFrame, error: ErrorInfo): DownFrame | undefined {
  switch (frame.kind) {
    case 'chat':
    case 'recall': {
      const { echo, mid, clientId } = frame;
      return { kind: 'failed', echo, mid, clientId, error };
    }
    case 'bad': {
      const { action, echo, mid, clientId } = frame;
      if (action.startsWith('message.')) return { kind: 'failed', echo, mid, clientId, error };
      return { kind: 'error', echo, error };
    }
    case 'auth':
      if (frame.action === ACTIONS.authenticate) return { kind: 'error', echo: frame.echo, error };
      return { kind: 'apiError', action: ACTIONS.apiFailed, echo: frame.echo, error };
    case 'api':
      return { kind: 'apiError', action: ACTIONS.apiFailed, echo: frame.echo, error };
    case 'relay':
      return { kind: 'error', echo: frame.echo, error };
    case 'receipt':
      return { kind: 'error', echo: 0, error };
    case 'heartbeat':
      return undefined;
  }
}
