/** «Can it store?», answered by storing: a probe goes the way of every message and is read back. */
import { imError } from '../../im/errors.js';
import type { Appender, MessageStore } from '../../im/store/interface.js';
import { integer, type OptionsOf } from '../../pkg/config/option.js';

export const READINESS_OPTIONS = {
  readyShareMs: integer(1000, 'ms', { min: 0, max: 60_000 }, 'One probe serves all who ask within so long.'),
  readyMs: integer(5000, 'ms', { min: 10, max: 60_000 }, 'A store that takes longer is not ready.'),
} as const;

export type ReadinessOptions = OptionsOf<typeof READINESS_OPTIONS>;

export interface ReadinessDeps {
  readonly appender: Appender;
  readonly messages: Pick<MessageStore, 'probed'>;
}

/** A value of our own each time; it comes back, or the store did not take it. */
const PROBE_LIMIT = 2 ** 40;

export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #deps: ReadinessDeps;
  #value = Date.now() % PROBE_LIMIT;
  #shared: Promise<void> | undefined;
  #sharedUntilMs = 0;

  constructor(options: ReadinessOptions, deps: ReadinessDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Rejects with CodedError where the store does not take or does not give back. */
  check(): Promise<void> {
    const nowMs = performance.now();
    if (this.#shared === undefined || nowMs >= this.#sharedUntilMs) {
      this.#shared = this.#probe();
      this.#sharedUntilMs = nowMs + this.#options.readyShareMs;
    }
    return this.#shared;
  }

  async #probe(): Promise<void> {
    const value = ++this.#value;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(imError('STORE_UNAVAILABLE', 'no answer in time')),
        this.#options.readyMs,
      );
    });
    try {
      await Promise.race([this.#store(value), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #store(value: number): Promise<void> {
    const result = await this.#deps.appender.append({ conv: '', change: { kind: 'probe', value } });
    if (result.outcome !== 'changed') throw imError('STORE_UNAVAILABLE', 'the probe was not taken');
    const { value: found } = await this.#deps.messages.probed();
    // A later probe may have overtaken this one.
    if (found < value) throw imError('STORE_UNAVAILABLE', 'the probe was not given back');
  }
}
