/**
 * What a user may read of a conversation: all that is kept of his conversations of two; of a group the events of his
 * memberships, from the one by which he came in to the one by which he went.
 */
import { imError } from '../../im/errors.js';
import { chatPeer, groupOf, type ConversationName } from '../../im/message/conversation.js';
import { known, toSeq, type Seq, type Uid } from '../../im/message/ids.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import { seqAt } from './event_row.js';

/** A closed interval of seqs. */
export interface Span {
  readonly from: Seq;
  readonly to: Seq;
}

/** One conversation as one reader may read it. */
export interface Readable {
  /** 0: a conversation of two that does not exist yet. */
  readonly id: number;
  readonly conv: ConversationName;
  /** Lowest seq of the log that is kept. */
  readonly floor: Seq;
  /** What he may read, and only what is stored and kept: ascending, and never one beside the next. */
  readonly spans: readonly Span[];
  /** The ends of all spans; where there is none, `firstSeq` is lastSeq + 1. */
  readonly firstSeq: Seq;
  /** The last that he may read, also where it has been erased. */
  readonly lastSeq: Seq;
}

/** A member's row with the numbers of its conversation: what a statement that has both already gives. */
export interface Membership {
  readonly uid: Uid | number;
  /** Of a group the gid; of two the other uid. */
  readonly peer: number;
  readonly sinceSeq: number;
  readonly untilSeq: number;
  /** Of the log. */
  readonly firstSeq: number;
  readonly lastSeq: number;
}

type Ends = Pick<Readable, 'spans' | 'firstSeq' | 'lastSeq'>;

const FIRST_SEQ = known(toSeq(1));
const NO_SEQ = known(toSeq(0));

export class ReadingRights {
  readonly #log: Statement;
  readonly #member: Statement;
  readonly #past: Statement;

  constructor(db: SqliteDatabase) {
    this.#log = db.prepare('SELECT id, first_seq, last_seq FROM conversation WHERE name = ?');
    this.#member = db.prepare(
      'SELECT since_seq, until_seq FROM conversation_member WHERE uid = ? AND conv = ?',
    );
    this.#past = db.prepare(
      'SELECT since_seq, left_seq FROM group_past WHERE gid = ? AND uid = ? ORDER BY since_seq',
    );
  }

  /**
   * Within a read transaction, so that what is read by it is of the same moment. Throws NO_PERMISSION where he has
   * no part in it, NO_SUCH_GROUP.
   */
  of(reader: Uid, conv: ConversationName): Readable {
    const found = this.#look(reader, conv);
    if (typeof found === 'string') throw imError(found);
    return found;
  }

  /**
   * The same; undefined where he has no part in it. `writtenSeq`: within an append, up to where it has written; the
   * conversation's row says so only at its end, the members' rows at once.
   */
  find(reader: Uid, conv: ConversationName, writtenSeq = 0): Readable | undefined {
    const found = this.#look(reader, conv, writtenSeq);
    return typeof found === 'string' ? undefined : found;
  }

  #look(reader: Uid, conv: ConversationName, writtenSeq = 0): Readable | 'NO_PERMISSION' | 'NO_SUCH_GROUP' {
    const gid = groupOf(conv);
    if (gid === undefined && chatPeer(conv, reader) === undefined) return 'NO_PERMISSION';
    const log = this.whole(conv);
    if (gid === undefined) return log;
    if (log.id === 0) return 'NO_SUCH_GROUP';
    const member = this.#member.first(reader, log.id);
    if (member === undefined) return 'NO_PERMISSION';
    const [sinceSeq, untilSeq] = [integerAt(member, 0), integerAt(member, 1)];
    const firstSeq = log.floor;
    const lastSeq = Math.max(log.lastSeq, writtenSeq);
    return { ...log, ...this.ends({ uid: reader, peer: gid, sinceSeq, untilSeq, firstSeq, lastSeq }) };
  }

  /** The log as it is, for nobody in particular; id 0: there is none. */
  whole(conv: ConversationName): Readable {
    const row = this.#log.first(conv);
    if (row === undefined) return nothingOf(conv);
    const [id, floor, lastSeq] = [integerAt(row, 0), seqAt(row, 1), seqAt(row, 2)];
    return { id, conv, floor, ...endsOf([[0, lastSeq]], floor, lastSeq) };
  }

  /** What a member may read, given his row. */
  ends({ uid, peer, sinceSeq, untilSeq, firstSeq, lastSeq }: Membership): Ends {
    const until = lastReadable(untilSeq, lastSeq);
    // From the beginning: whatever came before is within.
    if (sinceSeq <= firstSeq) return endsOf([[sinceSeq, until]], firstSeq, until);
    const past = this.#past.all(peer, uid).map((row) => [integerAt(row, 0), integerAt(row, 1)] as const);
    return endsOf([...past, [sinceSeq, until]], firstSeq, until);
  }
}

function nothingOf(conv: ConversationName): Readable {
  return { id: 0, conv, floor: FIRST_SEQ, spans: [], firstSeq: FIRST_SEQ, lastSeq: NO_SEQ };
}

/** `untilSeq` 0: he is a member. */
export function lastReadable(untilSeq: number, lastSeq: number): number {
  return untilSeq === 0 ? lastSeq : Math.min(untilSeq, lastSeq);
}

/** The parts of `spans` in [from, to], ascending. */
export function within(spans: readonly Span[], from: number, to: number): readonly Span[] {
  const parts: Span[] = [];
  for (const span of spans) {
    const start = Math.max(span.from, from);
    const end = Math.min(span.to, to);
    if (start <= end) parts.push({ from: known(toSeq(start)), to: known(toSeq(end)) });
  }
  return parts;
}

export function mayRead({ spans }: Pick<Readable, 'spans'>, seq: number): boolean {
  return spans.some(({ from, to }) => from <= seq && seq <= to);
}

/** Of memberships by their beginning; of none of them what lies below the floor. */
function endsOf(memberships: readonly (readonly [number, number])[], floor: number, lastSeq: number): Ends {
  const spans: { from: number; to: number }[] = [];
  for (const [from, to] of memberships) {
    const start = Math.max(from, floor);
    const before = spans.at(-1);
    if (before !== undefined && start <= before.to + 1) before.to = Math.max(before.to, to);
    else if (start <= to) spans.push({ from: start, to });
  }
  return {
    spans: spans.map(({ from, to }) => ({ from: known(toSeq(from)), to: known(toSeq(to)) })),
    firstSeq: known(toSeq(spans[0]?.from ?? lastSeq + 1)),
    lastSeq: known(toSeq(lastSeq)),
  };
}
