/**
 * In how many groups somebody is, as the writer knows: counted once and then followed, as hundreds may be asked about
 * in one request. Rows of groups that have been dissolved are still there, and count for nothing.
 */
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import type { ConversationTable } from './conversation_table.js';

interface Count {
  value: number;
  /** False: of rows, so that there may be fewer groups. */
  isExact: boolean;
}

/** About 80 bytes each; all are forgotten when one more is needed. */
const KEPT_LIMIT = 50_000;

export class GroupCounts {
  readonly #counts = new Map<number, Count>();
  readonly #rows: Statement;
  readonly #living: Statement;

  constructor(db: SqliteDatabase, conversations: Pick<ConversationTable, 'onForget'>) {
    conversations.onForget(() => this.forget());
    // By group_member_by_uid alone.
    this.#rows = db.prepare('SELECT COUNT(*) FROM group_member WHERE uid = ?');
    this.#living = db.prepare(
      `SELECT COUNT(*) FROM group_member m JOIN chat_group g ON g.gid = m.gid
       WHERE m.uid = ? AND g.dissolved_at = 0`,
    );
  }

  isAtLeast(uid: number, limit: number): boolean {
    const count = this.#counts.get(uid) ?? this.#load(uid);
    if (count.value < limit) return false;
    if (!count.isExact) Object.assign(count, { value: numberOf(this.#living, uid), isExact: true });
    return count.value >= limit;
  }

  came(uid: number): void {
    const count = this.#counts.get(uid);
    if (count !== undefined) count.value += 1;
  }

  went(uid: number): void {
    const count = this.#counts.get(uid);
    if (count !== undefined) count.value -= 1;
  }

  /** Where what has changed is too much to follow. */
  forget(): void {
    this.#counts.clear();
  }

  #load(uid: number): Count {
    if (this.#counts.size >= KEPT_LIMIT) this.forget();
    const count = { value: numberOf(this.#rows, uid), isExact: false };
    this.#counts.set(uid, count);
    return count;
  }
}

function numberOf(statement: Statement, uid: number): number {
  return integerAt(statement.first(uid) ?? [0], 0);
}
