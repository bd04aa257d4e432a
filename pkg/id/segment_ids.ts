/**
 * Ids from leased segments: a number is taken from memory, a new segment is leased before the old one ends.
 * What a process leased and did not use is lost: ids are unique, never contiguous.
 */
export interface Segment {
  readonly first: number;
  readonly count: number;
}

export class SegmentIds {
  readonly #lease: (needed: number) => Promise<Segment>;
  #next = 0;
  #end = 0;
  #reserve: Segment | undefined;
  #leasing: Promise<void> | undefined;

  /** `lease` reserves at least `needed` ids that nobody else gets; its errors reach the callers of `ensure`. */
  constructor(lease: (needed: number) => Promise<Segment>) {
    this.#lease = lease;
  }

  get available(): number {
    return this.#end - this.#next + (this.#reserve?.count ?? 0);
  }

  /** The next id. Call `ensure` before: throws a RangeError where none is left. */
  take(): number {
    if (this.#next === this.#end) this.#useReserve();
    return this.#next++;
  }

  /** Resolves when `count` ids can be taken. Usually they can already: the caller may look at `available` first. */
  async ensure(count: number): Promise<void> {
    while (this.available < count) {
      this.#leasing ??= this.#leaseMore(count);
      await this.#leasing;
    }
  }

  /** Leases ahead in the background when less than `count` is left; a failure shows in the next `ensure`. */
  prefetch(count: number): void {
    if (this.available >= count || this.#reserve !== undefined) return;
    this.#leasing ??= this.#leaseMore(1);
    // Whoever needs the ids asks with `ensure` and sees the error there.
    this.#leasing.catch(() => undefined);
  }

  async #leaseMore(needed: number): Promise<void> {
    try {
      const segment = await this.#lease(needed);
      if (this.#next === this.#end) {
        this.#next = segment.first;
        this.#end = segment.first + segment.count;
      } else if (this.#reserve === undefined) {
        this.#reserve = segment;
      } else {
        // `ensure` asked for more than two segments hold: the smaller rest of the oldest one is given up.
        this.#useReserve();
        this.#reserve = segment;
      }
    } finally {
      this.#leasing = undefined;
    }
  }

  #useReserve(): void {
    if (this.#reserve === undefined) throw new RangeError('no id left: call ensure first');
    this.#next = this.#reserve.first;
    this.#end = this.#reserve.first + this.#reserve.count;
    this.#reserve = undefined;
  }
}
