/** A map of bounded size: where it is full, what was asked for longest ago is forgotten. */
export class RecentMap<Key, Value> {
  readonly #limitCount: number;
  /** In order of use: the first is the oldest. */
  readonly #entries = new Map<Key, Value>();

  constructor(limitCount: number) {
    this.#limitCount = limitCount;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The key's value, made where there is none; counts as its latest use. Returns what had to go, if any. */
  use(key: Key, make: () => Value): { readonly value: Value; readonly forgotten: Key | undefined } {
    const known = this.#entries.get(key);
    const value = known ?? make();
    if (known !== undefined) this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limitCount) return { value, forgotten: undefined };
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
    return { value, forgotten: oldest };
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }
}
