/**
 * The times that sync goes by: at the clock's pace, but never falling, whatever the clock does and whichever
 * process writes. What people see as the time of a message is the clock itself, not made here.
 */
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';

/**
 * store_meta.stamp_limit is raised this far ahead of the stamp that passes it, so that its page is written about
 * once a second and not with every batch. A new start may therefore be this far ahead of the clock.
 *
 * No stamp in the file is higher than the limit, and none given later is lower than the limit minus this.
 */
export const STAMP_RESERVE_MS = 1_000;

export class Stamps {
  readonly #read: Statement;
  readonly #raise: Statement;
  #last = 0;
  /** What this connection has written, or is about to commit; another value in the file: somebody else's. */
  #limit = -1;

  constructor(db: SqliteDatabase) {
    this.#read = db.prepare('SELECT stamp_limit FROM store_meta');
    this.#raise = db.prepare('UPDATE store_meta SET stamp_limit = ?');
  }

  /** Ms since 1970, at least `nowMs` and all stamps given before. Only within a write transaction. */
  next(nowMs: number): number {
    const row = this.#read.first();
    if (row === undefined) throw new TypeError('store_meta is empty');
    const limit = integerAt(row, 0);
    const isForeign = limit !== this.#limit;
    this.#last = Math.max(this.#last, nowMs, isForeign ? limit : 0);
    this.#limit = limit;
    if (isForeign || this.#last > limit) {
      // At another's limit only 1 ms more, to say that it is ours now: two who take turns must not run ahead.
      this.#limit = this.#last + (this.#last > limit ? STAMP_RESERVE_MS : 1);
      this.#raise.run(this.#limit);
    }
    return this.#last;
  }
}
