/** Events around a place and by their mids, and what is said of messages: reactions, pins, what they said before. */
import { imError } from '../../im/errors.js';
import type { ConversationName } from '../../im/message/conversation.js';
import type { Mid, Seq, Uid } from '../../im/message/ids.js';
import { EVENT_KIND, type ChatEvent } from '../../im/message/message.js';
import type { EarlierContent, Reaction } from '../../im/store/event_interface.js';
import type { PageLimits } from '../../im/store/interface.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import { EarlierContents } from './earlier_contents.js';
import { EVENT_COLUMNS, eventOf, nameAt } from './event_row.js';
import { PageRoom } from './message_reads.js';
import { ReactionTable } from './reaction_table.js';
import { mayRead, ReadingRights, within, type Readable } from './reading_rights.js';

/** EVENT_COLUMNS, then the conversation. */
const NAME_COLUMN = 11;

export class EventReads {
  readonly #db: SqliteDatabase;
  readonly #rights: ReadingRights;
  readonly #earlier: EarlierContents;
  readonly #table: ReactionTable;
  readonly #sizesUp: Statement;
  readonly #sizesDown: Statement;
  readonly #between: Statement;
  readonly #byMid: Statement;
  readonly #place: Statement;
  readonly #pinned: Statement;
  readonly #after: Statement;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#rights = new ReadingRights(db);
    this.#earlier = new EarlierContents(db);
    this.#table = new ReactionTable(db);
    const sizes = (order: string): Statement =>
      db.prepare(
        `SELECT seq, length(content) + ifnull(length(extra), 0) FROM message WHERE conv = ? AND seq BETWEEN ? AND ? ORDER BY seq ${order} LIMIT ?`,
      );
    this.#sizesUp = sizes('ASC');
    this.#sizesDown = sizes('DESC');
    this.#between = db.prepare(
      `SELECT ${EVENT_COLUMNS} FROM message m WHERE m.conv = ? AND m.seq BETWEEN ? AND ? ORDER BY m.seq`,
    );
    this.#byMid = db.prepare(
      `SELECT ${EVENT_COLUMNS}, c.name FROM message m JOIN conversation c ON c.id = m.conv WHERE m.mid = ?`,
    );
    this.#place = db.prepare('SELECT seq, kind FROM message WHERE mid = ? AND conv = ?');
    this.#pinned = db.prepare(
      `SELECT ${EVENT_COLUMNS} FROM pin p JOIN message m ON m.mid = p.mid
       WHERE p.conv = ? AND p.pinned_seq <= ? ORDER BY p.pinned_seq DESC`,
    );
    this.#after = db.prepare(
      `SELECT l.stored_at FROM message l JOIN message m ON m.conv = l.conv AND m.seq = ?2
       WHERE l.conv = ?1 AND l.seq = ?3`,
    );
  }

  page(
    reader: Uid,
    conv: ConversationName,
    seq: Seq,
    side: 'before' | 'after' | 'around',
    limits: PageLimits,
  ): readonly ChatEvent[] {
    return this.#db.read(() => {
      const readable = this.#rights.of(reader, conv);
      if (side === 'before') return this.#down(readable, seq - 1, new PageRoom(limits));
      if (side === 'after') return this.#up(readable, seq + 1, new PageRoom(limits));
      // The half above first, with the place itself: it is what was asked for. What it leaves is for below.
      const half = { count: Math.ceil(limits.count / 2), bytes: Math.ceil(limits.bytes / 2) };
      const above = this.#up(readable, seq, new PageRoom(half));
      const left = { count: limits.count - above.length, bytes: half.bytes };
      return left.count > 0 ? [...this.#down(readable, seq - 1, new PageRoom(left)), ...above] : above;
    });
  }

  #up(readable: Readable, from: number, room: PageRoom): readonly ChatEvent[] {
    const events: ChatEvent[] = [];
    for (const span of within(readable.spans, from, Number.MAX_SAFE_INTEGER)) {
      const cut = room.take(this.#sizesUp.all(readable.id, span.from, span.to, room.count));
      if (cut !== undefined) events.push(...this.#read(readable, span.from, cut));
      if (room.isFull) break;
    }
    return events;
  }

  #down(readable: Readable, to: number, room: PageRoom): readonly ChatEvent[] {
    const parts: (readonly ChatEvent[])[] = [];
    for (const span of within(readable.spans, 0, to).toReversed()) {
      const cut = room.take(this.#sizesDown.all(readable.id, span.from, span.to, room.count));
      if (cut !== undefined) parts.unshift(this.#read(readable, cut, span.to));
      if (room.isFull) break;
    }
    return parts.flat();
  }

  messages(reader: Uid, mids: readonly Mid[]): readonly ChatEvent[] {
    return this.#db.read(() => {
      const readables = new Map<ConversationName, Readable | undefined>();
      return mids.flatMap((mid) => {
        const row = this.#byMid.first(mid);
        if (row === undefined) return [];
        const conv = nameAt(row, NAME_COLUMN);
        if (!readables.has(conv)) readables.set(conv, this.#rights.find(reader, conv));
        const readable = readables.get(conv);
        if (readable === undefined || !mayRead(readable, integerAt(row, 0))) return [];
        return [this.#earlier.asOf(eventOf(row, conv), readable.spans)];
      });
    });
  }

  reactions(reader: Uid, conv: ConversationName, mids: readonly Mid[]): readonly Reaction[] {
    return this.#db.read(() => {
      const readable = this.#rights.of(reader, conv);
      const untilMs = this.#leftAtMs(readable);
      return mids.flatMap((mid) =>
        this.#isMessage(readable, mid) ? this.#table.of(reader, mid, untilMs) : [],
      );
    });
  }

  pins(reader: Uid, conv: ConversationName): readonly ChatEvent[] {
    return this.#db.read(() => {
      const readable = this.#rights.of(reader, conv);
      const rows = this.#pinned.all(readable.id, readable.lastSeq);
      const his = rows.filter((row) => mayRead(readable, integerAt(row, 0)));
      return his.map((row) => this.#earlier.asOf(eventOf(row, conv), readable.spans));
    });
  }

  edits(reader: Uid, conv: ConversationName, mid: Mid): readonly EarlierContent[] {
    return this.#db.read(() => {
      const readable = this.#rights.of(reader, conv);
      if (!this.#isMessage(readable, mid)) throw imError('NO_SUCH_MESSAGE');
      return this.#earlier.before(mid, readable.spans);
    });
  }

  /** When somebody who has left a group went; never of everybody else. */
  #leftAtMs({ id, lastSeq }: Readable): number {
    const row = this.#after.first(id, lastSeq + 1, lastSeq);
    return row === undefined ? Number.MAX_SAFE_INTEGER : integerAt(row, 0);
  }

  /** One that he may read. */
  #isMessage(readable: Readable, mid: Mid): boolean {
    const row = this.#place.first(mid, readable.id);
    return (
      row !== undefined && integerAt(row, 1) === EVENT_KIND.message && mayRead(readable, integerAt(row, 0))
    );
  }

  #read({ id, conv, spans }: Readable, from: number, to: number): readonly ChatEvent[] {
    return this.#between.all(id, from, to).map((row) => this.#earlier.asOf(eventOf(row, conv), spans));
  }
}
