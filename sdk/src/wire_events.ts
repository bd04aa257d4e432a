/** Events of a log from the wire's shape into the client's: what a push, a range and every page of messages hold. */
import { toCount, toGid, toMid, toPeer, toSeq, toUid } from '../../im/message/ids.js';
import { isJsonObject, type JsonObject } from '../../im/message/json_fields.js';
import { readNotice } from '../../im/message/notice.js';
import type { GroupNotice, Message, RecallTarget } from './types.js';

/** The status of a message that was taken back. */
export const RECALLED = 3;

/** What an event is that neither is a message nor takes one back. */
export type Happening =
  | { readonly kind: 'edit'; readonly target: RecallTarget; readonly content: string }
  | { readonly kind: 'reaction'; readonly target: RecallTarget; readonly emoji: string; readonly on: boolean }
  | { readonly kind: 'pin'; readonly target: RecallTarget; readonly on: boolean }
  | { readonly kind: 'notice'; readonly gid: number; readonly notice: GroupNotice }
  /** Of a newer server: it has its place, and nobody is told of it. */
  | { readonly kind: 'unknown' };

/** What a log holds: a message, the recall of one (with the mid and client id of what it takes back), or something else. */
export interface LogEvent extends Message {
  readonly recalls?: RecallTarget;
  readonly happening?: Happening;
}

export interface Push {
  readonly message: LogEvent;
  readonly after: number;
  /** Sent by this client, and answered: the server knows that it has it. */
  readonly isSentHere?: boolean;
}

const count = (value: unknown): number => toCount(value) ?? 0;

/** Nothing but a message: what counts as unread, and what a page of history shows. */
export function isMessage({ recalls, happening }: LogEvent): boolean {
  return recalls === undefined && happening === undefined;
}

/** Fields are named, not spread, and rare ones added only where they are: this is done for each message. */
export function readEvent(data: unknown, uid: number): LogEvent | undefined {
  if (!isJsonObject(data)) return undefined;
  const { cliMid: clientId, conv } = data;
  const mid = toMid(data['mid']);
  const seq = toSeq(data['seq']);
  const from = toUid(data['from']);
  const to = toPeer(data['to']);
  if (mid === undefined || seq === undefined || seq < 1 || from === undefined || to === undefined)
    return undefined;
  if (typeof clientId !== 'string' || typeof conv !== 'string') return undefined;
  const isOther = data['kind'] !== undefined;
  const content = data['content'] ?? (isOther ? '' : undefined);
  if (typeof content !== 'string') return undefined;
  const event: LogEvent = {
    conv,
    seq,
    mid,
    clientId,
    from,
    to,
    type: count(data['type']),
    content,
    sentAtMs: count(data['sendAt']),
    storedAtMs: count(data['storedAt']),
    status: count(data['status']),
    own: from === uid,
  };
  if (isOther) return { ...event, happening: readHappening(data, to) };
  if (data['targetSeq'] !== undefined) return recallOf(event, count(data['targetSeq']));
  const { replyTo, mentions, editCount } = data;
  const isPlain = replyTo === undefined && mentions === undefined && editCount === undefined;
  return isPlain ? event : { ...event, ...readExtra(data) };
}

function recallOf(event: LogEvent, seq: number): LogEvent {
  return seq > 0 ? { ...event, recalls: { mid: event.mid, seq, clientId: event.clientId } } : event;
}

/** Ascending, as a page has them; undefined where one of them is not understood. */
export function readEvents(data: unknown, uid: number): readonly LogEvent[] | undefined {
  if (!Array.isArray(data)) return undefined;
  const rows: readonly unknown[] = data;
  const events = rows.map((row) => readEvent(row, uid));
  return events.every((event) => event !== undefined) ? events : undefined;
}

export function readPush(data: unknown, uid: number): Push | undefined {
  const message = readEvent(data, uid);
  if (message === undefined || !isJsonObject(data)) return undefined;
  return { message, after: Math.min(toSeq(data['after']) ?? message.seq - 1, message.seq - 1) };
}

function readExtra(data: JsonObject): Pick<Message, 'replyTo' | 'mentions' | 'editedAtMs' | 'editCount'> {
  const replyTo = toMid(data['replyTo']);
  const said: readonly unknown[] = Array.isArray(data['mentions']) ? data['mentions'] : [];
  const mentions = said.map(toCount).filter((uid) => uid !== undefined);
  const editCount = count(data['editCount']);
  return {
    ...(replyTo !== undefined && { replyTo }),
    ...(mentions.length > 0 && { mentions }),
    ...(editCount > 0 && { editCount, editedAtMs: count(data['editedAt']) }),
  };
}

function readHappening(data: JsonObject, to: number): Happening {
  const { kind, content, emoji } = data;
  if (kind === 'notice') {
    const [gid, notice] = [toGid(to), readNoticeObject(data['notice'])];
    return gid === undefined || notice === undefined ? { kind: 'unknown' } : { kind, gid, notice };
  }
  const target = readTarget(data);
  const on = data['on'] === true;
  if (target === undefined) return { kind: 'unknown' };
  if (kind === 'edit' && typeof content === 'string') return { kind, target, content };
  if (kind === 'reaction' && typeof emoji === 'string') return { kind, target, emoji, on };
  return kind === 'pin' ? { kind, target, on } : { kind: 'unknown' };
}

function readTarget(data: JsonObject): RecallTarget | undefined {
  const [mid, seq, clientId] = [toMid(data['targetMid']), toSeq(data['targetSeq']), data['targetCliMid']];
  return mid === undefined || seq === undefined || typeof clientId !== 'string'
    ? undefined
    : { mid, seq, clientId };
}

/** Notices are few: one more pass over their text buys that there is one reader of them. */
function readNoticeObject(data: unknown): GroupNotice | undefined {
  return isJsonObject(data) ? readNotice(JSON.stringify(data)) : undefined;
}
