import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import {
  CommitError,
  SqliteDatabase,
  type SqliteDatabaseDeps,
  type SqliteDatabaseOptions,
} from './sqlite_database.js';
import { SqliteError, toSqliteError, type SqliteFailure } from './sqlite_error.js';
import { integerAt, textAt, toBytes } from './sqlite_row.js';

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sailplane-db-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const OPTIONS: Omit<SqliteDatabaseOptions, 'path'> = {
  synchronous: 'OFF',
  busyTimeoutMs: 0,
  cacheBytes: 1 << 20,
  walAutocheckpointPages: 1000,
  maxPageCount: 0,
  queryOnly: false,
};

function open(
  t: TestContext,
  more: Partial<SqliteDatabaseOptions> = {},
  deps: SqliteDatabaseDeps = {},
): SqliteDatabase {
  const db = new SqliteDatabase({ ...OPTIONS, path: more.path ?? join(folderFor(t), 'a.db'), ...more }, deps);
  t.after(() => db.close());
  return db;
}

const failing =
  (failure: SqliteFailure) =>
  (error: unknown): boolean =>
    error instanceof SqliteError && error.failure === failure;

test('text bound as bytes keeps what the library cuts off', (t) => {
  const db = open(t);
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, text BLOB)');
  const texts = ['', '\0', 'a\0b', '😀\0𝄞', 'é', '\ufeff', '\u2028'];
  const insert = db.prepare('INSERT INTO t (text) VALUES (?)');
  for (const text of texts) insert.run(toBytes(text));
  assert.deepEqual(
    db
      .prepare('SELECT text FROM t ORDER BY id')
      .all()
      .map((row) => textAt(row, 0)),
    texts,
  );
});

test('a cell of another type than expected is not passed on', (t) => {
  const row = open(t).prepare("SELECT 1.5, 'x', NULL, 7").first() ?? [];
  assert.throws(() => integerAt(row, 0), TypeError);
  assert.throws(() => integerAt(row, 1), TypeError);
  assert.throws(() => textAt(row, 2), TypeError);
  assert.throws(() => integerAt(row, 4), TypeError);
  assert.equal(integerAt(row, 3), 7);
});

test('a transaction is all or nothing, and may be followed by another', (t) => {
  const db = open(t);
  db.exec('CREATE TABLE t (a INTEGER UNIQUE)');
  const insert = db.prepare('INSERT INTO t VALUES (?)');
  const count = (): unknown => db.prepare('SELECT COUNT(*) FROM t').first()?.[0];
  assert.throws(
    () =>
      db.write(() => {
        insert.run(1);
        insert.run(1);
      }),
    failing('statement'),
  );
  assert.equal(count(), 0);
  assert.throws(() => db.write(() => assert.fail('mine')), /mine/);
  assert.equal(
    db.write(() => insert.run(1)),
    1,
  );
  assert.equal(count(), 1);
});

test('a failing COMMIT is told apart and leaves nothing', (t) => {
  const db = open(t, {}, { onStatement: (sql) => sql === 'COMMIT' && assert.fail('at commit') });
  db.exec('CREATE TABLE t (a INTEGER)');
  assert.throws(() => db.write(() => db.prepare('INSERT INTO t VALUES (1)').run()), CommitError);
  assert.equal(db.prepare('SELECT COUNT(*) FROM t').first()?.[0], 0);
});

test('each statement is announced before it runs', (t) => {
  const seen: string[] = [];
  const db = open(t, {}, { onStatement: (sql) => void seen.push(sql) });
  seen.length = 0;
  db.write(() => db.prepare('SELECT 1').first());
  db.read(() => db.prepare('SELECT 2').all());
  assert.deepEqual(seen, ['BEGIN IMMEDIATE', 'SELECT 1', 'COMMIT', 'BEGIN', 'SELECT 2', 'COMMIT']);
});

test('failures are told apart by what can be done about them', (t) => {
  const path = join(folderFor(t), 'a.db');
  const db = open(t, { path });
  db.exec('CREATE TABLE t (a INTEGER UNIQUE, b BLOB) STRICT');
  const insert = db.prepare('INSERT INTO t VALUES (?, ?)');
  insert.run(1, null);
  assert.throws(() => insert.run(1, null), failing('statement'));
  assert.throws(() => insert.run(1.5, null), failing('statement'));
  assert.throws(() => db.prepare('no such thing'), failing('statement'));
  const other = open(t, { path });
  other.write(() => assert.throws(() => db.write(() => 0), failing('busy')));
  const readOnly = open(t, { path, queryOnly: true });
  assert.throws(() => readOnly.prepare('INSERT INTO t VALUES (5, NULL)').run(), failing('read_only'));
  const small = open(t, { path, maxPageCount: 10 });
  const fill = small.prepare('INSERT INTO t VALUES (?, ?)');
  assert.throws(
    () =>
      small.write(() =>
        Array.from({ length: 20 }, (_, index) => fill.run(index + 100, new Uint8Array(4000))),
      ),
    failing('full'),
  );
  assert.equal(db.prepare('SELECT COUNT(*) FROM t').first()?.[0], 1);
  assert.throws(() => open(t, { path: join(path, 'below', 'a.db') }), failing('broken'));
  const garbage = join(folderFor(t), 'b.db');
  writeFileSync(garbage, 'x'.repeat(10_000));
  assert.throws(() => open(t, { path: garbage }), failing('broken'));
  assert.equal(toSqliteError(new Error('any')).failure, 'statement');
});

test('more statements than the cache keeps still work', (t) => {
  const db = open(t);
  const first = db.prepare('SELECT 0');
  for (let index = 1; index < 300; index += 1) {
    assert.equal(db.prepare(`SELECT ${index}`).first()?.[0], index);
  }
  assert.equal(db.prepare('SELECT 299'), db.prepare('SELECT 299'));
  assert.notEqual(db.prepare('SELECT 0'), first);
  assert.equal(first.first()?.[0], 0);
});

test('every rollback is told, commits are not', (t) => {
  const failing = { sql: '' };
  const db = open(t, {}, { onStatement: (sql) => assert.notEqual(sql, failing.sql) });
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY)');
  let count = 0;
  db.onRollback(() => (count += 1));
  const insert = db.prepare('INSERT INTO t VALUES (1)');
  db.write(() => undefined);
  db.read(() => undefined);
  assert.equal(count, 0);
  assert.throws(() => db.write(() => assert.fail('by the work')));
  assert.equal(count, 1);
  failing.sql = 'COMMIT';
  assert.throws(() => db.write(() => insert.run()), CommitError);
  assert.equal(count, 2);
  failing.sql = '';
  assert.deepEqual(db.prepare('SELECT * FROM t').all(), []);
});
