/** A page of older messages for scrolling: read from the server, shown by nobody but the caller. */
import { isError } from '../../im/errors.js';
import type { Message } from './types.js';
import type { RangeAnswer } from './wire.js';
import { isMessage } from './wire_events.js';

export interface HistoryOptions {
  /** Only messages with a lower seq; absent: from the end. */
  readonly before?: number;
  readonly count: number;
}

type RangeReader = (from: number, to: number) => Promise<RangeAnswer>;

/**
 * Ascending. Fewer than `count` where the log begins, or where some seqs are no messages or not for this user
 * (messages.before counts messages). Rejects with a CodedError, such as NO_PERMISSION.
 */
export async function fetchHistory(
  { before, count }: HistoryOptions,
  lastSeq: number,
  range: RangeReader,
): Promise<Message[]> {
  const to = Math.min(lastSeq, (before ?? Infinity) - 1);
  const messages: Message[] = [];
  try {
    for (let from = Math.max(1, to - count + 1); from <= to;) {
      const page = await range(from, to);
      messages.push(...page.messages.filter(isMessage));
      // The floor may lie inside; an answer that does not get on ends it.
      if (page.to < from) break;
      from = page.to + 1;
    }
  } catch (error) {
    if (!isError(error, 'EXPIRED')) throw error;
  }
  return messages;
}
