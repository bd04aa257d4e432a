/**
 * Retention within one connection: which conversations have something too old (a read, a page of conversations at
 * a time), and erasing it (a write, a bounded number of rows). A log is erased from its beginning, so that the
 * floor says it all.
 *
 *   dropped │ below the floor: no content, known by client id │ kept
 *           seq of the first row                              first_seq             last_seq
 */
import { MESSAGE_STATUS } from '../../im/message/message.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import type { ChangedConversations } from './changed_conversations.js';
import { LogLosses } from './log_losses.js';
import { MessageRemains } from './message_remains.js';
import type { Stamps } from './stamps.js';

export interface RetentionRule {
  readonly beforeMs: number;
  readonly keepCount: number;
}

export interface RetentionTableDeps {
  readonly db: SqliteDatabase;
  readonly changed: ChangedConversations;
  readonly stamps: Stamps;
  /** Ms since 1970. */
  readonly clock: () => number;
}

export interface ExpirablePage {
  /** Conversations of this page that have something to erase or to drop. */
  readonly ids: readonly number[];
  /** Where the next page begins; 0: this was the last. */
  readonly nextId: number;
}

/** How much older than erased content its row gets: a retry so late comes from no outbox that we know. */
const TOMBSTONE_MS = 30 * 24 * 3_600_000;

/** Conversations looked at in one read: a few ms of a reader's time. */
const PAGE_COUNT = 1000;

export class RetentionTable {
  readonly #deps: RetentionTableDeps;
  readonly #remains: MessageRemains;
  readonly #losses: LogLosses;
  readonly #page: Statement;
  readonly #log: Statement;
  readonly #times: Statement;
  readonly #erase: Statement;
  readonly #raiseFloor: Statement;
  readonly #erased: Statement;
  readonly #drop: Statement;

  constructor(deps: RetentionTableDeps) {
    const { db } = deps;
    this.#deps = deps;
    this.#remains = new MessageRemains(db);
    this.#losses = new LogLosses(db);
    this.#page = db.prepare(
      `SELECT c.id,
         (c.last_seq - c.first_seq >= ?2 AND (SELECT m.stored_at < ?3 FROM message m
            WHERE m.conv = c.id AND m.seq = c.first_seq) IS 1)
         OR (c.first_seq > 1 AND (SELECT m.stored_at < ?4 FROM message m
            WHERE m.conv = c.id AND m.seq < c.first_seq ORDER BY m.seq LIMIT 1) IS 1)
       FROM conversation c WHERE c.id > ?1 ORDER BY c.id LIMIT ${PAGE_COUNT}`,
    );
    this.#log = db.prepare('SELECT first_seq, last_seq FROM conversation WHERE id = ?');
    this.#times = db.prepare(
      'SELECT seq, stored_at FROM message WHERE conv = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?',
    );
    this.#erase = db.prepare(
      `UPDATE message SET status = ${MESSAGE_STATUS.expired}, content = x'', extra = NULL
       WHERE conv = ? AND seq BETWEEN ? AND ?`,
    );
    this.#raiseFloor = db.prepare('UPDATE conversation SET first_seq = ? WHERE id = ?');
    this.#erased = db.prepare(
      'SELECT seq, stored_at FROM message WHERE conv = ? AND seq < ? ORDER BY seq LIMIT ?',
    );
    this.#drop = db.prepare('DELETE FROM message WHERE conv = ? AND seq BETWEEN ? AND ?');
  }

  expirable({ beforeMs, keepCount }: RetentionRule, afterId: number): ExpirablePage {
    const rows = this.#page.all(afterId, keepCount, beforeMs, beforeMs - TOMBSTONE_MS);
    const ids = rows.filter((row) => integerAt(row, 1) !== 0).map((row) => integerAt(row, 0));
    const last = rows.length === PAGE_COUNT ? rows[PAGE_COUNT - 1] : undefined;
    return { ids, nextId: last === undefined ? 0 : integerAt(last, 0) };
  }

  /** Of those conversations, in order, until `limit` rows were touched; how many were. */
  expireRows(ids: readonly number[], rule: RetentionRule, limit: number): number {
    const { db, stamps, clock } = this.#deps;
    return db.write(() => {
      const stampMs = stamps.next(clock());
      let count = 0;
      for (const id of ids) {
        if (count < limit) count += this.#dropRows(id, rule, limit - count, stampMs);
        if (count < limit) count += this.#eraseRows(id, rule, limit - count, stampMs);
      }
      return count;
    });
  }

  #eraseRows(id: number, { beforeMs, keepCount }: RetentionRule, limit: number, stampMs: number): number {
    const log = this.#log.first(id);
    if (log === undefined) return 0;
    const [first, last] = [integerAt(log, 0), integerAt(log, 1) - keepCount];
    const end = this.#endOf(this.#times.all(id, first, last, limit), beforeMs);
    if (end === undefined) return 0;
    this.#remains.erase(id, first, end);
    const count = this.#erase.run(id, first, end);
    this.#deps.changed.note(id);
    this.#raiseFloor.run(end + 1, id);
    this.#losses.note(id, first, stampMs);
    return count;
  }

  #dropRows(id: number, { beforeMs }: RetentionRule, limit: number, stampMs: number): number {
    const log = this.#log.first(id);
    if (log === undefined) return 0;
    const rows = this.#erased.all(id, integerAt(log, 0), limit);
    const end = this.#endOf(rows, beforeMs - TOMBSTONE_MS);
    if (end === undefined) return 0;
    // The last event of somebody who has left may be among them.
    this.#losses.note(id, integerAt(rows[0] ?? [], 0), stampMs);
    return this.#drop.run(id, 0, end);
  }

  /** The last seq before the first row that is not too old. */
  #endOf(rows: readonly (readonly unknown[])[], beforeMs: number): number | undefined {
    const kept = rows.findIndex((row) => integerAt(row, 1) >= beforeMs);
    const last = rows[kept === -1 ? rows.length - 1 : kept - 1];
    return last === undefined ? undefined : integerAt(last, 0);
  }
}
