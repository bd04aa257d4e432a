/** Saves the client's memory through the app's StateStore: coalesced, one save at a time, the last one awaited. */
import { nowMs } from './coarse_timer.js';
import type { SavedState, StateStore } from './types.js';

export interface StateSaverDeps {
  /** What is to be saved now; undefined where there is nothing worth it (nobody has signed in yet). */
  state(): SavedState | undefined;
  failed(error: unknown): void;
  wakeBy(atMs: number): void;
}

/** Messages of half a second share a save; what a crash undoes of that is fetched again. */
const INTERVAL_MS = 500;

export class StateSaver {
  readonly #store: StateStore | undefined;
  readonly #deps: StateSaverDeps;
  #dueAtMs = Infinity;
  #saving: Promise<void> | undefined;

  constructor(store: StateStore | undefined, deps: StateSaverDeps) {
    this.#store = store;
    this.#deps = deps;
  }

  changed(): void {
    if (this.#store === undefined || this.#dueAtMs !== Infinity) return;
    this.#dueAtMs = nowMs() + INTERVAL_MS;
    this.#deps.wakeBy(this.#dueAtMs);
  }

  tick(atMs: number): number {
    if (atMs >= this.#dueAtMs && this.#saving === undefined) void this.#save();
    return this.#saving === undefined ? this.#dueAtMs : Infinity;
  }

  /** Resolves when everything so far is saved, or could not be. */
  async flush(): Promise<void> {
    await this.#saving;
    if (this.#dueAtMs !== Infinity) await this.#save();
  }

  #save(): Promise<void> {
    this.#dueAtMs = Infinity;
    const state = this.#deps.state();
    if (state === undefined || this.#store === undefined) return Promise.resolve();
    this.#saving = this.#store.save(state).then(
      () => this.#done(),
      (error: unknown) => {
        this.#deps.failed(error);
        this.#done();
      },
    );
    return this.#saving;
  }

  #done(): void {
    this.#saving = undefined;
    this.#deps.wakeBy(this.#dueAtMs);
  }
}
