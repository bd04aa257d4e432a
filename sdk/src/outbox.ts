/**
 * What is to be sent. Per recipient one lane with one unanswered send, so that a refusal cannot change the
 * order; lanes run side by side. A send stays, under the same client id, until it is stored or finally refused.
 *
 *   lane: head (in flight | waiting for its retry) → next → next
 */
import { CodedError } from '../../pkg/errors/coded_error.js';
import { fullJitterMs, type BackoffOptions, type Random } from './backoff.js';
import type { ClientError, Outgoing, RecallTarget, SavedSend, SendState } from './types.js';

/** What becomes known of a send after it was stored. */
export type LateState = 'accepted' | 'offline' | 'received' | 'read';

/** One send, from the call to the last tick. `view` is replaced, not changed, at each step. */
export interface Send extends Omit<SavedSend, 'recalls' | 'replyTo' | 'mentions'> {
  readonly recalls: RecallTarget | undefined;
  readonly extra: SendExtra | undefined;
  view: Outgoing;
  next: Send | undefined;
  /** Envelope number of the last transmission. */
  frameSeq: number;
  /** How often it was refused for its ticket. */
  ticketCount: number;
  /** Said of it before its ack came. */
  early: LateState | undefined;
  /** Those who wait for stored or failed. */
  waiters: ((view: Outgoing) => void)[] | undefined;
}

export interface OutboxOptions {
  readonly limitCount: number;
  readonly ackTimeoutMs: number;
  readonly backoff: BackoffOptions;
}

export interface OutboxDeps {
  /** Puts the send on the wire and returns the frame's number; 0 where there is no connection. */
  transmit(send: Send): number;
  /** An ack is overdue: is the connection still alive? */
  suspect(nowMs: number): void;
  wakeBy(atMs: number): void;
  readonly random: Random;
}

interface Lane {
  head: Send;
  tail: Send;
  inFlight: boolean;
  /** When to send (again). */
  dueAtMs: number;
  attempts: number;
}

/** Repeats of one send slow down to an eighth of the pace. */
const SLOWEST = 3;

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #deps: OutboxDeps;
  readonly #lanes = new Map<number, Lane>();
  readonly #sends = new Map<string, Send>();

  constructor(options: OutboxOptions, deps: OutboxDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get isFull(): boolean {
    return this.#sends.size >= this.#options.limitCount;
  }

  find(clientId: string): Send | undefined {
    return this.#sends.get(clientId);
  }

  /** In the order in which they were given, per recipient. */
  *all(): Iterable<Send> {
    yield* this.#sends.values();
  }

  /** Puts sends of an earlier run before all others. Only while there is no connection. */
  prepend(sends: readonly Send[], nowMs: number): void {
    for (const send of [...sends, ...this.clear()]) this.add(send, nowMs);
  }

  /** Empties it and returns what was there. */
  clear(): readonly Send[] {
    const sends = [...this.#sends.values()];
    for (const send of sends) send.next = undefined;
    this.#sends.clear();
    this.#lanes.clear();
    return sends;
  }

  add(send: Send, nowMs: number): void {
    this.#sends.set(send.clientId, send);
    const lane = this.#lanes.get(send.to);
    if (lane === undefined) {
      const fresh: Lane = { head: send, tail: send, inFlight: false, dueAtMs: nowMs, attempts: 0 };
      this.#lanes.set(send.to, fresh);
      this.#transmit(fresh, nowMs);
      return;
    }
    lane.tail.next = send;
    lane.tail = send;
  }

  /** There is a (new) connection: whatever had no answer is sent again, under the same client ids. */
  connected(nowMs: number): void {
    for (const lane of this.#lanes.values()) this.#transmit(lane, nowMs);
  }

  disconnected(): void {
    for (const lane of this.#lanes.values()) {
      lane.inFlight = false;
      lane.dueAtMs = Infinity;
    }
  }

  /** Stored or finally refused: takes it out and sends the next. Undefined where it is not (or no more) here. */
  finish(clientId: string, nowMs: number): Send | undefined {
    const send = this.#sends.get(clientId);
    if (send === undefined) return undefined;
    const lane = this.#lanes.get(send.to);
    // Only a head was ever sent; an answer to anything else is not ours.
    if (lane?.head !== send || send.frameSeq === 0) return undefined;
    this.#sends.delete(clientId);
    if (send.next === undefined) {
      this.#lanes.delete(send.to);
      return send;
    }
    lane.head = send.next;
    lane.attempts = 0;
    this.#transmit(lane, nowMs);
    return send;
  }

  /** Refused for now: again after what the server said, or after our own backoff. */
  postpone(clientId: string, retryAfterMs: number, nowMs: number): void {
    const send = this.#sends.get(clientId);
    const lane = send === undefined ? undefined : this.#lanes.get(send.to);
    if (lane?.head !== send || lane?.inFlight !== true) return;
    lane.inFlight = false;
    lane.dueAtMs =
      nowMs + retryAfterMs + fullJitterMs(lane.attempts++, this.#options.backoff, this.#deps.random);
    this.#deps.wakeBy(lane.dueAtMs);
  }

  /** The send whose last transmission had that envelope number. */
  findByFrame(frameSeq: number): Send | undefined {
    for (const lane of this.#lanes.values())
      if (lane.inFlight && lane.head.frameSeq === frameSeq) return lane.head;
    return undefined;
  }

  /** Repeats what is due; returns when the next one is. */
  tick(nowMs: number): number {
    let next = Infinity;
    for (const lane of this.#lanes.values()) {
      if (lane.dueAtMs <= nowMs) {
        if (lane.inFlight) {
          lane.attempts++;
          this.#deps.suspect(nowMs);
        }
        this.#transmit(lane, nowMs);
      }
      next = Math.min(next, lane.dueAtMs);
    }
    return next;
  }

  #transmit(lane: Lane, nowMs: number): void {
    const frameSeq = this.#deps.transmit(lane.head);
    lane.inFlight = frameSeq !== 0;
    if (lane.inFlight) lane.head.frameSeq = frameSeq;
    // A server that is slow because it has much to do is not helped by repeats at full pace.
    const patienceMs = this.#options.ackTimeoutMs * 2 ** Math.min(lane.attempts, SLOWEST);
    lane.dueAtMs = lane.inFlight ? nowMs + patienceMs : Infinity;
    this.#deps.wakeBy(lane.dueAtMs);
  }
}

/** Every field is named here and in `raise`, not spread: this is done for each message. */
export function newSend(saved: SavedSend, conv: string): Send {
  const { to, clientId, type, content, sentAtMs, recalls, replyTo, mentions } = saved;
  const later = undefined;
  const view: Outgoing = {
    clientId,
    conv,
    to,
    type,
    content,
    state: 'queued',
    mid: 0,
    seq: 0,
    error: undefined,
  };
  return {
    to,
    clientId,
    type,
    content,
    sentAtMs,
    recalls,
    extra: replyTo === undefined && mentions === undefined ? later : extraOf(replyTo, mentions),
    view,
    next: later,
    frameSeq: 0,
    ticketCount: 0,
    early: later,
    waiters: later,
  };
}

/** What few messages have besides their content. */
export type SendExtra = Pick<SavedSend, 'replyTo' | 'mentions'>;

function extraOf(replyTo: number | undefined, mentions: readonly number[] | undefined): SendExtra {
  return { ...(replyTo !== undefined && { replyTo }), ...(mentions !== undefined && { mentions }) };
}

type StoredNumbers = Pick<Outgoing, 'conv' | 'mid' | 'seq'>;

const RANK: Readonly<Record<SendState, number>> = {
  queued: 0,
  stored: 1,
  accepted: 2,
  offline: 3,
  received: 4,
  read: 5,
  failed: 6,
};

/** Raises the state; false where it is there already or beyond. `numbers`: once it is stored. */
export function raise(
  send: Send,
  state: SendState,
  numbers: StoredNumbers = send.view,
  error?: ClientError,
): boolean {
  const { view } = send;
  if (RANK[state] <= RANK[view.state]) return false;
  const { clientId, to, type, content } = view;
  const { conv, mid, seq } = numbers;
  send.view = { clientId, conv, to, type, content, state, mid, seq, error };
  return true;
}

/** What the app may know of an error. */
export function clientError(error: unknown): ClientError {
  if (!(error instanceof CodedError)) return { code: 0, message: String(error), temporary: true };
  return { code: error.code, message: error.message, temporary: error.temporary };
}
