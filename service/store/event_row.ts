/** Rows of `message` as ChatEvents. The recipient is not stored: it is the other member of the conversation. */
import { addressee, toConversation, type ConversationName } from '../../im/message/conversation.js';
import { known, toCount, toDevice, toMid, toSeq, toUid } from '../../im/message/ids.js';
import { isJsonObject } from '../../im/message/json_fields.js';
import {
  EVENT_KIND,
  EVERYBODY,
  type ChatEvent,
  type EventKind,
  type Mention,
  type MessageExtra,
} from '../../im/message/message.js';
import { integerAt, textAt } from '../../pkg/db/sqlite_row.js';
import type { Row } from '../../pkg/db/sqlite_database.js';

/** In the order that eventOf reads; the table goes by the name `m`. */
export const EVENT_COLUMNS =
  'm.seq, m.mid, m.client_id, m.sender, m.type, m.content, m.sent_at, m.stored_at, m.status, m.kind, m.extra';

export function eventOf(row: Row, conv: ConversationName): ChatEvent {
  const from = known(toUid(row[3]));
  const extra = extraAt(row, 10);
  const event = {
    kind: kindAt(row, 9),
    conv,
    seq: known(toSeq(row[0])),
    mid: known(toMid(row[1])),
    clientId: textAt(row, 2),
    from,
    to: known(addressee(conv, from)),
    type: integerAt(row, 4),
    content: textAt(row, 5),
    sentAtMs: integerAt(row, 6),
    storedAtMs: integerAt(row, 7),
    status: integerAt(row, 8),
  };
  return extra === undefined ? event : { ...event, extra };
}

/** Undefined where the cell is NULL, as nearly all are. */
export function extraAt(row: Row, column: number): MessageExtra | undefined {
  if (row[column] === null) return undefined;
  const value: unknown = JSON.parse(textAt(row, column));
  if (!isJsonObject(value)) throw new TypeError(`column ${column} holds no object`);
  const [replyTo, editedAtMs, editCount] = [
    toMid(value['replyTo']),
    toCount(value['editedAtMs']),
    toCount(value['editCount']),
  ];
  const mentions = Array.isArray(value['mentions']) ? value['mentions'].flatMap(mentionOf) : undefined;
  return {
    ...(replyTo !== undefined && { replyTo }),
    ...(mentions !== undefined && { mentions }),
    ...(editedAtMs !== undefined && { editedAtMs }),
    ...(editCount !== undefined && { editCount }),
  };
}

function mentionOf(value: unknown): readonly Mention[] {
  const uid = value === EVERYBODY ? EVERYBODY : toUid(value);
  return uid === undefined ? [] : [uid];
}

/** Throws TypeError for a kind that a newer program wrote. */
function kindAt(row: Row, column: number): EventKind {
  const value = integerAt(row, column);
  const kind = Object.values(EVENT_KIND).find((one) => one === value);
  if (kind === undefined) throw new TypeError(`column ${column} holds no kind of event`);
  return kind;
}

/** A name that came from a row. */
export function nameAt(row: Row, column: number): ConversationName {
  return known(toConversation(row[column]));
}

export const seqAt = (row: Row, column: number) => known(toSeq(row[column]));
export const midAt = (row: Row, column: number) => known(toMid(row[column]));
export const uidAt = (row: Row, column: number) => known(toUid(row[column]));
export const deviceAt = (row: Row, column: number) => known(toDevice(row[column]));
