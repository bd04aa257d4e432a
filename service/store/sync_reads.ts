/** A user's conversations from his side, for reconnect sync and for the list of recent chats. */
import type { ConversationName } from '../../im/message/conversation.js';
import type { Device, Uid } from '../../im/message/ids.js';
import { DEFAULT_SETTINGS } from '../../im/message/settings.js';
import { EVENT_KIND, MESSAGE_STATUS, type SyncCursor } from '../../im/message/message.js';
import {
  UNREAD_LIMIT,
  type ConversationState,
  type SyncPage,
  type SyncRequest,
} from '../../im/store/interface.js';
import type { Row, SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import { nameAt, seqAt, uidAt } from './event_row.js';
import { STAMP_RESERVE_MS } from './stamps.js';

/** Whether he has it in his lists: an empty one that a stranger opened is not his yet. ?1: uid. */
const IS_HIS = '(c.last_seq > 0 OR c.opener IN (0, ?1))';

/** In the order that #stateOf reads. ?1: uid, ?2: device. A device without a mark stands at what is read. */
const SIDE = `
  SELECT c.name, m.peer, c.first_seq, c.last_seq, c.last_mid, c.last_at, c.created_at,
         COALESCE(d.seq, m.read_seq), m.delivered_seq, m.read_seq, p.delivered_seq, p.read_seq, c.id
  FROM conversation_member m
  JOIN conversation c ON c.id = m.conv
  JOIN conversation_member p ON p.uid = m.peer AND p.conv = m.conv
  LEFT JOIN device_mark d ON d.uid = m.uid AND d.device = ?2 AND d.conv = m.conv
  WHERE m.uid = ?1 AND ${IS_HIS}`;

export class SyncReads {
  readonly #db: SqliteDatabase;
  readonly #changed: Statement;
  readonly #recent: Statement;
  readonly #one: Statement;
  readonly #totals: Statement;
  readonly #cursor: Statement;
  readonly #meta: Statement;
  readonly #unread: Statement;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#changed = db.prepare(
      `${SIDE} AND c.name > ?3 AND (c.last_at >= ?4 OR m.changed_at >= ?4 OR p.changed_at >= ?4)
       ORDER BY c.name LIMIT ?5`,
    );
    this.#recent = db.prepare(`${SIDE} ORDER BY c.last_at DESC, c.last_mid DESC LIMIT ?3`);
    this.#one = db.prepare(`${SIDE} AND c.name = ?3 LIMIT ?4`);
    this.#totals = db.prepare(
      `SELECT COUNT(*), COALESCE(SUM(c.last_seq), 0), COALESCE(MAX(MAX(c.last_at, m.changed_at, p.changed_at)), 0)
       FROM conversation_member m
       JOIN conversation c ON c.id = m.conv
       JOIN conversation_member p ON p.uid = m.peer AND p.conv = m.conv
       WHERE m.uid = ?1 AND ${IS_HIS}`,
    );
    this.#cursor = db.prepare(
      `SELECT COUNT(*), COALESCE(SUM(c.last_seq), 0)
       FROM conversation_member m JOIN conversation c ON c.id = m.conv WHERE m.uid = ?1 AND ${IS_HIS}`,
    );
    this.#meta = db.prepare('SELECT epoch, probe, stamp_limit FROM store_meta');
    this.#unread = db.prepare(
      `SELECT COUNT(*) FROM (SELECT 1 FROM message
         WHERE conv = ? AND seq > ? AND sender <> ? AND kind = ${EVENT_KIND.message} AND status = ${MESSAGE_STATUS.normal}
         LIMIT ${UNREAD_LIMIT})`,
    );
  }

  /**
   * nowMs comes from the snapshot, not from a clock: as high as what it holds of this user, and no higher than
   * whatever is stamped later.
   */
  sync({ uid, device, sinceMs, afterConv, limit }: SyncRequest): SyncPage {
    return this.#db.read(() => {
      const rows = this.#changed.all(uid, device, afterConv, sinceMs, limit + 1);
      const totals = this.#totals.first(uid) ?? [0, 0, 0];
      const meta = this.#metaRow();
      return {
        conversations: rows.slice(0, limit).map((row) => this.#stateOf(uid, row)),
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
    conv?: ConversationName,
  ): readonly ConversationState[] {
    return this.#db.read(() => {
      const rows =
        conv === undefined ? this.#recent.all(uid, device, limit) : this.#one.all(uid, device, conv, limit);
      return rows.map((row) => this.#stateOf(uid, row));
    });
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

  #stateOf(uid: Uid, row: Row): ConversationState {
    const lastSeq = seqAt(row, 3);
    const firstSeq = seqAt(row, 2);
    const readSeq = seqAt(row, 9);
    return {
      conv: nameAt(row, 0),
      peer: uidAt(row, 1),
      firstSeq,
      lastSeq,
      lastMid: integerAt(row, 4),
      lastAtMs: integerAt(row, 5),
      createdAtMs: integerAt(row, 6),
      isMember: true,
      mentions: 0,
      settings: DEFAULT_SETTINGS,
      deviceSeq: seqAt(row, 7),
      deliveredSeq: seqAt(row, 8),
      readSeq,
      peerDeliveredSeq: seqAt(row, 10),
      peerReadSeq: seqAt(row, 11),
      unread:
        lastSeq === readSeq ? 0 : this.#unreadOf(integerAt(row, 12), Math.max(readSeq, firstSeq - 1), uid),
    };
  }

  #unreadOf(id: number, readSeq: number, uid: Uid): number {
    return integerAt(this.#unread.first(id, readSeq, uid) ?? [0], 0);
  }
}
