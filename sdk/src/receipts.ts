/**
 * Cumulative receipts: «I have everything up to here», at most one round per conversation and interval, the
 * first of a burst at once. What cannot be sent now, or may not have been heard, stays a mark of the
 * conversation and goes out later.
 */
import type { ReceiptState } from '../../im/message/message.js';
import { fullJitterMs, type BackoffOptions, type Random } from './backoff.js';
import type { Conversation } from './conversation.js';

export interface ReceiptsOptions {
  readonly intervalMs: number;
  /** For what was received in groups, where nobody waits for a tick; what was read is told as in chats. */
  readonly groupIntervalMs: number;
  readonly backoff: BackoffOptions;
}

export interface ReceiptsDeps {
  readonly random: Random;
  all(): Iterable<Conversation>;
  /** Sends the interval [from, to]; false where there is no connection. */
  send(conv: string, from: number, to: number, state: ReceiptState): boolean;
  wakeBy(atMs: number): void;
}

export class Receipts {
  readonly #intervalMs: number;
  readonly #extraGroupMs: number;
  readonly #backoff: BackoffOptions;
  readonly #deps: ReceiptsDeps;
  readonly #waiting = new Set<Conversation>();
  /** When everything unconfirmed is told again, because the server refused something of it. */
  #retryAtMs = Infinity;
  #refusedAtMs = -Infinity;
  #attempts = 0;

  constructor(options: ReceiptsOptions, deps: ReceiptsDeps) {
    this.#intervalMs = options.intervalMs;
    this.#extraGroupMs = Math.max(0, options.groupIntervalMs - options.intervalMs);
    this.#backoff = options.backoff;
    this.#deps = deps;
  }

  /** Something that this client did not send was shown: also what the user sent from another device. */
  received(conversation: Conversation, seq: number, nowMs: number): void {
    const marks = conversation.receipts;
    if (seq > marks.toAck) marks.toAck = seq;
    this.offer(conversation, nowMs);
  }

  /** The server pushed once more what was shown before: it has not heard our receipt. */
  repeated(conversation: Conversation, seq: number, nowMs: number): void {
    const marks = conversation.receipts;
    marks.acked = Math.min(marks.acked, seq - 1);
    this.received(conversation, seq, nowMs);
  }

  read(conversation: Conversation, seq: number, nowMs: number): void {
    const marks = conversation.receipts;
    if (seq <= marks.toRead) return;
    marks.toRead = seq;
    this.offer(conversation, nowMs);
  }

  /** Tells the server what it lacks: now, or when the conversation's interval has passed. */
  offer(conversation: Conversation, nowMs: number): void {
    const marks = conversation.receipts;
    if (!isLacking(conversation) || (marks.waiting && !isReadingLacking(conversation))) return;
    const dueAtMs = this.#dueAtMs(conversation);
    if (dueAtMs <= nowMs) {
      this.#release(conversation, nowMs);
      return;
    }
    marks.waiting = true;
    this.#waiting.add(conversation);
    this.#deps.wakeBy(dueAtMs);
  }

  /** The connection is gone, and with it perhaps what was last written to it. */
  disconnected(): void {
    this.#retryAtMs = Infinity;
    this.#attempts = 0;
    for (const conversation of this.#deps.all()) conversation.untell();
  }

  /** The server had no room for a receipt and did not say for which: one retry for all refusals of a burst. */
  refused(retryAfterMs: number, nowMs: number): void {
    if (this.#retryAtMs !== Infinity) return;
    if (nowMs - this.#refusedAtMs > this.#backoff.maxMs * 2) this.#attempts = 0;
    this.#refusedAtMs = nowMs;
    const waitMs = fullJitterMs(this.#attempts++, this.#backoff, this.#deps.random);
    this.#retryAtMs = nowMs + Math.max(retryAfterMs, this.#intervalMs) + waitMs;
    this.#deps.wakeBy(this.#retryAtMs);
  }

  /** Sends what is due; returns when the next one is. */
  tick(nowMs: number): number {
    if (nowMs >= this.#retryAtMs) this.#retry(nowMs);
    let next = this.#retryAtMs;
    for (const conversation of this.#waiting) {
      const dueAtMs = this.#dueAtMs(conversation);
      if (dueAtMs > nowMs) next = Math.min(next, dueAtMs);
      else this.#release(conversation, nowMs);
    }
    return next;
  }

  /** The conversations that wait are not ours any more. */
  clear(): void {
    this.#waiting.clear();
  }

  /** Sends everything now: the client is about to close. */
  flush(nowMs: number): void {
    for (const conversation of this.#waiting) this.#release(conversation, nowMs);
  }

  #retry(nowMs: number): void {
    this.#retryAtMs = Infinity;
    for (const conversation of this.#deps.all()) {
      conversation.untell();
      this.offer(conversation, nowMs);
    }
  }

  #release(conversation: Conversation, nowMs: number): void {
    this.#waiting.delete(conversation);
    conversation.receipts.waiting = false;
    if (isLacking(conversation)) this.#send(conversation, nowMs);
  }

  /** Not sent for want of a connection: the next sync offers it again. */
  #send(conversation: Conversation, nowMs: number): void {
    const { conv, receipts: marks } = conversation;
    if (marks.toRead > marks.read && this.#deps.send(conv, marks.read + 1, marks.toRead, 'read')) {
      marks.read = marks.toRead;
      marks.acked = Math.max(marks.acked, marks.read);
      marks.nextAtMs = this.#nextAtMs(nowMs);
    }
    // While a group is large the server throws what was received away, and says nothing: told again, nothing is missing.
    const heard = conversation.isGroup ? Math.min(conversation.confirmed.acked, marks.acked) : marks.acked;
    if (marks.toAck > marks.acked && this.#deps.send(conv, heard + 1, marks.toAck, 'received')) {
      marks.acked = marks.toAck;
      marks.nextAtMs = this.#nextAtMs(nowMs);
    }
  }

  #dueAtMs(conversation: Conversation): number {
    const isPatient = conversation.isGroup && !isReadingLacking(conversation);
    return conversation.receipts.nextAtMs + (isPatient ? this.#extraGroupMs : 0);
  }

  /** One to one and a half intervals: thousands of clients that began together do not go on in step. */
  #nextAtMs(nowMs: number): number {
    return nowMs + this.#intervalMs * (1 + this.#deps.random() / 2);
  }
}

function isLacking(conversation: Conversation): boolean {
  const marks = conversation.receipts;
  return marks.toAck > marks.acked || isReadingLacking(conversation);
}

function isReadingLacking({ receipts }: Conversation): boolean {
  return receipts.toRead > receipts.read;
}
