/** msg/id, msg/chat/history, msg/chat/offline and its ack, in the shape of the older clients: PascalCase, seconds. */
import { imError } from '../errors.js';
import { chatConversation } from '../message/conversation.js';
import type { Mid, Uid } from '../message/ids.js';
import type { ChatEvent } from '../message/message.js';
import { toSeconds } from '../message/wire_time.js';
import type { MessageStore, PageLimits } from '../store/interface.js';
import type { Caller, Receipts } from './interface.js';
import type { MidBlocks } from './mid_blocks.js';

export interface MessageApiDeps {
  readonly messages: Pick<MessageStore, 'history' | 'offline'>;
  readonly mids: MidBlocks;
  readonly receipts: Pick<Receipts, 'received'>;
}

const HISTORY_LIMITS: PageLimits = { count: 20, bytes: 1_048_576 };
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

  /** Newest first; 0 and an unknown mid mean from the end. Only the caller's own conversation can be named. */
  async history(input: { readonly uid: Uid; readonly beforeMid: number }, caller: Caller): Promise<unknown> {
    const conv = chatConversation(caller.uid, input.uid);
    const events = await this.#deps.messages.history(caller.uid, conv, input.beforeMid, HISTORY_LIMITS);
    return events.map(messageAnswer);
  }

  /** What this device has not acked, oldest first; the rest comes after the ack. */
  async offline(caller: Caller): Promise<unknown> {
    return (await this.#deps.messages.offline(caller.uid, caller.device, OFFLINE_LIMITS)).map(messageAnswer);
  }

  async ackOffline(mids: readonly Mid[], caller: Caller): Promise<unknown> {
    if (mids.length === 0) throw imError('INVALID_PARAMETER', 'mid');
    await this.#deps.receipts.received(caller, mids);
    return '';
  }
}

function messageAnswer(event: ChatEvent): Readonly<Record<string, unknown>> {
  return {
    Mid: event.mid,
    CliSeq: event.seq,
    From: event.from,
    To: event.to,
    Type: event.type,
    SendAt: toSeconds(event.sentAtMs),
    CreateAt: toSeconds(event.storedAtMs),
    Content: event.content,
    Status: event.status,
  };
}
