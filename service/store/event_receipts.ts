/**
 * Who has got and read one message, from the marks of those who were members when it was said, whatever else they may
 * read: a member's row says when he came, group_past when somebody was one before. Costs a look at each of them.
 */
import { imError } from '../../im/errors.js';
import { permits, OUTSIDER } from '../../im/group/permissions.js';
import { chatPeer, groupOf, type ConversationName } from '../../im/message/conversation.js';
import { GROUP_ROLE, LARGE_GROUP } from '../../im/message/group.js';
import { known, toSeq, type Gid, type Mid, type Uid } from '../../im/message/ids.js';
import { EVENT_KIND, MESSAGE_STATUS } from '../../im/message/message.js';
import { RECEIPT_NAMES_LIMIT, type MessageReceipts } from '../../im/store/event_interface.js';
import type { Row, SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import { uidAt } from './event_row.js';
import { mayRead, ReadingRights } from './reading_rights.js';

/** ?1: conv, ?2: seq, ?3: gid, ?4: the sender. */
const WAS_IN = `EXISTS (SELECT 1 FROM group_past p
  WHERE p.gid = ?3 AND p.uid = m.uid AND ?2 BETWEEN p.joined_seq AND p.left_seq)`;
const MARKS = 'm.uid AS uid, m.read_seq >= ?2 AS has_read, MAX(m.delivered_seq, m.read_seq) >= ?2 AS has_got';
const AUDIENCE = `
  SELECT ${MARKS} FROM group_member g CROSS JOIN conversation_member m ON m.uid = g.uid AND m.conv = ?1
  WHERE g.gid = ?3 AND g.uid <> ?4 AND (g.joined_seq <= ?2 OR ${WAS_IN})
  UNION ALL
  SELECT ${MARKS} FROM conversation_member m
  WHERE m.conv = ?1 AND m.until_seq > 0 AND m.uid <> ?4
    AND m.until_seq >= ?2 AND ${WAS_IN}`;

export class EventReceipts {
  readonly #db: SqliteDatabase;
  readonly #rights: ReadingRights;
  readonly #message: Statement;
  readonly #peer: Statement;
  readonly #role: Statement;
  readonly #counts: Statement;
  readonly #readers: Statement;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#rights = new ReadingRights(db);
    this.#message = db.prepare(
      `SELECT seq, sender FROM message WHERE mid = ? AND conv = ?
       AND kind = ${EVENT_KIND.message} AND status = ${MESSAGE_STATUS.normal}`,
    );
    this.#peer = db.prepare(
      `SELECT m.read_seq >= ?2, MAX(m.delivered_seq, m.read_seq) >= ?2
       FROM conversation_member m WHERE m.uid = ?3 AND m.conv = ?1`,
    );
    this.#role = db.prepare(
      `SELECT g.role, c.member_count FROM chat_group c LEFT JOIN group_member g ON g.gid = c.gid AND g.uid = ?2
       WHERE c.gid = ?1`,
    );
    this.#counts = db.prepare(
      `SELECT COUNT(*), COALESCE(SUM(has_read), 0), COALESCE(SUM(has_got), 0) FROM (${AUDIENCE})`,
    );
    this.#readers = db.prepare(
      `SELECT uid FROM (${AUDIENCE}) WHERE has_read ORDER BY uid LIMIT ${RECEIPT_NAMES_LIMIT}`,
    );
  }

  receipts(reader: Uid, conv: ConversationName, mid: Mid): MessageReceipts {
    return this.#db.read(() => {
      const readable = this.#rights.of(reader, conv);
      const row = this.#message.first(mid, readable.id);
      if (row === undefined || !mayRead(readable, integerAt(row, 0))) throw imError('NO_SUCH_MESSAGE');
      const [seq, sender] = [integerAt(row, 0), uidAt(row, 1)];
      const gid = groupOf(conv);
      const of = { conv, mid, seq: known(toSeq(seq)) };
      return gid === undefined
        ? { ...of, ...this.#ofTwo({ id: readable.id, seq, reader, sender }, chatPeer(conv, sender)) }
        : { ...of, ...this.#ofGroup({ id: readable.id, seq, reader, sender }, gid) };
    });
  }

  #ofTwo({ id, seq, reader, sender }: Place, peer: Uid | undefined): Counts {
    if (sender !== reader) throw imError('NO_PERMISSION');
    const row = peer === undefined || peer === sender ? undefined : this.#peer.first(id, seq, peer);
    if (row === undefined || peer === undefined)
      return { audience: 0, readCount: 0, readers: [], deliveredCount: 0 };
    const readCount = integerAt(row, 0);
    return {
      audience: 1,
      readCount,
      readers: readCount === 1 ? [peer] : [],
      deliveredCount: integerAt(row, 1),
    };
  }

  #ofGroup({ id, seq, reader, sender }: Place, gid: Gid): Counts {
    const group = this.#role.first(gid, reader) ?? [null, 0];
    if (sender !== reader && !permits('receiptsOfOthers', roleAt(group))) throw imError('NO_PERMISSION');
    const counts = this.#counts.first(id, seq, gid, sender) ?? [0, 0, 0];
    const isLarge = integerAt(group, 1) > LARGE_GROUP.deliveredMarks;
    return {
      audience: integerAt(counts, 0),
      readCount: integerAt(counts, 1),
      readers: this.#readers.all(id, seq, gid, sender).map((row) => uidAt(row, 0)),
      deliveredCount: isLarge ? -1 : integerAt(counts, 2),
    };
  }
}

interface Place {
  readonly id: number;
  readonly seq: number;
  readonly reader: Uid;
  readonly sender: Uid;
}

type Counts = Omit<MessageReceipts, 'conv' | 'mid' | 'seq'>;

function roleAt(row: Row) {
  return Object.values(GROUP_ROLE).find((role) => role === row[0]) ?? OUTSIDER;
}
