/** The client's memory as the app hands it back, narrowed: it comes from a disk, and may be anything. */
import { mayBeIn, toConversation } from '../../im/message/conversation.js';
import { toCount, toMid, toPeer, toUid, type Uid } from '../../im/message/ids.js';
import { isClientId } from '../../im/message/client_id.js';
import { isJsonObject, type JsonObject } from '../../im/message/json_fields.js';
import type { RecallTarget, SavedRow, SavedSend, SavedState } from './types.js';
import { readSettings } from './wire.js';

type SavedConversation = SavedState['conversations'][number];

/** What can be used, and what was damaged ('' for nothing): words for the app's log, no contents. */
export interface ReadState {
  readonly state: SavedState | undefined;
  readonly damage: string;
}

const NOTHING_KNOWN = { epoch: 0, cursorMs: 0, conversations: [] } as const;

/** null and undefined are nothing saved. Without its conversations a state starts over, but keeps its outbox. */
export function readSavedState(data: unknown): ReadState {
  if (data === undefined || data === null) return { state: undefined, damage: '' };
  const uid = isJsonObject(data) ? toUid(data['uid']) : undefined;
  if (!isJsonObject(data) || uid === undefined) return { state: undefined, damage: 'all of it' };
  const outbox = readOutbox(data['outbox']);
  const known = readKnown(data, uid);
  const damages = [
    ...(known === undefined ? ['its conversations'] : []),
    ...(outbox.lostCount > 0 ? [`${outbox.lostCount} of its sends`] : []),
  ];
  return { state: { uid, ...(known ?? NOTHING_KNOWN), outbox: outbox.sends }, damage: damages.join(' and ') };
}

function readKnown(data: JsonObject, uid: Uid): Omit<SavedState, 'uid' | 'outbox'> | undefined {
  const [epoch, cursorMs] = [toCount(data['epoch']), toCount(data['cursorMs'])];
  const conversations = readAll(data['conversations'], (row) => readConversation(row, uid));
  if (epoch === undefined || cursorMs === undefined || conversations === undefined) return undefined;
  return { epoch, cursorMs, conversations };
}

function readConversation(data: unknown, uid: Uid): SavedConversation | undefined {
  if (!isJsonObject(data)) return undefined;
  const conv = toConversation(data['conv']);
  const known = readAll(data['known'], toCount);
  const ackedSeq = toCount(data['ackedSeq']);
  const confirmedSeq = toCount(data['confirmedSeq'] ?? 0);
  const confirmedReadSeq = toCount(data['confirmedReadSeq']);
  if (conv === undefined || known === undefined || ackedSeq === undefined || confirmedSeq === undefined)
    return undefined;
  if (!mayBeIn(conv, uid) || known.length % 2 !== 0) return undefined;
  const row = readRow(data['row']);
  return {
    ...{ conv, known, ackedSeq, confirmedSeq },
    ...(confirmedReadSeq !== undefined && { confirmedReadSeq }),
    ...(row !== undefined && { row }),
  };
}

/** Numbers to be shown: what is damaged among them is nothing, and the next sync puts it right. */
function readRow(data: unknown): SavedRow | undefined {
  if (!isJsonObject(data)) return undefined;
  const count = (name: keyof SavedRow): number => toCount(data[name]) ?? 0;
  return {
    firstSeq: count('firstSeq'),
    lastSeq: count('lastSeq'),
    lastAtMs: count('lastAtMs'),
    readSeq: count('readSeq'),
    peerDeliveredSeq: count('peerDeliveredSeq'),
    peerReadSeq: count('peerReadSeq'),
    unread: count('unread'),
    mentions: count('mentions'),
    isMember: data['isMember'] !== false,
    settings: readSettings(data['settings']),
  };
}

/** Twice the same client id is one send too many: the second could never be told from the first. */
function readOutbox(data: unknown): { readonly sends: readonly SavedSend[]; readonly lostCount: number } {
  if (!Array.isArray(data)) return { sends: [], lostCount: 1 };
  const rows: readonly unknown[] = data;
  const sends = new Map<string, SavedSend>();
  for (const row of rows) {
    const send = readSend(row);
    if (send !== undefined && !sends.has(send.clientId)) sends.set(send.clientId, send);
  }
  return { sends: [...sends.values()], lostCount: rows.length - sends.size };
}

function readSend(data: unknown): SavedSend | undefined {
  if (!isJsonObject(data)) return undefined;
  const { clientId, content } = data;
  const [to, type, sentAtMs] = [toPeer(data['to']), toCount(data['type']), toCount(data['sentAtMs'])];
  if (to === undefined || type === undefined || sentAtMs === undefined) return undefined;
  if (typeof content !== 'string' || !isClientId(clientId)) return undefined;
  const recalls = data['recalls'] === undefined ? undefined : readTarget(data['recalls']);
  if (recalls === undefined && data['recalls'] !== undefined) return undefined;
  const replyTo = toMid(data['replyTo']);
  const mentions = data['mentions'] === undefined ? undefined : readAll(data['mentions'], toCount);
  if (
    (replyTo === undefined && data['replyTo'] !== undefined) ||
    (!mentions && data['mentions'] !== undefined)
  )
    return undefined;
  return {
    to,
    clientId,
    type,
    content,
    sentAtMs,
    ...(recalls !== undefined && { recalls }),
    ...(replyTo !== undefined && { replyTo }),
    ...(mentions !== undefined && { mentions }),
  };
}

function readTarget(data: unknown): RecallTarget | undefined {
  if (!isJsonObject(data)) return undefined;
  const { clientId } = data;
  const [mid, seq] = [toMid(data['mid']), toCount(data['seq'])];
  return mid === undefined || seq === undefined || !isClientId(clientId) ? undefined : { mid, seq, clientId };
}

function readAll<Item>(data: unknown, read: (row: unknown) => Item | undefined): Item[] | undefined {
  if (!Array.isArray(data)) return undefined;
  const rows: readonly unknown[] = data;
  const items: Item[] = [];
  for (const row of rows) {
    const item = read(row);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}
