/**
 * Pages of one conversation and messages by their mids, each read from one snapshot. A page's size is decided
 * from the lengths alone, so that cutting it never loads what is cut off.
 */
import { imError } from '../../im/errors.js';
import type { ConversationName } from '../../im/message/conversation.js';
import { known, toSeq, type Mid, type Seq, type Uid } from '../../im/message/ids.js';
import type { ChatEvent } from '../../im/message/message.js';
import type { LocatedMessage, LocatedTarget, PageLimits, RangePage } from '../../im/store/interface.js';
import type { Row, SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt, textAt } from '../../pkg/db/sqlite_row.js';
import { EarlierContents } from './earlier_contents.js';
import { EVENT_COLUMNS, eventOf, midAt, nameAt, seqAt, uidAt } from './event_row.js';
import { mayRead, ReadingRights, within, type Readable, type Span } from './reading_rights.js';

const FIRST_SEQ = known(toSeq(1));
const LOCATED_COLUMNS = 'm.mid, m.seq, m.sender, m.client_id';

export class MessageReads {
  readonly #db: SqliteDatabase;
  readonly #rights: ReadingRights;
  readonly #earlier: EarlierContents;
  readonly #sizesUp: Statement;
  readonly #sizesDown: Statement;
  readonly #events: Statement;
  readonly #seqOfMid: Statement;
  readonly #located: Statement;
  readonly #sent: Statement;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#rights = new ReadingRights(db);
    this.#earlier = new EarlierContents(db);
    const sizes = (order: string): Statement =>
      db.prepare(
        `SELECT seq, length(content) + ifnull(length(extra), 0) FROM message WHERE conv = ? AND seq BETWEEN ? AND ? ORDER BY seq ${order} LIMIT ?`,
      );
    this.#sizesUp = sizes('ASC');
    this.#sizesDown = sizes('DESC');
    this.#events = db.prepare(
      `SELECT ${EVENT_COLUMNS} FROM message m WHERE m.conv = ? AND m.seq BETWEEN ? AND ? ORDER BY m.seq`,
    );
    this.#seqOfMid = db.prepare('SELECT seq FROM message WHERE mid = ? AND conv = ?');
    this.#located = db.prepare(
      `SELECT ${LOCATED_COLUMNS}, c.name, m.sent_at FROM message m JOIN conversation c ON c.id = m.conv
       WHERE m.mid = ? AND m.seq >= c.first_seq`,
    );
    this.#sent = db.prepare(
      `SELECT ${LOCATED_COLUMNS} FROM message m
       WHERE m.conv = ? AND m.seq BETWEEN ? AND ? AND m.sender = ? ORDER BY m.seq DESC LIMIT ?`,
    );
  }

  range(reader: Uid, conv: ConversationName, from: Seq, to: Seq, limits: PageLimits): RangePage {
    return this.#db.read(() => {
      const readable = this.#rights.of(reader, conv);
      if (to < readable.floor && to >= from && readable.floor > FIRST_SEQ) throw imError('EXPIRED');
      return this.#page(readable, from, to, limits);
    });
  }

  logOf(conv: ConversationName, from: Seq, to: Seq, limits: PageLimits): RangePage {
    return this.#db.read(() => this.#page(this.#rights.whole(conv), from, to, limits));
  }

  /** Ascending. What lies between two of his memberships is covered without an event. */
  #page(readable: Readable, from: Seq, to: Seq, limits: PageLimits): RangePage {
    const { id, conv, floor, spans, lastSeq } = readable;
    const first = from < floor ? floor : from;
    const end = to < lastSeq ? to : lastSeq;
    const parts = within(spans, first, end);
    const room = new PageRoom(limits);
    const fitting = this.#fitting(id, parts, room);
    const cut = fitting.at(-1)?.to ?? 0;
    const next = room.isFull ? parts.find((part) => part.to > cut) : undefined;
    const covered = next === undefined ? end : Math.max(next.from - 1, cut);
    return {
      conv,
      from: first,
      // Nothing of it is there yet: the empty interval.
      to: known(toSeq(Math.max(covered, first - 1))),
      events: fitting.flatMap((part) => this.#read(readable, part)),
      more: next !== undefined,
      floor,
    };
  }

  /** As much from the beginning of `parts` as there is room for. */
  #fitting(id: number, parts: readonly Span[], room: PageRoom): readonly Span[] {
    const fitting: Span[] = [];
    for (const { from, to } of parts) {
      const cut = room.take(this.#sizesUp.all(id, from, to, room.count));
      if (cut !== undefined) fitting.push({ from, to: cut });
      if (room.isFull) break;
    }
    return fitting;
  }

  history(reader: Uid, conv: ConversationName, beforeMid: number, limits: PageLimits): readonly ChatEvent[] {
    return this.#db.read(() => {
      const readable = this.#rights.of(reader, conv);
      const { id, spans, lastSeq } = readable;
      const before = beforeMid === 0 ? undefined : this.#seqOfMid.first(beforeMid, id);
      // Gone or of another log: the end instead would be the same pages for ever to whoever scrolls back.
      if (beforeMid !== 0 && before === undefined) return [];
      const last = before === undefined ? lastSeq : integerAt(before, 0) - 1;
      const room = new PageRoom(limits);
      const events: ChatEvent[] = [];
      for (const { from, to } of within(spans, 0, last).toReversed()) {
        const cut = room.take(this.#sizesDown.all(id, from, to, room.count));
        if (cut !== undefined) events.push(...this.#read(readable, { from: cut, to }).toReversed());
        if (room.isFull) break;
      }
      return events;
    });
  }

  locate(reader: Uid, mids: readonly Mid[]): readonly LocatedTarget[] {
    return this.#db.read(() => {
      const readables = new Map<ConversationName, Readable | undefined>();
      return mids.flatMap((mid) => {
        const row = this.#located.first(mid);
        if (row === undefined) return [];
        const conv = nameAt(row, 4);
        if (!readables.has(conv)) readables.set(conv, this.#rights.find(reader, conv));
        const readable = readables.get(conv);
        if (readable === undefined || !mayRead(readable, integerAt(row, 1))) return [];
        return [{ ...locatedOf(row, conv), sentAtMs: integerAt(row, 5) }];
      });
    });
  }

  sentBetween(
    conv: ConversationName,
    sender: Uid,
    from: Seq,
    to: Seq,
    limit: number,
  ): readonly LocatedMessage[] {
    return this.#db.read(() => {
      const { id, floor } = this.#rights.whole(conv);
      const rows = this.#sent.all(id, Math.max(from, floor), to, sender, limit);
      return rows.map((row) => locatedOf(row, conv)).reverse();
    });
  }

  lastSeqs(names: readonly ConversationName[]): readonly { conv: ConversationName; lastSeq: Seq }[] {
    return this.#db.read(() =>
      names.flatMap((conv) => {
        const { id, lastSeq } = this.#rights.whole(conv);
        return id === 0 ? [] : [{ conv, lastSeq }];
      }),
    );
  }

  #read({ id, conv, spans }: Readable, { from, to }: Span): readonly ChatEvent[] {
    return this.#events.all(id, from, to).map((row) => this.#earlier.asOf(eventOf(row, conv), spans));
  }
}

/** What still fits a page: at least one event does, whatever its size. */
export class PageRoom {
  /** Events. */
  count: number;
  #bytes: number;
  #isEmpty = true;
  #isFull = false;

  constructor({ count, bytes }: PageLimits) {
    this.count = count;
    this.#bytes = bytes;
  }

  get isFull(): boolean {
    return this.#isFull || this.count <= 0;
  }

  /** Of rows (seq, length) in the page's order, the seq of the last that fits; undefined where none does. */
  take(sizes: readonly Row[]): Seq | undefined {
    let cut: Seq | undefined;
    for (const row of sizes) {
      this.#bytes -= integerAt(row, 1);
      this.#isFull = this.count <= 0 || (this.#bytes < 0 && !this.#isEmpty);
      if (this.#isFull) break;
      this.#isEmpty = false;
      this.count -= 1;
      cut = seqAt(row, 0);
    }
    return cut;
  }
}

function locatedOf(row: Row, conv: ConversationName): LocatedMessage {
  return { mid: midAt(row, 0), conv, seq: seqAt(row, 1), from: uidAt(row, 2), clientId: textAt(row, 3) };
}
