/** msg/get and msg/page: messages by mid, and the log around a place or in a time, without reading all between. */
import { imError } from '../errors.js';
import type { ConversationName } from '../message/conversation.js';
import type { Mid, Seq, Uid } from '../message/ids.js';
import type { ChatEvent } from '../message/message.js';
import type { EventStore } from '../store/event_interface.js';
import type { MessageStore } from '../store/interface.js';
import { eventAnswer } from './event_answer.js';
import type { Caller } from './interface.js';
import { RANGE_LIMITS } from './sync_api.js';

export interface PageApiDeps {
  readonly events: Pick<EventStore, 'page' | 'messages'>;
  readonly messages: Pick<MessageStore, 'historyBetween'>;
}

export const PAGE_SIDES = ['before', 'after', 'around', 'time'] as const;
export type PageSide = (typeof PAGE_SIDES)[number];

export interface PageInput {
  readonly conv: ConversationName;
  readonly side: PageSide;
  /** The place: a seq, or a message of the conversation. 0 and 0: the beginning (after) or the end (before). */
  readonly seq: Seq;
  readonly mid: Mid | 0;
  /** Of `time`: stored at or after, and before; 0: no bound. */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
}

export class PageApi {
  readonly #deps: PageApiDeps;

  constructor(deps: PageApiDeps) {
    this.#deps = deps;
  }

  /** Those that he may read; the others are left out. */
  async get(mids: readonly Mid[], { uid }: Caller): Promise<unknown> {
    if (mids.length === 0) return { events: [] };
    const events = await this.#deps.events.messages(uid, mids);
    return { events: events.flatMap(eventAnswer) };
  }

  /** Ascending, whatever the side. Throws NO_PERMISSION, NO_SUCH_MESSAGE. */
  async page(input: PageInput, { uid }: Caller): Promise<unknown> {
    const { conv } = input;
    const events = input.side === 'time' ? await this.#byTime(input, uid) : await this.#byPlace(input, uid);
    return { conv, events: events.flatMap(eventAnswer) };
  }

  /** The newest of that time, where there are more. */
  async #byTime({ conv, from, to, limit }: PageInput, uid: Uid): Promise<readonly ChatEvent[]> {
    if (to !== 0 && to <= from) throw imError('INVALID_PARAMETER', 'to');
    const limits = { ...RANGE_LIMITS, count: limit };
    return (await this.#deps.messages.historyBetween(uid, conv, from, to, limits)).toReversed();
  }

  async #byPlace({ conv, side, seq, mid, limit }: PageInput, uid: Uid): Promise<readonly ChatEvent[]> {
    if (side === 'time') throw imError('INVALID_PARAMETER', 'side');
    const limits = { ...RANGE_LIMITS, count: limit };
    const place = mid === 0 ? seq : await this.#seqOf(mid, conv, uid);
    if (place !== 0 || side === 'after') return this.#deps.events.page(uid, conv, place, side, limits);
    // From the end.
    return (await this.#deps.messages.historyBetween(uid, conv, 0, 0, limits)).toReversed();
  }

  async #seqOf(mid: Mid, conv: ConversationName, uid: Uid): Promise<Seq> {
    const [found] = await this.#deps.events.messages(uid, [mid]);
    if (found?.conv !== conv) throw imError('NO_SUCH_MESSAGE');
    return found.seq;
  }
}
