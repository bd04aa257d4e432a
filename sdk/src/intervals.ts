/** A set of whole numbers as sorted, disjoint, non-adjacent closed intervals, flat: from, to, from, to … */

export class Intervals {
  readonly #bounds: number[] = [];

  get isEmpty(): boolean {
    return this.#bounds.length === 0;
  }

  /** The lowest member; Infinity where there is none. */
  get lowest(): number {
    return this.#bounds[0] ?? Infinity;
  }

  /** A copy. */
  get flat(): readonly number[] {
    return [...this.#bounds];
  }

  /** Adds [from, to]; an interval with to < from is nothing. */
  add(from: number, to: number): void {
    if (to < from) return;
    const bounds = this.#bounds;
    const start = this.#firstEndingAtOrAfter(from - 1);
    let end = start;
    let low = from;
    let high = to;
    while (end < bounds.length && (bounds[end] ?? 0) <= to + 1) {
      low = Math.min(low, bounds[end] ?? low);
      high = Math.max(high, bounds[end + 1] ?? high);
      end += 2;
    }
    bounds.splice(start, end - start, low, high);
  }

  has(value: number): boolean {
    const index = this.#firstEndingAtOrAfter(value);
    return (this.#bounds[index] ?? Infinity) <= value;
  }

  /** Removes the lowest interval and returns its end; 0 where there is none. */
  takeLowest(): number {
    return this.#bounds.splice(0, 2)[1] ?? 0;
  }

  /** Removes everything up to and including `value`. */
  dropThrough(value: number): void {
    const index = this.#firstEndingAtOrAfter(value + 1);
    this.#bounds.splice(0, index);
    const lowest = this.#bounds[0];
    if (lowest !== undefined && lowest <= value) this.#bounds[0] = value + 1;
  }

  /** Index of the start of the first interval whose end is at least `value`; past the end where there is none. */
  #firstEndingAtOrAfter(value: number): number {
    let low = 0;
    let high = this.#bounds.length / 2;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#bounds[middle * 2 + 1] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low * 2;
  }
}
