/**
 * History by time. Times have no index, which every append would pay for: within a log they rise with the seq, so
 * a search by halves finds both ends. Where the clock was set back, what is given lies between the times all the
 * same, and something of the hours that it went through twice may be missing.
 */
import type { ConversationName } from '../../im/message/conversation.js';
import type { Uid } from '../../im/message/ids.js';
import type { ChatEvent } from '../../im/message/message.js';
import type { PageLimits } from '../../im/store/interface.js';
import type { Row, SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import { EarlierContents } from './earlier_contents.js';
import { EVENT_COLUMNS, eventOf } from './event_row.js';
import { PageRoom } from './message_reads.js';
import { ReadingRights, within } from './reading_rights.js';

const INSIDE = 'm.conv = ? AND m.seq BETWEEN ? AND ? AND m.stored_at >= ? AND m.stored_at < ?';

export class TimeReads {
  readonly #db: SqliteDatabase;
  readonly #rights: ReadingRights;
  readonly #earlier: EarlierContents;
  readonly #timeOf: Statement;
  readonly #sizes: Statement;
  readonly #events: Statement;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#rights = new ReadingRights(db);
    this.#earlier = new EarlierContents(db);
    this.#timeOf = db.prepare('SELECT stored_at FROM message WHERE conv = ? AND seq = ?');
    this.#sizes = db.prepare(
      `SELECT m.seq, length(m.content) + ifnull(length(m.extra), 0) FROM message m WHERE ${INSIDE} ORDER BY m.seq DESC LIMIT ?`,
    );
    this.#events = db.prepare(`SELECT ${EVENT_COLUMNS} FROM message m WHERE ${INSIDE} ORDER BY m.seq DESC`);
  }

  historyBetween(
    reader: Uid,
    conv: ConversationName,
    fromMs: number,
    toMs: number,
    limits: PageLimits,
  ): readonly ChatEvent[] {
    const endMs = toMs === 0 ? Number.MAX_SAFE_INTEGER : toMs;
    return this.#db.read(() => {
      const { id, floor, spans, lastSeq } = this.#rights.of(reader, conv);
      const end = lastSeq + 1;
      const from = this.#firstAt(id, floor, end, fromMs);
      const to = toMs === 0 ? lastSeq : this.#firstAt(id, from, end, endMs) - 1;
      const room = new PageRoom(limits);
      const rows: Row[] = [];
      for (const span of within(spans, from, to).toReversed()) {
        const sizes = this.#sizes.all(id, span.from, span.to, fromMs, endMs, room.count);
        const cut = room.take(sizes);
        if (cut !== undefined) rows.push(...this.#events.all(id, cut, span.to, fromMs, endMs));
        if (room.isFull) break;
      }
      return rows.map((row) => this.#earlier.asOf(eventOf(row, conv), spans));
    });
  }

  /** The first seq in [from, end) stored at or after `atMs`; `end` where there is none. */
  #firstAt(id: number, from: number, end: number, atMs: number): number {
    let [low, high] = [from, end];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = this.#timeOf.first(id, middle);
      if (row !== undefined && integerAt(row, 0) < atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
