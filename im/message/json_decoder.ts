/**
 * Text frame to UpFrame: the only place where a client's JSON is narrowed. Everything odd becomes a BadUp with
 * a code; nothing throws. Step 2 of the message path (docs/message_path.md).
 */
import type { ErrorName } from '../errors.js';
import { toAddressee, toGroup } from './addressee.js';
import { ACTIONS, AUTH_ACTIONS, type AuthAction, type ChatAction } from './actions.js';
import { badFrame as bad } from './bad_frame.js';
import { isClientId, isLongerThan } from './client_id.js';
import { toConversation } from './conversation.js';
import { errorInfo } from './error_info.js';
import { readExtra } from './extra_fields.js';
import { toCount, toDevice, toMid, toSeq } from './ids.js';
import { Field, isJsonObject, type JsonObject } from './json_fields.js';
import { withinShape, type ShapeLimits } from './json_shape.js';
import type { AuthUp, BadUp, Profile, ReceiptState, SyncCursor, UpFrame } from './message.js';
import { decodeRecall } from './recall_decoder.js';
import { decodeRelay } from './relay_decoder.js';
import { fromWireTime } from './wire_time.js';

export interface DecodeLimits extends ShapeLimits {
  /** Of a message's content, UTF-8. */
  readonly contentBytes: number;
}

export interface Decoded {
  readonly profile: Profile;
  readonly frame: UpFrame;
}

/** Message types are small client-chosen integers; this is what the column holds. */
const TYPE_LIMIT = 2 ** 31;

const EMPTY: JsonObject = {};
const F = {
  action: new Field('action'),
  seq: new Field('seq'),
  data: new Field('data'),
  mid: new Field('mid'),
  cliMid: new Field('cliMid'),
  ticket: new Field('ticket'),
  to: new Field('to'),
  from: new Field('from'),
  conv: new Field('conv'),
  state: new Field('state'),
  type: new Field('type'),
  content: new Field('content'),
  sendAt: new Field('sendAt'),
  cTime: new Field('cTime'),
  token: new Field('token'),
  credential: new Field('credential'),
  account: new Field('account'),
  email: new Field('email'),
  password: new Field('password'),
  device: new Field('device'),
  v: new Field('v'),
  caps: new Field('caps'),
  heartbeatMs: new Field('heartbeatMs'),
  count: new Field('count'),
  sum: new Field('sum'),
};

/** Messages that one `ack.offline` names: each costs what a receipt of its own does. */
const OFFLINE_MIDS = 200;

/** Never throws. The profile of a text that is no envelope is `web`. */
export function decodeUp(text: string, limits: DecodeLimits): Decoded {
  if (!withinShape(text, limits)) return { profile: 'web', frame: bad(errorInfo('FRAME_TOO_COMPLEX')) };
  let envelope: unknown;
  try {
    envelope = JSON.parse(text);
  } catch {
    // The parser's own text may quote the frame, which may hold a token: it goes nowhere.
    return { profile: 'web', frame: bad(errorInfo('BAD_FRAME', 'not JSON')) };
  }
  if (!isJsonObject(envelope)) return { profile: 'web', frame: bad(errorInfo('BAD_FRAME', 'not an object')) };
  const profile: Profile = Object.hasOwn(envelope, 'Action') ? 'legacy' : 'web';
  return { profile, frame: decodeEnvelope(envelope, profile, limits) };
}

function decodeEnvelope(envelope: JsonObject, profile: Profile, limits: DecodeLimits): UpFrame {
  const action = F.action.read(envelope);
  if (typeof action !== 'string') return bad(errorInfo('BAD_FRAME', 'no action'));
  const data = F.data.read(envelope);
  const body = isJsonObject(data) ? data : EMPTY;
  const rawSeq = F.seq.read(envelope) ?? 0;
  const echo = toCount(rawSeq);
  if (echo === undefined) return bad(errorInfo('BAD_FRAME', 'seq is not a safe integer'), action, 0, body);
  const ticket = F.ticket.read(envelope) ?? '';
  if (typeof ticket !== 'string') return bad(errorInfo('INVALID_PARAMETER', 'ticket'), action, echo, body);
  switch (action) {
    case ACTIONS.chat:
    case ACTIONS.chatRetry:
    case ACTIONS.chatResend:
    case ACTIONS.group:
      return decodeChat(action, { echo, ticket }, body, limits);
    case ACTIONS.chatRecall:
    case ACTIONS.groupRecall:
      return decodeRecall(action, echo, body, { ticket, profile });
    case ACTIONS.relay:
    case ACTIONS.relayService:
      return decodeRelay(action, { echo, data, to: F.to.read(envelope), ticket });
    case ACTIONS.ackRequest:
    case ACTIONS.ackGroupMessage:
    case ACTIONS.ackOffline:
      return decodeReceipt(action, echo, body);
    case ACTIONS.heartbeat:
      return { kind: 'heartbeat', cursor: decodeCursor(body) };
    default:
      if (isAuthAction(action)) return decodeAuth(action, echo, body);
      if (action.startsWith('api.')) return { kind: 'api', action, echo, data };
      return bad(errorInfo('UNKNOWN_ACTION'), action, echo, body);
  }
}

function isAuthAction(action: string): action is AuthAction {
  return (AUTH_ACTIONS as readonly string[]).includes(action);
}

function decodeChat(
  action: ChatAction,
  { echo, ticket }: { readonly echo: number; readonly ticket: string },
  data: JsonObject,
  limits: DecodeLimits,
): UpFrame {
  const refuse = (name: ErrorName, detail?: string): BadUp =>
    bad(errorInfo(name, detail), action, echo, data);
  const rawTo = F.to.read(data);
  const to = action === ACTIONS.group ? toGroup(rawTo) : toAddressee(rawTo);
  if (to === undefined) return refuse('INVALID_PARAMETER', 'to');
  const rawMid = F.mid.read(data) ?? 0;
  const mid = rawMid === 0 || rawMid === '' || rawMid === '0' ? 0 : toMid(rawMid);
  if (mid === undefined) return refuse('INVALID_PARAMETER', 'mid');
  const cliMid = F.cliMid.read(data) ?? '';
  const clientId = cliMid === '' && mid !== 0 ? `m${mid}` : cliMid;
  if (!isClientId(clientId)) return refuse('BAD_CLIENT_ID');
  const type = toCount(F.type.read(data) ?? 1);
  if (type === undefined || type >= TYPE_LIMIT) return refuse('INVALID_PARAMETER', 'type');
  const content = F.content.read(data) ?? '';
  if (typeof content !== 'string') return refuse('INVALID_PARAMETER', 'content is not text');
  if (isLongerThan(content, limits.contentBytes)) return refuse('CONTENT_TOO_LARGE');
  const sentAtMs = fromWireTime(F.sendAt.read(data) ?? F.cTime.read(data) ?? 0);
  if (sentAtMs === undefined) return refuse('INVALID_PARAMETER', 'sendAt');
  const extra = readExtra(data);
  if (typeof extra === 'string') return refuse('INVALID_PARAMETER', extra);
  const text = content.toWellFormed();
  const chat = {
    kind: 'chat',
    action,
    echo,
    to,
    clientId,
    mid,
    type,
    content: text,
    sentAtMs,
    ticket,
  } as const;
  return extra.extra === undefined ? chat : { ...chat, extra: extra.extra };
}

function decodeReceipt(action: string, echo: number, data: JsonObject): UpFrame {
  const conv = F.conv.read(data);
  if (conv === undefined) {
    const named = F.mid.read(data);
    if (action === ACTIONS.ackOffline && Array.isArray(named)) return decodeOffline(named, echo);
    const mid = toMid(named);
    if (mid === undefined) return bad(errorInfo('INVALID_PARAMETER', 'mid'), action, echo);
    return { kind: 'receipt', by: 'mid', mid };
  }
  const name = toConversation(conv);
  const from = toSeq(F.from.read(data));
  const to = toSeq(F.to.read(data));
  const state = F.state.read(data) ?? 'received';
  if (name === undefined || from === undefined || to === undefined || !isReceiptState(state)) {
    return bad(errorInfo('INVALID_PARAMETER', 'conv, from, to or state'), action, echo);
  }
  if (from < 1 || from > to) return bad(errorInfo('INVALID_PARAMETER', 'an empty interval'), action, echo);
  return { kind: 'receipt', by: 'interval', conv: name, from, to, state };
}

function decodeOffline(named: readonly unknown[], echo: number): UpFrame {
  const mids = named.length > OFFLINE_MIDS ? [] : named.map(toMid).filter((mid) => mid !== undefined);
  if (mids.length === 0 || mids.length < named.length)
    return bad(errorInfo('INVALID_PARAMETER', 'mid'), ACTIONS.ackOffline, echo);
  return { kind: 'receipt', by: 'mids', mids };
}

function isReceiptState(value: unknown): value is ReceiptState {
  return value === 'received' || value === 'read';
}

function decodeAuth(action: AuthAction, echo: number, data: JsonObject): AuthUp | BadUp {
  const credential = F.credential.read(data);
  const token =
    F.token.read(data) ?? (isJsonObject(credential) ? F.credential.read(credential) : credential) ?? '';
  const account = F.account.read(data) ?? F.email.read(data) ?? '';
  const password = F.password.read(data) ?? '';
  const rawDevice = F.device.read(data);
  const device = rawDevice === undefined || rawDevice === null ? undefined : toDevice(rawDevice);
  const protocol = toCount(F.v.read(data) ?? 0);
  const caps: unknown = F.caps.read(data) ?? [];
  const heartbeatMs = toCount(F.heartbeatMs.read(data) ?? 0);
  if (
    typeof token !== 'string' ||
    typeof account !== 'string' ||
    typeof password !== 'string' ||
    protocol === undefined ||
    heartbeatMs === undefined ||
    !isTextList(caps)
  ) {
    return bad(errorInfo('INVALID_PARAMETER'), action, echo);
  }
  return { kind: 'auth', action, echo, token, account, password, device, protocol, caps, heartbeatMs };
}

/** A heartbeat is never refused: what is no cursor is none. */
function decodeCursor(data: JsonObject): SyncCursor | undefined {
  const [count, sum] = [toCount(F.count.read(data)), toCount(F.sum.read(data))];
  return count === undefined || sum === undefined ? undefined : { count, sum };
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= 64 && value.every((item) => typeof item === 'string');
}
