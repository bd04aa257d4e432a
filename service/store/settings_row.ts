/** conversation_member.settings: JSON of what differs from DEFAULT_SETTINGS; NULL: nothing does. */
import { isJsonObject, type JsonObject } from '../../im/message/json_fields.js';
import { DEFAULT_SETTINGS, INTERESTS, type ConversationSettings } from '../../im/message/settings.js';
import type { Row } from '../../pkg/db/sqlite_database.js';
import { textAt, toBytes } from '../../pkg/db/sqlite_row.js';

/**
 * `lastN`: conversation.last_n as it is now. Hidden is kept as that number: with the next message it is another, and
 * the conversation is back in the list without a row having been written for it. Of a group that he has left: as it was
 * when he went.
 */
export function settingsAt(row: Row, column: number, lastN: number): ConversationSettings {
  if (row[column] === null) return DEFAULT_SETTINGS;
  const { pinned, muted, hiddenAt, draft, interest } = objectOf(textAt(row, column));
  return {
    pinned: pinned === true,
    muted: muted === true,
    hidden: hiddenAt === lastN || (lastN === NOTHING_LEFT && hiddenAt !== undefined),
    draft: typeof draft === 'string' ? draft : '',
    interest: INTERESTS.find((one) => one === interest) ?? DEFAULT_SETTINGS.interest,
  };
}

/**
 * The `lastN` of a group that he has left and of whose time retention has left no row: no message of it will come. What
 * says that it was hidden is no older than his going then (SETTINGS_OF_GONE).
 */
const NOTHING_LEFT = -1;

/** In an UPDATE of a side, of who leaves a group now; ?: its last_n. Hidden once and shown again is not hidden. */
export const SETTINGS_OF_GONE = `CASE WHEN json_extract(CAST(settings AS TEXT), '$.hiddenAt') <> ?
  THEN CAST(json_remove(CAST(settings AS TEXT), '$.hiddenAt') AS BLOB) ELSE settings END`;

/** The `lastN` of a side `m` of the conversation `c`, in a statement. Any event has the number of messages up to it. */
export const LAST_N = `CASE WHEN m.until_seq = 0 THEN c.last_n
  ELSE COALESCE((SELECT x.n FROM message x WHERE x.conv = c.id AND x.seq = m.until_seq), ${NOTHING_LEFT}) END`;

/** What to keep of them; null: nothing. */
export function settingsBytes(settings: ConversationSettings, lastN: number): Uint8Array | null {
  const { pinned, muted, hidden, draft, interest } = settings;
  const kept = {
    ...(pinned && { pinned }),
    ...(muted && { muted }),
    ...(hidden && { hiddenAt: lastN }),
    ...(draft !== '' && { draft }),
    ...(interest !== DEFAULT_SETTINGS.interest && { interest }),
  };
  return Object.keys(kept).length === 0 ? null : toBytes(JSON.stringify(kept));
}

/** Of who comes back into a group: told of everything, in his list; the rest as he left it. */
export function settingsOfReturned(row: Row, column: number): Uint8Array | null {
  const settings = { ...settingsAt(row, column, 0), hidden: false, interest: DEFAULT_SETTINGS.interest };
  return settingsBytes(settings, 0);
}

function objectOf(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) throw new TypeError('settings are no object');
  return value;
}
