/**
 * A message in the shape of the older clients: PascalCase, seconds. A recall is to them a message of a type and a
 * content of its own.
 */
import { EVENT_KIND, type ChatEvent } from '../message/message.js';
import { oldClientType } from '../message/old_types.js';
import { legacyRecallContent } from '../message/recall.js';
import { toSeconds } from '../message/wire_time.js';

export function messageAnswer(event: ChatEvent): Readonly<Record<string, unknown>> {
  const isRecall = event.kind === EVENT_KIND.recall;
  return {
    Mid: event.mid,
    CliSeq: event.seq,
    From: event.from,
    To: event.to,
    Type: isRecall ? event.type : oldClientType(event),
    SendAt: toSeconds(event.sentAtMs),
    CreateAt: toSeconds(event.storedAtMs),
    Content: isRecall ? (legacyRecallContent(event.content) ?? '') : event.content,
    Status: event.status,
  };
}
