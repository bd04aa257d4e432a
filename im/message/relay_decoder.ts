/**
 * `message.cli` and `message.cs`: only who it goes to is understood. What travels are the fields of `data`
 * under keys of one casing, their values untouched; nothing of the envelope does.
 */
import { ACTIONS } from './actions.js';
import { toAddressee } from './addressee.js';
import { badFrame } from './bad_frame.js';
import { errorInfo } from './error_info.js';
import { toUid } from './ids.js';
import { Field, isJsonObject, type JsonObject } from './json_fields.js';
import type { BadUp, RelayAction, RelayPayload, RelayUp } from './message.js';

const TO = new Field('to');
const SERVICE = new Field('csId');

/** The server says itself who sends to whom. Lower case. */
const STAMPED: Readonly<Record<RelayAction, ReadonlySet<string>>> = {
  [ACTIONS.relay]: new Set(['from', 'to']),
  [ACTIONS.relayService]: new Set(['from', 'to', 'sender', 'csid']),
};

export interface RelayEnvelope {
  readonly echo: number;
  readonly data: unknown;
  /** One public client names the recipient beside the data as well. */
  readonly to: unknown;
  readonly ticket: string;
}

export function decodeRelay(action: RelayAction, envelope: RelayEnvelope): RelayUp | BadUp {
  const { echo, data, ticket } = envelope;
  if (!isJsonObject(data)) return badFrame(errorInfo('INVALID_PARAMETER', 'data'), action, echo);
  const to =
    action === ACTIONS.relayService ? toUid(SERVICE.read(data)) : toAddressee(TO.read(data) ?? envelope.to);
  if (to === undefined) return badFrame(errorInfo('INVALID_PARAMETER', 'to'), action, echo, data);
  return { kind: 'relay', action, echo, to, payload: payloadOf(data, STAMPED[action]), ticket };
}

function payloadOf(data: JsonObject, stamped: ReadonlySet<string>): RelayPayload {
  const fields = new Map<string, unknown>();
  for (const [key, value] of Object.entries(data)) {
    const name = key.charAt(0).toLowerCase() + key.slice(1);
    // Said in two casings: the first holds.
    if (!stamped.has(key.toLowerCase()) && !fields.has(name)) fields.set(name, value);
  }
  // Not by assignment: a key may be `__proto__`.
  return Object.fromEntries(fields);
}
