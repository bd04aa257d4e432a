/**
 * A page of a search over the stores' calls: a user's conversations are asked some at a time, a call for each, so that
 * other reads come between. They are asked in the order of their last event: once a page is full of what is newer than
 * all that is left, nobody need look further.
 */
import { imError } from '../../im/errors.js';
import { queryTerms } from '../../im/search/terms.js';
import {
  SEARCH_TERM_LIMIT,
  type SearchPage,
  type SearchRequest,
  type SearchStore,
} from '../../im/store/event_interface.js';
import { beforeOf, cursorOf, startOf } from './search_cursor.js';
import { fitting, type Found, type SearchPlaces } from './search_reads.js';
import { IDS_PER_MS } from './search_table.js';

export interface PageCalls {
  readonly searchPlaces: (request: SearchRequest) => Promise<SearchPlaces>;
  readonly searchIn: (request: SearchRequest, ids: readonly number[], floor: number) => Promise<Found>;
}

/**
 * Look-ups of one call, about 30 µs each: so many once and again at the worst, where all words are in all
 * conversations, and mostly few more than one for each conversation.
 */
const LOOKUPS_PER_CALL = 256;
const PLACES_PER_CALL = { min: 8, max: 64 } as const;
/** How much above its time a row may stand, where very many are of one ms. */
const LATE_MS = 16;

/** SearchStore.search. */
export function searchOver(calls: PageCalls): SearchStore['search'] {
  return async (request) => {
    const count = placesPerCall(request.text);
    const { places, isMore } = await calls.searchPlaces(request);
    const oldest = Math.min(request.fromMs, Number.MAX_SAFE_INTEGER / IDS_PER_MS) * IDS_PER_MS;
    let found: Found = { rows: [], end: 0 };
    for (let at = 0; at < places.length; at += count) {
      // Nothing of what is left is newer.
      const newest = ((places[at]?.lastAtMs ?? 0) + LATE_MS) * IDS_PER_MS;
      if (newest < oldest || newest <= found.end) break;
      if ((found.rows[request.limit - 1]?.id ?? 0) >= newest) {
        found = { ...found, end: newest };
        break;
      }
      const ids = places.slice(at, at + count).map(({ id }) => id);
      found = both(found, await calls.searchIn(request, ids, Math.max(oldest, found.end)), request.limit);
    }
    return pageOf(found, cursorOf(request.before).part, isMore);
  };
}

function placesPerCall(text: string): number {
  const { length } = queryTerms(text);
  if (length === 0) throw imError('INVALID_PARAMETER', 'text');
  if (length > SEARCH_TERM_LIMIT) throw imError('INVALID_PARAMETER', 'too many words');
  const { min, max } = PLACES_PER_CALL;
  return Math.max(min, Math.min(max, Math.floor(LOOKUPS_PER_CALL / length)));
}

/** What both know all of. */
function both(one: Found, other: Found, limit: number): Found {
  const end = Math.max(one.end, other.end);
  const rows = [...one.rows, ...other.rows].filter(({ id }) => id >= end);
  return fitting({ rows: rows.sort((a, b) => b.id - a.id), end }, limit);
}

function pageOf({ rows, end }: Found, part: number, isMore: boolean): SearchPage {
  const next = end > 0 ? beforeOf(part, end) : isMore ? startOf(part + 1) : 0;
  return { events: rows.map(({ event }) => event), next };
}
