/**
 * An event of a log in the camelCase profile. A recall names the message that is gone by its own ids (`mid`,
 * `cliMid`, `targetSeq`), as the public TypeScript SDK looks for it; its `seq` is its own place in the log.
 */
import { EVENT_KIND, MESSAGE_STATUS, type ChatEvent } from './message.js';
import { readRecall } from './recall.js';

/** What this profile calls a message that was taken back, and the recall itself. */
export const WEB_RECALLED_STATUS = 3;
const WEB_RECALL_TYPE = 200;

export type EventFields = Readonly<Record<string, string | number>>;

/** `more` stands behind `seq`. Undefined for a recall that cannot be read. */
export function eventFields(event: ChatEvent, more: EventFields = {}): EventFields | undefined {
  const { kind, mid, clientId, conv, seq, from, to, type, content, sentAtMs, storedAtMs } = event;
  const ends = { sendAt: sentAtMs, storedAt: storedAtMs };
  const people = { from: String(from), to: String(to) };
  if (kind === EVENT_KIND.message) {
    const status = webStatus(event.status);
    return { cliMid: clientId, mid, conv, seq, ...more, ...people, type, content, ...ends, status };
  }
  const recall = readRecall(content);
  if (recall === undefined) return undefined;
  return {
    cliMid: recall.clientId,
    mid: recall.mid,
    conv,
    seq,
    ...more,
    ...people,
    type: WEB_RECALL_TYPE,
    content: '',
    ...ends,
    status: WEB_RECALLED_STATUS,
    targetSeq: recall.seq,
  };
}

export function webStatus(status: number): number {
  return status === MESSAGE_STATUS.recalled ? WEB_RECALLED_STATUS : status;
}
