/**
 * Text frame to UpFrame: the only place where a client's JSON is narrowed. Everything odd becomes a BadUp with
 * a code; nothing throws. Step 2 of the message path (docs/message_path.md).
 */
import type { ErrorName } from '../errors.js';
import { ACTIONS, AUTH_ACTIONS, type AuthAction, type ChatAction } from './actions.js';
import { toConversation } from './conversation.js';
import { errorInfo } from './error_info.js';
import { toCount, toDevice, toMid, toSeq, toUid } from './ids.js';
import { Field, isJsonObject, type JsonObject } from './json_fields.js';
import { withinShape, type ShapeLimits } from './json_shape.js';
import type { AuthUp, BadUp, ErrorInfo, Profile, ReceiptState, UpFrame } from './message.js';
import { fromWireTime } from './wire_time.js';

export interface DecodeLimits extends ShapeLimits {
  /** Of a message's content, UTF-8. */
  readonly contentBytes: number;
}

export interface Decoded {
  readonly profile: Profile;
  readonly frame: UpFrame;
}

/** Bytes of a client id; the width of the column that holds it. */
export const CLIENT_ID_BYTES = 64;
/** Message types are small client-chosen integers; this is what the column holds. */
const TYPE_LIMIT = 2 ** 31;

const EMPTY: JsonObject = {};
const F = {
  action: new Field('action'),
  seq: new Field('seq'),
  data: new Field('data'),
  mid: new Field('mid'),
  cliMid: new Field('cliMid'),
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
};

function bad(error: ErrorInfo, action = '', echo = 0, data: JsonObject = EMPTY): BadUp {
  const cliMid = F.cliMid.read(data);
  const clientId = isClientId(cliMid) ? cliMid : '';
  return { kind: 'bad', action, echo, mid: toCount(F.mid.read(data)) ?? 0, clientId, error };
}

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
  return { profile, frame: decodeEnvelope(envelope, limits) };
}

function decodeEnvelope(envelope: JsonObject, limits: DecodeLimits): UpFrame {
  const action = F.action.read(envelope);
  if (typeof action !== 'string') return bad(errorInfo('BAD_FRAME', 'no action'));
  const data = F.data.read(envelope);
  const body = isJsonObject(data) ? data : EMPTY;
  const rawSeq = F.seq.read(envelope) ?? 0;
  const echo = toCount(rawSeq);
  if (echo === undefined) return bad(errorInfo('BAD_FRAME', 'seq is not a safe integer'), action, 0, body);
  switch (action) {
    case ACTIONS.chat:
    case ACTIONS.chatRetry:
    case ACTIONS.chatResend:
      return decodeChat(action, echo, body, limits);
    case ACTIONS.ackRequest:
    case ACTIONS.ackGroupMessage:
      return decodeReceipt(action, echo, body);
    case ACTIONS.heartbeat:
      return { kind: 'heartbeat' };
    default:
      if (isAuthAction(action)) return decodeAuth(action, echo, body);
      if (action.startsWith('api.')) return { kind: 'api', action, echo, data };
      return bad(errorInfo('UNKNOWN_ACTION'), action, echo, body);
  }
}

function isAuthAction(action: string): action is AuthAction {
  return (AUTH_ACTIONS as readonly string[]).includes(action);
}

function decodeChat(action: ChatAction, echo: number, data: JsonObject, limits: DecodeLimits): UpFrame {
  const refuse = (name: ErrorName, detail?: string): BadUp =>
    bad(errorInfo(name, detail), action, echo, data);
  const to = toUid(F.to.read(data));
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
  return { kind: 'chat', action, echo, to, clientId, mid, type, content: content.toWellFormed(), sentAtMs };
}

/** UTF-8 without lone surrogates or NUL, 1 to 64 bytes: what is stored is what was said, so no two collide. */
export function isClientId(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length > CLIENT_ID_BYTES) return false;
  return !isLongerThan(value, CLIENT_ID_BYTES) && value.isWellFormed() && !value.includes('\0');
}

/** Whether `text` takes more than `limitBytes` in UTF-8, without encoding what is surely shorter. */
function isLongerThan(text: string, limitBytes: number): boolean {
  if (text.length * 3 <= limitBytes) return false;
  if (text.length > limitBytes) return true;
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // A surrogate is half of a four-byte character, or becomes U+FFFD, which takes three bytes.
    bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(i + 1))) {
      bytes++;
      i++;
    }
  }
  return bytes > limitBytes;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

function decodeReceipt(action: string, echo: number, data: JsonObject): UpFrame {
  const conv = F.conv.read(data);
  if (conv === undefined) {
    const mid = toMid(F.mid.read(data));
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
  if (
    typeof token !== 'string' ||
    typeof account !== 'string' ||
    typeof password !== 'string' ||
    protocol === undefined ||
    !isTextList(caps)
  ) {
    return bad(errorInfo('INVALID_PARAMETER'), action, echo);
  }
  return { kind: 'auth', action, echo, token, account, password, device, protocol, caps };
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= 64 && value.every((item) => typeof item === 'string');
}
