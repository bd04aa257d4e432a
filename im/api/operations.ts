/**
 * Every operation of the API, once: HTTP (service/api/http_server.ts) and the connection (`api.` + the path
 * with dots, and the aliases) are served from this table. Keys in camelCase; any case is accepted.
 */
import type { AnswerSize } from '../message/answer_size.js';
import { AUTH_OPERATIONS } from './auth_operations.js';
import { CONVERSATION_OPERATIONS } from './conversation_operations.js';
import { EVENT_OPERATIONS } from './event_operations.js';
import { text } from './fields.js';
import { GROUP_JOIN_OPERATIONS } from './group_join_operations.js';
import { GROUP_OPERATIONS } from './group_operations.js';
import { MESSAGE_OPERATIONS } from './message_operations.js';
import { actionsOf, publicOperation, type Operation } from './operation.js';
import { PEOPLE_OPERATIONS } from './people_operations.js';

/** Enough to see that something comes back. */
const ECHO_LENGTH = 1024;

const WORDED_ECHO = publicOperation({
  path: 'app/echo',
  input: { text: text(0, ECHO_LENGTH) },
  run: (_rooms, input) => Promise.resolve(input.text),
});

/** Older clients send bare text as their data. */
const ECHO: Operation = {
  ...WORDED_ECHO,
  run: (rooms, input, ...rest) =>
    WORDED_ECHO.run(rooms, typeof input === 'string' ? { text: input } : input, ...rest),
};

const APP_OPERATIONS: readonly Operation[] = [
  publicOperation({
    path: 'app/info',
    method: 'GET',
    input: {},
    run: (rooms) => rooms.app.info(),
  }),
  ECHO,
  publicOperation({
    path: 'app/release',
    method: 'GET',
    input: {},
    run: (rooms) => rooms.app.release(),
  }),
];

export const OPERATIONS: readonly Operation[] = [
  ...AUTH_OPERATIONS,
  ...PEOPLE_OPERATIONS,
  ...MESSAGE_OPERATIONS,
  ...GROUP_OPERATIONS,
  ...GROUP_JOIN_OPERATIONS,
  ...EVENT_OPERATIONS,
  ...CONVERSATION_OPERATIONS,
  ...APP_OPERATIONS,
];

const SIZES = new Map(
  OPERATIONS.flatMap((operation) =>
    actionsOf(operation).map((action) => [action, operation.answer] as const),
  ),
);

/** Of a request on a connection; an action that nobody knows is refused in few words. */
export function answerSizeOf(action: string): AnswerSize {
  return SIZES.get(action) ?? 'small';
}
