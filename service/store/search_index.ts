/**
 * Filling the search index over the stores' calls: the writer says what has changed, a reader takes texts apart, and
 * the writer only puts their terms away, so little at a time that an append hardly waits for it. After a start, and
 * after whatever went wrong, all conversations are looked at once, a page at a time.
 */
import type { SearchStore } from '../../im/store/event_interface.js';
import type { ChangedPage } from './changed_conversations.js';
import type { BehindPage, SearchBatch, SearchStep } from './search_source.js';

export interface IndexCalls {
  readonly changedConversations: (limit: number) => Promise<ChangedPage>;
  readonly behindPage: (afterId: number) => Promise<BehindPage>;
  readonly termsBehind: (ids: readonly number[], limit: number) => Promise<SearchBatch>;
  readonly indexTerms: (steps: readonly SearchStep[]) => Promise<void>;
}

/** Conversations taken at a time. */
const CHANGED_LIMIT = 500;

/** SearchStore.indexBehind. */
export function indexOver(calls: IndexCalls): SearchStore['indexBehind'] {
  let waiting: readonly number[] = [];
  /** Where the look at all conversations goes on; undefined: it has been done. */
  let afterId: number | undefined = 0;

  const look = async (): Promise<void> => {
    const { ids, isLost } = await calls.changedConversations(CHANGED_LIMIT);
    if (isLost) afterId = 0;
    waiting = ids;
    if (afterId === undefined) return;
    const page = await calls.behindPage(afterId);
    afterId = page.nextId === 0 ? undefined : page.nextId;
    waiting = [...new Set([...ids, ...page.ids])];
  };

  const some = async (limit: number): Promise<number> => {
    const { steps, rest, count } = await calls.termsBehind(waiting, limit);
    if (steps.length > 0) await calls.indexTerms(steps);
    waiting = rest;
    return count;
  };

  return async (limit) => {
    let count = 0;
    try {
      while (count < limit) {
        if (waiting.length === 0) await look();
        if (waiting.length > 0) count += await some(limit - count);
        else if (afterId === undefined) break;
      }
    } catch (error) {
      // What the writer said has been forgotten with it.
      waiting = [];
      afterId = 0;
      throw error;
    }
    return count;
  };
}
