import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FileLock } from './file_lock.js';
import { SqliteDatabase } from './sqlite_database.js';

/** A folder that everybody may look into, and a process that lets them. */
function openFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sailplane-modes-'));
  chmodSync(folder, 0o755);
  const before = process.umask(0o022);
  t.after(() => {
    process.umask(before);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

function modes(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder).sort();
  return Object.fromEntries(
    names.map((name) => [name, (statSync(join(folder, name)).mode & 0o777).toString(8)]),
  );
}

function open(t: TestContext, path: string): SqliteDatabase {
  const db = new SqliteDatabase({
    path,
    synchronous: 'OFF',
    busyTimeoutMs: 0,
    cacheBytes: 1 << 20,
    walAutocheckpointPages: 1000,
    maxPageCount: 0,
    queryOnly: false,
  });
  t.after(() => db.close());
  return db;
}

test('a database, what lies beside it and a lock are for their owner only', (t) => {
  const folder = openFolder(t);
  open(t, join(folder, 'a.db')).exec('CREATE TABLE t (id INTEGER)');
  const lock = FileLock.take(join(folder, 'lock'));
  t.after(() => lock?.release());
  const found = modes(folder);
  assert.deepEqual(Object.keys(found).slice(0, 4), ['a.db', 'a.db-shm', 'a.db-wal', 'lock']);
  assert.deepEqual(new Set(Object.values(found)), new Set(['600']));
});

test('files that others could read are taken back when they are opened', (t) => {
  const folder = openFolder(t);
  const path = join(folder, 'a.db');
  open(t, path).exec('CREATE TABLE t (id INTEGER)');
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o644);
  writeFileSync(join(folder, 'lock'), '', { mode: 0o644 });
  open(t, path);
  FileLock.take(join(folder, 'lock'))?.release();
  assert.deepEqual(modes(folder), { 'a.db': '600', 'a.db-shm': '600', 'a.db-wal': '600', lock: '600' });
});

test('opening a database again leaves the locks on it alone', (t) => {
  const path = join(openFolder(t), 'a.db');
  const [one, other] = [open(t, path), open(t, path)];
  one.exec('CREATE TABLE t (id INTEGER)');
  one.write(() => {
    open(t, path);
    assert.throws(() => other.write(() => undefined), /locked/);
  });
});
