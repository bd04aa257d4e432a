/**
 * «Received» and «read»: checked against the store, told to whoever sent the messages, and written behind. A receipt
 * is classified by what its mid is, never by its action: one public SDK swaps the two. In a group it is told to no
 * sender; what was read the reader's other devices hear of, there as in chats.
 */
import type { Logger } from '../../pkg/log/logger.js';
import type { Receipts } from '../api/interface.js';
import type { Dispatch } from '../dispatch/interface.js';
import { imError, isError, toCodedError } from '../errors.js';
import type { GroupSizes } from '../group/interface.js';
import { groupOf, type ConversationName } from '../message/conversation.js';
import { LARGE_GROUP } from '../message/group.js';
import type { Mid, Seq, Uid } from '../message/ids.js';
import type { MarkRequest, MessageStore } from '../store/interface.js';
import type { MarkWriter } from './mark_writer.js';
import type { IntervalReceipt, PendingReceipt, Reader } from './pending_receipt.js';
import { ReceiptBatches } from './receipt_batches.js';
import { receiptEnds, type ReadingPlace } from './receipt_ends.js';
import { intervalNews, messageNews, type ToldReceipt } from './receipt_news.js';
import { ReceiptTeller } from './receipt_teller.js';

export type { PendingReceipt, Reader } from './pending_receipt.js';

export interface ReceiptDeps {
  readonly store: Pick<MessageStore, 'locate' | 'lastSeqs' | 'readable' | 'mayWrite'>;
  readonly sizes: GroupSizes;
  readonly marks: MarkWriter;
  readonly dispatch: Pick<Dispatch, 'deliver'>;
  readonly logger: Logger;
}

/** What could not be checked together. */
interface Failure {
  readonly receipts: readonly PendingReceipt[];
  readonly error: unknown;
}

export class ReceiptHandler implements Receipts {
  readonly #deps: ReceiptDeps;
  readonly #batches = new ReceiptBatches((receipts) => this.#check(receipts));
  readonly #teller: ReceiptTeller;

  constructor(deps: ReceiptDeps) {
    this.#deps = deps;
    this.#teller = new ReceiptTeller(deps);
  }

  /** Receipts that were marked but not told: the same again without end, or more than can be owed. */
  get untoldCount(): number {
    return this.#teller.untoldCount;
  }

  /** Waiting to be checked against the store. */
  get waitingCount(): number {
    return this.#batches.waitingCount;
  }

  /** Gathers while one batch is checked; answers in any order. */
  add(receipt: PendingReceipt): void {
    let isDone = false;
    const done: PendingReceipt['done'] = (error) => {
      // One answer each, also where a part of the batch fails after another was answered.
      if (!isDone) receipt.done(error);
      isDone = true;
    };
    this.#batches.add({ ...receipt, done });
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
    await this.#deps.marks.flushOf([caller.uid]);
  }

  async written(uids: readonly Uid[]): Promise<void> {
    try {
      // What is still to be checked is not marked yet.
      await this.#batches.checked(uids);
      await this.#deps.marks.flushOf(uids);
    } catch (error) {
      // Whoever reads goes on; the store's trouble is told by the write that is tried each second.
      this.#deps.logger.debug({ err: error }, 'receipts could not be written before a pull');
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

  /** Never rejects. One read that fails does not keep from being told what the others found. */
  async #check(batch: readonly PendingReceipt[]): Promise<void> {
    try {
      const news = [this.#takePushed(batch)];
      const parts = partsOf(batch);
      const outcomes = await Promise.allSettled(
        parts.map((part) =>
          part[0]?.what.by === 'mid' ? this.#checkMidsOf(part) : this.#checkIntervals(part),
        ),
      );
      const failures: Failure[] = [];
      for (const [index, outcome] of outcomes.entries()) {
        if (outcome.status === 'fulfilled') news.push(outcome.value);
        else failures.push({ receipts: parts[index] ?? [], error: outcome.reason });
      }
      if (failures.length > 0) this.#refuse(failures);
      this.#teller.tell(news.flat());
    } catch (error) {
      this.#refuse([{ receipts: batch, error }]);
    }
  }

  #refuse(failures: readonly Failure[]): void {
    let count = 0;
    for (const { receipts, error } of failures) {
      const coded = toCodedError(error);
      for (const { done } of receipts) done(coded);
      count += receipts.length;
    }
    this.#deps.logger.warn({ err: failures[0]?.error, receipts: count }, 'receipts could not be checked');
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
        if (message.from !== reader.uid && groupOf(conv) === undefined)
          deliveries.push(messageNews(message, reader.uid));
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

/** What is read together: the intervals of all, and each reader's mids. */
function partsOf(batch: readonly PendingReceipt[]): readonly (readonly PendingReceipt[])[] {
  const intervals = batch.filter(({ what }) => what.by === 'interval');
  const byReader = new Map<Uid, PendingReceipt[]>();
  for (const receipt of batch) {
    if (receipt.what.by !== 'mid') continue;
    const group = byReader.get(receipt.reader.uid);
    if (group === undefined) byReader.set(receipt.reader.uid, [receipt]);
    else group.push(receipt);
  }
  return intervals.length === 0 ? [...byReader.values()] : [...byReader.values(), intervals];
}
