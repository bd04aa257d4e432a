/**
 * Search in what a user may read. Every term stands in the index behind its conversation, so a query costs look-ups
 * of his own conversations, and what others wrote costs nothing. They are asked in the order of their last event, some
 * at a time: once a page is full of what is newer than all that is left, nobody need look further.
 */
import { imError } from '../../im/errors.js';
import type { ConversationName } from '../../im/message/conversation.js';
import type { Uid } from '../../im/message/ids.js';
import { EVENT_KIND, MESSAGE_STATUS, type ChatEvent } from '../../im/message/message.js';
import { queryTerms, type QueryTerm } from '../../im/search/terms.js';
import { SEARCH_TERM_LIMIT, type SearchPage, type SearchRequest } from '../../im/store/event_interface.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import { EarlierContents } from './earlier_contents.js';
import { EVENT_COLUMNS, eventOf, nameAt } from './event_row.js';
import { mayRead, ReadingRights, type Readable } from './reading_rights.js';
import { IDS_PER_MS } from './search_table.js';

/** About 30 µs each, whether anything is found or not. */
const LOOKUP_LIMIT = 1024;
/** Conversations in one question to the index. */
const CHUNK_COUNT = 64;
/** Rows that one question may give: each is checked, whatever then is left of them. */
const CANDIDATE_LIMIT = 256;
/** How much above its time a row may stand, where very many are of one ms. */
const LATE_MS = 16;
/** Of content in one page. */
const PAGE_BYTES = 128 << 10;
const ABOVE_ALL = Number.MAX_SAFE_INTEGER;

/** A conversation to look into. Nothing of it is newer than `lastAtMs`. */
interface Place {
  readonly id: number;
  readonly conv: ConversationName;
  readonly lastAtMs: number;
}

interface Found {
  readonly id: number;
  readonly event: ChatEvent;
}

export class SearchReads {
  readonly #db: SqliteDatabase;
  readonly #rights: ReadingRights;
  readonly #earlier: EarlierContents;
  readonly #places: Statement;
  readonly #match: Statement;
  readonly #doc: Statement;
  readonly #event: Statement;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#rights = new ReadingRights(db);
    this.#earlier = new EarlierContents(db);
    this.#places = db.prepare(
      `SELECT c.id, c.name, c.last_at FROM conversation_member m JOIN conversation c ON c.id = m.conv
       WHERE m.uid = ? AND c.last_seq > 0 ORDER BY c.last_at DESC, c.id LIMIT ?`,
    );
    this.#match = db.prepare(
      `SELECT rowid FROM search_term WHERE search_term MATCH ? AND rowid >= ? AND rowid < ?
       ORDER BY rowid DESC LIMIT ${CANDIDATE_LIMIT}`,
    );
    this.#doc = db.prepare('SELECT conv, seq FROM search_doc WHERE id = ?');
    this.#event = db.prepare(
      `SELECT ${EVENT_COLUMNS} FROM message m WHERE m.conv = ? AND m.seq = ?
       AND m.kind = ${EVENT_KIND.message} AND m.status = ${MESSAGE_STATUS.normal}`,
    );
  }

  search(request: SearchRequest): SearchPage {
    const terms = queryTerms(request.text);
    if (terms.length === 0) throw imError('INVALID_PARAMETER', 'text');
    if (terms.length > SEARCH_TERM_LIMIT) throw imError('INVALID_PARAMETER', 'too many words');
    return this.#db.read(() => {
      const { uid, conv } = request;
      const places = conv === '' ? this.#placesOf(uid, terms.length) : this.#placeOf(uid, conv);
      return this.#page(request, terms, places);
    });
  }

  #placesOf(uid: Uid, termCount: number): readonly Place[] {
    const limit = Math.max(CHUNK_COUNT, Math.floor(LOOKUP_LIMIT / termCount));
    return this.#places
      .all(uid, limit)
      .map((row) => ({ id: integerAt(row, 0), conv: nameAt(row, 1), lastAtMs: integerAt(row, 2) }));
  }

  #placeOf(uid: Uid, conv: ConversationName): readonly Place[] {
    const { id } = this.#rights.of(uid, conv);
    return id === 0 ? [] : [{ id, conv, lastAtMs: ABOVE_ALL / IDS_PER_MS - LATE_MS }];
  }

  #page(request: SearchRequest, terms: readonly QueryTerm[], places: readonly Place[]): SearchPage {
    let found: readonly Found[] = [];
    // Above it everything has been seen, of all places so far.
    let horizon = 0;
    for (let at = 0; at < places.length; at += CHUNK_COUNT) {
      const chunk = places.slice(at, at + CHUNK_COUNT);
      const newest = ((chunk[0]?.lastAtMs ?? 0) + LATE_MS) * IDS_PER_MS;
      if (found.length >= request.limit && (found[request.limit - 1]?.id ?? 0) >= newest) {
        horizon = Math.max(horizon, newest);
        break;
      }
      const more = this.#look(request, terms, chunk, horizon);
      horizon = Math.max(horizon, more.end);
      found = [...found, ...more.found].sort((one, other) => other.id - one.id);
    }
    return cut(
      found.filter(({ id }) => id >= horizon),
      request.limit,
      horizon,
    );
  }

  /** What those conversations have above `floor`, newest first; `end` 0: all of it. */
  #look(
    { uid, from, fromMs, toMs, before }: SearchRequest,
    terms: readonly QueryTerm[],
    places: readonly Place[],
    floor: number,
  ): { readonly found: readonly Found[]; readonly end: number } {
    const low = Math.max(floor, Math.min(fromMs, ABOVE_ALL / IDS_PER_MS) * IDS_PER_MS);
    const rows = this.#match.all(matchOf(terms, places), Math.floor(low), before === 0 ? ABOVE_ALL : before);
    const byId = new Map(places.map((place) => [place.id, place]));
    const readables = new Map<number, Readable | undefined>();
    const found = rows.flatMap((row) => {
      const id = integerAt(row, 0);
      const doc = this.#doc.first(id) ?? [0, 0];
      const [place, seq] = [byId.get(integerAt(doc, 0)), integerAt(doc, 1)];
      if (place === undefined) return [];
      if (!readables.has(place.id)) readables.set(place.id, this.#rights.find(uid, place.conv));
      const readable = readables.get(place.id);
      if (readable === undefined || !mayRead(readable, seq)) return [];
      const cells = this.#event.first(place.id, seq);
      const event = cells === undefined ? undefined : eventOf(cells, place.conv);
      // Found by what it says now, which he may not know.
      if (event !== undefined && this.#earlier.asOf(event, readable.spans) !== event) return [];
      if (event === undefined || (from !== undefined && event.from !== from)) return [];
      return event.storedAtMs < fromMs || (toMs !== 0 && event.storedAtMs >= toMs) ? [] : [{ id, event }];
    });
    const last = rows.length === CANDIDATE_LIMIT ? rows.at(-1) : undefined;
    return { found, end: last === undefined ? 0 : integerAt(last, 0) };
  }
}

/** Everything of `found` is newer than what has not been looked at, which lies below `horizon`. */
function cut(found: readonly Found[], limit: number, horizon: number): SearchPage {
  let bytes = 0;
  let count = 0;
  for (const { event } of found) {
    bytes += Buffer.byteLength(event.content);
    if (count === limit || (count > 0 && bytes > PAGE_BYTES)) break;
    count += 1;
  }
  const events = found.slice(0, count).map(({ event }) => event);
  const isCut = count < found.length;
  return { events, next: isCut ? (found[count - 1]?.id ?? 0) : horizon };
}

/** No term holds a quote: terms are letters, digits and signs. */
function matchOf(terms: readonly QueryTerm[], places: readonly Place[]): string {
  const inOne = ({ id }: Place): string =>
    `(${terms.map(({ term, isPrefix }) => `"${id}:${term}"${isPrefix ? '*' : ''}`).join(' AND ')})`;
  return places.map(inOne).join(' OR ');
}
