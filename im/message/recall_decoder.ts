/**
 * `message.chat.recall` and `message.group.recall` in their three shapes, told apart by whether the content says that it is a recall's:
 *
 *   public Java SDK         {Mid: the recall's own, To, Type: 100, Content: '{"ReCallBy":…,"Mid":target}'}
 *   public TypeScript SDK   {cliMid, mid: the target's, to, …}
 *   ours                    {mid: target, cliMid: the recall's own, to}
 *
 * The second one's content is that of the message itself, and may be JSON with a `mid` of its own. Who recalls is
 * the connection's user, whatever the content says.
 */
import { ACTIONS } from './actions.js';
import { toAddressee, toGroup } from './addressee.js';
import { badFrame } from './bad_frame.js';
import { isClientId } from './client_id.js';
import { errorInfo } from './error_info.js';
import { toMid, type Mid } from './ids.js';
import { Field, isJsonObject, type JsonObject } from './json_fields.js';
import type { BadUp, Profile, RecallUp } from './message.js';

const TO = new Field('to');
const MID = new Field('mid');
const CLI_MID = new Field('cliMid');
const CONTENT = new Field('content');
const RECALL_BY = new Field('recallBy');

/** What stands around the data. */
export interface RecallEnvelope {
  readonly ticket: string;
  readonly profile: Profile;
}

export function decodeRecall(
  action: typeof ACTIONS.chatRecall | typeof ACTIONS.groupRecall,
  echo: number,
  data: JsonObject,
  { ticket, profile }: RecallEnvelope,
): RecallUp | BadUp {
  const refuse = (detail: string): BadUp =>
    badFrame(errorInfo('INVALID_PARAMETER', detail), action, echo, data);
  const to = action === ACTIONS.groupRecall ? toGroup(TO.read(data)) : toAddressee(TO.read(data));
  if (to === undefined) return refuse('to');
  const rawMid = MID.read(data) ?? 0;
  const sent = rawMid === 0 || rawMid === '' || rawMid === '0' ? 0 : toMid(rawMid);
  if (sent === undefined) return refuse('mid');
  const target = namedIn(CONTENT.read(data), profile) ?? sent;
  if (target === 0) return refuse('no message is named');
  // Where only one mid is said it is the target's, and the recall has none yet.
  const mid = sent === target ? 0 : sent;
  const cliMid = CLI_MID.read(data) ?? '';
  const clientId = cliMid === '' ? `m${sent === 0 ? target : sent}` : cliMid;
  if (!isClientId(clientId)) return badFrame(errorInfo('BAD_CLIENT_ID'), action, echo, data);
  return { kind: 'recall', echo, to, target, mid, clientId, ticket };
}

/** The message that a content of the Java SDK's kind names; any other content names none. */
function namedIn(content: unknown, profile: Profile): Mid | undefined {
  if (typeof content !== 'string' || !content.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(content);
    if (!isJsonObject(value)) return undefined;
    return profile === 'legacy' || RECALL_BY.read(value) !== undefined ? toMid(MID.read(value)) : undefined;
  } catch {
    // Not JSON: the content is a text like any other.
    return undefined;
  }
}
