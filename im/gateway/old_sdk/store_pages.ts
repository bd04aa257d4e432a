/** Reads for old clients: so many at once, the rest waits in line, because thousands may come back together. */
import { Limiter } from '../../../pkg/queue/limiter.js';
import type { Logger } from '../../../pkg/log/logger.js';
import type { MessageStore } from '../../store/interface.js';

export type OldSdkStore = Pick<MessageStore, 'offlinePage' | 'range' | 'sentBetween' | 'conversations'>;

/** One per connection at most, and connections are bounded elsewhere. */
const WAITING_LIMIT = 1_000_000;
/** A store that is away fails every read: one line says it for all. */
const LOG_EVERY_MS = 10_000;

export class StorePages {
  readonly store: OldSdkStore;
  readonly #limiter: Limiter;
  readonly #logger: Logger;
  #loggedAtMs = -Infinity;
  readCount = 0;
  failedCount = 0;

  constructor(store: OldSdkStore, concurrency: number, logger: Logger) {
    this.store = store;
    this.#limiter = new Limiter(concurrency, WAITING_LIMIT);
    this.#logger = logger;
  }

  /** Undefined where it failed: counted, and tried again by whoever asked. Never rejects. */
  async read<Page>(ask: (store: OldSdkStore) => Promise<Page>): Promise<Page | undefined> {
    this.readCount++;
    try {
      return await this.#limiter.run(() => ask(this.store));
    } catch (error) {
      this.failedCount++;
      const nowMs = performance.now();
      if (nowMs - this.#loggedAtMs < LOG_EVERY_MS) return undefined;
      this.#loggedAtMs = nowMs;
      const { failedCount } = this;
      this.#logger.warn({ err: error, failedCount }, 'messages for old clients could not be read yet');
      return undefined;
    }
  }
}
