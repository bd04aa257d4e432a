/**
 * Many deadlines on one clock: a hashed timer wheel. Setting, moving and taking back a deadline costs the same
 * however many there are, and nothing is allocated: the entries are the callers' own objects, linked in place.
 *
 *   slots:  0 → A → D    1    2 → B    …    n-1 → C      advance() empties those that the clock has passed
 *
 * A deadline further off than one round waits in its slot and is passed over until its round comes.
 */

/** What an object needs to have one deadline; the fields belong to the wheel. Start with `undefined`, `undefined`, 0. */
export interface TimerEntry<Entry> {
  timerNext: Entry | undefined;
  timerPrevious: Entry | undefined;
  /** The tick of its deadline; 0 where it has none. */
  timerTick: number;
}

export class TimerWheel<Entry extends TimerEntry<Entry>> {
  readonly #tickMs: number;
  readonly #startMs: number;
  readonly #slots: (Entry | undefined)[];
  /** The tick in progress or done last. The first is 1, so that 0 can mean «none». */
  #tick = 1;
  #count = 0;
  /** What `advance` looks at next: moved on where just that entry is taken out meanwhile. */
  #cursor: Entry | undefined;

  /** `nowMs` of any clock that never goes back; the same clock in all calls. */
  constructor(tickMs: number, slotCount: number, nowMs: number) {
    this.#tickMs = tickMs;
    this.#startMs = nowMs - tickMs;
    this.#slots = new Array<Entry | undefined>(slotCount).fill(undefined);
  }

  get count(): number {
    return this.#count;
  }

  /** Gives `entry` the deadline `atMs` instead of the one it may have: it expires then or up to one tick later. */
  set(entry: Entry, atMs: number): void {
    this.delete(entry);
    const tick = Math.max(this.#tick + 1, Math.ceil((atMs - this.#startMs) / this.#tickMs));
    const slot = tick % this.#slots.length;
    const first = this.#slots[slot];
    entry.timerTick = tick;
    entry.timerNext = first;
    if (first !== undefined) first.timerPrevious = entry;
    this.#slots[slot] = entry;
    this.#count++;
  }

  delete(entry: Entry): void {
    if (entry.timerTick === 0) return;
    const { timerNext: next, timerPrevious: previous } = entry;
    if (entry === this.#cursor) this.#cursor = next;
    if (previous === undefined) this.#slots[entry.timerTick % this.#slots.length] = next;
    else previous.timerNext = next;
    if (next !== undefined) next.timerPrevious = previous;
    entry.timerNext = undefined;
    entry.timerPrevious = undefined;
    entry.timerTick = 0;
    this.#count--;
  }

  /** Calls `expire` for every entry whose deadline has come; it has none then, and may be given another there. */
  advance(nowMs: number, expire: (entry: Entry) => void): void {
    const target = Math.floor((nowMs - this.#startMs) / this.#tickMs);
    // After a long pause every slot is looked at once, not once for each round that was missed.
    const first = Math.max(this.#tick + 1, target - this.#slots.length + 1);
    for (let tick = first; tick <= target; tick++) {
      // What is set from now on must come after this pass, wherever its slot lies.
      this.#tick = target;
      this.#expireSlot(tick % this.#slots.length, target, expire);
    }
  }

  #expireSlot(slot: number, target: number, expire: (entry: Entry) => void): void {
    this.#cursor = this.#slots[slot];
    while (this.#cursor !== undefined) {
      const entry = this.#cursor;
      this.#cursor = entry.timerNext;
      if (entry.timerTick > target) continue;
      this.delete(entry);
      expire(entry);
    }
  }
}
