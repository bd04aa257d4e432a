/**
 * Cumulative marks. A device's mark walks forward over seqs that a request covers or that this very device sent,
 * and stops at the first that is neither: a message that it has not got yet is never passed. What other devices of
 * the user sent is such a message too.
 */
import type { ConversationName } from '../../im/message/conversation.js';
import { LARGE_GROUP } from '../../im/message/group.js';
import { EVENT_KIND } from '../../im/message/message.js';
import type { MarkRequest } from '../../im/store/interface.js';
import type { Row, SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import { ReadingRights, within, type Span } from './reading_rights.js';
import type { Stamps } from './stamps.js';

interface Interval {
  readonly from: number;
  readonly to: number;
}

/** What one device asks for in one conversation. */
interface DeviceRequests {
  readonly uid: number;
  readonly device: number;
  readonly conv: ConversationName;
  readonly got: Interval[];
  readTo: number;
}

/** One conversation, and whose mark walks in it. */
interface Log {
  readonly id: number;
  /** What he may read: everything between is not for him, and a mark walks over it. */
  readonly spans: readonly Span[];
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly uid: number;
  readonly device: number;
  /** Notices of a large group are pushed only to those concerned: nobody waits for them. */
  readonly skipsNotices: boolean;
}

export interface MarkDeps {
  readonly db: SqliteDatabase;
  readonly stamps: Stamps;
  /** Ms since 1970. */
  readonly clock: () => number;
}

export class MarkTable {
  readonly #db: SqliteDatabase;
  readonly #rights: ReadingRights;
  readonly #stamps: Stamps;
  readonly #clock: () => number;
  readonly #member: Statement;
  readonly #device: Statement;
  readonly #stop: Statement;
  readonly #setDevice: Statement;
  readonly #setMember: Statement;

  constructor({ db, stamps, clock }: MarkDeps) {
    this.#db = db;
    this.#rights = new ReadingRights(db);
    this.#stamps = stamps;
    this.#clock = clock;
    this.#member = db.prepare(
      `SELECT c.id, c.last_seq, m.delivered_seq, m.read_seq, c.first_seq, m.peer, m.since_seq, m.until_seq,
              COALESCE(g.member_count, 0)
       FROM conversation c JOIN conversation_member m ON m.conv = c.id AND m.uid = ?
       LEFT JOIN chat_group g ON g.gid = m.peer WHERE c.name = ?`,
    );
    this.#device = db.prepare('SELECT seq FROM device_mark WHERE uid = ? AND device = ? AND conv = ?');
    this.#stop = db.prepare(
      `SELECT seq FROM message WHERE conv = ?1 AND seq BETWEEN ?2 AND ?3
         AND NOT (sender = ?4 AND device = ?5) AND NOT (kind = ${EVENT_KIND.notice} AND ?6)
       ORDER BY seq LIMIT 1`,
    );
    this.#setDevice = db.prepare(
      `INSERT INTO device_mark (uid, device, conv, seq) VALUES (?, ?, ?, ?)
       ON CONFLICT (uid, device, conv) DO UPDATE SET seq = excluded.seq`,
    );
    this.#setMember = db.prepare(
      'UPDATE conversation_member SET delivered_seq = ?, read_seq = ?, changed_at = ? WHERE uid = ? AND conv = ?',
    );
  }

  mark(batch: readonly MarkRequest[]): void {
    const groups = byDevice(batch);
    this.#db.write(() => {
      const stampMs = this.#stamps.next(this.#clock());
      for (const group of groups) this.#raise(group, stampMs);
    });
  }

  #raise({ uid, device, conv, got, readTo }: DeviceRequests, stampMs: number): void {
    const row = this.#member.first(uid, conv);
    if (row === undefined) return;
    const id = integerAt(row, 0);
    const [delivered, read] = [integerAt(row, 2), integerAt(row, 3)];
    const deviceRow = this.#device.first(uid, device, id);
    const before = deviceRow === undefined ? read : integerAt(deviceRow, 0);
    const log = this.#logOf(row, uid, device, before);
    // What is erased, or was before his time, stops nobody: there is nothing of it to be got.
    const after = this.#walk(Math.max(before, log.firstSeq - 1), got, log);
    if (deviceRow === undefined || after > before) this.#setDevice.run(uid, device, id, after);
    const newRead = Math.max(read, Math.min(readTo, log.lastSeq));
    const isMarked = integerAt(row, 8) <= LARGE_GROUP.deliveredMarks;
    const newDelivered = isMarked ? Math.max(delivered, after) : delivered;
    // A device's own mark alone is nobody else's news.
    if (newDelivered === delivered && newRead === read) return;
    this.#setMember.run(newDelivered, newRead, stampMs, uid, id);
  }

  #logOf(row: Row, uid: number, device: number, mark: number): Log {
    const sinceSeq = integerAt(row, 6);
    const ends = this.#rights.ends({
      uid,
      peer: integerAt(row, 5),
      // Behind a mark within his present membership the earlier ones, which are a read of their own, do not count.
      sinceSeq: mark >= sinceSeq - 1 ? 0 : sinceSeq,
      untilSeq: integerAt(row, 7),
      firstSeq: integerAt(row, 4),
      lastSeq: integerAt(row, 1),
    });
    const skipsNotices = integerAt(row, 8) > LARGE_GROUP.memberNotices;
    return { id: integerAt(row, 0), ...ends, uid, device, skipsNotices };
  }

  /** Where the mark comes to stand. */
  #walk(mark: number, got: readonly Interval[], log: Log): number {
    let at = mark;
    for (const { from, to } of got) {
      // What has not been stored yet cannot have been got, and proves nothing about what lies before it.
      if (from > log.lastSeq) break;
      if (from - 1 > at) at = this.#passSent(at, from - 1, log);
      if (from > at + 1) return at;
      at = Math.max(at, Math.min(to, log.lastSeq));
    }
    return this.#passSent(at, log.lastSeq, log);
  }

  /** Walks from `at` over what the device sent itself, at most to `end`. */
  #passSent(at: number, end: number, log: Log): number {
    if (at >= end) return at;
    const stop = this.#firstOther(at, end, log);
    return stop === undefined ? end : stop - 1;
  }

  /** The first in (at, end] that is for him and that he did not send from there. */
  #firstOther(at: number, end: number, log: Log): number | undefined {
    for (const { from, to } of within(log.spans, at + 1, end)) {
      const row = this.#stop.first(log.id, from, to, log.uid, log.device, log.skipsNotices ? 1 : 0);
      if (row !== undefined) return integerAt(row, 0);
    }
    return undefined;
  }
}

/** One group per (uid, device, conversation), its intervals in ascending order. */
function byDevice(batch: readonly MarkRequest[]): readonly DeviceRequests[] {
  const groups = new Map<string, DeviceRequests>();
  for (const { uid, device, conv, from, to, read } of batch) {
    if (from > to) continue;
    const key = `${uid} ${device} ${conv}`;
    const group = groups.get(key) ?? { uid, device, conv, got: [], readTo: 0 };
    groups.set(key, group);
    group.got.push({ from, to });
    if (read && to > group.readTo) group.readTo = to;
  }
  for (const { got } of groups.values()) got.sort((one, other) => one.from - other.from);
  return [...groups.values()];
}
