/** Errors as data, for frames. */
import { CodedError } from '../../pkg/errors/coded_error.js';
import { ERRORS, type ErrorName } from '../errors.js';
import type { ErrorInfo } from './message.js';

/** The table's row of that name; `detail` is appended to its text. */
export function errorInfo(name: ErrorName, detail?: string): ErrorInfo {
  const { code, text, temporary } = ERRORS[name];
  return { code, message: detail === undefined ? text : `${text}: ${detail}`, temporary, retryAfterMs: 0 };
}

export function errorInfoOf({ code, message, temporary, retryAfterMs }: CodedError): ErrorInfo {
  return { code, message, temporary, retryAfterMs: retryAfterMs ?? 0 };
}

export function codedErrorOf({ code, message, temporary, retryAfterMs }: ErrorInfo): CodedError {
  return new CodedError(code, message, { temporary, ...(retryAfterMs > 0 && { retryAfterMs }) });
}
