/**
 * Who has got and read one message, from the marks of those who were members when it was said, whatever else they may
 * read: a member's row says when he came, also when the group has been dissolved, group_past when somebody was one
 * before. Costs a look at each of them, at most at some thousand.
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
import { RecentMap } from '../../pkg/limit/recent_map.js';
import { uidAt } from './event_row.js';
import { mayRead, ReadingRights } from './reading_rights.js';

/** ?1: conv, ?2: seq, ?3: gid, ?4: the sender. */
const PAST =
  'FROM group_past p WHERE p.gid = ?3 AND p.uid = m.uid AND ?2 BETWEEN p.joined_seq AND p.left_seq';
const WAS_IN = `EXISTS (SELECT 1 ${PAST})`;
const GOT = 'MAX(m.delivered_seq, m.read_seq)';
/** Who came back where history is open left his marks of that membership with it. */
const PAST_READ = `COALESCE((SELECT p.read_seq ${PAST}), m.read_seq)`;
const PAST_GOT = `COALESCE((SELECT p.delivered_seq ${PAST}), ${GOT})`;
/** Rows of either kind that are looked at, about 1 µs each; where there are more, what is found is «at least». */
export const AUDIENCE_WALK = 4000;
/** In a group of so many what was found is kept for a moment: a sender may ask again and again. */
const KEPT_FROM = 500;
const KEPT_MS = 2000;
const KEPT_COUNT = 256;

const MEMBERS = `
  SELECT m.uid, IIF(g.joined_seq <= ?2, m.read_seq, ${PAST_READ}) >= ?2, IIF(g.joined_seq <= ?2, ${GOT}, ${PAST_GOT}) >= ?2
  FROM (SELECT uid, joined_seq FROM group_member WHERE gid = ?3 ORDER BY uid LIMIT ${AUDIENCE_WALK}) g
  CROSS JOIN conversation_member m ON m.uid = g.uid AND m.conv = ?1
  WHERE g.uid <> ?4 AND (g.joined_seq <= ?2 OR ${WAS_IN})`;
/** Who left before the message was said stands below in the index. */
const LEFT = `
  SELECT uid FROM conversation_member INDEXED BY conversation_member_left
  WHERE conv = ?1 AND until_seq > 0 AND until_seq >= ?2 ORDER BY until_seq`;
const GONE = `
  SELECT m.uid, ${PAST_READ} >= ?2, ${PAST_GOT} >= ?2 FROM (${LEFT} LIMIT ${AUDIENCE_WALK}) g
  CROSS JOIN conversation_member m ON m.uid = g.uid AND m.conv = ?1
  WHERE m.uid <> ?4 AND ${WAS_IN}`;

export class EventReceipts {
  readonly #db: SqliteDatabase;
  readonly #rights: ReadingRights;
  readonly #message: Statement;
  readonly #peer: Statement;
  readonly #role: Statement;
  readonly #members: Statement;
  readonly #gone: Statement;
  readonly #hasMoreGone: Statement;
  readonly #clock: () => number;
  /** By mid. */
  readonly #kept = new RecentMap<number, Kept>(KEPT_COUNT);

  /** `clock`: ms that only grow. */
  constructor(db: SqliteDatabase, clock: () => number = () => performance.now()) {
    this.#db = db;
    this.#clock = clock;
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
      `SELECT IIF(c.dissolved_at = 0, g.role, NULL), c.member_count
       FROM chat_group c LEFT JOIN group_member g ON g.gid = c.gid AND g.uid = ?2 WHERE c.gid = ?1`,
    );
    this.#members = db.prepare(MEMBERS);
    this.#gone = db.prepare(GONE);
    this.#hasMoreGone = db.prepare(`${LEFT} LIMIT 1 OFFSET ${AUDIENCE_WALK}`);
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
        ? { ...of, ...this.#ofTwo({ id: readable.id, seq, reader, sender, mid }, chatPeer(conv, sender)) }
        : { ...of, ...this.#ofGroup({ id: readable.id, seq, reader, sender, mid }, gid) };
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

  #ofGroup({ id, seq, reader, sender, mid }: Place, gid: Gid): Counts {
    const group = this.#role.first(gid, reader) ?? [null, 0];
    if (sender !== reader && !permits('receiptsOfOthers', roleAt(group))) throw imError('NO_PERMISSION');
    const isKept = integerAt(group, 1) >= KEPT_FROM;
    const kept = isKept ? this.#kept.use(mid, nothingKept).value : nothingKept();
    if (kept.counts !== undefined && this.#clock() < kept.untilMs) return kept.counts;
    const counts = this.#audienceOf({ id, seq, sender, mid }, gid, integerAt(group, 1));
    kept.counts = counts;
    kept.untilMs = this.#clock() + KEPT_MS;
    return counts;
  }

  #audienceOf({ id, seq, sender }: Omit<Place, 'reader'>, gid: Gid, memberCount: number): Counts {
    const rows = [...this.#members.all(id, seq, gid, sender), ...this.#gone.all(id, seq, gid, sender)];
    const readers = rows.filter((row) => integerAt(row, 1) === 1).map((row) => uidAt(row, 0));
    const isPartial = memberCount > AUDIENCE_WALK || this.#hasMoreGone.first(id, seq) !== undefined;
    const isLarge = memberCount > LARGE_GROUP.deliveredMarks;
    return {
      audience: rows.length,
      readCount: readers.length,
      readers: readers.sort((one, other) => one - other).slice(0, RECEIPT_NAMES_LIMIT),
      deliveredCount: isLarge ? -1 : rows.filter((row) => integerAt(row, 2) === 1).length,
      ...(isPartial && { isPartial: true as const }),
    };
  }
}

interface Place {
  readonly id: number;
  readonly seq: number;
  readonly reader: Uid;
  readonly sender: Uid;
  readonly mid: Mid;
}

interface Kept {
  untilMs: number;
  counts: Counts | undefined;
}

type Counts = Omit<MessageReceipts, 'conv' | 'mid' | 'seq'>;

function nothingKept(): Kept {
  return { untilMs: 0, counts: undefined };
}

function roleAt(row: Row) {
  return Object.values(GROUP_ROLE).find((role) => role === row[0]) ?? OUTSIDER;
}
