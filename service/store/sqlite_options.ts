/** Options of the SQLite stores, and the database options that each kind of worker derives from them. */
import { choice, flag, integer, text, type OptionsOf } from '../../pkg/config/option.js';
import type { SqliteDatabaseOptions } from '../../pkg/db/sqlite_database.js';

const MEBIBYTE = 2 ** 20;

export const SQLITE_STORE_OPTIONS = {
  path: text('', 'The database file, in a folder that exists; empty: sailplane.db in data_dir.'),
  synchronous: choice(
    ['FULL', 'NORMAL', 'OFF'],
    'FULL',
    'When a commit is flushed to the disk. Only FULL keeps the promise that acked means stored.',
  ),
  readerCount: integer(
    1,
    'count',
    { min: 1, max: 16 },
    'Worker threads that read; writing has one of its own.',
  ),
  pendingCount: integer(
    10_000,
    'count',
    { min: 1, max: 1_000_000 },
    'Calls that may wait for one worker; further ones are answered TOO_BUSY.',
  ),
  busyTimeoutMs: integer(
    2_000,
    'ms',
    { min: 0, max: 60_000 },
    'How long a write waits for another process that writes to the same file (migrate, backup).',
  ),
  cacheBytes: integer(
    64 * MEBIBYTE,
    'bytes',
    { min: MEBIBYTE, max: 2 ** 40 },
    'Pages of the database that the writer keeps in memory. The file cache of the system comes on top.',
  ),
  readerCacheBytes: integer(
    8 * MEBIBYTE,
    'bytes',
    { min: MEBIBYTE, max: 2 ** 40 },
    'The same for each reader.',
  ),
  walAutocheckpointPages: integer(
    1_000,
    'count',
    { min: 100, max: 1_000_000 },
    'Pages of 4 KiB in the write-ahead log after which a commit copies them into the database. That commit ' +
      'waits for it, so smaller steps mean shorter pauses, and more of them.',
  ),
  maxPageCount: integer(
    0,
    'count',
    { min: 0, max: 2 ** 32 - 2 },
    'Pages of 4 KiB that the file may grow to; then sends are answered STORE_FULL. 0: as the disk allows.',
  ),
  queryOnly: flag(
    false,
    'Opens an existing database for reading only: every write is answered STORE_READ_ONLY.',
  ),
  restartMinMs: integer(
    50,
    'ms',
    { min: 1, max: 60_000 },
    'Wait before a worker that ended unexpectedly is started again; doubled at each failure.',
  ),
  restartMaxMs: integer(5_000, 'ms', { min: 1, max: 600_000 }, 'The longest such wait.'),
  closeTimeoutMs: integer(
    5_000,
    'ms',
    { min: 1, max: 600_000 },
    'How long closing waits for calls under way before it ends a worker.',
  ),
} as const;

export type SqliteStoreOptions = OptionsOf<typeof SQLITE_STORE_OPTIONS>;

export function writerDatabase(options: SqliteStoreOptions): SqliteDatabaseOptions {
  const { path, synchronous, busyTimeoutMs, cacheBytes, walAutocheckpointPages, maxPageCount, queryOnly } =
    options;
  return { path, synchronous, busyTimeoutMs, cacheBytes, walAutocheckpointPages, maxPageCount, queryOnly };
}

export function readerDatabase(options: SqliteStoreOptions): SqliteDatabaseOptions {
  const cacheBytes = options.readerCacheBytes;
  return { ...writerDatabase(options), cacheBytes, maxPageCount: 0, queryOnly: true };
}
