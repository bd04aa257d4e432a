/** A user's conversations from his side, for reconnect sync and for the list of recent chats. */
import type { ConversationName } from '../../im/message/conversation.js';
import { known, toPeer, UID_LIMIT, type Device, type Uid } from '../../im/message/ids.js';
import type { SyncCursor } from '../../im/message/message.js';
import type { ConversationState, SyncPage, SyncRequest } from '../../im/store/interface.js';
import type { Row, SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import { nameAt, seqAt } from './event_row.js';
import { LOST_OF_LEFT } from './log_losses.js';
import { ReadingRights, within } from './reading_rights.js';
import { LAST_N, settingsAt } from './settings_row.js';
import { STAMP_RESERVE_MS } from './stamps.js';
import { UnreadBudget, UnreadReads } from './unread_reads.js';

/** Whether he has it in his lists: an empty one that a stranger opened is not his yet. ?1: uid. */
const IS_HIS = '(c.last_seq > 0 OR c.opener IN (0, ?1))';

/**
 * Of a group that he has left, what was there when he went: whatever is said since is not his to know, not even that
 * something was.
 */
const LAST_OF_HIS = 'x.conv = c.id AND x.seq = m.until_seq';
const LAST_MID = `CASE WHEN m.until_seq = 0 THEN c.last_mid
  ELSE COALESCE((SELECT x.mid FROM message x WHERE ${LAST_OF_HIS}), 0) END`;
const LAST_AT = `CASE WHEN m.until_seq = 0 THEN c.last_at
  ELSE COALESCE((SELECT x.stored_at FROM message x WHERE ${LAST_OF_HIS}), m.changed_at) END`;
const LAST_SEQ = 'CASE WHEN m.until_seq = 0 THEN c.last_seq ELSE m.until_seq END';

/** In the order that #stateOf reads. ?1: uid, ?2: device. A device without a mark stands at what is read. */
const SIDE = `
  SELECT c.name, m.peer, c.first_seq, c.last_seq, ${LAST_MID}, ${LAST_AT} AS at, c.created_at,
         COALESCE(d.seq, m.read_seq), m.delivered_seq, m.read_seq, COALESCE(p.delivered_seq, 0),
         COALESCE(p.read_seq, 0), c.id, m.since_seq, m.until_seq, m.settings, ${LAST_N}, COALESCE(g.dissolved_at, 0)
  FROM conversation_member m
  JOIN conversation c ON c.id = m.conv
  LEFT JOIN conversation_member p ON p.uid = m.peer AND p.conv = m.conv
  LEFT JOIN chat_group g ON g.gid = m.peer
  LEFT JOIN device_mark d ON d.uid = m.uid AND d.device = ?2 AND d.conv = m.conv
  WHERE m.uid = ?1 AND ${IS_HIS}`;

export class SyncReads {
  readonly #db: SqliteDatabase;
  readonly #changed: Statement;
  readonly #recent: Statement;
  readonly #people: Statement;
  readonly #one: Statement;
  readonly #totals: Statement;
  readonly #cursor: Statement;
  readonly #meta: Statement;
  readonly #unread: UnreadReads;
  readonly #rights: ReadingRights;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#changed = db.prepare(
      `${SIDE} AND c.name > ?3
       AND (m.changed_at >= ?4 OR (c.last_at >= ?4 AND m.until_seq = 0) OR p.changed_at >= ?4
         OR (c.lost_at >= ?4 AND (m.until_seq = 0 OR ${LOST_OF_LEFT} >= ?4)))
       ORDER BY c.name LIMIT ?5`,
    );
    this.#recent = db.prepare(`${SIDE} ORDER BY at DESC, c.last_mid DESC LIMIT ?3`);
    this.#people = db.prepare(
      `${SIDE} AND m.peer < ${UID_LIMIT} ORDER BY c.last_at DESC, c.last_mid DESC LIMIT ?3`,
    );
    this.#one = db.prepare(`${SIDE} AND c.name = ?3 LIMIT ?4`);
    this.#totals = db.prepare(
      `SELECT COUNT(*), COALESCE(SUM(${LAST_SEQ}), 0), COALESCE(MAX(MAX(
         CASE WHEN m.until_seq = 0 THEN c.last_at ELSE 0 END, m.changed_at, COALESCE(p.changed_at, 0))), 0)
       FROM conversation_member m
       JOIN conversation c ON c.id = m.conv
       LEFT JOIN conversation_member p ON p.uid = m.peer AND p.conv = m.conv
       WHERE m.uid = ?1 AND ${IS_HIS}`,
    );
    this.#cursor = db.prepare(
      `SELECT COUNT(*), COALESCE(SUM(${LAST_SEQ}), 0)
       FROM conversation_member m JOIN conversation c ON c.id = m.conv WHERE m.uid = ?1 AND ${IS_HIS}`,
    );
    this.#meta = db.prepare('SELECT epoch, probe, stamp_limit FROM store_meta');
    this.#unread = new UnreadReads(db);
    this.#rights = new ReadingRights(db);
  }

  /**
   * nowMs comes from the snapshot, not from a clock: as high as what it holds of this user, and no higher than
   * whatever is stamped later.
   */
  sync({ uid, device, sinceMs, afterConv, limit }: SyncRequest): SyncPage {
    return this.#db.read(() => {
      const rows = this.#changed.all(uid, device, afterConv, sinceMs, limit + 1);
      const totals = this.#totals.first(uid) ?? [0, 0, 0];
      const budget = new UnreadBudget();
      const meta = this.#metaRow();
      return {
        conversations: rows.slice(0, limit).map((row) => this.#stateOf(uid, row, budget)),
        more: rows.length > limit,
        count: integerAt(totals, 0),
        sum: integerAt(totals, 1),
        nowMs: Math.max(1, integerAt(totals, 2), meta.stampLimitMs - STAMP_RESERVE_MS),
        epoch: meta.epoch,
      };
    });
  }

  cursors(uids: readonly Uid[]): readonly (SyncCursor & { readonly uid: Uid })[] {
    return this.#db.read(() =>
      uids.map((uid) => {
        const row = this.#cursor.first(uid) ?? [0, 0];
        return { uid, count: integerAt(row, 0), sum: integerAt(row, 1) };
      }),
    );
  }

  conversations(
    uid: Uid,
    device: Device,
    limit: number,
    conv?: ConversationName | 'people',
  ): readonly ConversationState[] {
    return this.#db.read(() => {
      const rows = this.#listed(uid, device, limit, conv);
      const budget = new UnreadBudget();
      return rows.map((row) => this.#stateOf(uid, row, budget));
    });
  }

  #listed(uid: Uid, device: Device, limit: number, which?: ConversationName | 'people'): readonly Row[] {
    if (which === undefined) return this.#recent.all(uid, device, limit);
    if (which === 'people') return this.#people.all(uid, device, limit);
    return this.#one.all(uid, device, which, limit);
  }

  probed(): { value: number; epoch: number } {
    const { value, epoch } = this.#metaRow();
    return { value, epoch };
  }

  #metaRow(): { value: number; epoch: number; stampLimitMs: number } {
    const row = this.#meta.first();
    if (row === undefined) throw new TypeError('store_meta is empty');
    return { epoch: integerAt(row, 0), value: integerAt(row, 1), stampLimitMs: integerAt(row, 2) };
  }

  #stateOf(uid: Uid, row: Row, budget: UnreadBudget): ConversationState {
    const [id, readSeq, sinceSeq, untilSeq] = [
      integerAt(row, 12),
      seqAt(row, 9),
      integerAt(row, 13),
      integerAt(row, 14),
    ];
    const peer = known(toPeer(row[1]));
    const side = { uid, peer, sinceSeq, untilSeq, firstSeq: integerAt(row, 2), lastSeq: integerAt(row, 3) };
    const { spans, firstSeq, lastSeq } = this.#rights.ends(side);
    return {
      conv: nameAt(row, 0),
      peer,
      firstSeq,
      lastSeq,
      isMember: untilSeq === 0 && integerAt(row, 17) === 0,
      lastMid: integerAt(row, 4),
      lastAtMs: integerAt(row, 5),
      createdAtMs: integerAt(row, 6),
      deviceSeq: seqAt(row, 7),
      deliveredSeq: seqAt(row, 8),
      readSeq,
      peerDeliveredSeq: seqAt(row, 10),
      peerReadSeq: seqAt(row, 11),
      ...this.#unread.of(uid, id, within(spans, readSeq + 1, lastSeq), budget),
      settings: settingsAt(row, 15, integerAt(row, 16)),
    };
  }
}
