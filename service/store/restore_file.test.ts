/** Putting a backup in the place of a store: what is kept, what is moved, what is refused. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { CodedError } from '../../pkg/errors/coded_error.js';
import { defaultsOf } from '../../pkg/config/option.js';
import { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import { backupSqliteStore } from './backup_file.js';
import { restoreSqliteStore } from './restore_file.js';
import { SQLITE_STORE_OPTIONS, writerDatabase, type SqliteStoreOptions } from './sqlite_options.js';
import { migrateSqliteStore } from './store_schema.js';

const NOW_MS = Date.parse('2026-01-31T23:59:59.123Z');

function optionsIn(t: TestContext): SqliteStoreOptions {
  const folder = mkdtempSync(join(tmpdir(), 'sailplane-restore-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const options = { ...defaultsOf(SQLITE_STORE_OPTIONS), path: join(folder, 'sailplane.db') };
  migrateSqliteStore(options);
  return options;
}

function probeOf(path: string): unknown {
  const db = new SqliteDatabase(writerDatabase({ ...defaultsOf(SQLITE_STORE_OPTIONS), path }));
  try {
    return db.prepare('SELECT probe FROM store_meta').first()?.[0];
  } finally {
    db.close();
  }
}

function setProbe(options: SqliteStoreOptions, value: number): void {
  const db = new SqliteDatabase(writerDatabase(options));
  db.prepare('UPDATE store_meta SET probe = ?').run(value);
  db.close();
}

test('restore: the backup takes the place, the store from before is kept beside it, each time another epoch', (t) => {
  const options = optionsIn(t);
  const { path } = options;
  setProbe(options, 1);
  const file = `${path}.backup`;
  backupSqliteStore(options, file);
  setProbe(options, 2);
  const first = restoreSqliteStore(file, path, NOW_MS);
  assert.equal(first.keptAt, `${path}.before-restore-20260131T235959Z`);
  assert.deepEqual([probeOf(path), probeOf(first.keptAt), probeOf(file)], [1, 2, 1]);
  const second = restoreSqliteStore(file, path, NOW_MS + 1000);
  assert.ok(second.epoch > first.epoch, 'the same backup again is another past');
});

test('restore: what a store that was not closed well still has in its log is kept with it', (t) => {
  const options = optionsIn(t);
  const { path } = options;
  backupSqliteStore(options, `${path}.backup`);
  // A copy taken while it is open: the database with its log, as after a crash.
  const db = new SqliteDatabase(writerDatabase(options));
  db.prepare('UPDATE store_meta SET probe = 7').run();
  const crashed = path.replace('sailplane.db', 'crashed.db');
  for (const suffix of ['', '-wal']) copyFileSync(path + suffix, crashed + suffix);
  db.close();
  const { keptAt } = restoreSqliteStore(`${path}.backup`, crashed, NOW_MS);
  assert.ok(keptAt !== undefined && existsSync(`${keptAt}-wal`) && !existsSync(`${crashed}-wal`));
  assert.deepEqual([probeOf(crashed), probeOf(keptAt)], [0, 7]);
});

test('restore: into an empty folder there is nothing to keep', (t) => {
  const options = optionsIn(t);
  backupSqliteStore(options, `${options.path}.backup`);
  const fresh = options.path.replace('sailplane.db', 'fresh.db');
  assert.equal(restoreSqliteStore(`${options.path}.backup`, fresh).keptAt, undefined);
  assert.equal(probeOf(fresh), 0);
});

test('restore: nothing is moved where the file is no backup', (t) => {
  const options = optionsIn(t);
  setProbe(options, 3);
  const file = `${options.path}.text`;
  writeFileSync(file, 'no database at all, but long enough to be looked at as one'.repeat(100));
  assert.throws(() => restoreSqliteStore(file, options.path), CodedError);
  assert.throws(() => restoreSqliteStore(`${file}.missing`, options.path), CodedError);
  assert.equal(probeOf(options.path), 3);
  const left = readdirSync(join(options.path, '..')).filter((name) => name.includes('restor'));
  assert.deepEqual(left, []);
});
