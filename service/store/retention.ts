/**
 * Retention over the stores' calls: looks for old conversations in pages on a reader and has the writer erase a
 * bounded number of rows of them, so that neither is held up. Goes round: a call continues where the one before
 * it stopped.
 */
import type { MessageStore } from '../../im/store/interface.js';
import type { ExpirablePage, RetentionRule } from './retention_table.js';

export interface RetentionCalls {
  readonly expirable: (rule: RetentionRule, afterId: number) => Promise<ExpirablePage>;
  readonly expireRows: (ids: readonly number[], rule: RetentionRule, limit: number) => Promise<number>;
}

/** What one transaction may touch, a few ms of the writer's time: between two of them messages are stored. */
const ROWS_PER_WRITE = 200;

/** MessageStore.expire. */
export function retentionOver({ expirable, expireRows }: RetentionCalls): MessageStore['expire'] {
  let nextId = 0;
  return async (beforeMs, keepCount, limit) => {
    const rule = { beforeMs, keepCount };
    let count = 0;
    // Everything once: from where the last call stopped to the end, then from the beginning to the end.
    const rounds = nextId === 0 ? 1 : 2;
    for (let ends = 0; ends < rounds && count < limit;) {
      const page = await expirable(rule, nextId);
      const room = Math.min(ROWS_PER_WRITE, limit - count);
      const done = page.ids.length === 0 ? 0 : await expireRows(page.ids, rule, room);
      count += done;
      // A page that still has something is looked at again.
      if (done === room) continue;
      nextId = page.nextId;
      if (nextId === 0) ends += 1;
    }
    return count;
  };
}
