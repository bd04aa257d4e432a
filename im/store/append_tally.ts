/** What became of append requests, counted since the start: plain numbers for the usual, names for the rest. */
import { errorName } from '../errors.js';
import type { AppendAnswer } from './interface.js';

export class AppendTally {
  #storedCount = 0;
  #changedCount = 0;
  #duplicateCount = 0;
  readonly #failed = new Map<string, number>();

  add(answer: AppendAnswer): void {
    if (answer instanceof Error) return this.#addFailed(errorName(answer));
    if (answer.outcome === 'stored') this.#storedCount++;
    else if (answer.outcome === 'changed') this.#changedCount++;
    else if (answer.outcome === 'duplicate') this.#duplicateCount++;
    else this.#addFailed(answer.error);
  }

  /** By `STORED`, `CHANGED`, `DUPLICATE` or the error's name. */
  counts(): ReadonlyMap<string, number> {
    return new Map([
      ['STORED', this.#storedCount],
      ['CHANGED', this.#changedCount],
      ['DUPLICATE', this.#duplicateCount],
      ...this.#failed,
    ]);
  }

  #addFailed(name: string): void {
    this.#failed.set(name, (this.#failed.get(name) ?? 0) + 1);
  }
}
