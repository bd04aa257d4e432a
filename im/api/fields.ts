/**
 * The kinds of fields that API operations take, as zod types. Clients of three generations send ids as numbers
 * or digits, one or a list, with nulls in it: all of that is accepted here, and nothing inexact.
 */
import { z } from 'zod';
import { chatConversation, toConversation, type ConversationName } from '../message/conversation.js';
import { toCount, toUid } from '../message/ids.js';
import { fromWireTime } from '../message/wire_time.js';

/**
 * Of the columns that hold them, and of what a field may carry before it is judged; in characters, as people count them
 * and whoever reads them is told: code points, so at most four bytes each.
 */
export const WIDTHS = {
  account: 254,
  nickname: 64,
  avatar: 1024,
  remark: 64,
  comment: 256,
  captcha: 32,
  /** Longer is not looked at. */
  password: 1024,
  token: 4096,
} as const;

type Field<Value> = z.ZodType<Value>;
/** Undefined: refused. */
type Narrow<Value> = (value: unknown) => Value | undefined;

function isAbsent(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}

function field<Value>(narrow: Narrow<Value>): Field<Value> {
  return z.unknown().transform((value, context): Value => {
    const narrowed = narrow(value);
    if (narrowed !== undefined) return narrowed;
    context.addIssue({ code: 'custom', message: 'malformed' });
    return z.NEVER;
  });
}

/** An id or number that must be there; `narrow` as in im/message/ids.ts. */
export function required<Value>(narrow: Narrow<Value>): Field<Value> {
  return field(narrow);
}

/** Absent, null and '' mean `fallback`. */
export function optional<Value>(narrow: Narrow<Value>, fallback: Value): Field<Value> {
  return field((value) => (isAbsent(value) ? fallback : narrow(value)));
}

/** As `optional`, and undefined where it is absent: for what then stays as it is. */
export function maybe<Value>(narrow: Narrow<Value>): Field<Value | undefined> {
  return z.unknown().transform((value, context): Value | undefined => {
    if (isAbsent(value)) return undefined;
    const narrowed = narrow(value);
    if (narrowed !== undefined) return narrowed;
    context.addIssue({ code: 'custom', message: 'malformed' });
    return z.NEVER;
  });
}

/** One id or a list of them; nulls in it and repeats are left out, absent is the empty list. */
export function listOf<Value>(narrow: Narrow<Value>, limit: number): Field<readonly Value[]> {
  return field((value) => toList(value, narrow, limit));
}

export interface OneOrList<Value> {
  readonly values: readonly Value[];
  /** It was named by itself, in no list. */
  readonly isOne: boolean;
}

/** As `listOf`, for what is answered otherwise where one is asked for than where a list of one is. */
export function oneOrList<Value>(narrow: Narrow<Value>, limit: number): Field<OneOrList<Value>> {
  return field((value) => {
    const values = toList(value, narrow, limit);
    return values && { values, isOne: !Array.isArray(value) && values.length === 1 };
  });
}

function toList<Value>(value: unknown, narrow: Narrow<Value>, limit: number): readonly Value[] | undefined {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (items.length > limit) return undefined;
  const ids = new Set<Value>();
  for (const item of items) {
    if (isAbsent(item)) continue;
    const id = narrow(item);
    if (id === undefined) return undefined;
    ids.add(id);
  }
  return [...ids];
}

/** Text of `min` to `max` characters without NUL; with `min` 0 it may be absent and is then ''. */
export function text(min: number, max: number): Field<string> {
  return field((value) => toText(min, max)(isAbsent(value) ? '' : value));
}

/** Text that may also be said to be empty: undefined where it is absent or null. */
export function maybeText(max: number): Field<string | undefined> {
  return z.unknown().transform((value, context): string | undefined => {
    if (value === undefined || value === null) return undefined;
    const narrowed = toText(0, max)(value);
    if (narrowed === undefined) context.addIssue({ code: 'custom', message: 'malformed' });
    return narrowed;
  });
}

export function toText(min: number, max: number): Narrow<string> {
  return (value) => {
    if (typeof value !== 'string' || value.length < min || isWiderThan(value, max)) return undefined;
    return value.isWellFormed() && !value.includes('\0') ? value : undefined;
  };
}

/** Whether it has more characters than that; nothing is counted where its length says so already. */
export function isWiderThan(value: string, limit: number): boolean {
  if (value.length <= limit) return false;
  if (value.length > 2 * limit) return true;
  let spare = value.length - limit;
  for (let at = 0; at < value.length && spare > 0; at++)
    if ((value.codePointAt(at) ?? 0) > 0xffff) {
      // Two units are one character.
      spare--;
      at++;
    }
  return spare > 0;
}

export function flag(): Field<boolean> {
  return field((value) => (isAbsent(value) ? false : toFlag(value)));
}

export function toFlag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** A time, ms since 1970; 0 where absent. Small numbers are seconds, as in messages. */
export function time(): Field<number> {
  return field((value) => fromWireTime(isAbsent(value) ? 0 : value));
}

/** A whole number in [min, max]. */
export function countWithin(min: number, max: number): Narrow<number> {
  return (value) => {
    const count = toCount(value);
    return count !== undefined && count >= min && count <= max ? count : undefined;
  };
}

export function conversation(): Field<ConversationName> {
  return field(toConversation);
}

/** As above, and as older servers name a session: both uids, either first. */
export function session(): Field<ConversationName> {
  return field((value) => {
    const [, one, other] = (typeof value === 'string' && /^([0-9]{1,10})_([0-9]{1,10})$/.exec(value)) || [];
    const [low, high] = [toUid(one), toUid(other)];
    return low === undefined || high === undefined ? toConversation(value) : chatConversation(low, high);
  });
}

const EMAIL = /^[^\s@]{1,64}@[^\s@.]+(?:\.[^\s@.]+)*$/;

/** '' where absent. Only the shape is looked at; the code sent to it proves the rest. */
export function email(): Field<string> {
  return field((value) => {
    if (isAbsent(value)) return '';
    if (typeof value !== 'string' || value.length > 254 || !value.isWellFormed()) return undefined;
    return EMAIL.test(value) ? value : undefined;
  });
}
