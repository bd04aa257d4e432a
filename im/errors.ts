/**
 * Every error code and every close code, in one table: what it means, who acts, whether to try again.
 * A code is never used for a second meaning. Codes up to 3999 are those of the GlideIM HTTP API.
 */
import { CodedError, type CodedErrorOptions } from '../pkg/errors/coded_error.js';

interface ErrorRow {
  readonly code: number;
  readonly text: string;
  /** True: the same request, with the same client id, may succeed later. */
  readonly temporary: boolean;
}

const row = (code: number, text: string, temporary = false): ErrorRow => ({ code, text, temporary });

export const ERRORS = {
  INVALID_PARAMETER: row(300, 'a parameter is missing or malformed'),
  NO_SUCH_ROUTE: row(404, 'no such operation'),
  BODY_TOO_LARGE: row(413, 'the request body is too large'),
  TOO_BUSY: row(429, 'too many requests at once; try again', true),
  INTERNAL: row(500, 'internal error', true),
  UNAUTHENTICATED: row(1001, 'the token is missing, expired or revoked; sign in again'),
  WRONG_CREDENTIALS: row(1002, 'wrong account or password'),
  ACCOUNT_EXISTS: row(1004, 'the account exists already'),
  WRONG_CODE: row(1005, 'the verification code is wrong or has expired'),
  BANNED: row(1007, 'this account has been closed by the operator'),
  TOO_MANY_ATTEMPTS: row(1008, 'too many failed attempts; try again later', true),
  NO_RELEASE: row(1009, 'this server announces no release of an app'),
  NO_CODE_SENDER: row(1006, 'this server has no way to send verification codes'),
  SELF_CONTACT: row(2001, 'you cannot add yourself'),
  NO_SUCH_USER: row(2002, 'no such user'),
  ALREADY_CONTACT: row(2003, 'already a contact'),
  NO_SUCH_REQUEST: row(2004, 'there is no such request'),
  NOT_A_CONTACT: row(2005, 'not a contact'),
  CONTACTS_FULL: row(2006, 'one of the two has as many contacts as a user may have'),
  NO_PERMISSION: row(3001, 'not yours to see or change'),
  ALREADY_MEMBER: row(3002, 'a member of the group already'),
  NO_SUCH_GROUP: row(3003, 'no such group'),
  NOT_A_MEMBER: row(3004, 'not a member of the group'),
  GROUP_MUTED: row(3005, 'only the owner and admins may write in this group now'),
  MEMBER_MUTED: row(3006, 'you may not write in this group for the time being'),
  GROUP_DISSOLVED: row(3007, 'the group has been dissolved'),
  GROUP_FULL: row(3008, 'the group has as many members as it may have'),
  GROUP_BANNED: row(3009, 'banned from the group'),
  JOIN_NEEDS_APPROVAL: row(3010, 'an admin of the group has to agree'),
  JOIN_NEEDS_INVITE: row(3011, 'one comes into this group by invitation only'),
  WRONG_INVITE: row(3012, 'the invite link is wrong, used up or expired'),
  TOO_MANY_GROUPS: row(3013, 'one of them is in as many groups as a user may be in'),
  OWNER_MUST_STAY: row(3014, 'the owner hands the group over or dissolves it'),
  NAME_TOO_LONG: row(3015, 'the name is too long'),
  TOO_MANY_INVITES: row(3016, 'the group has as many invite links as it may have'),
  TOO_MANY_BANS: row(3017, 'the group has as many bans as it may have'),
  LEFT_LATELY: row(3018, 'one of them has just left the group by himself'),
  TOO_MANY_SUBSCRIPTIONS: row(3020, 'too many users are subscribed to'),
  BLOCKED: row(6001, 'the recipient does not accept messages from you'),
  CONTACTS_ONLY: row(6002, 'the recipient accepts messages from contacts only'),
  MID_NOT_YOURS: row(6003, 'this message id was not issued to you'),
  MID_TAKEN: row(6004, 'this message id belongs to another message'),
  CONTENT_TOO_LARGE: row(6005, 'the content is too large'),
  BAD_CLIENT_ID: row(6006, 'the client id is missing, too long or not valid text'),
  REFUSED_BY_STORE: row(6007, 'the store cannot take this message'),
  NO_SUCH_MESSAGE: row(6008, 'no such message'),
  RECALL_TOO_LATE: row(6009, 'this message is too old to be recalled'),
  EDIT_TOO_LATE: row(6011, 'this message is too old to be edited'),
  TOO_MANY_PINS: row(6012, 'as many messages are pinned here as may be'),
  TOO_MANY_REACTIONS: row(6013, 'this message has as many reactions as it may have'),
  WRONG_TICKET: row(6010, 'the ticket is wrong; fetch another'),
  QUEUE_FULL: row(6101, 'the server is busy; try again with the same client id', true),
  OUTCOME_UNKNOWN: row(6102, 'the outcome is not known; try again with the same client id', true),
  STORE_FULL: row(6103, 'the store is full', true),
  STORE_READ_ONLY: row(6104, 'the store accepts no writes', true),
  STORE_UNAVAILABLE: row(6105, 'the store cannot be reached', true),
  SHUTTING_DOWN: row(6106, 'the server is going down; reconnect and try again', true),
  RATE_LIMITED: row(6107, 'too fast; try again later with the same client id', true),
  BAD_FRAME: row(6201, 'the frame is not a valid envelope'),
  FRAME_TOO_COMPLEX: row(6202, 'the frame is nested too deeply or has too many keys'),
  UNKNOWN_ACTION: row(6203, 'unknown action'),
  NOT_SIGNED_IN: row(6204, 'sign in on this connection first'),
  ALREADY_SIGNED_IN: row(6205, 'this connection is signed in already'),
  EXPIRED: row(6301, 'these events are no longer kept'),
} as const satisfies Record<string, ErrorRow>;

export type ErrorName = keyof typeof ERRORS;

const NAMES: ReadonlyMap<number, ErrorName> = new Map(
  Object.entries(ERRORS).map(([name, { code }]) => [code, name as ErrorName]),
);

/** Builds the error of that table row; `detail` is appended to its text and may be shown to the caller. */
export function imError(name: ErrorName, detail?: string, options: CodedErrorOptions = {}): CodedError {
  const { code, text, temporary } = ERRORS[name];
  return new CodedError(code, detail === undefined ? text : `${text}: ${detail}`, { temporary, ...options });
}

/** True where `error` is the one that the table calls `name`. */
export function isError(error: unknown, name: ErrorName): error is CodedError {
  return error instanceof CodedError && error.code === ERRORS[name].code;
}

/** The table's name of an error, for counting; INTERNAL for whatever is not in it. */
export function errorName(error: unknown): ErrorName {
  return (error instanceof CodedError ? NAMES.get(error.code) : undefined) ?? 'INTERNAL';
}

/** What may be told to a caller: a CodedError as it is, anything else as INTERNAL with the cause kept. */
export function toCodedError(error: unknown): CodedError {
  return error instanceof CodedError ? error : imError('INTERNAL', undefined, { cause: error });
}

/** WebSocket close codes: 4000-4499 mean reconnect, 4500-4999 do not come back by yourself. */
export const CLOSE_CODES = {
  GOING_AWAY: { code: 4000, text: 'the server is going down' },
  TOO_SLOW: { code: 4001, text: 'took no byte for too long' },
  NOT_SIGNED_IN: { code: 4002, text: 'did not sign in in time' },
  RESYNC: { code: 4003, text: 'fell behind; reconnect and fetch what is missing' },
  INTERNAL: { code: 4004, text: 'internal error' },
  HEARTBEAT_LOST: { code: 4005, text: 'answered no probe' },
  TOO_MANY_CONNECTIONS: { code: 4006, text: 'too many connections from this address' },
  KICKED: { code: 4500, text: 'another sign-in took this device over' },
  REPLACED: { code: 4501, text: 'a newer connection of this device took over' },
  TOKEN_INVALID: { code: 4502, text: 'the token has expired or was revoked' },
  LOGGED_OUT: { code: 4503, text: 'logged out' },
  BANNED: { code: 4505, text: 'this account has been closed by the operator' },
  BAD_FRAMES: { code: 4504, text: 'too many malformed frames' },
} as const satisfies Record<string, { code: number; text: string }>;

export type CloseName = keyof typeof CLOSE_CODES;
