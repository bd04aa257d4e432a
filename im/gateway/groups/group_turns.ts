/**
 * Who goes on with a fan-out: all groups that have something to push, one after the other, so many pushes in one
 * turn of the event loop, so that sockets are read and written in between.
 */

/** What takes turns. */
export interface Turning {
  /** Kept by GroupTurns. */
  isInLine: boolean;
  readonly isRunnable: boolean;
  /** At most `budget` pushes; how many it were, or what it cost besides. */
  step(budget: number): number;
}

const PUSHES_PER_TURN = 256;

export class GroupTurns {
  /** In line, from `#head` on; each group is in it once. */
  #line: Turning[] = [];
  #head = 0;
  #budget = PUSHES_PER_TURN;
  #isScheduled = false;
  #isRunning = false;

  add(channel: Turning): void {
    this.#enqueue(channel);
    if (!this.#isRunning) this.#run();
  }

  #enqueue(channel: Turning): void {
    if (channel.isInLine) return;
    channel.isInLine = true;
    this.#line.push(channel);
  }

  #run(): void {
    this.#isRunning = true;
    while (this.#budget > 0) {
      const channel = this.#line[this.#head];
      if (channel === undefined) break;
      this.#head++;
      channel.isInLine = false;
      this.#budget -= channel.step(this.#budget);
      // Behind the others: a busy group does not keep them waiting.
      if (channel.isRunnable) this.#enqueue(channel);
    }
    this.#isRunning = false;
    this.#compact();
    if (this.#isScheduled || this.#budget === PUSHES_PER_TURN) return;
    this.#isScheduled = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    this.#budget = PUSHES_PER_TURN;
    this.#run();
  };

  #compact(): void {
    if (this.#head === this.#line.length) this.#line.length = 0;
    else if (this.#head < 256 || this.#head * 2 < this.#line.length) return;
    else this.#line = this.#line.slice(this.#head);
    this.#head = 0;
  }
}
