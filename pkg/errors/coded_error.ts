/**
 * The one error class that crosses a room's border: a stable code instead of a text to match.
 * Which codes exist is not decided here; each program keeps its own table.
 */

export interface CodedErrorOptions {
  /** The same request may succeed later, unchanged. */
  readonly temporary?: boolean;
  /** How long to wait before that, in milliseconds; absent: the caller's own backoff. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

export class CodedError extends Error {
  readonly code: number;
  readonly temporary: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: number, message: string, options: CodedErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CodedError';
    this.code = code;
    this.temporary = options.temporary ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}
