import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { migrate, MigrationError } from './migrate.js';
import { SqliteDatabase } from './sqlite_database.js';

interface Place {
  readonly folder: string;
  readonly open: () => SqliteDatabase;
  readonly file: (name: string, sql: string) => void;
}

function place(t: TestContext): Place {
  const root = mkdtempSync(join(tmpdir(), 'sailplane-migrate-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, 'sql');
  mkdirSync(folder);
  return {
    folder,
    open: () => {
      const db = new SqliteDatabase({
        path: join(root, 'a.db'),
        synchronous: 'OFF',
        busyTimeoutMs: 5000,
        cacheBytes: 1 << 20,
        walAutocheckpointPages: 1000,
        maxPageCount: 0,
        queryOnly: false,
      });
      t.after(() => db.close());
      return db;
    },
    file: (name, sql) => writeFileSync(join(folder, name), sql),
  };
}

const META = 'CREATE TABLE store_meta (min_program INTEGER); INSERT INTO store_meta VALUES (1);';
const options = (folder: string, more: Partial<{ program: number; apply: boolean }> = {}) => ({
  folder,
  program: 1,
  apply: true,
  ...more,
});

test('numbered files are applied once, in order, and recorded', (t) => {
  const { folder, open, file } = place(t);
  file('001_one.sql', `${META} CREATE TABLE one (a INTEGER);`);
  file('002_two.sql', 'ALTER TABLE one ADD COLUMN b INTEGER;');
  const db = open();
  assert.deepEqual(migrate(db, options(folder)), ['001_one.sql', '002_two.sql']);
  assert.deepEqual(migrate(open(), options(folder)), []);
  file('003_three.sql', 'INSERT INTO one (a, b) VALUES (1, 2);');
  assert.deepEqual(migrate(open(), options(folder)), ['003_three.sql']);
  assert.deepEqual(migrate(db, options(folder)), []);
  assert.deepEqual(db.prepare('SELECT a, b FROM one').all(), [[1, 2]]);
  assert.deepEqual(db.prepare('SELECT number, name FROM schema_migration').all().length, 3);
});

test('a file that fails leaves the database as it was', (t) => {
  const { folder, open, file } = place(t);
  file('001_one.sql', 'CREATE TABLE one (a INTEGER);');
  file('002_two.sql', 'CREATE TABLE two (a INTEGER); no such statement;');
  const db = open();
  assert.throws(() => migrate(db, options(folder)), /no such|syntax/);
  assert.deepEqual(db.prepare('SELECT name FROM sqlite_schema').all(), []);
});

test('data of a newer program is refused, and that of a program beside this one is not', (t) => {
  const { folder, open, file } = place(t);
  file('001_one.sql', META);
  const db = open();
  migrate(db, options(folder));
  db.exec(`INSERT INTO schema_migration VALUES (2, '002_from_a_newer_program.sql', 0)`);
  assert.deepEqual(migrate(db, options(folder)), []);
  db.exec('UPDATE store_meta SET min_program = 2');
  assert.throws(() => migrate(db, options(folder)), MigrationError);
  assert.throws(() => migrate(db, options(folder, { apply: false })), MigrationError);
  assert.deepEqual(migrate(db, options(folder, { program: 2 })), []);
});

test('only checking applies nothing and says what is missing', (t) => {
  const { folder, open, file } = place(t);
  file('001_one.sql', META);
  const db = open();
  assert.throws(() => migrate(db, options(folder, { apply: false })), /001_one\.sql/);
  assert.deepEqual(db.prepare('SELECT name FROM sqlite_schema').all(), []);
  migrate(db, options(folder));
  assert.deepEqual(migrate(db, options(folder, { apply: false })), []);
});

test('a hole in the numbers, or a name out of the row, is refused', (t) => {
  const { folder, open, file } = place(t);
  file('001_one.sql', META);
  file('003_three.sql', 'SELECT 1;');
  assert.throws(() => migrate(open(), options(folder)), /003_three/);
});
