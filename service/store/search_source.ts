/**
 * What the search index lacks, found and taken apart by a reader. A log is followed event by event: messages come in,
 * an edit brings its message in anew, a recall and the floor take out.
 */
import { readEdit } from '../../im/message/event_content.js';
import { EVENT_KIND, MESSAGE_STATUS } from '../../im/message/message.js';
import { readRecall } from '../../im/message/recall.js';
import { indexTerms } from '../../im/search/terms.js';
import type { Row, SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt, textAt } from '../../pkg/db/sqlite_row.js';

export interface BehindPage {
  readonly ids: readonly number[];
  /** Where the next page begins; 0: this was the last. */
  readonly nextId: number;
}

/** A message that is to be in the index as `terms` say; '' where it is not to be in it. */
export interface SearchPut {
  readonly seq: number;
  readonly storedAtMs: number;
  readonly terms: string;
}

/** What is to be done in one conversation. */
export interface SearchStep {
  readonly conv: number;
  readonly puts: readonly SearchPut[];
  /** Rows of what lies below the floor. */
  readonly goneIds: readonly number[];
  readonly indexedSeq: number;
  readonly firstSeq: number;
}

export interface SearchBatch {
  readonly steps: readonly SearchStep[];
  /** Conversations that have still more. */
  readonly rest: readonly number[];
  /** Events. */
  readonly count: number;
}

/** Conversations looked at in one read: about a ms of a reader's time. */
const PAGE_COUNT = 1000;
/** What one batch may hold: the writer needs one or two ms for it, and appends wait so long. */
const EVENTS_PER_BATCH = 40;
const TERMS_PER_BATCH = 2000;
/** Texts taken apart for one batch. */
const BYTES_PER_BATCH = 128 << 10;
/** A reader's time for one batch, after the first event of it: some texts take longer than their size says. */
const MS_PER_BATCH = 10;

export class SearchSource {
  readonly #db: SqliteDatabase;
  readonly #nowMs: () => number;
  readonly #page: Statement;
  readonly #log: Statement;
  readonly #event: Statement;
  readonly #gone: Statement;

  /** `nowMs`: monotonic. */
  constructor(db: SqliteDatabase, nowMs: () => number = () => performance.now()) {
    this.#db = db;
    this.#nowMs = nowMs;
    this.#page = db.prepare(
      `SELECT c.id, c.last_seq > COALESCE(s.indexed_seq, 0) OR c.first_seq > COALESCE(s.first_seq, 1)
       FROM conversation c LEFT JOIN search_cursor s ON s.conv = c.id
       WHERE c.id > ? ORDER BY c.id LIMIT ${PAGE_COUNT}`,
    );
    this.#log = db.prepare(
      `SELECT c.first_seq, c.last_seq, COALESCE(s.indexed_seq, 0), COALESCE(s.first_seq, 1)
       FROM conversation c LEFT JOIN search_cursor s ON s.conv = c.id WHERE c.id = ?`,
    );
    this.#event = db.prepare(
      'SELECT kind, status, content, stored_at FROM message WHERE conv = ? AND seq = ?',
    );
    this.#gone = db.prepare('SELECT id FROM search_doc WHERE conv = ? AND seq < ? ORDER BY seq LIMIT ?');
  }

  behindPage(afterId: number): BehindPage {
    const rows = this.#page.all(afterId);
    const ids = rows.filter((row) => integerAt(row, 1) !== 0).map((row) => integerAt(row, 0));
    const last = rows.length === PAGE_COUNT ? rows[PAGE_COUNT - 1] : undefined;
    return { ids, nextId: last === undefined ? 0 : integerAt(last, 0) };
  }

  /** Of those conversations, in order, until a batch is full. */
  termsBehind(ids: readonly number[], limit: number): SearchBatch {
    return this.#db.read(() => {
      const room = new Room(Math.min(limit, EVENTS_PER_BATCH), this.#nowMs);
      const steps: SearchStep[] = [];
      let at = 0;
      for (; at < ids.length && !room.isFull; at += 1) {
        const { step, isDone } = this.#stepOf(ids[at] ?? 0, room);
        if (step !== undefined) steps.push(step);
        if (!isDone) break;
      }
      return { steps, rest: ids.slice(at), count: room.count };
    });
  }

  #stepOf(conv: number, room: Room): { readonly step?: SearchStep; readonly isDone: boolean } {
    const log = this.#log.first(conv);
    if (log === undefined) return { isDone: true };
    const [floor, lastSeq] = [integerAt(log, 0), integerAt(log, 1)];
    const [indexed, indexFloor] = [integerAt(log, 2), integerAt(log, 3)];
    const goneIds =
      floor > indexFloor ? this.#gone.all(conv, floor, room.left).map((row) => integerAt(row, 0)) : [];
    room.took(goneIds.length);
    const isCleared = !room.isFull;
    const puts: SearchPut[] = [];
    let seq = Math.max(indexed, floor - 1);
    for (; seq < lastSeq && !room.isFull; seq += 1) {
      const put = this.#putOf(conv, seq + 1, floor, room);
      if (put !== undefined) puts.push(put);
      room.took(1);
    }
    const isDone = isCleared && seq >= lastSeq;
    const firstSeq = isCleared ? floor : indexFloor;
    if (seq === indexed && firstSeq === indexFloor && goneIds.length === 0) return { isDone };
    return { step: { conv, puts, goneIds, indexedSeq: seq, firstSeq }, isDone };
  }

  #putOf(conv: number, seq: number, floor: number, room: Room): SearchPut | undefined {
    const row = this.#event.first(conv, seq);
    if (row === undefined) return undefined;
    switch (integerAt(row, 0)) {
      case EVENT_KIND.message:
        return putOf(conv, seq, row, room);
      case EVENT_KIND.edit:
      case EVENT_KIND.recall: {
        const text = textAt(row, 2);
        const target = (readEdit(text) ?? readRecall(text))?.seq ?? 0;
        const message = target >= floor && target < seq ? this.#event.first(conv, target) : undefined;
        return message === undefined ? undefined : putOf(conv, target, message, room);
      }
      default:
        return undefined;
    }
  }
}

function putOf(conv: number, seq: number, row: Row, room: Room): SearchPut {
  const isThere = integerAt(row, 0) === EVENT_KIND.message && integerAt(row, 1) === MESSAGE_STATUS.normal;
  const text = isThere ? textAt(row, 2) : '';
  const terms = indexTerms(text);
  room.tookText(text.length, terms.length);
  return { seq, storedAtMs: integerAt(row, 3), terms: terms.map((term) => `${conv}:${term}`).join(' ') };
}

/** What still fits a batch: at least one event does, whatever its size. */
class Room {
  readonly #limit: number;
  readonly #nowMs: () => number;
  readonly #endMs: number;
  #count = 0;
  #terms = 0;
  #bytes = 0;

  constructor(limit: number, nowMs: () => number) {
    this.#limit = limit;
    this.#nowMs = nowMs;
    this.#endMs = nowMs() + MS_PER_BATCH;
  }

  get count(): number {
    return this.#count;
  }

  get left(): number {
    return this.#limit - this.#count;
  }

  get isFull(): boolean {
    if (this.left <= 0 || this.#terms >= TERMS_PER_BATCH || this.#bytes >= BYTES_PER_BATCH) return true;
    return this.#count > 0 && this.#nowMs() >= this.#endMs;
  }

  took(count: number): void {
    this.#count += count;
  }

  tookText(bytes: number, terms: number): void {
    this.#bytes += bytes;
    this.#terms += terms;
  }
}
