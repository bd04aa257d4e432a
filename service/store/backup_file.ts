/**
 * A copy of a store in one file, consistent as of one moment, while others read and write. Needs no server and
 * starts none: an old database is copied as it is. Synchronous: for a command.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { imError } from '../../im/errors.js';
import { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import { writerDatabase, type SqliteStoreOptions } from './sqlite_options.js';
import { toStoreError } from './store_error.js';

const OWNER_ONLY = 0o600;

/**
 * Throws CodedError where there is nothing to copy, where `file` exists, and where it cannot be written. What has
 * the name `file` is complete and on the disk; a copy that was cut off is called `file.` and a name that nobody had,
 * `.partial`.
 */
export function backupSqliteStore(options: SqliteStoreOptions, file: string): void {
  // Opening would make it.
  if (!existsSync(options.path)) throw imError('STORE_UNAVAILABLE', `${options.path} does not exist`);
  if (existsSync(file)) throw imError('INVALID_PARAMETER', `${file} exists already`);
  const partial = `${file}.${randomUUID()}.partial`;
  try {
    reserve(partial);
    copyInto(options, partial);
    flush(partial);
    renameSync(partial, file);
    flush(dirname(file));
  } catch (error) {
    rmSync(partial, { force: true });
    throw toStoreError(error);
  }
}

/** Empty, which VACUUM INTO accepts, and for its owner only from the first byte. */
function reserve(path: string): void {
  try {
    closeSync(openSync(path, 'wx', OWNER_ONLY));
  } catch (error) {
    throw imError('INVALID_PARAMETER', `${path} cannot be written`, { cause: error });
  }
}

function copyInto(options: SqliteStoreOptions, file: string): void {
  const db = new SqliteDatabase({ ...writerDatabase(options), queryOnly: false });
  try {
    // One read transaction: writers go on, and their log is not cut meanwhile.
    db.prepare('VACUUM INTO ?').run(file);
  } finally {
    db.close();
  }
}

/** A file's bytes, or a folder's names, reach the disk before anybody relies on them. */
export function flush(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
