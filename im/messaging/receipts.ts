/**
 * «Received» and «read»: checked against the store, told to whoever sent the messages, and written behind. A receipt
 * is classified by what its mid is, never by its action: one public SDK swaps the two. In a group it is told to no
 * sender; what was read the reader's other devices hear of, there as in chats.
 */
import type { Logger } from '../../pkg/log/logger.js';
import type { Caller, Receipts } from '../api/interface.js';
import type { Dispatch } from '../dispatch/interface.js';
import { imError, isError, toCodedError } from '../errors.js';
import type { GroupSizes } from '../group/interface.js';
import { groupOf, type ConversationName } from '../message/conversation.js';
import { LARGE_GROUP } from '../message/group.js';
import type { Mid, Seq, Uid } from '../message/ids.js';
import type { PushedMessage, ReceiptState } from '../message/message.js';
import type { MarkRequest, MessageStore } from '../store/interface.js';
import type { MarkWriter } from './mark_writer.js';
import { receiptEnds, type ReadingPlace } from './receipt_ends.js';
import { deliveryOf, intervalNews, messageNews, type ToldReceipt } from './receipt_news.js';
import { RelayRights } from './relay_rights.js';
import { ToldReceipts } from './told_receipts.js';

export type Reader = Pick<Caller, 'uid' | 'device'>;

interface IntervalReceipt {
  readonly by: 'interval';
  readonly conv: ConversationName;
  readonly from: Seq;
  readonly to: Seq;
  readonly state: ReceiptState;
}

/** One receipt as it came, with where to say what became of it. */
export interface PendingReceipt {
  readonly reader: Reader;
  readonly what:
    | { readonly by: 'mid'; readonly mid: Mid }
    | { readonly by: 'pushed'; readonly messages: readonly PushedMessage[] }
    | IntervalReceipt;
  /** Called once; must not throw. */
  readonly done: (error: Error | undefined) => void;
}

export interface ReceiptDeps {
  readonly store: Pick<MessageStore, 'locate' | 'lastSeqs' | 'readable' | 'mayWrite'>;
  readonly sizes: GroupSizes;
  readonly marks: MarkWriter;
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

export class ReceiptHandler implements Receipts {
  readonly #deps: ReceiptDeps;
  /** Bounded by what connections may have unanswered. */
  #waiting: PendingReceipt[] = [];
  #running = false;
  readonly #told = new ToldReceipts();
  #owedTimer: NodeJS.Timeout | undefined;
  readonly #rights: RelayRights;

  constructor(deps: ReceiptDeps) {
    this.#deps = deps;
    this.#rights = new RelayRights(RIGHTS, { store: deps.store, nowMs: () => performance.now() });
  }

  /** Receipts that were marked but not told: the same again without end, or more than can be owed. */
  get untoldCount(): number {
    return this.#told.untoldCount;
  }

  /** Waiting to be checked against the store. */
  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Gathers while one batch is checked; answers in any order. */
  add(receipt: PendingReceipt): void {
    let isDone = false;
    const done: PendingReceipt['done'] = (error) => {
      // One answer each, also where a part of the batch fails after another was answered.
      if (!isDone) receipt.done(error);
      isDone = true;
    };
    this.#waiting.push({ ...receipt, done });
    if (this.#running) return;
    this.#running = true;
    setImmediate(() => void this.#run());
  }

  /** Answers once for all of them. What is not his is ignored: he may well name what has been erased since. */
  addAll(reader: Reader, mids: readonly Mid[], done: PendingReceipt['done']): void {
    let leftCount = mids.length;
    let failure: Error | undefined;
    const oneDone = (error: Error | undefined): void => {
      if (error !== undefined && !isError(error, 'NO_PERMISSION')) failure ??= error;
      if (--leftCount === 0) done(failure);
    };
    for (const mid of mids) this.add({ reader, what: { by: 'mid', mid }, done: oneDone });
  }

  async received(caller: Reader, mids: readonly Mid[]): Promise<void> {
    const receipts = await Promise.allSettled(mids.map((mid) => this.#one(caller, { by: 'mid', mid })));
    for (const receipt of receipts) {
      // A mid that is not his is ignored: a client may well acknowledge what has been erased since.
      if (receipt.status === 'rejected' && !isError(receipt.reason, 'NO_PERMISSION')) throw receipt.reason;
    }
    // Who acknowledges a whole pull may pull again at once, and must not be given the same.
    await this.#deps.marks.flush();
  }

  async written(uids: readonly Uid[]): Promise<void> {
    try {
      await this.#deps.marks.flushOf(uids);
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'receipts could not be written before a pull');
    }
  }

  async read(caller: Reader, conv: ConversationName, from: Seq, to: Seq): Promise<void> {
    await this.#one(caller, { by: 'interval', conv, from, to, state: 'read' });
  }

  #one(reader: Reader, what: PendingReceipt['what']): Promise<void> {
    return new Promise((resolve, reject) => {
      this.add({ reader, what, done: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#check(batch);
      } catch (error) {
        const coded = toCodedError(error);
        this.#deps.logger.warn({ err: error, receipts: batch.length }, 'receipts could not be checked');
        for (const { done } of batch) done(coded);
      }
    }
    this.#running = false;
  }

  async #check(batch: readonly PendingReceipt[]): Promise<void> {
    const [byMid, byInterval] = await Promise.all([this.#checkMids(batch), this.#checkIntervals(batch)]);
    const receipts = [...byMid, ...byInterval, ...this.#takePushed(batch)];
    const told = this.#told.take(
      receipts.map(({ frame }) => frame),
      performance.now(),
    );
    this.#tellOwedLater();
    await this.#tell(receipts.filter((_receipt, index) => told[index]));
  }

  /** One timer for all readers, and only while something is owed. */
  #tellOwedLater(): void {
    if (!this.#told.isOwing || this.#owedTimer !== undefined) return;
    this.#owedTimer = setTimeout(() => void this.#tellOwed(), OWED_MS).unref();
  }

  /** Never rejects: what could not be told stays owed. */
  async #tellOwed(): Promise<void> {
    const news = this.#told.takeOwed(performance.now());
    try {
      await this.#tell(news.map((one) => intervalNews(one)).filter((receipt) => receipt !== undefined));
    } catch (error) {
      this.#deps.logger.warn({ err: error, receipts: news.length }, 'receipts could not be told yet');
      for (const one of news) this.#told.owe(one);
    }
    this.#owedTimer = undefined;
    this.#tellOwedLater();
  }

  /** Save those of whom their addressee wants to hear nothing. */
  async #tell(receipts: readonly ToldReceipt[]): Promise<void> {
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

  async #checkMids(batch: readonly PendingReceipt[]): Promise<readonly ToldReceipt[]> {
    const byReader = new Map<number, PendingReceipt[]>();
    for (const receipt of batch) {
      if (receipt.what.by !== 'mid') continue;
      const group = byReader.get(receipt.reader.uid);
      if (group === undefined) byReader.set(receipt.reader.uid, [receipt]);
      else group.push(receipt);
    }
    const deliveries = await Promise.all([...byReader.values()].map((group) => this.#checkMidsOf(group)));
    return deliveries.flat();
  }

  async #checkMidsOf(group: readonly PendingReceipt[]): Promise<readonly ToldReceipt[]> {
    const reader = group[0]?.reader;
    if (reader === undefined) return [];
    const mids = group
      .map(({ what }) => (what.by === 'mid' ? what.mid : undefined))
      .filter((mid) => mid !== undefined);
    const located = new Map(
      (await this.#deps.store.locate(reader.uid, mids)).map((found) => [found.mid, found]),
    );
    const deliveries: ToldReceipt[] = [];
    for (const {
      reader: { uid, device },
      what,
      done,
    } of group) {
      const found = what.by === 'mid' ? located.get(what.mid) : undefined;
      if (found === undefined) {
        done(imError('NO_PERMISSION'));
        continue;
      }
      const { conv, seq } = found;
      // A receipt for one's own message says nothing to anybody, nor does one of a group.
      if (found.from !== uid && groupOf(conv) === undefined) deliveries.push(messageNews(found, uid));
      done(this.#mark({ uid, device, conv, from: seq, to: seq, read: false }));
    }
    return deliveries;
  }

  /** Those that the gateway has named in full: it pushed them to this very device. */
  #takePushed(batch: readonly PendingReceipt[]): readonly ToldReceipt[] {
    const deliveries: ToldReceipt[] = [];
    for (const { reader, what, done } of batch) {
      if (what.by !== 'pushed') continue;
      let refusal: Error | undefined;
      for (const message of what.messages) {
        const { conv, seq } = message;
        if (groupOf(conv) === undefined) deliveries.push(messageNews(message, reader.uid));
        refusal ??= this.#mark({ ...reader, conv, from: seq, to: seq, read: false });
      }
      done(refusal);
    }
    return deliveries;
  }

  async #checkIntervals(batch: readonly PendingReceipt[]): Promise<readonly ToldReceipt[]> {
    const asked: (ReadingPlace & { readonly receipt: PendingReceipt; readonly what: IntervalReceipt })[] = [];
    for (const receipt of batch) {
      const { what, reader, done } = receipt;
      if (what.by !== 'interval') continue;
      if (this.#isOfNoUse(what)) done(undefined);
      else asked.push({ receipt, what, uid: reader.uid, conv: what.conv });
    }
    const ends = asked.length === 0 ? [] : await receiptEnds(this.#deps.store, asked);
    const deliveries: ToldReceipt[] = [];
    for (const [index, { receipt, what }] of asked.entries()) {
      const { reader, done } = receipt;
      const lastSeq = ends[index];
      if (lastSeq === undefined || lastSeq < what.from) {
        // Not his, or not there yet: nobody has received what does not exist.
        done(imError('NO_PERMISSION'));
        continue;
      }
      const { conv, from, state } = what;
      const to = what.to < lastSeq ? what.to : lastSeq;
      const news = intervalNews({ conv, from, to, state, by: reader.uid }, reader.device);
      if (news !== undefined) deliveries.push(news);
      done(this.#mark({ ...reader, conv, from, to, read: state === 'read' }));
    }
    return deliveries;
  }

  /** In a large group nobody asks who has received what; old clients' marks come by mid, and are kept for their pull. */
  #isOfNoUse({ conv, state }: IntervalReceipt): boolean {
    const gid = groupOf(conv);
    if (state === 'read' || gid === undefined) return false;
    return (this.#deps.sizes.sizeOf(gid) ?? 0) > LARGE_GROUP.deliveredMarks;
  }

  #mark(mark: MarkRequest): Error | undefined {
    try {
      this.#deps.marks.add(mark);
      return undefined;
    } catch (error) {
      return toCodedError(error);
    }
  }
}
