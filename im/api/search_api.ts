/** msg/search: what was said in the caller's own conversations, as far as he may read it now. */
import { imError } from '../errors.js';
import type { ConversationName } from '../message/conversation.js';
import type { Uid } from '../message/ids.js';
import type { SearchStore } from '../store/event_interface.js';
import { eventAnswer } from './event_answer.js';
import type { Caller } from './interface.js';

export interface MessageSearchDeps {
  readonly search: Pick<SearchStore, 'search'>;
}

export interface MessageSearchInput {
  readonly text: string;
  readonly conv: ConversationName | '';
  /** The sender; undefined: whoever. */
  readonly uid: Uid | undefined;
  /** Stored at or after, and before; 0: no bound. */
  readonly from: number;
  readonly to: number;
  /** The page's `next` before; 0 for the first. */
  readonly before: number;
  readonly limit: number;
}

export class SearchApi {
  readonly #deps: MessageSearchDeps;

  constructor(deps: MessageSearchDeps) {
    this.#deps = deps;
  }

  /** Newest first. `next` 0: that was all. Throws INVALID_PARAMETER where the text has no word in it. */
  async search(input: MessageSearchInput, caller: Caller): Promise<unknown> {
    const { text, conv, uid: from, from: fromMs, to: toMs, before, limit } = input;
    if (toMs !== 0 && toMs <= fromMs) throw imError('INVALID_PARAMETER', 'to');
    const request = { uid: caller.uid, text, conv, from, fromMs, toMs, before, limit };
    const { events, next } = await this.#deps.search.search(request);
    return { events: events.flatMap(eventAnswer), next };
  }
}
