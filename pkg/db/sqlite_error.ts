/**
 * What went wrong in SQLite, as one of a few kinds that a caller can act on. The library's errors carry the
 * extended result code; its lowest byte is the primary one (https://sqlite.org/rescode.html).
 */

/**
 * full: no room. read_only: writes are refused. busy: another connection holds the lock. broken: the file or
 * the disk. statement: this statement or its values (constraint, trigger, size, syntax), the database is well.
 */
export type SqliteFailure = 'full' | 'read_only' | 'busy' | 'broken' | 'statement';

export class SqliteError extends Error {
  readonly failure: SqliteFailure;

  constructor(failure: SqliteFailure, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'SqliteError';
    this.failure = failure;
  }
}

/** SQLITE_BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB. */
const FAILURES: ReadonlyMap<number, SqliteFailure> = new Map([
  [5, 'busy'],
  [6, 'busy'],
  [7, 'broken'],
  [8, 'read_only'],
  [10, 'broken'],
  [11, 'broken'],
  [13, 'full'],
  [14, 'broken'],
  [15, 'busy'],
  [26, 'broken'],
]);

/** Any thrown value as a SqliteError; what carries no SQLite code is a fault of the statement. */
export function toSqliteError(error: unknown): SqliteError {
  if (error instanceof SqliteError) return error;
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  const failure = typeof code === 'number' ? FAILURES.get(code & 0xff) : undefined;
  return new SqliteError(failure ?? 'statement', error);
}
