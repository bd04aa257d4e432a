/** The schema of a SQLite store: where its numbered files are, and bringing a file up to date. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { imError } from '../../im/errors.js';
import { migrate, MigrationError } from '../../pkg/db/migrate.js';
import { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import type { CodedError } from '../../pkg/errors/coded_error.js';
import { writerDatabase, type SqliteStoreOptions } from './sqlite_options.js';
import { toStoreError } from './store_error.js';

/** Raised when data written by this program can no longer be read by the one before it. */
export const PROGRAM_NUMBER = 1;

/** Creates or upgrades the file at `options.path`; the names of the files applied now. Throws CodedError. */
export function migrateSqliteStore(options: SqliteStoreOptions): readonly string[] {
  let db: SqliteDatabase | undefined;
  try {
    db = new SqliteDatabase(writerDatabase(options));
    return migrateStore(db, true);
  } catch (error) {
    throw toStartError(error);
  } finally {
    db?.close();
  }
}

/** The same over an open connection; `apply` false: only checks them. Throws MigrationError, SqliteError. */
export function migrateStore(db: SqliteDatabase, apply: boolean): readonly string[] {
  return migrate(db, { folder: sqlFolder(), program: PROGRAM_NUMBER, apply });
}

/** Of the numbered files. */
export function sqlFolder(): string {
  return join(packageRoot(), 'sql', 'sqlite');
}

/** Why a store cannot be opened, told to the person who starts it. */
export function toStartError(error: unknown): CodedError {
  return error instanceof MigrationError
    ? imError('STORE_UNAVAILABLE', error.message, { cause: error })
    : toStoreError(error);
}

/** Compiled code lies at different depths under the folder that holds sql/. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!isPackageRoot(folder)) {
    const parent = dirname(folder);
    if (parent === folder) throw new TypeError('the folder of the package sailplane was not found');
    folder = parent;
  }
  return folder;
}

function isPackageRoot(folder: string): boolean {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return false;
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof content === 'object' && content !== null && 'name' in content && content.name === 'sailplane';
}
