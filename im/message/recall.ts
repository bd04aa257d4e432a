/**
 * What a recall event carries: JSON text, readable by the public Java SDK as it stands (its key is `ReCallBy`),
 * with what the other profiles need to name the message that is gone.
 */
import { toMid, toSeq, toUid, type Mid, type Seq, type Uid } from './ids.js';
import { isJsonObject } from './json_fields.js';
import { EVENT_KIND, type ChatEvent, type Profile } from './message.js';

export interface RecallContent {
  readonly by: Uid;
  /** The message that was taken back: its mid, client id and place. */
  readonly mid: Mid;
  readonly clientId: string;
  readonly seq: Seq;
  /** When it was sent; those stored earlier do not say. */
  readonly sentAtMs?: number;
}

/** What the public Java SDK gives a recall as its type; stored as such. */
export const RECALL_TYPE = 100;

/** One recall per message, whoever sends it how often: its client id says so. */
export function recallClientId(target: Mid): string {
  return `recall-${target}`;
}

export function recallContent({ by, mid, clientId, seq, sentAtMs }: RecallContent): string {
  return JSON.stringify({
    ReCallBy: by,
    RecallBy: by,
    Mid: mid,
    CliMid: clientId,
    Seq: seq,
    SentAt: sentAtMs,
  });
}

/** Undefined where `content` is none of ours. */
export function readRecall(content: string): RecallContent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  const by = toUid(value['RecallBy']);
  const mid = toMid(value['Mid']);
  const seq = toSeq(value['Seq']);
  const clientId = value['CliMid'];
  if (by === undefined || mid === undefined || seq === undefined || typeof clientId !== 'string')
    return undefined;
  const sentAtMs = value['SentAt'];
  return { by, mid, clientId, seq, ...(isTime(sentAtMs) && { sentAtMs }) };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

/** The same for the public Java SDK: its keys and no others. Undefined as above. */
export function legacyRecallContent(content: string): string | undefined {
  const recall = readRecall(content);
  return recall === undefined ? undefined : JSON.stringify({ ReCallBy: recall.by, Mid: recall.mid });
}

/** The mid under which a client of that profile is told of the event, and acks it. */
export function wireMid(event: ChatEvent, profile: Profile): Mid {
  if (event.kind !== EVENT_KIND.recall || profile === 'legacy') return event.mid;
  return readRecall(event.content)?.mid ?? event.mid;
}
