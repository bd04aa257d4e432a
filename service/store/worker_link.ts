/**
 * The owner's end of one store worker: numbers the calls, keeps those in flight, starts the worker again when
 * it ends by itself. What was in flight then is answered at once; a new caller hears STORE_UNAVAILABLE.
 *
 *   starting ──ready──► up ──exit──► down ──backoff──► starting          any ──close()──► closed
 */
import type { Worker } from 'node:worker_threads';
import { imError, toCodedError } from '../../im/errors.js';
import type { CodedError } from '../../pkg/errors/coded_error.js';
import type { Logger } from '../../pkg/log/logger.js';
import type { CallName } from './store_calls.js';
import {
  errorOf,
  type FromWorker,
  type ToWorker,
  type WorkerAnswer,
  type WorkerCall,
} from './worker_messages.js';

export interface WorkerLinkOptions {
  /** For the log. */
  readonly name: string;
  readonly pendingCount: number;
  readonly restartMinMs: number;
  readonly restartMaxMs: number;
  readonly closeTimeoutMs: number;
}

export interface WorkerLinkDeps {
  readonly start: () => Worker;
  readonly logger: Logger;
}

/** Numbers for metrics; totals count since the start. */
export interface WorkerStats {
  readonly name: string;
  readonly pendingCount: number;
  readonly pendingLimit: number;
  /** Calls turned away because too many waited. */
  readonly refusedCount: number;
  readonly restartCount: number;
}

interface Pending {
  readonly name: CallName;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: CodedError) => void;
}

/** Calls of one turn that go to the worker together, and mostly come back together. */
const CALLS_PER_MESSAGE = 64;

/** Told to callers who come too soon: about the time in which a full queue drains. */
const RETRY_AFTER_MS = 200;

export class WorkerLink {
  readonly #options: WorkerLinkOptions;
  readonly #deps: WorkerLinkDeps;
  readonly #pending = new Map<number, Pending>();
  /** Of this turn of the loop: a message to another thread costs more than most of what it asks for. */
  #gathered: WorkerCall[] = [];
  #worker: Worker | undefined;
  #isUp = false;
  #isClosed = false;
  #lastId = 0;
  #failureCount = 0;
  #refusedCount = 0;
  #restartCount = 0;
  #restart: NodeJS.Timeout | undefined;

  constructor(options: WorkerLinkOptions, deps: WorkerLinkDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  stats(): WorkerStats {
    const { name, pendingCount: limit } = this.#options;
    return {
      name,
      pendingCount: this.#pending.size,
      pendingLimit: limit,
      refusedCount: this.#refusedCount,
      restartCount: this.#restartCount,
    };
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Resolves when the worker takes calls; rejects with CodedError where it cannot, and does not try again. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#launch((failure) => (failure === undefined ? resolve() : reject(failure)));
    });
  }

  #launch(started?: (failure: CodedError | undefined) => void): void {
    const { logger, start } = this.#deps;
    const worker = start();
    this.#worker = worker;
    let failure = imError('STORE_UNAVAILABLE', 'the worker ended');
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') {
        this.#isUp = true;
        this.#failureCount = 0;
        started?.(undefined);
      } else if (message.kind === 'broken') {
        failure = errorOf(message.failure);
      } else {
        for (const answer of message.answers) this.#settle(answer);
      }
    });
    worker.on('error', (error) =>
      logger.error({ worker: this.#options.name, err: error }, 'store worker failed'),
    );
    worker.on('exit', () => {
      const startFailure = this.#isUp ? undefined : failure;
      // Whoever started the first one decides what its failure means.
      if (startFailure !== undefined && started !== undefined) this.#isClosed = true;
      this.#ended(startFailure);
      if (startFailure !== undefined) started?.(startFailure);
    });
  }

  #settle(answer: WorkerAnswer): void {
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return;
    this.#pending.delete(answer.id);
    if ('failure' in answer) pending.reject(errorOf(answer.failure));
    else pending.resolve(answer.value);
  }

  #ended(startFailure: CodedError | undefined): void {
    this.#isUp = false;
    this.#worker = undefined;
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    this.#gathered = [];
    for (const { name, reject } of lost) {
      // The worker may have committed before it ended: only a retry with the same client ids can tell.
      reject(imError(name === 'append' ? 'OUTCOME_UNKNOWN' : 'STORE_UNAVAILABLE'));
    }
    if (this.#isClosed) return;
    const { name, restartMinMs, restartMaxMs } = this.#options;
    const waitMs = Math.min(restartMaxMs, restartMinMs * 2 ** this.#failureCount);
    this.#failureCount += 1;
    this.#restartCount += 1;
    const fields = { worker: name, lostCount: lost.length, waitMs, err: startFailure };
    this.#deps.logger.warn(fields, 'store worker ended, starting another');
    this.#restart = setTimeout(() => this.#relaunch(), waitMs);
  }

  #relaunch(): void {
    try {
      this.#launch();
    } catch (error) {
      this.#ended(imError('STORE_UNAVAILABLE', 'no worker could be started', { cause: error }));
    }
  }

  /** Rejects with CodedError: TOO_BUSY, STORE_UNAVAILABLE, OUTCOME_UNKNOWN, or what the worker answered. */
  call(name: CallName, args: readonly unknown[], transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    const worker = this.#worker;
    if (!this.#isUp || this.#isClosed || worker === undefined)
      return Promise.reject(imError('STORE_UNAVAILABLE'));
    if (this.#pending.size >= this.#options.pendingCount) {
      this.#refusedCount++;
      return Promise.reject(imError('TOO_BUSY', undefined, { retryAfterMs: RETRY_AFTER_MS }));
    }
    return new Promise((resolve, reject) => {
      const id = (this.#lastId += 1);
      this.#pending.set(id, { name, resolve, reject });
      this.#gathered.push({ id, name, args });
      // What is handed over is waited for by many: an append never waits for the end of the turn.
      if (transfer.length > 0 || this.#gathered.length >= CALLS_PER_MESSAGE) this.#post(worker, transfer);
      else if (this.#gathered.length === 1) setImmediate(() => this.#post(worker));
    });
  }

  /** What was gathered for a worker that has ended since was answered when it did. */
  #post(worker: Worker, transfer: readonly ArrayBuffer[] = []): void {
    const calls = this.#gathered;
    if (calls.length === 0 || worker !== this.#worker) return;
    this.#gathered = [];
    const message: ToWorker = { kind: 'calls', calls };
    try {
      worker.postMessage(message, transfer);
    } catch (error) {
      // Something that cannot cross threads: a mistake of ours, but nobody may wait for ever.
      const coded = toCodedError(error);
      for (const { id } of calls) {
        this.#pending.get(id)?.reject(coded);
        this.#pending.delete(id);
      }
    }
  }

  /** Answers what is in flight, then ends the worker. May be called again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#restart);
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    this.#post(worker);
    const message: ToWorker = { kind: 'close' };
    worker.postMessage(message);
    const timer = setTimeout(() => void worker.terminate(), this.#options.closeTimeoutMs);
    await ended;
    clearTimeout(timer);
  }
}
