/**
 * Keeps a second process off the same data: an exclusive SQLite lock on a small file of its own, held for the
 * life of the process. The operating system gives it back when the process ends, however it ends.
 */
import { DatabaseSync } from '@photostructure/sqlite';
import { keepToOwner } from './owner_only.js';
import type { SqliteError } from './sqlite_error.js';
import { toSqliteError } from './sqlite_error.js';

export class FileLock {
  readonly #db: InstanceType<typeof DatabaseSync>;

  private constructor(db: InstanceType<typeof DatabaseSync>) {
    this.#db = db;
  }

  /** Undefined where somebody else holds it, in this process or another. Throws SqliteError otherwise. */
  static take(path: string): FileLock | undefined {
    let db: InstanceType<typeof DatabaseSync> | undefined;
    try {
      db = new DatabaseSync(path, { timeout: 0 });
      keepToOwner(path);
      db.exec('BEGIN EXCLUSIVE');
      return new FileLock(db);
    } catch (error) {
      db?.close();
      const failure: SqliteError = toSqliteError(error);
      if (failure.failure === 'busy') return undefined;
      throw failure;
    }
  }

  /** May be called again. */
  release(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}
