/**
 * Every operation of the API, once: HTTP (service/api/http_server.ts) and the connection (`api.` + the path
 * with dots, and the aliases) are served from this table. Keys in camelCase; any case is accepted.
 */
import type { AnswerSize } from '../message/answer_size.js';
import { AUTH_OPERATIONS } from './auth_operations.js';
import { MESSAGE_OPERATIONS } from './message_operations.js';
import { actionsOf, publicOperation, type Operation } from './operation.js';
import { PEOPLE_OPERATIONS } from './people_operations.js';

const APP_OPERATIONS: readonly Operation[] = [
  publicOperation({
    path: 'app/info',
    method: 'GET',
    input: {},
    run: (rooms) => rooms.app.info(),
  }),
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
