/**
 * Search in what a user may read. Every term stands in the index behind its conversation, so a query costs look-ups
 * of his own conversations, and what others wrote costs nothing.
 */
import type { ConversationName } from '../../im/message/conversation.js';
import type { Uid } from '../../im/message/ids.js';
import { EVENT_KIND, MESSAGE_STATUS, type ChatEvent } from '../../im/message/message.js';
import { queryTerms, type QueryTerm } from '../../im/search/terms.js';
import type { SearchRequest } from '../../im/store/event_interface.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import { EarlierContents } from './earlier_contents.js';
import { EVENT_COLUMNS, eventOf, nameAt } from './event_row.js';
import { mayRead, ReadingRights, type Readable } from './reading_rights.js';
import { cursorOf, PLACE_LIMIT } from './search_cursor.js';
import { IDS_PER_MS } from './search_table.js';

/** Rows that one question may give: each is checked, whatever then is left of them. */
const CANDIDATE_LIMIT = 256;
/** Of content in one page. */
const PAGE_BYTES = 128 << 10;

/** A conversation to look into. Nothing of it is newer than `lastAtMs`. */
export interface SearchPlace {
  readonly id: number;
  readonly lastAtMs: number;
}

export interface SearchPlaces {
  /** The newest first. */
  readonly places: readonly SearchPlace[];
  /** There is another part. */
  readonly isMore: boolean;
}

export interface Found {
  /** Newest first, by the ids of search_doc. */
  readonly rows: readonly { readonly id: number; readonly event: ChatEvent }[];
  /** Down to here it is all that there is; 0: all of it. */
  readonly end: number;
}

export class SearchReads {
  readonly #db: SqliteDatabase;
  readonly #rights: ReadingRights;
  readonly #earlier: EarlierContents;
  readonly #places: Statement;
  readonly #has: Statement;
  readonly #match: Statement;
  readonly #doc: Statement;
  readonly #name: Statement;
  readonly #event: Statement;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#rights = new ReadingRights(db);
    this.#earlier = new EarlierContents(db);
    this.#places = db.prepare(
      `SELECT c.id, c.last_at, c.last_seq FROM conversation_member m CROSS JOIN conversation c ON c.id = m.conv
       WHERE m.uid = ? ORDER BY m.conv DESC LIMIT ${PLACE_LIMIT + 1} OFFSET ?`,
    );
    this.#has = db.prepare('SELECT 1 FROM search_term WHERE search_term MATCH ? LIMIT 1');
    this.#match = db.prepare(
      `SELECT rowid FROM search_term WHERE search_term MATCH ? AND rowid >= ? AND rowid < ?
       ORDER BY rowid DESC LIMIT ${CANDIDATE_LIMIT}`,
    );
    this.#doc = db.prepare('SELECT conv, seq FROM search_doc WHERE id = ?');
    this.#name = db.prepare('SELECT name FROM conversation WHERE id = ?');
    this.#event = db.prepare(
      `SELECT ${EVENT_COLUMNS} FROM message m WHERE m.conv = ? AND m.seq = ?
       AND m.kind = ${EVENT_KIND.message} AND m.status = ${MESSAGE_STATUS.normal}`,
    );
  }

  /** Those of the part that `before` is of. Throws NO_PERMISSION, NO_SUCH_GROUP as any read of a `conv`. */
  places({ uid, conv, before }: SearchRequest): SearchPlaces {
    return this.#db.read(() => {
      if (conv !== '') {
        const { id } = this.#rights.of(uid, conv);
        const lastAtMs = Number.MAX_SAFE_INTEGER / IDS_PER_MS;
        return { places: id === 0 ? [] : [{ id, lastAtMs }], isMore: false };
      }
      const rows = this.#places.all(uid, cursorOf(before).part * PLACE_LIMIT);
      const places = rows
        .slice(0, PLACE_LIMIT)
        .filter((row) => integerAt(row, 2) > 0)
        .map((row) => ({ id: integerAt(row, 0), lastAtMs: integerAt(row, 1) }));
      return {
        places: places.sort((one, other) => other.lastAtMs - one.lastAtMs),
        isMore: rows.length > PLACE_LIMIT,
      };
    });
  }

  /** What those conversations have from `floor` on, as much of it as fits a page. */
  look(request: SearchRequest, ids: readonly number[], floor: number): Found {
    const terms = queryTerms(request.text);
    return this.#db.read(() => {
      const having = this.#having(terms, ids);
      if (having.length === 0) return { rows: [], end: 0 };
      const { beforeId } = cursorOf(request.before);
      const matches = this.#match.all(matchOf(terms, having), Math.floor(floor), beforeId);
      const last = matches.length === CANDIDATE_LIMIT ? matches.at(-1) : undefined;
      const places = new Map<number, Place | undefined>();
      const rows = matches.flatMap((row) => this.#checked(integerAt(row, 0), request, places) ?? []);
      return fitting({ rows, end: last === undefined ? 0 : integerAt(last, 0) }, request.limit);
    });
  }

  /** Those that have every term somewhere: one word is asked for after the other, and few are left after the first. */
  #having(terms: readonly QueryTerm[], ids: readonly number[]): readonly number[] {
    if (terms.length < 2 || ids.length < 2) return ids;
    let left = ids;
    for (const term of terms) left = left.filter((id) => this.#has.first(termOf(id, term)) !== undefined);
    return left;
  }

  #checked(
    id: number,
    { uid, from, fromMs, toMs }: SearchRequest,
    places: Map<number, Place | undefined>,
  ): Found['rows'][number] | undefined {
    const doc = this.#doc.first(id);
    if (doc === undefined) return undefined;
    const [conv, seq] = [integerAt(doc, 0), integerAt(doc, 1)];
    if (!places.has(conv)) places.set(conv, this.#placeOf(uid, conv));
    const place = places.get(conv);
    if (place === undefined || !mayRead(place.readable, seq)) return undefined;
    const cells = this.#event.first(conv, seq);
    const event = cells === undefined ? undefined : eventOf(cells, place.name);
    // Found by what it says now, which he may not know.
    if (event === undefined || this.#earlier.asOf(event, place.readable.spans) !== event) return undefined;
    const isMeant =
      (from === undefined || event.from === from) &&
      event.storedAtMs >= fromMs &&
      (toMs === 0 || event.storedAtMs < toMs);
    return isMeant ? { id, event } : undefined;
  }

  #placeOf(uid: Uid, conv: number): Place | undefined {
    const row = this.#name.first(conv);
    const name = row === undefined ? undefined : nameAt(row, 0);
    const readable = name === undefined ? undefined : this.#rights.find(uid, name);
    return name === undefined || readable === undefined ? undefined : { name, readable };
  }
}

interface Place {
  readonly name: ConversationName;
  readonly readable: Readable;
}

/** As much of it as a page may hold, one at least; then it ends there. */
export function fitting({ rows, end }: Found, limit: number): Found {
  let bytes = 0;
  let count = 0;
  for (const { event } of rows) {
    bytes += Buffer.byteLength(event.content);
    if (count === limit || (count > 0 && bytes > PAGE_BYTES)) break;
    count += 1;
  }
  return count === rows.length
    ? { rows, end }
    : { rows: rows.slice(0, count), end: rows[count - 1]?.id ?? end };
}

/** No term holds a quote: terms are letters, digits and signs. */
function termOf(id: number, { term, isPrefix }: QueryTerm): string {
  return `"${id}:${term}"${isPrefix ? '*' : ''}`;
}

function matchOf(terms: readonly QueryTerm[], ids: readonly number[]): string {
  return ids.map((id) => `(${terms.map((term) => termOf(id, term)).join(' AND ')})`).join(' OR ');
}
