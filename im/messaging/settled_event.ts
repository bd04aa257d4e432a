/** What became of an event that went through the batcher: the event as everybody sees it, or why there is none. */
import { errorInfo, errorInfoOf } from '../message/error_info.js';
import type { ChatEvent, ErrorInfo } from '../message/message.js';
import { storedEvent } from '../message/stored_event.js';
import type { Settled } from '../store/interface.js';

export function eventOf({ draft, result }: Settled<unknown>): ChatEvent | ErrorInfo {
  if (result instanceof Error) return errorInfoOf(result);
  const { event } = draft;
  if (result.outcome === 'duplicate') return result.event;
  if (result.outcome === 'refused') return errorInfo(result.error);
  if (result.outcome !== 'stored' || event === undefined || draft.conv === '') return errorInfo('INTERNAL');
  return storedEvent(draft.conv, event, result.event, result.content);
}
