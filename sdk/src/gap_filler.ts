/**
 * Fetches what conversations lack: after a wait where something may only have been overtaken, at once after a
 * sync. A few conversations at a time, one page each; a failed page is asked for again, later each time.
 */
import { isError } from '../../im/errors.js';
import { CodedError } from '../../pkg/errors/coded_error.js';
import { fullJitterMs, type BackoffOptions, type Random } from './backoff.js';
import { nowMs } from './coarse_timer.js';
import type { Conversation } from './conversation.js';
import type { Hole } from './conversation_log.js';
import type { RangeAnswer } from './wire.js';

export interface GapFillerOptions {
  readonly gapWaitMs: number;
  readonly gapFillLimit: number;
  readonly pageCount: number;
  readonly backoff: BackoffOptions;
}

export interface GapFillerDeps {
  /** Asks for [from, to]; rejects with a CodedError. */
  range(conv: string, from: number, to: number): Promise<RangeAnswer>;
  skipped(conv: string, from: number, to: number): void;
  warn(error: CodedError): void;
  /** Nothing is missing any more. */
  idle(): void;
  wakeBy(atMs: number): void;
  readonly random: Random;
}

/** Pages asked for at the same time: enough to hide the latency, few enough to leave room for messages. */
const PARALLEL_COUNT = 4;

export class GapFiller {
  readonly #options: GapFillerOptions;
  readonly #deps: GapFillerDeps;
  /** Conversations with a hole. */
  readonly #lacking = new Set<Conversation>();
  #askedCount = 0;
  #running = false;
  /** Answers to questions of an earlier connection are recognised by this. */
  #round = 0;

  constructor(options: GapFillerOptions, deps: GapFillerDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get isIdle(): boolean {
    return this.#lacking.size === 0;
  }

  /** The hole of `conversation`, if there is one, is fetched after the usual wait, or `atOnce`. */
  check(conversation: Conversation, atOnce = false): void {
    const { filling } = conversation;
    if (conversation.isUpToDate) {
      if (this.#lacking.size > 0 && !filling.asked) this.#done(conversation);
      return;
    }
    const dueAtMs = atOnce ? 0 : nowMs() + this.#options.gapWaitMs;
    filling.dueAtMs = Math.min(filling.dueAtMs, dueAtMs);
    this.#lacking.add(conversation);
    this.#deps.wakeBy(filling.dueAtMs);
  }

  /** There is a connection to ask over. */
  start(): void {
    this.#running = true;
  }

  /** The connection is gone. What is missing is kept, or forgotten where the next sync tells it anew. */
  stop(): void {
    this.#running = false;
    this.#round++;
    this.#askedCount = 0;
    for (const { filling } of this.#lacking) {
      filling.asked = false;
      filling.dueAtMs = Infinity;
    }
    this.#lacking.clear();
  }

  tick(atMs: number): number {
    if (!this.#running) return Infinity;
    let next = Infinity;
    for (const conversation of this.#lacking) {
      const { filling } = conversation;
      if (filling.asked) continue;
      if (this.#askedCount >= PARALLEL_COUNT) return Infinity;
      if (filling.dueAtMs <= atMs) this.#ask(conversation);
      else next = Math.min(next, filling.dueAtMs);
    }
    return next;
  }

  #ask(conversation: Conversation): void {
    const hole = this.#shorten(conversation, conversation.log.hole);
    if (hole === undefined) {
      this.#done(conversation);
      return;
    }
    const round = this.#round;
    const to = Math.min(hole.to, hole.from + this.#options.pageCount - 1);
    conversation.filling.asked = true;
    this.#askedCount++;
    this.#deps.range(conversation.conv, hole.from, to).then(
      (answer) => {
        if (round === this.#round) this.#answered(conversation, { from: hole.from, to }, answer);
      },
      (error: unknown) => {
        if (round === this.#round) this.#failed(conversation, to, error);
      },
    );
  }

  /** Of a hole beyond the limit only the newest page is fetched; the app is told of the rest. */
  #shorten(conversation: Conversation, hole: Hole | undefined): Hole | undefined {
    if (hole === undefined || hole.to - hole.from < this.#options.gapFillLimit) return hole;
    const skipTo = hole.to - this.#options.pageCount;
    conversation.log.skipTo(skipTo);
    this.#deps.skipped(conversation.conv, hole.from, skipTo);
    return conversation.log.hole;
  }

  #answered(conversation: Conversation, asked: Hole, answer: RangeAnswer): void {
    const { log } = conversation;
    // What lies below the floor is gone for everybody.
    if (answer.floor > asked.from) log.skipTo(Math.min(answer.floor - 1, asked.to));
    const from = Math.max(answer.from, asked.from);
    if (answer.to >= from) log.cover(from, Math.min(answer.to, asked.to), answer.messages);
    if (answer.to < from && answer.floor <= asked.from) {
      this.#failed(
        conversation,
        asked.to,
        new CodedError(0, 'a range answer without progress', { temporary: true }),
      );
      return;
    }
    conversation.filling.attempts = 0;
    this.#settle(conversation, 0);
  }

  #failed(conversation: Conversation, to: number, error: unknown): void {
    const { filling, log } = conversation;
    if (isError(error, 'EXPIRED') || isError(error, 'NO_PERMISSION')) {
      log.skipTo(to);
      this.#settle(conversation, 0);
      return;
    }
    if (error instanceof CodedError) this.#deps.warn(error);
    const toldMs = error instanceof CodedError ? (error.retryAfterMs ?? 0) : 0;
    const waitMs = fullJitterMs(filling.attempts++, this.#options.backoff, this.#deps.random);
    this.#settle(conversation, nowMs() + toldMs + waitMs);
  }

  #settle(conversation: Conversation, dueAtMs: number): void {
    this.#askedCount--;
    conversation.filling.asked = false;
    conversation.filling.dueAtMs = dueAtMs;
    if (conversation.isUpToDate) this.#done(conversation);
    this.#deps.wakeBy(this.tick(nowMs()));
  }

  #done(conversation: Conversation): void {
    conversation.filling.dueAtMs = Infinity;
    conversation.filling.attempts = 0;
    if (this.#lacking.delete(conversation) && this.#lacking.size === 0) this.#deps.idle();
  }
}
