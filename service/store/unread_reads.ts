/**
 * How many messages of others wait for somebody, and how many of those name him. Only so many of the newest events are
 * looked at: behind hundreds of thousands of reactions nobody waits. What lies below is counted by the numbers that
 * messages have, one's own and recalled ones among them.
 */
import type { Uid } from '../../im/message/ids.js';
import { EVERYBODY, EVENT_KIND, MESSAGE_STATUS } from '../../im/message/message.js';
import { UNREAD_LIMIT } from '../../im/store/interface.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import { within, type Span } from './reading_rights.js';

export interface Unread {
  /** UNREAD_LIMIT: that many or more. */
  readonly unread: number;
  readonly mentions: number;
}

/** Events of one conversation that are looked at, about 0.2 µs each. */
const WALK_LIMIT = 4000;
/** Of all conversations of one answer. */
const ANSWER_LIMIT = 40_000;
/** Of each, also when an answer has had its share. */
const WALK_MIN = 64;

/** What one answer may still look at. */
export class UnreadBudget {
  #left = ANSWER_LIMIT;

  /** Events of one conversation. */
  take(): number {
    return Math.max(WALK_MIN, Math.min(WALK_LIMIT, this.#left));
  }

  used(count: number): void {
    this.#left -= count;
  }
}

/** ?1: conv, ?2 to ?3: seqs, ?4: the reader. */
const OF_OTHERS = `m.conv = ?1 AND m.seq BETWEEN ?2 AND ?3 AND m.sender <> ?4
  AND m.kind = ${EVENT_KIND.message} AND m.status = ${MESSAGE_STATUS.normal}`;

const named = (uid: string): string =>
  `SELECT * FROM (SELECT seq FROM mention WHERE conv = ?1 AND uid = ${uid} AND seq BETWEEN ?2 AND ?3
     ORDER BY seq DESC LIMIT ${UNREAD_LIMIT})`;

export class UnreadReads {
  readonly #messages: Statement;
  readonly #upTo: Statement;
  readonly #mentions: Statement;
  readonly #isNamed: Statement;
  readonly #numbered: Statement;

  constructor(db: SqliteDatabase) {
    this.#messages = db.prepare(`SELECT COUNT(*) FROM message m WHERE ${OF_OTHERS}`);
    // Costs 15 µs more, and saves 0.2 µs for each that it need not count.
    this.#upTo = db.prepare(`SELECT COUNT(*) FROM (SELECT 1 FROM message m WHERE ${OF_OTHERS} LIMIT ?5)`);
    // Hardly ever anybody is: 5 µs instead of 50 for all the others.
    this.#isNamed = db.prepare(
      `SELECT EXISTS (SELECT 1 FROM mention WHERE conv = ?1 AND uid IN (?4, ${EVERYBODY}) AND seq BETWEEN ?2 AND ?3)`,
    );
    // Both may name him in one message: it counts once. CROSS: from the few that name somebody to their messages.
    this.#mentions = db.prepare(
      `SELECT COUNT(*) FROM (SELECT 1 FROM (${named('?4')} UNION ${named(String(EVERYBODY))}) t
         CROSS JOIN message m ON m.seq = t.seq WHERE ${OF_OTHERS} LIMIT ?5)`,
    );
    // n numbers messages: that of the last less that of the first, and the first itself.
    this.#numbered = db.prepare(
      `SELECT l.n - f.n + (f.kind = ${EVENT_KIND.message}) FROM message f JOIN message l ON l.conv = f.conv
       WHERE f.conv = ?1 AND f.seq = ?2 AND l.seq = ?3`,
    );
  }

  /** `spans`: what the reader may read and has not. `budget`: of the answer that it is for. */
  of(reader: Uid, id: number, spans: readonly Span[], budget = new UnreadBudget()): Unread {
    const unread = this.#unread(reader, id, spans, budget);
    if (unread === 0) return { unread, mentions: 0 };
    let mentions = 0;
    for (const { from, to } of spans.toReversed()) {
      if (mentions >= UNREAD_LIMIT) break;
      if (this.#count(this.#isNamed, id, from, to, reader) === 0) continue;
      mentions += this.#count(this.#mentions, id, from, to, reader, UNREAD_LIMIT - mentions);
    }
    return { unread, mentions };
  }

  /** Newest first. */
  #unread(reader: Uid, id: number, spans: readonly Span[], budget: UnreadBudget): number {
    let left = budget.take();
    let sum = 0;
    for (const { from, to } of spans.toReversed()) {
      if (sum >= UNREAD_LIMIT) break;
      const start = Math.max(from, to - left + 1);
      if (start <= to) sum += this.#messagesIn({ id, from: start, to, reader }, UNREAD_LIMIT - sum);
      for (const below of within([{ from, to }], from, start - 1))
        sum += this.#count(this.#numbered, id, below.from, below.to);
      left -= to - start + 1;
      budget.used(to - start + 1);
    }
    return Math.min(sum, UNREAD_LIMIT);
  }

  #messagesIn(
    { id, from, to, reader }: { id: number; from: number; to: number; reader: Uid },
    limit: number,
  ): number {
    if (to - from < limit) return this.#count(this.#messages, id, from, to, reader);
    return this.#count(this.#upTo, id, from, to, reader, limit);
  }

  #count(statement: Statement, ...values: readonly number[]): number {
    return integerAt(statement.first(...values) ?? [0], 0);
  }
}
