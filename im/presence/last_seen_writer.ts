/** When users were last connected, on its way to the store: behind, in batches, only the newest time of each. */
import type { Logger } from '../../pkg/log/logger.js';
import type { Uid } from '../message/ids.js';
import type { LastSeen, PresenceStore } from '../store/people_interface.js';

export interface LastSeenOptions {
  readonly presenceUnsavedCount: number;
}

export interface LastSeenDeps {
  readonly store: Pick<PresenceStore, 'saw'>;
  readonly logger: Logger;
}

/** In one transaction: small, because messages wait for it. */
const BATCH_COUNT = 500;

export class LastSeenWriter {
  readonly #options: LastSeenOptions;
  readonly #deps: LastSeenDeps;
  /** Longest unsaved first; at most presenceUnsavedCount, then that one is let go. */
  readonly #unsaved = new Map<Uid, number>();
  #flushing: Promise<void> | undefined;
  #savedCount = 0;
  #droppedCount = 0;
  #isFailing = false;

  constructor(options: LastSeenOptions, deps: LastSeenDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get unsavedCount(): number {
    return this.#unsaved.size;
  }

  get savedCount(): number {
    return this.#savedCount;
  }

  get droppedCount(): number {
    return this.#droppedCount;
  }

  note(uid: Uid, atMs: number): void {
    const known = this.#unsaved.get(uid);
    if (known !== undefined && known >= atMs) return;
    this.#unsaved.set(uid, atMs);
    if (this.#unsaved.size <= this.#options.presenceUnsavedCount) return;
    for (const oldest of this.#unsaved.keys()) {
      this.#unsaved.delete(oldest);
      this.#droppedCount++;
      return;
    }
  }

  /** Not written yet. */
  unsavedAtMs(uid: Uid): number | undefined {
    return this.#unsaved.get(uid);
  }

  /** Writes what is there; what cannot be written now is kept for the next time. Never rejects. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    let left = this.#unsaved.size;
    while (left > 0) {
      const batch = this.#next();
      if (batch.length === 0) return;
      left -= batch.length;
      try {
        await this.#deps.store.saw(batch);
        this.#isFailing = false;
        this.#savedCount += batch.length;
      } catch (error) {
        // Once, not at every try.
        if (!this.#isFailing)
          this.#deps.logger.warn({ err: error, users: batch.length }, 'last seen times not written');
        this.#isFailing = true;
        return;
      }
      // Readers look here first, so an entry goes only once the store has it.
      for (const { uid, atMs } of batch) if (this.#unsaved.get(uid) === atMs) this.#unsaved.delete(uid);
    }
  }

  #next(): readonly LastSeen[] {
    const batch: LastSeen[] = [];
    for (const [uid, atMs] of this.#unsaved) {
      batch.push({ uid, atMs });
      if (batch.length >= BATCH_COUNT) break;
    }
    return batch;
  }
}
