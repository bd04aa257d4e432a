/** The reactions of messages, read. A message has few different emoji, and of one there may be very many. */
import type { Mid, Uid } from '../../im/message/ids.js';
import { REACTION_LIMIT, REACTOR_LIMIT, type Reaction } from '../../im/store/event_interface.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt, textAt } from '../../pkg/db/sqlite_row.js';
import { uidAt } from './event_row.js';

const NOTHING = new Uint8Array(0);

/** The different emoji of a message, `limit` at most: one look each, however many chose it. */
export function emojiOf(db: SqliteDatabase, mid: number, limit: number): readonly Uint8Array[] {
  const next = db.prepare('SELECT emoji FROM reaction WHERE mid = ? AND emoji > ? ORDER BY emoji LIMIT 1');
  const found: Uint8Array[] = [];
  let after: unknown = NOTHING;
  while (after instanceof Uint8Array && found.length < limit) {
    after = next.first(mid, after)?.[0];
    if (after instanceof Uint8Array) found.push(after);
  }
  return found;
}

export class ReactionTable {
  readonly #db: SqliteDatabase;
  readonly #count: Statement;
  readonly #own: Statement;
  readonly #first: Statement;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#count = db.prepare('SELECT COUNT(*) FROM reaction WHERE mid = ? AND emoji = ? AND reacted_at <= ?');
    this.#own = db.prepare('SELECT 1 FROM reaction WHERE mid = ? AND emoji = ? AND uid = ?');
    this.#first = db.prepare(
      `SELECT uid FROM reaction WHERE mid = ? AND emoji = ? AND reacted_at <= ? ORDER BY reacted_at, uid LIMIT ${REACTOR_LIMIT}`,
    );
  }

  /** Those until `untilMs`: who has left a group is not told of later ones. */
  of(reader: Uid, mid: Mid, untilMs: number): readonly Reaction[] {
    const all = emojiOf(this.#db, mid, REACTION_LIMIT).map((emoji) => ({
      mid,
      emoji: textAt([emoji], 0),
      count: integerAt(this.#count.first(mid, emoji, untilMs) ?? [0], 0),
      own: this.#own.first(mid, emoji, reader) !== undefined,
      uids: this.#first.all(mid, emoji, untilMs).map((row) => uidAt(row, 0)),
    }));
    return all.filter(({ count }) => count > 0);
  }
}
