/** The data of a passed-on frame in both casings: ids as each profile has them, everything else as it came. */
import { ACTIONS } from './actions.js';
import { toUid, type PeerId } from './ids.js';
import type { DownFrame } from './message.js';

type RelayDown = Extract<DownFrame, { kind: 'relay' }>;

/** `peer`: how this dialect writes an id. */
export function relayWebText(frame: RelayDown, peer: (id: PeerId) => string): string {
  return JSON.stringify(Object.fromEntries(fieldsOf(frame, peer)));
}

export function relayLegacyText(frame: RelayDown): string {
  const fields = fieldsOf(frame, (peer) => peer);
  return JSON.stringify(
    Object.fromEntries(fields.map(([key, value]) => [key.charAt(0).toUpperCase() + key.slice(1), value])),
  );
}

function fieldsOf(frame: RelayDown, id: (peer: PeerId) => unknown): [string, unknown][] {
  const { action, from, to, payload } = frame;
  const fields = Object.entries(payload);
  if (action === ACTIONS.relay) return [['from', id(from)], ['to', id(to)], ...fields];
  const others = fields.map(([key, value]): [string, unknown] => {
    const receiver = key === 'receiver' ? toUid(value) : undefined;
    return [key, receiver === undefined ? value : id(receiver)];
  });
  return [['sender', id(from)], ['csId', id(to)], ...others];
}
