/** The kinds of fields that operations of groups take, besides those of fields.ts. */
import { z } from 'zod';
import { isClientId } from '../message/client_id.js';
import { JOIN_MODES, type JoinMode } from '../message/group.js';
import { fromWireTime } from '../message/wire_time.js';
import { maybe, toText } from './fields.js';

/** In characters. A longer name or alias is read up to `nameRead`, to be refused as what it is. */
export const GROUP_WIDTHS = { name: 64, alias: 64, nameRead: 65_536, announcement: 4096, code: 64 } as const;

/** Uids in one request: each may be a row written. */
export const GROUP_UID_COUNT = 500;
/** Gids in one group/info. */
export const GROUP_GID_COUNT = 100;

/** Undefined where it is absent; unlike `maybe` an empty text is one: it clears what was there. */
export function given<Value>(narrow: (value: unknown) => Value | undefined): z.ZodType<Value | undefined> {
  return z.unknown().transform((value, context): Value | undefined => {
    if (value === undefined || value === null) return undefined;
    const narrowed = narrow(value);
    if (narrowed !== undefined) return narrowed;
    context.addIssue({ code: 'custom', message: 'malformed' });
    return z.NEVER;
  });
}

export const toName = toText(0, GROUP_WIDTHS.nameRead);
export const toAnnouncement = toText(0, GROUP_WIDTHS.announcement);

export function toJoinMode(value: unknown): JoinMode | undefined {
  return JOIN_MODES.find((mode) => mode === value);
}

/** ms since 1970; small numbers are seconds. */
export function toTime(value: unknown): number | undefined {
  return value === '' ? undefined : fromWireTime(value);
}

/** Names the request: the same again is answered as the first was, and done once. */
export function clientId(): z.ZodType<string | undefined> {
  return maybe((value) => (isClientId(value) ? value : undefined));
}
