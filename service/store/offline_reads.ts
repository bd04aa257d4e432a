/**
 * What a device has missed, oldest first over all its conversations: a merge of their logs by time that never
 * puts an earlier seq of a conversation behind a later one, whatever the clock did between them.
 */
import type { ConversationName } from '../../im/message/conversation.js';
import { GID_LIMIT, GID_START, UID_LIMIT, type Device, type Seq, type Uid } from '../../im/message/ids.js';
import { EVENT_KIND, type ChatEvent } from '../../im/message/message.js';
import type { PageLimits } from '../../im/store/interface.js';
import type { Row, SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import { EarlierContents } from './earlier_contents.js';
import { EVENT_COLUMNS, eventOf, nameAt } from './event_row.js';
import { ReadingRights, within, type Span } from './reading_rights.js';
import { settingsAt } from './settings_row.js';

/** Read ahead per conversation: most have few waiting, and a long one is continued where it wins. */
const CHUNK_COUNT = 32;

type Which = readonly [conv: string, peersFrom: number, peersBelow: number];

const GROUPS: Which = ['', GID_START, GID_LIMIT];
const NOTHING_PASSED: ReadonlyMap<ConversationName, Seq> = new Map();

/**
 * A group of which he wants nothing: it is not pushed live either, save that he is out of it. That is given to whoever
 * asks for this group, because he was told live and had no room; one that was missed is seen when he looks at the group.
 */
function isWithheld(row: Row): boolean {
  return integerAt(row, 5) >= GID_START && settingsAt(row, 8, 0).interest === 'muted';
}

/** One conversation in the merge. */
interface Source {
  readonly id: number;
  readonly conv: ConversationName;
  /** What of it the reader may read. */
  readonly spans: readonly Span[];
  /** seq, stored_at, length(content) of what follows, ascending. */
  rows: readonly Row[];
  next: number;
  /** Time of its next message, never less than of those before it. */
  atMs: number;
}

interface Reader {
  readonly uid: Uid;
  readonly device: Device;
}

export class OfflineReads {
  readonly #db: SqliteDatabase;
  readonly #rights: ReadingRights;
  readonly #earlier: EarlierContents;
  readonly #behind: Statement;
  readonly #missed: Statement;
  readonly #event: Statement;
  readonly #dissolved: Statement;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#rights = new ReadingRights(db);
    this.#earlier = new EarlierContents(db);
    this.#behind = db.prepare(
      `SELECT c.id, c.name, COALESCE(d.seq, m.read_seq), c.first_seq, c.last_seq, m.peer, m.since_seq, m.until_seq,
              m.settings
       FROM conversation_member m
       JOIN conversation c ON c.id = m.conv
       LEFT JOIN device_mark d ON d.uid = m.uid AND d.device = ?2 AND d.conv = m.conv
       WHERE m.uid = ?1 AND c.last_seq > COALESCE(d.seq, m.read_seq) AND (?3 = '' OR c.name = ?3)
         AND m.peer >= ?4 AND m.peer < ?5 AND (m.until_seq = 0 OR m.until_seq > COALESCE(d.seq, m.read_seq))`,
    );
    this.#missed = db.prepare(
      `SELECT seq, stored_at, length(content) FROM message
       WHERE conv = ? AND seq BETWEEN ? AND ? AND NOT (sender = ? AND device = ?) ORDER BY seq LIMIT ${CHUNK_COUNT}`,
    );
    this.#event = db.prepare(`SELECT ${EVENT_COLUMNS} FROM message m WHERE m.conv = ? AND m.seq = ?`);
    this.#dissolved = db.prepare(
      `SELECT m.seq FROM chat_group g JOIN message m ON m.conv = ?1
       WHERE g.gid = ?2 AND g.dissolved_at <> 0 AND m.kind = ${EVENT_KIND.notice} ORDER BY m.seq DESC LIMIT 1`,
    );
  }

  offline(uid: Uid, device: Device, limits: PageLimits): readonly ChatEvent[] {
    return this.#page({ uid, device }, NOTHING_PASSED, limits, ['', 0, UID_LIMIT]);
  }

  /** Begins in each conversation after `passed`, after the device's mark, or at the floor, whichever is last. */
  offlinePage(
    uid: Uid,
    device: Device,
    passed: ReadonlyMap<ConversationName, Seq>,
    limits: PageLimits,
    only?: ConversationName | 'groups',
  ): readonly ChatEvent[] {
    return this.#page(
      { uid, device },
      passed,
      limits,
      only === 'groups' ? GROUPS : [only ?? '', 0, GID_LIMIT],
    );
  }

  /** `which`: one conversation or '' for all; from which id on, and below which, the peers are. */
  #page(
    reader: Reader,
    passed: ReadonlyMap<ConversationName, Seq>,
    limits: PageLimits,
    which: Which,
  ): readonly ChatEvent[] {
    const { uid, device } = reader;
    return this.#db.read(() => {
      const heap = new SourceHeap();
      for (const row of this.#behind.all(uid, device, ...which)) {
        if (which[0] === '' && isWithheld(row)) continue;
        const source = this.#sourceOf(row, uid);
        const after = Math.max(integerAt(row, 2), passed.get(source.conv) ?? 0);
        if (this.#advance(source, after, reader)) heap.push(source);
      }
      return this.#merge(heap, reader, limits);
    });
  }

  #sourceOf(row: Row, uid: Uid): Source {
    const id = integerAt(row, 0);
    const ends = this.#rights.ends({
      uid,
      peer: integerAt(row, 5),
      sinceSeq: integerAt(row, 6),
      untilSeq: integerAt(row, 7),
      firstSeq: integerAt(row, 3),
      lastSeq: integerAt(row, 4),
    });
    const spans = isWithheld(row) ? this.#endOf(row, ends.spans) : ends.spans;
    return { id, conv: nameAt(row, 1), spans, rows: [], next: 0, atMs: 0 };
  }

  /** The notice by which he went, or the group; empty while he is a member. */
  #endOf(row: Row, spans: readonly Span[]): readonly Span[] {
    const leftSeq = integerAt(row, 7);
    const dissolved = leftSeq > 0 ? undefined : this.#dissolved.first(integerAt(row, 0), integerAt(row, 5));
    const end = dissolved === undefined ? leftSeq : integerAt(dissolved, 0);
    return end === 0 ? [] : within(spans, end, end);
  }

  #merge(heap: SourceHeap, reader: Reader, limits: PageLimits): readonly ChatEvent[] {
    const events: ChatEvent[] = [];
    let bytes = 0;
    for (let source = heap.pop(); source !== undefined && events.length < limits.count; source = heap.pop()) {
      const row = source.rows[source.next] ?? [];
      bytes += integerAt(row, 2);
      if (events.length > 0 && bytes > limits.bytes) break;
      const seq = integerAt(row, 0);
      const event = this.#event.first(source.id, seq);
      if (event !== undefined) events.push(this.#earlier.asOf(eventOf(event, source.conv), source.spans));
      source.next += 1;
      if (this.#advance(source, seq, reader)) heap.push(source);
    }
    return events;
  }

  /** Sets the source on its next message after `seq`; false where there is none. */
  #advance(source: Source, seq: number, { uid, device }: Reader): boolean {
    if (source.next === source.rows.length) {
      source.rows = this.#readAhead(source, seq, { uid, device });
      source.next = 0;
    }
    const row = source.rows[source.next];
    if (row === undefined) return false;
    source.atMs = Math.max(source.atMs, integerAt(row, 1));
    return true;
  }

  /** The next rows after `seq`, of the first of his memberships that has any. */
  #readAhead({ id, spans }: Source, seq: number, { uid, device }: Reader): readonly Row[] {
    for (const { from, to } of within(spans, seq + 1, Number.MAX_SAFE_INTEGER)) {
      const rows = this.#missed.all(id, from, to, uid, device);
      if (rows.length > 0) return rows;
    }
    return [];
  }
}

/** A binary heap: the source with the oldest message on top, the older conversation where they are equal. */
class SourceHeap {
  readonly #items: Source[] = [];

  push(source: Source): void {
    const items = this.#items;
    let at = items.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent];
      if (above === undefined || !isBefore(source, above)) break;
      items[at] = above;
      at = parent;
    }
    items[at] = source;
  }

  pop(): Source | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const child = isLess(items[left + 1], items[left]) ? left + 1 : left;
      const below = items[child];
      if (below === undefined || !isBefore(below, last)) break;
      items[at] = below;
      at = child;
    }
    items[at] = last;
    return top;
  }
}

function isBefore(one: Source, other: Source): boolean {
  return one.atMs !== other.atMs ? one.atMs < other.atMs : one.id < other.id;
}

function isLess(one: Source | undefined, other: Source | undefined): boolean {
  return one !== undefined && other !== undefined && isBefore(one, other);
}
