/**
 * Users whose account or nickname begins with something. A page costs what the prefix matches after `afterUid`,
 * not what it shows, because it is in the order of uids: callers ask for prefixes that are worth a look.
 */
import type { User } from '../../im/store/people_interface.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { toBytes } from '../../pkg/db/sqlite_row.js';
import { fold, USER_COLUMNS, userOf } from './user_table.js';

/** Word for word as in the indexes, or they are not used. */
const folded = (column: string): string => `CAST(lower(CAST(${column} AS TEXT)) AS BLOB)`;
const matches = (column: string): string =>
  `SELECT uid FROM user WHERE ${folded(column)} >= ?1 AND ${folded(column)} < ?2 AND uid > ?3`;
/** Decided here and not by whoever shows the page: its length alone would tell. */
const isNoAddress = `instr(account, x'40') = 0`;
/** Above every byte of UTF-8: what begins with a prefix lies between it and it with this behind. */
const ABOVE_TEXT = 0xff;

export class UserSearch {
  readonly #search: Statement;

  constructor(db: SqliteDatabase) {
    this.#search = db.prepare(
      `SELECT ${USER_COLUMNS} FROM user u
       WHERE u.uid IN (${matches('account')} AND ${isNoAddress} UNION ALL ${matches('nickname')}) AND u.banned_at = 0
       ORDER BY u.uid LIMIT ?4`,
    );
  }

  search(prefix: string, afterUid: number, limit: number): readonly User[] {
    const from = toBytes(fold(prefix));
    const to = Buffer.concat([from, Buffer.of(ABOVE_TEXT)]);
    return this.#search.all(from, to, afterUid, limit).map((row) => userOf(row, 0));
  }
}
