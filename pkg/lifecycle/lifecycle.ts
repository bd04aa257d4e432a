/**
 * A process's life: parts start in order and are closed in reverse, each with a deadline and a log line; signals
 * ask for the close, a fault that nobody caught ends the process. What the parts are is the composition root's.
 */
import { integer, type OptionsOf } from '../config/option.js';
import type { Logger } from '../log/logger.js';

export const LIFECYCLE_OPTIONS = {
  closeStepMs: integer(
    10_000,
    'ms',
    { min: 1, max: 600_000 },
    'How long each part may take to finish at a stop. A part that takes longer is left behind and the stop counts ' +
      'as failed. Above what one large batch takes to reach a slow disk.',
  ),
  repeatSignalMs: integer(
    500,
    'ms',
    { min: 0, max: 60_000 },
    'A second signal ends the process at once, but not within this time of the first: a terminal and npm both ' +
      'deliver the same Ctrl-C.',
  ),
} as const;

export type LifecycleOptions = OptionsOf<typeof LIFECYCLE_OPTIONS>;

export interface Part {
  readonly name: string;
  /** Awaited. Rejects where the part cannot run; it is then not closed. */
  start?(): unknown;
  /** Awaited. Finishes what is under way; should be done before `deadlineMs` milliseconds have passed. */
  close?(deadlineMs: number): unknown;
}

/** The part of `process` that a lifecycle uses. */
export interface ProcessEvents {
  on(event: string, listener: (argument: unknown) => void): unknown;
  off(event: string, listener: (argument: unknown) => void): unknown;
  exit(code: number): void;
}

export interface LifecycleDeps {
  readonly logger: Logger;
  readonly process: ProcessEvents;
  /** Milliseconds that only rise. */
  readonly now: () => number;
}

const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type SignalName = keyof typeof SIGNAL_EXIT_CODES;

export class Lifecycle {
  readonly #options: LifecycleOptions;
  readonly #deps: LifecycleDeps;
  readonly #running: Part[] = [];
  #closing: Promise<boolean> | undefined;
  #signalAtMs: number | undefined;

  constructor(options: LifecycleOptions, deps: LifecycleDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Starts a part; from then on it is closed at the end. Rejects as its `start` does, or after a close began. */
  async start(part: Part): Promise<void> {
    if (this.isClosing()) throw new Error(`${part.name} cannot start: the process is closing`);
    await part.start?.();
    if (this.isClosing()) await this.#closePart(part);
    else this.#running.push(part);
  }

  /** A signal or a caller has asked for the end; nothing starts any more. */
  isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Closes all parts, the last one first; every call gives the same promise. True: all finished in time. */
  close(): Promise<boolean> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  /**
   * From now on SIGTERM and SIGINT close and then exit with 0 (1 where a part did not finish), a second signal
   * exits at once, and an error that nobody caught is logged once before the process exits with 1.
   */
  watch(): void {
    const { process } = this.#deps;
    process.on('SIGTERM', () => this.#signalled('SIGTERM'));
    process.on('SIGINT', () => this.#signalled('SIGINT'));
    const crash = (error: unknown): void => {
      process.off('uncaughtException', crash);
      process.off('unhandledRejection', crash);
      this.#deps.logger.error({ error }, 'an error that nobody caught; the process ends');
      process.exit(1);
    };
    process.on('uncaughtException', crash);
    process.on('unhandledRejection', crash);
  }

  #signalled(signal: SignalName): void {
    const { logger, now, process } = this.#deps;
    if (this.#signalAtMs !== undefined) {
      if (now() - this.#signalAtMs < this.#options.repeatSignalMs) return;
      logger.warn({ signal }, 'second signal: exit without finishing');
      process.exit(SIGNAL_EXIT_CODES[signal]);
      return;
    }
    this.#signalAtMs = now();
    logger.info({ signal }, 'stopping');
    void this.close().then((finished) => {
      logger.info({ finished }, 'stopped');
      process.exit(finished ? 0 : 1);
    });
  }

  async #closeAll(): Promise<boolean> {
    let finished = true;
    for (let part = this.#running.pop(); part !== undefined; part = this.#running.pop()) {
      finished = (await this.#closePart(part)) && finished;
    }
    return finished;
  }

  /** Never rejects: one part's failure must not keep the others from closing. */
  async #closePart(part: Part): Promise<boolean> {
    const { logger, now } = this.#deps;
    const startedAtMs = now();
    const deadlineMs = this.#options.closeStepMs;
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not finished after ${deadlineMs} ms`)), deadlineMs);
    });
    try {
      await Promise.race([Promise.resolve().then(() => part.close?.(deadlineMs)), expired]);
      logger.info({ part: part.name, ms: Math.round(now() - startedAtMs) }, 'part closed');
      return true;
    } catch (error) {
      logger.error({ part: part.name, error }, 'part did not close');
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}
