/** What became of an event that went through the batcher: the event as everybody sees it, or why there is none. */
import { errorInfo, errorInfoOf } from '../message/error_info.js';
import { MESSAGE_STATUS, type ChatEvent, type ErrorInfo } from '../message/message.js';
import type { Settled } from '../store/interface.js';

export function eventOf({ draft, result }: Settled<unknown>): ChatEvent | ErrorInfo {
  if (result instanceof Error) return errorInfoOf(result);
  const { event } = draft;
  if (result.outcome === 'duplicate') return result.event;
  if (result.outcome === 'refused') return errorInfo(result.error);
  if (result.outcome !== 'stored' || event === undefined || draft.conv === '') return errorInfo('INTERNAL');
  const { mid, seq, storedAtMs } = result.event;
  const { kind, clientId, from, to, type, content } = event;
  const sentAtMs = event.sentAtMs === 0 ? storedAtMs : event.sentAtMs;
  const status = MESSAGE_STATUS.normal;
  return {
    kind,
    conv: draft.conv,
    seq,
    mid,
    clientId,
    from,
    to,
    type,
    content,
    sentAtMs,
    storedAtMs,
    status,
  };
}
