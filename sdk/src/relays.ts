/** Frames that are passed on and never stored, such as «is typing»: what goes out, and what comes in. */
import { imError } from '../../im/errors.js';
import { ACTIONS } from '../../im/message/actions.js';
import { toCount, toPeer, toUid } from '../../im/message/ids.js';
import { isJsonObject } from '../../im/message/json_fields.js';
import type { Connection } from './connection.js';
import type { Relay } from './types.js';

/** What the public TypeScript SDK calls «is typing». */
export const TYPING_TYPE = 10_020;
const TYPE_LIMIT = 2 ** 31;

/** False where there is no connection: then it is lost. Throws INVALID_PARAMETER. */
export function sendRelay(
  connection: Connection | undefined,
  to: number,
  type: number,
  content: unknown,
): boolean {
  if (toPeer(to) === undefined) throw imError('INVALID_PARAMETER', 'to');
  if (toCount(type) === undefined || type >= TYPE_LIMIT) throw imError('INVALID_PARAMETER', 'type');
  if (connection === undefined) return false;
  const seq = connection.nextSeq();
  connection.send(
    JSON.stringify({ seq, action: ACTIONS.relay, data: { to: String(to), type, content: content ?? '' } }),
  );
  return true;
}

export function readRelay(data: unknown): Relay | undefined {
  if (!isJsonObject(data)) return undefined;
  const [from, to, type] = [toUid(data['from']), toPeer(data['to']), toCount(data['type'] ?? 0)];
  if (from === undefined || to === undefined || type === undefined) return undefined;
  return { from, to, type, content: data['content'], data };
}
