/** When users were last connected. Written behind and in batches: being a minute wrong after a crash hurts nobody. */
import type { Uid } from '../../im/message/ids.js';
import type { LastSeen } from '../../im/store/people_interface.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';

export class PresenceTable {
  readonly #db: SqliteDatabase;
  readonly #raise: Statement;
  readonly #lastSeen: Statement;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#raise = db.prepare('UPDATE user SET last_seen_at = ?2 WHERE uid = ?1 AND last_seen_at < ?2');
    this.#lastSeen = db.prepare('SELECT last_seen_at FROM user WHERE uid = ? AND last_seen_at > 0');
  }

  saw(times: readonly LastSeen[]): void {
    if (times.length === 0) return;
    this.#db.write(() => {
      for (const { uid, atMs } of times) this.#raise.run(uid, atMs);
    });
  }

  lastSeen(uids: readonly Uid[]): readonly LastSeen[] {
    return this.#db.read(() =>
      uids.flatMap((uid) => {
        const row = this.#lastSeen.first(uid);
        return row === undefined ? [] : [{ uid, atMs: integerAt(row, 0) }];
      }),
    );
  }
}
