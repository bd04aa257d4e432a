/**
 * The PascalCase profile: ids as numbers, times in seconds, no field left out, ids of messages instead of
 * sequence intervals. Spoken by the public Java SDK, which matches keys exactly.
 */
import { ACTIONS } from './actions.js';
import { legacyEnvelope as envelope } from './legacy_envelope.js';
import { legacyEvent } from './legacy_events.js';
import { legacyNews, type NewsFrame } from './legacy_news.js';
import type { DownFrame } from './message.js';
import { relayLegacyText } from './relay_fields.js';

const NOTHING: readonly string[] = [];

export function encodeLegacy(frame: DownFrame): readonly string[] {
  switch (frame.kind) {
    case 'push':
      return legacyEvent(frame.event);
    case 'stored':
    case 'offline':
    case 'accepted':
    case 'receipt':
    case 'failed':
    case 'forbidden':
      return ofSent(frame);
    case 'relay':
      return [envelope(frame.action, 0, relayLegacyText(frame))];
    case 'success':
      return [envelope(frame.action, frame.echo, JSON.stringify(frame.data ?? ''))];
    case 'apiError':
      return [envelope(frame.action, frame.echo, JSON.stringify(frame.error.message))];
    case 'error':
      return [envelope(ACTIONS.notifyError, frame.echo, JSON.stringify(frame.error.message))];
    case 'heartbeat':
      return [envelope(ACTIONS.heartbeat, 0, '""')];
    case 'count':
    case 'settings':
    case 'sync':
      return NOTHING;
    default:
      return legacyNews(frame);
  }
}

type OfSent = Exclude<
  DownFrame['kind'],
  | NewsFrame['kind']
  | 'push'
  | 'relay'
  | 'success'
  | 'apiError'
  | 'error'
  | 'heartbeat'
  | 'count'
  | 'settings'
  | 'sync'
>;

/** What becomes of a message that this client sent. */
function ofSent(frame: Extract<DownFrame, { kind: OfSent }>): readonly string[] {
  switch (frame.kind) {
    case 'stored':
      return [envelope(ACTIONS.ackMessage, 0, `{"Mid":${frame.mid},"Seq":${frame.seq}}`)];
    case 'offline':
      return [notify(frame.mid, frame.seq, frame.peer)];
    case 'accepted':
      return [envelope(ACTIONS.ackNotify, 0, `{"Mid":${frame.mid},"Seq":${frame.seq}}`)];
    case 'receipt':
      return frame.state === 'received'
        ? (frame.messages ?? []).map((sent) => notify(sent.mid, sent.seq, frame.by))
        : NOTHING;
    case 'failed':
    case 'forbidden':
      // Without a mid there is nothing that this client could match: it hears the reason instead.
      return frame.mid === 0
        ? [envelope(ACTIONS.notifyError, frame.echo, JSON.stringify(frame.error.message))]
        : [envelope(ACTIONS.failedSend, 0, `{"Mid":${frame.mid}}`)];
  }
}

function notify(mid: number, seq: number, from: number): string {
  return envelope(ACTIONS.ackNotify, 0, `{"Seq":${seq},"Mid":${mid},"From":${from}}`);
}
