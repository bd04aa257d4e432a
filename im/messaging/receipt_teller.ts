/**
 * Tells senders, and readers' other devices, of receipts: in their order, while the next ones are being checked. What
 * could not be told, or is too much at once, is owed: told a little later, as intervals.
 */
import type { Logger } from '../../pkg/log/logger.js';
import type { Dispatch } from '../dispatch/interface.js';
import type { MessageStore } from '../store/interface.js';
import { deliveryOf, intervalNews, type ToldReceipt } from './receipt_news.js';
import { RelayRights } from './relay_rights.js';
import { ToldReceipts } from './told_receipts.js';

export interface ReceiptTellerDeps {
  readonly store: Pick<MessageStore, 'mayWrite'>;
  readonly dispatch: Pick<Dispatch, 'deliver'>;
  readonly logger: Logger;
}

/**
 * A receipt a second is what a busy conversation has: asking anew for each would be a read per receipt. A block
 * holds for receipts that much later than for messages.
 */
const RIGHTS = { relayRightsMs: 5000, relayRightsCount: 50_000 } as const;

/** What is owed is looked at so often. */
const OWED_MS = 200;
/** Wait one by one while others are being told; beyond it they are owed. */
const QUEUE_COUNT = 50_000;

export class ReceiptTeller {
  readonly #deps: ReceiptTellerDeps;
  readonly #told = new ToldReceipts();
  readonly #rights: RelayRights;
  #queue: ToldReceipt[] = [];
  #isTelling = false;
  #owedTimer: NodeJS.Timeout | undefined;

  constructor(deps: ReceiptTellerDeps) {
    this.#deps = deps;
    this.#rights = new RelayRights(RIGHTS, { store: deps.store, nowMs: () => performance.now() });
  }

  /** The same again without end, or more than can be owed. */
  get untoldCount(): number {
    return this.#told.untoldCount;
  }

  /** Returns at once: whoever waits for what was marked need not wait until it is told. */
  tell(receipts: readonly ToldReceipt[]): void {
    if (receipts.length === 0) return;
    const frames = receipts.map(({ frame }) => frame);
    const told = this.#told.take(frames, performance.now());
    for (const [index, receipt] of receipts.entries()) {
      if (told[index] !== true) continue;
      if (this.#queue.length < QUEUE_COUNT) this.#queue.push(receipt);
      else this.#told.owe(receipt.frame);
    }
    if (!this.#isTelling) void this.#run();
    this.#tellOwedLater();
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    this.#isTelling = true;
    while (this.#queue.length > 0) {
      const receipts = this.#queue;
      this.#queue = [];
      try {
        await this.#deliver(receipts);
      } catch (error) {
        this.#deps.logger.warn({ err: error, receipts: receipts.length }, 'receipts could not be told yet');
        for (const { frame } of receipts) this.#told.owe(frame);
        this.#tellOwedLater();
      }
    }
    this.#isTelling = false;
  }

  /** One timer for all readers, and only while something is owed. */
  #tellOwedLater(): void {
    if (!this.#told.isOwing || this.#owedTimer !== undefined) return;
    this.#owedTimer = setTimeout(() => this.#tellOwed(), OWED_MS).unref();
  }

  #tellOwed(): void {
    this.#owedTimer = undefined;
    for (const news of this.#told.takeOwed(performance.now(), QUEUE_COUNT - this.#queue.length)) {
      const receipt = intervalNews(news);
      if (receipt !== undefined) this.#queue.push(receipt);
    }
    if (!this.#isTelling) void this.#run();
    this.#tellOwedLater();
  }

  /** Save to those who want to hear nothing of the reader. */
  async #deliver(receipts: readonly ToldReceipt[]): Promise<void> {
    const asked = receipts.flatMap(({ frame: { by }, sender }) =>
      sender === undefined ? [] : [{ from: by, to: sender }],
    );
    const refusals = asked.length === 0 ? [] : await this.#rights.refusals(asked);
    let index = 0;
    // Whoever hears contacts only has written to this reader himself, and is told what became of it.
    const wanted = receipts.flatMap((receipt) => {
      const isBlocked = receipt.sender !== undefined && refusals[index++] === 'BLOCKED';
      return deliveryOf(receipt, isBlocked) ?? [];
    });
    // Nobody need be there: a sender who is away sees the mark at his next sync.
    if (wanted.length > 0) await this.#deps.dispatch.deliver(wanted);
  }
}
