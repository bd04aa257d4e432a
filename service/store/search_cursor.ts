/**
 * The `before` of a search. One page looks at so many of a user's conversations; of somebody who has more the next
 * ones are a part of their own, whose pages come after those of the part before. Parts go by the conversations' ids,
 * newest first, and not by what was said last: a message that comes between two pages moves none out of sight.
 */
import { IDS_PER_MS } from './search_table.js';

/** Of one part. About 30 µs each, and as much again for each further word. */
export const PLACE_LIMIT = 4096;

export interface SearchCursor {
  readonly part: number;
  /** Of search_doc: rows below it. */
  readonly beforeId: number;
}

const ABOVE_ALL = Number.MAX_SAFE_INTEGER;
/** The first part's cursors are ids and lie below: until the year 2109. */
const PARTS_FROM = 2 ** 52;
/** Ids of the others count from 2020 and fit until 2054; so many parts fit below the last safe integer. */
const PART_SIZE = 2 ** 50;
const PART_EPOCH = Date.UTC(2020, 0) * IDS_PER_MS;
const LAST_PART = 4;

export function cursorOf(before: number): SearchCursor {
  if (before === 0) return { part: 0, beforeId: ABOVE_ALL };
  if (before < PARTS_FROM) return { part: 0, beforeId: before };
  const place = before - PARTS_FROM;
  const inPart = place % PART_SIZE;
  return {
    part: 1 + Math.floor(place / PART_SIZE),
    beforeId: inPart === PART_SIZE - 1 ? ABOVE_ALL : PART_EPOCH + inPart,
  };
}

/** What lies below `id` in that part. */
export function beforeOf(part: number, id: number): number {
  if (part === 0) return Math.min(id, PARTS_FROM - 1);
  // So old is nothing: it would be this page again.
  if (id <= PART_EPOCH) return startOf(part + 1);
  return PARTS_FROM + (part - 1) * PART_SIZE + Math.min(id - PART_EPOCH, PART_SIZE - 2);
}

/** The beginning of that part; 0: there is none. */
export function startOf(part: number): number {
  return part > LAST_PART ? 0 : PARTS_FROM + part * PART_SIZE - 1;
}
