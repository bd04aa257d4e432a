/**
 * One SQLite connection: pragmas, a bounded cache of prepared statements, transactions that always end.
 * Cures the library's trap that a string parameter is cut at its first U+0000: text of unknown origin is
 * bound as bytes (toBytes) and read as such (textAt of a BLOB). Rows are arrays in the order of the columns.
 */
import { DatabaseSync } from '@photostructure/sqlite';
import { keepToOwner } from './owner_only.js';
import { SqliteError, toSqliteError } from './sqlite_error.js';

export type SqlValue = number | string | Uint8Array | null;
export type Row = readonly unknown[];
type Prepared = ReturnType<InstanceType<typeof DatabaseSync>['prepare']>;

export interface SqliteDatabaseOptions {
  readonly path: string;
  readonly synchronous: 'FULL' | 'NORMAL' | 'OFF';
  /** How long a statement waits for another connection's lock. */
  readonly busyTimeoutMs: number;
  readonly cacheBytes: number;
  /** Pages in the write-ahead log after which a commit copies them into the database; 0: never by itself. */
  readonly walAutocheckpointPages: number;
  /** The file may not grow beyond this; 0: no bound. */
  readonly maxPageCount: number;
  /** Refuses every write. */
  readonly queryOnly: boolean;
}

export interface SqliteDatabaseDeps {
  /** Called before each statement, BEGIN and COMMIT too; what it throws happens instead of the statement. */
  readonly onStatement?: (sql: string) => void;
}

/** Statements that have not been used for the longest time leave the cache beyond this. */
const STATEMENT_LIMIT = 200;

export class SqliteDatabase {
  readonly #db: InstanceType<typeof DatabaseSync>;
  readonly #onStatement: ((sql: string) => void) | undefined;
  readonly #statements = new Map<string, Statement>();
  readonly #rollbackListeners: (() => void)[] = [];

  /** Throws SqliteError. */
  constructor(options: SqliteDatabaseOptions, deps: SqliteDatabaseDeps = {}) {
    this.#onStatement = deps.onStatement;
    this.#db = attempt(
      () => new DatabaseSync(options.path, { timeout: options.busyTimeoutMs, returnArrays: true }),
    );
    keepToOwner(options.path);
    try {
      this.#configure(options);
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  #configure(options: SqliteDatabaseOptions): void {
    this.exec('PRAGMA journal_mode = WAL');
    this.exec(`PRAGMA synchronous = ${options.synchronous}`);
    this.exec(`PRAGMA cache_size = -${Math.ceil(options.cacheBytes / 1024)}`);
    this.exec(`PRAGMA wal_autocheckpoint = ${options.walAutocheckpointPages}`);
    if (options.maxPageCount > 0) this.exec(`PRAGMA max_page_count = ${options.maxPageCount}`);
    if (options.queryOnly) this.exec('PRAGMA query_only = ON');
  }

  /** The statement, prepared once and kept; hold on to it where it is used per row. */
  prepare(sql: string): Statement {
    const kept = this.#statements.get(sql);
    if (kept !== undefined) {
      this.#statements.delete(sql);
      this.#statements.set(sql, kept);
      return kept;
    }
    const statement = new Statement(
      sql,
      attempt(() => this.#db.prepare(sql)),
      this.#onStatement,
    );
    this.#statements.set(sql, statement);
    const oldest = this.#statements.keys().next().value;
    if (this.#statements.size > STATEMENT_LIMIT && oldest !== undefined) this.#statements.delete(oldest);
    return statement;
  }

  /** One or more statements without parameters or rows. Throws SqliteError. */
  exec(sql: string): void {
    this.#onStatement?.(sql);
    attempt(() => this.#db.exec(sql));
  }

  /** Runs `work` under the write lock; commits what it did, or nothing of it if it throws. */
  write<Result>(work: () => Result): Result {
    return this.#transaction('BEGIN IMMEDIATE', work);
  }

  /** Runs `work` over one snapshot. */
  read<Result>(work: () => Result): Result {
    return this.#transaction('BEGIN', work);
  }

  /** Runs `work` alone: neither readers that start now nor writers get in (outside WAL mode). */
  exclusive<Result>(work: () => Result): Result {
    return this.#transaction('BEGIN EXCLUSIVE', work);
  }

  /**
   * `listener` is called after every rollback, whatever the reason, before the error goes to the caller: the
   * place to forget what was learnt within the transaction. For parts that live as long as the connection.
   */
  onRollback(listener: () => void): void {
    this.#rollbackListeners.push(listener);
  }

  #transaction<Result>(begin: string, work: () => Result): Result {
    this.prepare(begin).run();
    let result: Result;
    try {
      result = work();
    } catch (error) {
      this.#rollback();
      throw error;
    }
    try {
      this.prepare('COMMIT').run();
    } catch (error) {
      this.#rollback();
      throw new CommitError(toSqliteError(error));
    }
    return result;
  }

  /** SQLite has ended the transaction itself after some errors (full, I/O). */
  #rollback(): void {
    try {
      if (this.#db.isTransaction) attempt(() => this.#db.exec('ROLLBACK'));
    } finally {
      for (const listener of this.#rollbackListeners) listener();
    }
  }

  /**
   * Puts everything into the one file, so that it may be copied or moved after `close`; also takes the log beside it
   * away where nobody else has it open. False where a reader is in the way.
   */
  standAlone(): boolean {
    const isBusy = this.prepare('PRAGMA wal_checkpoint(TRUNCATE)').first()?.[0] !== 0;
    try {
      this.exec('PRAGMA journal_mode = DELETE');
    } catch {
      // Somebody has it open: an empty log stays.
    }
    return !isBusy;
  }

  /**
   * The library's trap: while the garbage collector has not taken the last prepared statement, the file stays open,
   * and its log beside it. See `standAlone`.
   */
  close(): void {
    this.#statements.clear();
    if (this.#db.isOpen) this.#db.close();
  }
}

/** COMMIT itself failed: the changes are rolled back here, but a broken disk may still hold them. */
export class CommitError extends SqliteError {
  constructor(error: SqliteError) {
    super(error.failure, error);
    this.name = 'CommitError';
  }
}

export class Statement {
  readonly #sql: string;
  readonly #prepared: Prepared;
  readonly #onStatement: ((sql: string) => void) | undefined;

  constructor(sql: string, prepared: Prepared, onStatement: ((sql: string) => void) | undefined) {
    this.#sql = sql;
    this.#prepared = prepared;
    this.#onStatement = onStatement;
  }

  /** The number of rows changed. Throws SqliteError, as all of these do. */
  run(...values: readonly SqlValue[]): number {
    this.#onStatement?.(this.#sql);
    try {
      return this.#prepared.run(...values).changes;
    } catch (error) {
      throw toSqliteError(error);
    }
  }

  first(...values: readonly SqlValue[]): Row | undefined {
    this.#onStatement?.(this.#sql);
    try {
      return this.#prepared.get(...values) as Row | undefined;
    } catch (error) {
      throw toSqliteError(error);
    }
  }

  all(...values: readonly SqlValue[]): readonly Row[] {
    this.#onStatement?.(this.#sql);
    try {
      return this.#prepared.all(...values) as readonly Row[];
    } catch (error) {
      throw toSqliteError(error);
    }
  }
}

function attempt<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw toSqliteError(error);
  }
}
