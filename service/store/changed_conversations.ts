/**
 * Conversations with events that the search has not seen, as the writer that wrote them remembers: a look at every
 * row is needed only where it has just begun or had too much to remember.
 */

/** 100 bytes each. */
const KEPT_LIMIT = 20_000;

export interface ChangedPage {
  readonly ids: readonly number[];
  /** There were others that nobody knows any more. */
  readonly isLost: boolean;
}

export class ChangedConversations {
  readonly #ids = new Set<number>();
  /** What the process before it left undone. */
  #isLost = true;

  note(id: number): void {
    if (this.#ids.size < KEPT_LIMIT) this.#ids.add(id);
    else this.#isLost = true;
  }

  /** Each once, `limit` at most: the caller has to see to them. */
  take(limit: number): ChangedPage {
    const ids: number[] = [];
    for (const id of this.#ids) {
      if (ids.length === limit) break;
      ids.push(id);
      this.#ids.delete(id);
    }
    const isLost = this.#isLost;
    this.#isLost = false;
    return { ids, isLost };
  }
}
