/** An event as everybody sees it, from what was asked for and what the store says of it. */
import type { ConversationName } from './conversation.js';
import type { Mid, Seq } from './ids.js';
import { MESSAGE_STATUS, type ChatEvent } from './message.js';

export type SaidEvent = Pick<
  ChatEvent,
  'kind' | 'clientId' | 'from' | 'to' | 'type' | 'content' | 'sentAtMs' | 'extra'
>;

export interface StoredPlace {
  readonly mid: Mid;
  readonly seq: Seq;
  readonly storedAtMs: number;
}

/** `content`: what the store wrote instead of what was asked for. */
export function storedEvent(
  conv: ConversationName,
  said: SaidEvent,
  { mid, seq, storedAtMs }: StoredPlace,
  content: string = said.content,
): ChatEvent {
  const { kind, clientId, from, to, type, extra } = said;
  const sentAtMs = said.sentAtMs === 0 ? storedAtMs : said.sentAtMs;
  const status = MESSAGE_STATUS.normal;
  return {
    ...{ kind, conv, seq, mid, clientId, from, to, type, content, sentAtMs, storedAtMs, status },
    ...(extra !== undefined && { extra }),
  };
}
