/** A frame that asks for nothing we can do, with what its sender needs to recognise it in the answer. */
import { isClientId } from './client_id.js';
import { toCount } from './ids.js';
import { Field, type JsonObject } from './json_fields.js';
import type { BadUp, ErrorInfo } from './message.js';

const EMPTY: JsonObject = {};
const MID = new Field('mid');
const CLI_MID = new Field('cliMid');

export function badFrame(error: ErrorInfo, action = '', echo = 0, data: JsonObject = EMPTY): BadUp {
  const cliMid = CLI_MID.read(data);
  const clientId = isClientId(cliMid) ? cliMid : '';
  return { kind: 'bad', action, echo, mid: toCount(MID.read(data)) ?? 0, clientId, error };
}
