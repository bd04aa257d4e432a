/**
 * Frames from the server, narrowed: everything that comes over the socket is checked here once. A field that
 * is not what it should be makes the whole thing undefined. Frames to the server are built where they are sent.
 */
import { toCount, toMid, toPeer, toSeq, toUid } from '../../im/message/ids.js';
import { isJsonObject, type JsonObject } from '../../im/message/json_fields.js';
import { CodedError } from '../../pkg/errors/coded_error.js';
import type { SyncCursor } from '../../im/message/message.js';
import { DEFAULT_SETTINGS, INTERESTS } from '../../im/message/settings.js';
import type { ConversationSettings, Receipt, SavedRow } from './types.js';
import { readEvents, type LogEvent } from './wire_events.js';

export type { SyncCursor };

export interface StoredAck {
  readonly clientId: string;
  readonly conv: string;
  readonly mid: number;
  readonly seq: number;
  readonly storedAtMs: number;
}

/** What the sign-in answer says that the client uses. */
export interface Welcome {
  readonly uid: number;
  readonly epoch: number;
  /** 0 where the server has no wish. */
  readonly heartbeatMs: number;
  /** Of one message's content in UTF-8; Infinity where not said. */
  readonly contentBytes: number;
}

/** What `notify.count` says. */
export interface Count {
  /** The first of what is counted here; 0: not said. */
  readonly fromSeq: number;
  readonly lastSeq: number;
  /** Of others, that were not pushed. */
  readonly messages: number;
  /** Of these, those that name this user or everybody. */
  readonly mentions: number;
  /** The highest that was taken back meanwhile; 0: none. */
  readonly recalledSeq: number;
}

/** How far the other side of a conversation has come with all of it. */
export interface PeerMarks {
  readonly peerDeliveredSeq: number;
  readonly peerReadSeq: number;
}

export interface SyncedConversation extends SavedRow {
  readonly conv: string;
  readonly peer: number;
  readonly deviceSeq: number;
}

export interface SyncAnswer {
  readonly conversations: readonly SyncedConversation[];
  readonly more: boolean;
  readonly next: string;
  readonly count: number;
  readonly sum: number;
  readonly cursorMs: number;
  readonly epoch: number;
}

export interface RangeAnswer {
  readonly from: number;
  readonly to: number;
  readonly messages: readonly LogEvent[];
  readonly more: boolean;
  readonly floor: number;
}

const count = (value: unknown): number => toCount(value) ?? 0;
const words = (value: unknown): string => (typeof value === 'string' ? value : '');

export function readStoredAck(data: unknown): StoredAck | undefined {
  if (!isJsonObject(data)) return undefined;
  const { cliMid: clientId, conv } = data;
  const mid = toMid(data['mid']);
  const seq = toSeq(data['seq']);
  if (mid === undefined || seq === undefined || seq < 1) return undefined;
  if (typeof clientId !== 'string' || typeof conv !== 'string') return undefined;
  return { clientId, conv, mid, seq, storedAtMs: count(data['storedAt']) };
}

/** An error object of a frame; whatever is missing is a temporary error without code. */
export function readError(data: unknown): CodedError {
  if (!isJsonObject(data)) return new CodedError(0, words(data), { temporary: true });
  const retryAfterMs = count(data['retryAfterMs']);
  return new CodedError(count(data['code']), words(data['message']), {
    temporary: data['temporary'] !== false,
    ...(retryAfterMs > 0 && { retryAfterMs }),
  });
}

export function readWelcome(data: unknown): Welcome | undefined {
  if (!isJsonObject(data)) return undefined;
  const uid = toUid(data['uid']);
  if (uid === undefined) return undefined;
  const limits: JsonObject = isJsonObject(data['limits']) ? data['limits'] : {};
  return {
    uid,
    epoch: count(data['epoch']),
    heartbeatMs: count(data['heartbeatMs']),
    contentBytes: toCount(limits['contentBytes']) ?? Infinity,
  };
}

/** `ack.notify` in its interval form. */
export function readReceipt(data: unknown): Receipt | undefined {
  if (!isJsonObject(data)) return undefined;
  const { conv, state } = data;
  const [from, to, by] = [toSeq(data['from']), toSeq(data['to']), toUid(data['by'])];
  if (typeof conv !== 'string' || from === undefined || to === undefined || by === undefined)
    return undefined;
  return state === 'received' || state === 'read' ? { conv, from, to, state, by } : undefined;
}

/** Of `notify.count`; what is absent is none. */
export function readCount(data: unknown): Count | undefined {
  if (!isJsonObject(data)) return undefined;
  const [lastSeq, messages] = [toSeq(data['lastSeq']), toCount(data['messages'])];
  if (lastSeq === undefined || messages === undefined) return undefined;
  const [fromSeq, recalledSeq] = [count(data['fromSeq']), count(data['recalledSeq'])];
  return { fromSeq, lastSeq, messages, mentions: count(data['mentions']), recalledSeq };
}

/** Of `notify.sync`, where it has one: what the store has. */
export function readCursor(data: unknown): SyncCursor | undefined {
  const cursor = isJsonObject(data) ? data['cursor'] : undefined;
  if (!isJsonObject(cursor)) return undefined;
  const [conversations, sum] = [toCount(cursor['count']), toCount(cursor['sum'])];
  return conversations === undefined || sum === undefined ? undefined : { count: conversations, sum };
}

export function readSync(data: unknown): SyncAnswer | undefined {
  if (!isJsonObject(data) || !Array.isArray(data['conversations'])) return undefined;
  const rows: readonly unknown[] = data['conversations'];
  const conversations = rows.map(readConversation);
  if (!conversations.every((row) => row !== undefined)) return undefined;
  return {
    conversations,
    more: data['more'] === true,
    next: words(data['next']),
    count: count(data['count']),
    sum: count(data['sum']),
    cursorMs: count(data['cursor']),
    epoch: count(data['epoch']),
  };
}

function readConversation(data: unknown): SyncedConversation | undefined {
  if (!isJsonObject(data) || typeof data['conv'] !== 'string') return undefined;
  const peer = toPeer(data['peer']);
  if (peer === undefined) return undefined;
  return {
    conv: data['conv'],
    peer,
    firstSeq: count(data['firstSeq']),
    lastSeq: count(data['lastSeq']),
    lastAtMs: count(data['lastAt']),
    deviceSeq: count(data['deviceSeq']),
    readSeq: count(data['readSeq']),
    peerDeliveredSeq: count(data['peerDeliveredSeq']),
    peerReadSeq: count(data['peerReadSeq']),
    unread: count(data['unread']),
    mentions: count(data['mentions']),
    isMember: data['isMember'] !== false,
    settings: readSettings(data['settings']),
  };
}

/** What is not said is as it is for everybody who has changed nothing; most rows share that one object. */
export function readSettings(data: unknown): ConversationSettings {
  if (!isJsonObject(data)) return DEFAULT_SETTINGS;
  const interest = INTERESTS.find((known) => known === data['interest']) ?? DEFAULT_SETTINGS.interest;
  const [pinned, muted, hidden] = [data['pinned'] === true, data['muted'] === true, data['hidden'] === true];
  const draft = words(data['draft']);
  const isDefault = !pinned && !muted && !hidden && draft === '' && interest === DEFAULT_SETTINGS.interest;
  return isDefault ? DEFAULT_SETTINGS : { pinned, muted, hidden, draft, interest };
}

export function readRange(data: unknown, uid: number): RangeAnswer | undefined {
  if (!isJsonObject(data)) return undefined;
  const [from, to, messages] = [toSeq(data['from']), toSeq(data['to']), readEvents(data['events'], uid)];
  if (from === undefined || to === undefined || messages === undefined) return undefined;
  return { from, to, messages, more: data['more'] === true, floor: count(data['floor']) };
}

/** Of `session/ticket`. Throws a temporary CodedError. */
export function readTicket(data: unknown): string {
  const ticket = isJsonObject(data) ? words(data['ticket']) : '';
  if (ticket === '')
    throw new CodedError(0, 'the answer to session/ticket is not understood', { temporary: true });
  return ticket;
}
