/** A message in the shape of the older clients: PascalCase, seconds. */
import type { ChatEvent } from '../message/message.js';
import { toSeconds } from '../message/wire_time.js';

export function messageAnswer(event: ChatEvent): Readonly<Record<string, unknown>> {
  return {
    Mid: event.mid,
    CliSeq: event.seq,
    From: event.from,
    To: event.to,
    Type: event.type,
    SendAt: toSeconds(event.sentAtMs),
    CreateAt: toSeconds(event.storedAtMs),
    Content: event.content,
    Status: event.status,
  };
}
