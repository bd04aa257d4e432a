/** The package's face: what an app may import. */
export { SailplaneClient } from './client.js';
export { CLIENT_DEFAULTS } from './client_options.js';
export { HttpApi, type Credentials, type HttpApiOptions, type SignInResult } from './http_api.js';
export type { HistoryOptions } from './history.js';
export type { LinkOptions } from './groups.js';
export type { MessageName, Place } from './messages.js';
export type { PeopleList } from './people.js';
export type { RecallableMessage, SendOptions } from './sender.js';
export { RECALLED } from './wire_events.js';
export type * from './types.js';
export type * from './group_types.js';
export type * from './message_types.js';
export type * from './people_types.js';
export { GROUP_ROLE, MUTED_FOR_EVER_MS } from '../../im/message/group.js';
export { EVERYBODY } from '../../im/message/message.js';
export { CLOSE_CODES, ERRORS, isError } from '../../im/errors.js';
export { CodedError } from '../../pkg/errors/coded_error.js';
