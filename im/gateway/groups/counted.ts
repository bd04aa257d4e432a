/** What an event changes of the numbers that somebody is told whose interest is `count`. */
import { EVENT_KIND, type ChatEvent, type Mention } from '../../message/message.js';
import { readRecall } from '../../message/recall.js';

export interface Counted {
  /** One more, for everybody but its sender. */
  readonly isMessage: boolean;
  readonly mentions: readonly Mention[];
  /** The message that it took back; 0: none. Whose that was, and whom it named, only the store knows. */
  readonly recalledSeq: number;
}

const MESSAGE: Counted = { isMessage: true, mentions: [], recalledSeq: 0 };

/** Undefined where it changes none. */
export function countedOf({ kind, extra, content }: ChatEvent): Counted | undefined {
  if (kind === EVENT_KIND.message)
    return extra?.mentions === undefined ? MESSAGE : { ...MESSAGE, mentions: extra.mentions };
  if (kind !== EVENT_KIND.recall) return undefined;
  const recalledSeq = readRecall(content)?.seq ?? 0;
  return recalledSeq === 0 ? undefined : { isMessage: false, mentions: [], recalledSeq };
}
