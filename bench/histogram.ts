/** Latencies of one run: every value kept, percentiles on demand. Bounded by the run's own limits. */
export class Latencies {
  #values = new Float64Array(1 << 16);
  #count = 0;

  add(ms: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = ms;
  }

  get count(): number {
    return this.#count;
  }

  /** The nearest-rank percentiles, in the order asked for; NaN where nothing was added. */
  percentiles(ranks: readonly number[]): readonly number[] {
    const sorted = this.#values.slice(0, this.#count).sort();
    return ranks.map((rank) => sorted[Math.max(0, Math.ceil((rank / 100) * sorted.length) - 1)] ?? NaN);
  }
}
