/** What of a `notify.count` is new where its first part is known already, by a row or because it was shown or read. */
import type { Count } from './wire.js';

export interface CountRest {
  /** No more than there are. */
  readonly messages: number;
  readonly mentions: number;
  /** False: there may be more. */
  readonly isExact: boolean;
}

export function restOf({ fromSeq, lastSeq, messages, mentions }: Count, knownSeq: number): CountRest {
  if (knownSeq >= lastSeq) return { messages: 0, mentions: 0, isExact: true };
  if (fromSeq > 0 && knownSeq < fromSeq) return { messages, mentions, isExact: true };
  const most = Math.min(messages, lastSeq - knownSeq);
  const mostMentions = Math.min(mentions, most);
  // A server that does not say where it begins to count: nearly always all of it is new.
  if (fromSeq === 0)
    return { messages: most, mentions: mostMentions, isExact: most === messages || mentions === 0 };
  const least = Math.max(0, messages - (knownSeq - fromSeq + 1));
  const leastMentions = Math.max(0, mentions - (messages - least));
  const isExact = least === most && leastMentions === mostMentions;
  return { messages: least, mentions: leastMentions, isExact };
}
