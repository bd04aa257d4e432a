/** Answers of the operations on messages, narrowed. */
import { toConversation } from '../../im/message/conversation.js';
import { toMid, toSeq } from '../../im/message/ids.js';
import { isJsonObject, type JsonObject } from '../../im/message/json_fields.js';
import { countOf, textOf, uidsOf } from './answers.js';
import type {
  EarlierContent,
  EventPlace,
  MessagePage,
  MessageReceipts,
  Reaction,
  SearchPage,
} from './message_types.js';
import type { Message } from './types.js';
import { isMessage, readEvents } from './wire_events.js';

/** 'unchanged': it was so already. */
export function readPlace(data: unknown): EventPlace | 'unchanged' | undefined {
  if (data === '') return 'unchanged';
  if (!isJsonObject(data)) return undefined;
  const [conv, mid, seq] = [toConversation(data['conv']), toMid(data['mid']), toSeq(data['seq'])];
  if (conv === undefined || mid === undefined || seq === undefined) return undefined;
  return { conv, mid, seq, storedAtMs: countOf(data['storedAt']) };
}

export function readReaction(row: JsonObject): Reaction | undefined {
  const [mid, emoji] = [toMid(row['mid']), textOf(row['emoji'])];
  if (mid === undefined || emoji === '') return undefined;
  return { mid, emoji, count: countOf(row['count']), own: row['own'] === true, uids: uidsOf(row['uids']) };
}

export function readEarlier(row: JsonObject): EarlierContent | undefined {
  const { content } = row;
  return typeof content === 'string' ? { content, untilMs: countOf(row['until']) } : undefined;
}

export function readReceipts(data: unknown): MessageReceipts | undefined {
  if (!isJsonObject(data)) return undefined;
  const { deliveredCount } = data;
  return {
    audience: countOf(data['audience']),
    readCount: countOf(data['readCount']),
    readers: uidsOf(data['readers']),
    deliveredCount: deliveredCount === -1 ? undefined : countOf(deliveredCount),
    isPartial: data['isPartial'] === true,
  };
}

export function readMessages(data: unknown, uid: number): readonly Message[] | undefined {
  return readEvents(isJsonObject(data) ? data['events'] : undefined, uid)?.filter(isMessage);
}

export function readPage(data: unknown, uid: number): MessagePage | undefined {
  const events = readEvents(isJsonObject(data) ? data['events'] : undefined, uid);
  if (events === undefined) return undefined;
  const [firstSeq, lastSeq] = [events[0]?.seq ?? 0, events.at(-1)?.seq ?? 0];
  return { messages: events.filter(isMessage), firstSeq, lastSeq };
}

export function readSearch(data: unknown, uid: number): SearchPage | undefined {
  const messages = readMessages(data, uid);
  if (messages === undefined || !isJsonObject(data)) return undefined;
  return { messages, next: countOf(data['next']) };
}
