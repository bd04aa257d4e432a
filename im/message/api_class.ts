/** Whose allowance an api request is paid from, by its action on a connection: the same over HTTP. */
import type { AnswerSize } from './answer_size.js';

/** Stored and delivered like a message, as the frame of that name is. */
const RECALL = 'api.message.recall';

export function rateClassOf(action: string, size: AnswerSize): 'message' | 'heavy' | 'api' {
  if (action === RECALL) return 'message';
  return size === 'heavy' ? 'heavy' : 'api';
}
