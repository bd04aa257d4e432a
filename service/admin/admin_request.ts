/**
 * What goes through the admin door: one JSON line each way per request.
 *
 *   → {"do":"user.ban","account":"alice"}          also "user.unban", "user.show"; "uid":10001 instead of "account"
 *   → {"do":"stats"}
 *   ← {"ok":true,"data":{…}}                        or {"ok":false,"code":2002,"message":"no such user"}
 */
import type { AccountName } from '../../im/api/operator.js';
import { imError } from '../../im/errors.js';
import { toUid } from '../../im/message/ids.js';
import { CodedError } from '../../pkg/errors/coded_error.js';

export const USER_ACTIONS = ['user.show', 'user.ban', 'user.unban'] as const;

export type UserAction = (typeof USER_ACTIONS)[number];

export type AdminRequest = { readonly do: UserAction; readonly name: AccountName } | { readonly do: 'stats' };

export function encodeRequest(request: AdminRequest): string {
  return `${JSON.stringify(request.do === 'stats' ? request : { do: request.do, ...request.name })}\n`;
}

/** Throws INVALID_PARAMETER. */
export function decodeRequest(line: string): AdminRequest {
  const fields = objectOf(line);
  const asked = fields['do'];
  if (asked === 'stats') return { do: asked };
  const action = USER_ACTIONS.find((known) => known === asked);
  if (action === undefined) throw imError('NO_SUCH_ROUTE');
  const { account } = fields;
  if (typeof account === 'string' && account !== '') return { do: action, name: { account } };
  const uid = toUid(fields['uid']);
  if (uid === undefined) throw imError('INVALID_PARAMETER', 'account or uid is needed');
  return { do: action, name: { uid } };
}

export function encodeAnswer(data: unknown): string {
  return `${JSON.stringify({ ok: true, data })}\n`;
}

export function encodeFailure({ code, message }: CodedError): string {
  return `${JSON.stringify({ ok: false, code, message })}\n`;
}

/** The answer's data; throws the CodedError that the door answered. */
export function decodeAnswer(line: string): unknown {
  const { ok, data, code, message } = objectOf(line);
  if (ok === true) return data;
  throw new CodedError(typeof code === 'number' ? code : 500, String(message));
}

function objectOf(line: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null) throw imError('INVALID_PARAMETER', 'not a JSON object');
  return Object.fromEntries(Object.entries(value));
}
