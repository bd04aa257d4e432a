/** msg/id, msg/chat/offline and its ack, message/recall. Reading back: history_api.ts. */
import { imError } from '../errors.js';
import type { Mid, PeerId } from '../message/ids.js';
import { isInOldLists } from '../message/old_types.js';
import type { MessageStore, PageLimits } from '../store/interface.js';
import type { Caller, Recaller, Receipts } from './interface.js';
import { messageAnswer } from './message_answer.js';
import type { MidBlocks } from './mid_blocks.js';

export interface MessageApiDeps {
  readonly messages: Pick<MessageStore, 'offline'>;
  readonly mids: MidBlocks;
  readonly receipts: Pick<Receipts, 'received' | 'written'>;
  readonly recaller: Recaller;
}

/** The same client acks them all in one request, so the list of mids of an ack is as long. */
export const OFFLINE_LIMITS: PageLimits = { count: 5000, bytes: 8_388_608 };

export class MessageApi {
  readonly #deps: MessageApiDeps;

  constructor(deps: MessageApiDeps) {
    this.#deps = deps;
  }

  /** In both casings, because each public client reads another. */
  async id(caller: Caller): Promise<unknown> {
    const mid = await this.#deps.mids.next(caller.uid);
    return { Mid: mid, mid };
  }

  /**
   * What this device has not acked, oldest first; the rest comes after the ack. What its client has no word for is
   * acked for it, or it would be given first for ever.
   */
  async offline(caller: Caller): Promise<unknown> {
    // A phone pulls as soon as it is connected again: what it acknowledged just before is still to be written.
    await this.#deps.receipts.written([caller.uid]);
    const events = await this.#deps.messages.offline(caller.uid, caller.device, OFFLINE_LIMITS);
    const unknown = events.filter((event) => !isInOldLists(event));
    if (unknown.length > 0)
      await this.#deps.receipts.received(
        caller,
        unknown.map(({ mid }) => mid),
      );
    return events.filter(isInOldLists).map(messageAnswer);
  }

  async ackOffline(mids: readonly Mid[], caller: Caller): Promise<unknown> {
    if (mids.length === 0) throw imError('INVALID_PARAMETER', 'mid');
    await this.#deps.receipts.received(caller, mids);
    return '';
  }

  /** Throws what Recaller.recall throws. */
  async recall(input: { readonly to: PeerId; readonly mid: Mid }, caller: Caller): Promise<unknown> {
    await this.#deps.recaller.recall(caller, input.to, input.mid);
    return '';
  }
}
