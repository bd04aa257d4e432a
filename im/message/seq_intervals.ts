/** Seqs as few disjoint intervals, ascending: what was said of single messages, kept small and given back exactly. */
import { known, toSeq, type Seq } from './ids.js';

export interface SeqInterval {
  readonly from: Seq;
  readonly to: Seq;
}

export class SeqIntervals {
  readonly #limit: number;
  #intervals: SeqInterval[] = [];

  /** `limit`: disjoint intervals kept. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get count(): number {
    return this.#intervals.length;
  }

  /** Ascending, disjoint and apart; valid until the next call. */
  get all(): readonly SeqInterval[] {
    return this.#intervals;
  }

  /** Whether `add` would make no further interval of it. */
  touches(from: Seq, to: Seq): boolean {
    const next = this.#intervals[this.#firstFrom(from - 1)];
    return next !== undefined && next.from <= to + 1;
  }

  /** Joins it with what it overlaps or touches. False where it would be one too many: then nothing is kept of it. */
  add(from: Seq, to: Seq): boolean {
    const intervals = this.#intervals;
    let first = this.#firstFrom(from - 1);
    let [low, high] = [from, to];
    const start = first;
    for (let next = intervals[first]; next !== undefined && next.from <= to + 1; next = intervals[++first]) {
      if (next.from < low) low = next.from;
      if (next.to > high) high = next.to;
    }
    if (first === start && intervals.length >= this.#limit) return false;
    intervals.splice(start, first - start, { from: low, to: high });
    return true;
  }

  /** Whether all of it was added. */
  covers(from: Seq, to: Seq): boolean {
    const next = this.#intervals[this.#firstFrom(from)];
    return next !== undefined && next.from <= from && to <= next.to;
  }

  /** The lowest seqs, at most so many of one interval; they are kept no more. */
  take(count: number): SeqInterval | undefined {
    const [first] = this.#intervals;
    if (first === undefined) return undefined;
    if (first.to - first.from < count) {
      this.#intervals.shift();
      return first;
    }
    const to = known(toSeq(first.from + count - 1));
    this.#intervals[0] = { from: known(toSeq(to + 1)), to: first.to };
    return { from: first.from, to };
  }

  /** Where the first interval is that ends at `seq` or later. */
  #firstFrom(seq: number): number {
    let [low, high] = [0, this.#intervals.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#intervals[middle]?.to ?? 0) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
