/** SQLite's failures in the words of im/errors.ts. */
import { imError, type ErrorName } from '../../im/errors.js';
import { CodedError } from '../../pkg/errors/coded_error.js';
import { CommitError } from '../../pkg/db/sqlite_database.js';
import { toSqliteError, type SqliteFailure } from '../../pkg/db/sqlite_error.js';

const NAMES: Readonly<Record<SqliteFailure, ErrorName>> = {
  full: 'STORE_FULL',
  read_only: 'STORE_READ_ONLY',
  busy: 'STORE_UNAVAILABLE',
  broken: 'STORE_UNAVAILABLE',
  statement: 'INTERNAL',
};

/** Any thrown value as a CodedError; nothing was stored unless it is OUTCOME_UNKNOWN. */
export function toStoreError(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  const failure = toSqliteError(error);
  if (failure instanceof CommitError && failure.failure === 'broken') {
    return imError('OUTCOME_UNKNOWN', undefined, { cause: error });
  }
  return imError(NAMES[failure.failure], undefined, { cause: error });
}
