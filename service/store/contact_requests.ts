/** Contact requests that have had no answer: at most one per pair, a bounded number per addressee. */
import type { Uid } from '../../im/message/ids.js';
import type { ContactRequest } from '../../im/store/people_interface.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt, textAt, toBytes } from '../../pkg/db/sqlite_row.js';
import { USER_COLUMN_COUNT, USER_COLUMNS, userOf } from './user_table.js';

/** Of one addressee; the oldest makes room. */
const REQUEST_LIMIT = 1000;

/** The writing ones run within the caller's transaction. */
export class ContactRequests {
  readonly #list: Statement;
  readonly #count: Statement;
  readonly #insert: Statement;
  readonly #dropOldest: Statement;
  readonly #drop: Statement;

  constructor(db: SqliteDatabase) {
    this.#list = db.prepare(
      `SELECT ${USER_COLUMNS}, q.comment, q.asked_at FROM contact_request q JOIN user u ON u.uid = q.sender
       WHERE q.uid = ? AND u.banned_at = 0 ORDER BY q.id`,
    );
    this.#count = db.prepare('SELECT COUNT(*) FROM contact_request WHERE uid = ?');
    this.#insert = db.prepare(
      'INSERT INTO contact_request (uid, sender, comment, asked_at) VALUES (?, ?, ?, ?)',
    );
    this.#dropOldest = db.prepare(
      'DELETE FROM contact_request WHERE id = (SELECT MIN(id) FROM contact_request WHERE uid = ?)',
    );
    this.#drop = db.prepare('DELETE FROM contact_request WHERE uid = ? AND sender = ?');
  }

  list(uid: Uid): readonly ContactRequest[] {
    return this.#list.all(uid).map((row) => ({
      from: userOf(row, 0),
      comment: textAt(row, USER_COLUMN_COUNT),
      askedAtMs: integerAt(row, USER_COLUMN_COUNT + 1),
    }));
  }

  /** Who asks again is the newest, with what he says now. */
  ask(uid: Uid, sender: Uid, comment: string, nowMs: number): void {
    this.drop(uid, sender);
    if (integerAt(this.#count.first(uid) ?? [0], 0) >= REQUEST_LIMIT) this.#dropOldest.run(uid);
    this.#insert.run(uid, sender, toBytes(comment), nowMs);
  }

  /** Whoever refuses another has nothing open with him, in either direction. */
  dropBoth(uid: number, peer: number): void {
    this.drop(uid, peer);
    this.drop(peer, uid);
  }

  /** False where there was none. */
  drop(uid: number, sender: number): boolean {
    return this.#drop.run(uid, sender) === 1;
  }
}
