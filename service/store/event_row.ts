/** Rows of `message` as ChatEvents. The recipient is not stored: it is the other member of the conversation. */
import { addressee, toConversation, type ConversationName } from '../../im/message/conversation.js';
import { known, toDevice, toMid, toSeq, toUid } from '../../im/message/ids.js';
import { EVENT_KIND, type ChatEvent, type EventKind } from '../../im/message/message.js';
import { integerAt, textAt } from '../../pkg/db/sqlite_row.js';
import type { Row } from '../../pkg/db/sqlite_database.js';

/** In the order that eventOf reads; the table goes by the name `m`. */
export const EVENT_COLUMNS =
  'm.seq, m.mid, m.client_id, m.sender, m.type, m.content, m.sent_at, m.stored_at, m.status, m.kind';

export function eventOf(row: Row, conv: ConversationName): ChatEvent {
  const from = known(toUid(row[3]));
  return {
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
