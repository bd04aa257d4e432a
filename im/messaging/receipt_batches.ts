/** Receipts gather while others are checked: one batch at a time. Whoever reads what they change may wait for them. */
import type { Uid } from '../message/ids.js';
import type { PendingReceipt } from './pending_receipt.js';

interface Batch {
  readonly receipts: PendingReceipt[];
  readonly readers: Set<Uid>;
  /** Called when it has been checked. */
  readonly waiters: (() => void)[];
}

/** Checks and marks them, and answers all; must not reject. */
export type ReceiptCheck = (receipts: readonly PendingReceipt[]) => Promise<void>;

export class ReceiptBatches {
  readonly #check: ReceiptCheck;
  /** Bounded by what connections may have unanswered. */
  #waiting = emptyBatch();
  #checking: Batch | undefined;
  #isRunning = false;

  constructor(check: ReceiptCheck) {
    this.#check = check;
  }

  get waitingCount(): number {
    return this.#waiting.receipts.length;
  }

  add(receipt: PendingReceipt): void {
    this.#waiting.receipts.push(receipt);
    this.#waiting.readers.add(receipt.reader.uid);
    if (this.#isRunning) return;
    this.#isRunning = true;
    setImmediate(() => void this.#run());
  }

  /** Resolves when what these users had added before has been checked. */
  async checked(uids: readonly Uid[]): Promise<void> {
    const theirs = [this.#checking, this.#waiting].filter(
      (batch) => batch !== undefined && uids.some((uid) => batch.readers.has(uid)),
    );
    await Promise.all(theirs.map((batch) => new Promise<void>((resolve) => batch?.waiters.push(resolve))));
  }

  async #run(): Promise<void> {
    while (this.#waiting.receipts.length > 0) {
      const batch = this.#waiting;
      this.#checking = batch;
      this.#waiting = emptyBatch();
      await this.#check(batch.receipts);
      this.#checking = undefined;
      for (const checked of batch.waiters) checked();
    }
    this.#isRunning = false;
  }
}

function emptyBatch(): Batch {
  return { receipts: [], readers: new Set(), waiters: [] };
}
