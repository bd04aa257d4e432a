/**
 * Pages of one conversation and messages by their mids, each read from one snapshot. A page's size is decided
 * from the lengths alone, so that cutting it never loads what is cut off.
 */
import { imError } from '../../im/errors.js';
import { chatPeer, type ConversationName } from '../../im/message/conversation.js';
import { known, toSeq, type Mid, type Seq, type Uid } from '../../im/message/ids.js';
import type { ChatEvent } from '../../im/message/message.js';
import type { LocatedMessage, PageLimits, RangePage } from '../../im/store/interface.js';
import type { Row, SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt, textAt } from '../../pkg/db/sqlite_row.js';
import { EVENT_COLUMNS, eventOf, midAt, nameAt, seqAt, uidAt } from './event_row.js';

interface Log {
  readonly id: number;
  readonly firstSeq: Seq;
  readonly lastSeq: Seq;
}

const FIRST_SEQ = known(toSeq(1));
const NOTHING: Log = { id: 0, firstSeq: FIRST_SEQ, lastSeq: known(toSeq(0)) };
const LOCATED_COLUMNS = 'm.mid, m.seq, m.sender, m.client_id';

export class MessageReads {
  readonly #db: SqliteDatabase;
  readonly #log: Statement;
  readonly #sizesUp: Statement;
  readonly #sizesDown: Statement;
  readonly #events: Statement;
  readonly #seqOfMid: Statement;
  readonly #located: Statement;
  readonly #sent: Statement;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#log = db.prepare('SELECT id, first_seq, last_seq FROM conversation WHERE name = ?');
    const sizes = (order: string): Statement =>
      db.prepare(
        `SELECT seq, length(content) FROM message WHERE conv = ? AND seq BETWEEN ? AND ? ORDER BY seq ${order} LIMIT ?`,
      );
    this.#sizesUp = sizes('ASC');
    this.#sizesDown = sizes('DESC');
    this.#events = db.prepare(
      `SELECT ${EVENT_COLUMNS} FROM message m WHERE m.conv = ? AND m.seq BETWEEN ? AND ? ORDER BY m.seq`,
    );
    this.#seqOfMid = db.prepare('SELECT seq FROM message WHERE mid = ? AND conv = ?');
    this.#located = db.prepare(
      `SELECT ${LOCATED_COLUMNS}, c.name FROM message m JOIN conversation c ON c.id = m.conv
       WHERE m.mid = ? AND m.seq >= c.first_seq`,
    );
    this.#sent = db.prepare(
      `SELECT ${LOCATED_COLUMNS} FROM message m
       WHERE m.conv = ? AND m.seq BETWEEN ? AND ? AND m.sender = ? ORDER BY m.seq DESC LIMIT ?`,
    );
  }

  range(reader: Uid, conv: ConversationName, from: Seq, to: Seq, limits: PageLimits): RangePage {
    refuseStranger(reader, conv);
    return this.#db.read(() => {
      const log = this.#logOf(conv);
      const floor = log.firstSeq;
      if (to < floor && to >= from && floor > FIRST_SEQ) throw imError('EXPIRED');
      const first = from < floor ? floor : from;
      const last = to < log.lastSeq ? to : log.lastSeq;
      const cut = cutAt(this.#sizesUp.all(log.id, first, last, limits.count), limits);
      if (cut === undefined)
        return { conv, from: first, to: known(toSeq(first - 1)), events: [], more: false, floor };
      return {
        conv,
        from: first,
        to: cut,
        events: this.#read(log, conv, first, cut),
        more: cut < last,
        floor,
      };
    });
  }

  history(reader: Uid, conv: ConversationName, beforeMid: number, limits: PageLimits): readonly ChatEvent[] {
    refuseStranger(reader, conv);
    return this.#db.read(() => {
      const log = this.#logOf(conv);
      const before = beforeMid === 0 ? undefined : this.#seqOfMid.first(beforeMid, log.id);
      // Gone or of another log: the end instead would be the same pages for ever to whoever scrolls back.
      if (beforeMid !== 0 && before === undefined) return [];
      const last = before === undefined ? log.lastSeq : integerAt(before, 0) - 1;
      const cut = cutAt(this.#sizesDown.all(log.id, log.firstSeq, last, limits.count), limits);
      return cut === undefined ? [] : [...this.#read(log, conv, cut, last)].reverse();
    });
  }

  locate(reader: Uid, mids: readonly Mid[]): readonly LocatedMessage[] {
    return this.#db.read(() =>
      mids.flatMap((mid) => {
        const row = this.#located.first(mid);
        if (row === undefined) return [];
        const conv = nameAt(row, 4);
        return chatPeer(conv, reader) === undefined ? [] : [locatedOf(row, conv)];
      }),
    );
  }

  sentBetween(
    conv: ConversationName,
    sender: Uid,
    from: Seq,
    to: Seq,
    limit: number,
  ): readonly LocatedMessage[] {
    return this.#db.read(() => {
      const { id, firstSeq } = this.#logOf(conv);
      const rows = this.#sent.all(id, Math.max(from, firstSeq), to, sender, limit);
      return rows.map((row) => locatedOf(row, conv)).reverse();
    });
  }

  lastSeqs(names: readonly ConversationName[]): readonly { conv: ConversationName; lastSeq: Seq }[] {
    return this.#db.read(() =>
      names.flatMap((conv) => {
        const log = this.#logOf(conv);
        return log.id === 0 ? [] : [{ conv, lastSeq: log.lastSeq }];
      }),
    );
  }

  #logOf(conv: ConversationName): Log {
    const row = this.#log.first(conv);
    if (row === undefined) return NOTHING;
    return { id: integerAt(row, 0), firstSeq: seqAt(row, 1), lastSeq: seqAt(row, 2) };
  }

  #read(log: Log, conv: ConversationName, from: number, to: number): readonly ChatEvent[] {
    return this.#events.all(log.id, from, to).map((row) => eventOf(row, conv));
  }
}

/** The last seq of the page, of rows (seq, length) in its order; undefined for no rows. */
export function cutAt(sizes: readonly Row[], limits: PageLimits): Seq | undefined {
  let bytes = 0;
  let cut: Seq | undefined;
  for (const row of sizes) {
    bytes += integerAt(row, 1);
    if (cut !== undefined && bytes > limits.bytes) break;
    cut = seqAt(row, 0);
  }
  return cut;
}

export function refuseStranger(reader: Uid, conv: ConversationName): void {
  if (chatPeer(conv, reader) === undefined) throw imError('NO_PERMISSION');
}

function locatedOf(row: Row, conv: ConversationName): LocatedMessage {
  return { mid: midAt(row, 0), conv, seq: seqAt(row, 1), from: uidAt(row, 2), clientId: textAt(row, 3) };
}
