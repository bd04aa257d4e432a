/** How much of each key is under way at once: no more than so much. No more entries than what is under way. */
export class InFlight {
  readonly #limitCount: number;
  readonly #counts = new Map<string, number>();

  constructor(limitCount: number) {
    this.#limitCount = limitCount;
  }

  /** False: the key has as much under way as it may, and nothing was begun. */
  begin(key: string): boolean {
    const count = this.#counts.get(key) ?? 0;
    if (count >= this.#limitCount) return false;
    this.#counts.set(key, count + 1);
    return true;
  }

  end(key: string): void {
    const count = (this.#counts.get(key) ?? 1) - 1;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }

  get keyCount(): number {
    return this.#counts.size;
  }
}
