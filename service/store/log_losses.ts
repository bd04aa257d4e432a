/**
 * What a log loses while nothing is written to it, for sync: whoever has the conversation has other numbers of it now,
 * and no row of his own says so. Said once in the conversation's row, whoever there is to be told: nobody is looked up.
 *
 *   lost_at      ┌─────────────     Who has left a group learns what was lost of his time: of what has a seq up to his
 *         ┌──────┘                  last. A loss is later than all before it, so that it hides those that begin at or
 *   ──────┘               seq       above it, and the last step at or before his end says when he lost something last.
 */
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';

/** Of one conversation. With more the two oldest are made one: told for nothing is who has not asked for so long. */
export const STEP_LIMIT = 32;

/** When a side `m` of a group `c` that he has left lost something last, in a statement; NULL: never. */
export const LOST_OF_LEFT =
  '(SELECT l.lost_at FROM log_loss l WHERE l.conv = c.id AND l.seq <= m.until_seq ORDER BY l.seq DESC LIMIT 1)';

export class LogLosses {
  readonly #tell: Statement;
  readonly #hasLeft: Statement;
  readonly #hide: Statement;
  readonly #add: Statement;
  readonly #steps: Statement;
  readonly #raise: Statement;
  readonly #delete: Statement;

  constructor(db: SqliteDatabase) {
    this.#tell = db.prepare('UPDATE conversation SET lost_at = ? WHERE id = ?');
    this.#hasLeft = db.prepare(
      `SELECT 1 FROM conversation_member INDEXED BY conversation_member_left
       WHERE conv = ?1 AND until_seq > 0 AND until_seq >= ?2 LIMIT 1`,
    );
    this.#hide = db.prepare('DELETE FROM log_loss WHERE conv = ? AND seq >= ?');
    this.#add = db.prepare('INSERT INTO log_loss (conv, seq, lost_at) VALUES (?, ?, ?)');
    this.#steps = db.prepare('SELECT seq, lost_at FROM log_loss WHERE conv = ? ORDER BY seq');
    this.#raise = db.prepare('UPDATE log_loss SET lost_at = ? WHERE conv = ? AND seq = ?');
    this.#delete = db.prepare('DELETE FROM log_loss WHERE conv = ? AND seq = ?');
  }

  /** Within a write transaction: something of `conv` is gone, the first of it at `seq`. */
  note(conv: number, seq: number, stampMs: number): void {
    this.#tell.run(stampMs, conv);
    // Who leaves later is told of everything then.
    if (this.#hasLeft.first(conv, seq) === undefined) return;
    this.#hide.run(conv, seq);
    this.#add.run(conv, seq, stampMs);
    const [first, second, ...more] = this.#steps.all(conv);
    if (first === undefined || second === undefined || more.length + 2 <= STEP_LIMIT) return;
    this.#delete.run(conv, integerAt(second, 0));
    this.#raise.run(integerAt(second, 1), conv, integerAt(first, 0));
  }
}
