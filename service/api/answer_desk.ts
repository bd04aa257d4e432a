/**
 * Makes and hands out the answers of operations over HTTP within bounds: larger ones wait for their turn, and are
 * refused while too much waits to be read. What a client does not take in time is thrown away with its connection.
 */
import type { Request, Response } from 'express';
import { imError } from '../../im/errors.js';
import type { AnswerSize } from '../../im/message/answer_size.js';
import type { Uid } from '../../im/message/ids.js';
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { Limiter } from '../../pkg/queue/limiter.js';
import { AnswerBudget } from './answer_budget.js';
import { jsonPieces } from './json_pieces.js';
import { whenGone } from './response_end.js';

export const ANSWER_OPTIONS = {
  answerBytes: integer(
    67_108_864,
    'bytes',
    { min: 16 << 20, max: 2 ** 40 },
    'What all answers over HTTP may weigh that are being made or not yet taken, a quarter of it for small ones only; ' +
      'beyond it requests are refused.',
  ),
  userAnswerBytes: integer(
    16_777_216,
    'bytes',
    { min: 8 << 20, max: 2 ** 40 },
    'The same for one user, who also has one heavy request under way at most.',
  ),
  answerMs: integer(
    120_000,
    'ms',
    { min: 100, max: 3_600_000 },
    'What a client is given to take an answer before its connection is cut.',
  ),
} as const;

export type AnswerOptions = OptionsOf<typeof ANSWER_OPTIONS>;

export interface AnswerStats {
  readonly bytes: number;
  readonly waitingCount: number;
  /** Since the start, for want of room. */
  readonly refusedCount: number;
}

export interface AnswerRequest {
  readonly uid: Uid | undefined;
  readonly size: AnswerSize;
  readonly make: () => Promise<unknown>;
}

const BUSY_RETRY_MS = 1000;

export class AnswerDesk {
  readonly #options: AnswerOptions;
  readonly #budget: AnswerBudget;
  /** How many are made at once and how many wait: so few that what they are promised leaves room for what they weigh. */
  readonly #lanes = {
    list: new Limiter(32, 1024),
    page: new Limiter(8, 512),
    large: new Limiter(1, 128),
  };
  #refusedCount = 0;

  constructor(options: AnswerOptions) {
    this.#options = options;
    this.#budget = new AnswerBudget(options);
  }

  stats(): AnswerStats {
    const waiting = Object.values(this.#lanes).map((lane) => lane.stats().waitingCount);
    const waitingCount = waiting.reduce((sum, count) => sum + count, 0);
    return { bytes: this.#budget.bytes, waitingCount, refusedCount: this.#refusedCount };
  }

  /** Throws TOO_BUSY with the time to wait, or what `make` throws, and then has answered nothing. */
  async serve({ socket }: Request, response: Response, { uid, size, make }: AnswerRequest): Promise<void> {
    const hold = this.#budget.enter(uid, size) ?? this.#refuse();
    const state = { isGone: false, isMade: false };
    whenGone(socket, response, () => {
      state.isGone = true;
      // What is still being made is held until it is.
      if (state.isMade) hold.release();
    });
    try {
      const pieces = await this.#inTurn(size, async () => {
        // Its client did not want to wait so long.
        if (state.isGone) return [];
        if (!hold.reserve()) this.#refuse();
        return jsonPieces(await make());
      });
      const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
      hold.settle(bytes);
      state.isMade = true;
      if (state.isGone) hold.release();
      else this.#send(response, pieces, bytes);
    } catch (error) {
      hold.release();
      throw error;
    }
  }

  #inTurn<Result>(size: AnswerSize, task: () => Promise<Result>): Promise<Result> {
    if (size === 'small') return task();
    return this.#lanes[size === 'heavy' ? 'large' : size].run(task) ?? this.#refuse();
  }

  #send(response: Response, pieces: readonly Buffer[], bytes: number): void {
    const headers = { 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' };
    response.status(200).set(headers).set('content-length', String(bytes));
    for (const piece of pieces) response.write(piece);
    response.end();
    if (response.writableFinished) return;
    const late = setTimeout(() => response.req.socket.destroy(), this.#options.answerMs);
    late.unref();
    response.once('close', () => clearTimeout(late));
  }

  #refuse(): never {
    this.#refusedCount++;
    throw imError('TOO_BUSY', undefined, { retryAfterMs: BUSY_RETRY_MS });
  }
}
