/** Whose allowance an api request is paid from, by its action on a connection: the same over HTTP. */
import type { AnswerSize } from './answer_size.js';

const CHANGES_OF_GROUPS = [
  ...['create', 'update', 'owner', 'dissolve', 'join', 'exit', 'admin', 'ban', 'unban', 'alias', 'mute'],
  ...['mute.all', 'members.invite', 'members.remove', 'member.add', 'member.remove', 'requests.answer'],
].map((name) => `api.group.${name}`);

/** Stored and delivered like a message, as the frames of that name are. */
const STORED: ReadonlySet<string> = new Set([
  'api.message.recall',
  ...['edit', 'react', 'pin', 'unpin'].map((name) => `api.msg.${name}`),
  ...CHANGES_OF_GROUPS,
]);

export function rateClassOf(action: string, size: AnswerSize): 'message' | 'heavy' | 'api' {
  if (STORED.has(action)) return 'message';
  return size === 'heavy' ? 'heavy' : 'api';
}
