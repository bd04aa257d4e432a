/** Who may write to whom, as the rows say at this moment. The append asks under its lock and remembers. */
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import type { Refusal } from './flat_batch.js';

/** 'ok', or why the sender may not write. */
export type Verdict = 'ok' | Refusal;

export class WriteRights {
  readonly #rights: Statement;

  constructor(db: SqliteDatabase) {
    this.#rights = db.prepare(
      `SELECT COALESCE((SELECT s.banned_at FROM user s WHERE s.uid = ?1), 0), u.banned_at, COALESCE(r.black, 0),
              CASE WHEN u.contacts_only = 0 OR r.white = 1 THEN 1
                   ELSE EXISTS (SELECT 1 FROM contact c WHERE c.uid = u.uid AND c.peer = ?1) END
       FROM user u LEFT JOIN relation r ON r.uid = u.uid AND r.peer = ?1
       WHERE u.uid = ?2`,
    );
  }

  verdict(sender: number, recipient: number): Verdict {
    const row = this.#rights.first(sender, recipient);
    if (row === undefined) return 'NO_SUCH_USER';
    if (integerAt(row, 0) !== 0) return 'BANNED';
    if (sender === recipient) return 'ok';
    if (integerAt(row, 1) !== 0) return 'NO_SUCH_USER';
    if (integerAt(row, 2) !== 0) return 'BLOCKED';
    return integerAt(row, 3) === 0 ? 'CONTACTS_ONLY' : 'ok';
  }
}
