/** Gids, and mids leased in segments; a segment leased for a user is remembered, so that his claims can be checked. */
import { known, toGid, toMid, type Gid, type Mid, type Uid } from '../../im/message/ids.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';

interface Lease {
  readonly first: Mid;
  readonly count: number;
}

export class IdTable {
  readonly #db: SqliteDatabase;
  readonly #take: Statement;
  readonly #takeGid: Statement;
  readonly #remember: Statement;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#take = db.prepare(
      `UPDATE id_segment SET next_id = next_id + ?1 WHERE name = 'mid' RETURNING next_id - ?1`,
    );
    this.#takeGid = db.prepare(
      `UPDATE id_segment SET next_id = next_id + 1 WHERE name = 'gid' RETURNING next_id - 1`,
    );
    this.#remember = db.prepare('INSERT INTO mid_block (first, count, uid) VALUES (?, ?, ?)');
  }

  leaseMids(count: number): Lease {
    return this.#db.write(() => this.#lease(count));
  }

  leaseMidBlock(uid: Uid, count: number): Lease {
    return this.#db.write(() => {
      const lease = this.#lease(count);
      this.#remember.run(lease.first, count, uid);
      return lease;
    });
  }

  leaseGid(): Gid {
    return this.#db.write(() => {
      const row = this.#takeGid.first();
      if (row === undefined) throw new TypeError('no segment of gids');
      return known(toGid(integerAt(row, 0)));
    });
  }

  #lease(count: number): Lease {
    if (!Number.isSafeInteger(count) || count < 1) throw new RangeError('a lease holds at least one id');
    const row = this.#take.first(count);
    if (row === undefined) throw new TypeError('no segment of mids');
    return { first: known(toMid(integerAt(row, 0))), count };
  }
}
