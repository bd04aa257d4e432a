/** How many messages of others wait for somebody, and how many of those name him. */
import type { Uid } from '../../im/message/ids.js';
import { EVERYBODY, EVENT_KIND, MESSAGE_STATUS } from '../../im/message/message.js';
import { UNREAD_LIMIT } from '../../im/store/interface.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import type { Span } from './reading_rights.js';

export interface Unread {
  /** UNREAD_LIMIT: that many or more. */
  readonly unread: number;
  readonly mentions: number;
}

/** ?1: conv, ?2 to ?3: seqs, ?4: the reader. */
const OF_OTHERS = `m.conv = ?1 AND m.seq BETWEEN ?2 AND ?3 AND m.sender <> ?4
  AND m.kind = ${EVENT_KIND.message} AND m.status = ${MESSAGE_STATUS.normal}`;

export class UnreadReads {
  readonly #messages: Statement;
  readonly #mentions: Statement;

  constructor(db: SqliteDatabase) {
    this.#messages = db.prepare(`SELECT COUNT(*) FROM (SELECT 1 FROM message m WHERE ${OF_OTHERS} LIMIT ?5)`);
    // Both may name him in one message: it counts once. CROSS: from the few that name somebody to their messages.
    this.#mentions = db.prepare(
      `SELECT COUNT(*) FROM (SELECT DISTINCT t.seq FROM mention t CROSS JOIN message m ON m.seq = t.seq
         WHERE t.conv = ?1 AND t.uid IN (?4, ${EVERYBODY}) AND t.seq BETWEEN ?2 AND ?3 AND ${OF_OTHERS} LIMIT ?5)`,
    );
  }

  /** `spans`: what the reader may read and has not. */
  of(reader: Uid, id: number, spans: readonly Span[]): Unread {
    const count = (statement: Statement): number => {
      let sum = 0;
      for (const { from, to } of spans) {
        if (sum >= UNREAD_LIMIT) break;
        sum += integerAt(statement.first(id, from, to, reader, UNREAD_LIMIT - sum) ?? [0], 0);
      }
      return sum;
    };
    const unread = count(this.#messages);
    return { unread, mentions: unread === 0 ? 0 : count(this.#mentions) };
  }
}
