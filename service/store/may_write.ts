/** Who may write to whom and where, asked outside of an append: the same verdicts, from a snapshot. */
import { isGid, type Gid, type Uid } from '../../im/message/ids.js';
import { OUTSIDER } from '../../im/group/permissions.js';
import { EVENT_KIND } from '../../im/message/message.js';
import type { WriterPair } from '../../im/store/interface.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import type { Refusal } from './flat_batch.js';
import { writeVerdict, type GroupRights, type MemberRights } from './group_rights.js';
import { roleAt } from './group_row.js';
import { WriteRights, type Verdict } from './write_rights.js';

export interface MayWriteDeps {
  readonly db: SqliteDatabase;
  /** Ms since 1970. */
  readonly clock: () => number;
}

export class MayWrite {
  readonly #deps: MayWriteDeps;
  readonly #people: WriteRights;
  readonly #group: Statement;
  readonly #member: Statement;

  constructor(deps: MayWriteDeps) {
    const { db } = deps;
    this.#deps = deps;
    this.#people = new WriteRights(db);
    this.#group = db.prepare('SELECT dissolved_at, muted FROM chat_group WHERE gid = ?');
    this.#member = db.prepare(
      `SELECT u.banned_at, m.role, m.muted_until
       FROM user u LEFT JOIN group_member m ON m.gid = ? AND m.uid = u.uid WHERE u.uid = ?`,
    );
  }

  mayWrite(pairs: readonly WriterPair[]): readonly (Refusal | undefined)[] {
    const { db, clock } = this.#deps;
    const nowMs = clock();
    return db.read(() =>
      pairs.map(({ from, to }) => {
        const verdict = isGid(to) ? this.#inGroup(from, to, nowMs) : this.#people.verdict(from, to);
        return verdict === 'ok' ? undefined : verdict;
      }),
    );
  }

  #inGroup(uid: Uid, gid: Gid, nowMs: number): Verdict {
    return writeVerdict(this.#groupOf(gid), this.#memberOf(gid, uid), EVENT_KIND.message, nowMs);
  }

  #groupOf(gid: Gid): GroupRights {
    const row = this.#group.first(gid);
    if (row === undefined) return { exists: false, isDissolved: false, isMuted: false };
    return { exists: true, isDissolved: integerAt(row, 0) !== 0, isMuted: integerAt(row, 1) !== 0 };
  }

  #memberOf(gid: Gid, uid: Uid): MemberRights {
    const row = this.#member.first(gid, uid);
    const isClosed = row !== undefined && integerAt(row, 0) !== 0;
    if (row === undefined || row[1] === null) return { standing: OUTSIDER, mutedUntilMs: 0, isClosed };
    return { standing: roleAt(row, 1), mutedUntilMs: integerAt(row, 2), isClosed };
  }
}
