/** The package's face: what an app may import. */
export { SailplaneClient } from './client.js';
export { CLIENT_DEFAULTS } from './client_options.js';
export { HttpApi, type Credentials, type HttpApiOptions, type SignInResult } from './http_api.js';
export type { HistoryOptions } from './history.js';
export type { SendOptions } from './sender.js';
export { RECALLED } from './wire.js';
export type * from './types.js';
export { CLOSE_CODES, ERRORS, isError } from '../../im/errors.js';
export { CodedError } from '../../pkg/errors/coded_error.js';
