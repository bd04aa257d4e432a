/** Stores over files in temporary folders, for tests only: with their workers, and within the test's own thread. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ConversationName } from '../../im/message/conversation.js';
import type { Seq } from '../../im/message/ids.js';
import type { Stores } from '../../im/store/stores_interface.js';
import type { FaultyStoreUnderTest, StoreUnderTest } from '../../im/store/scene.contract.js';
import { defaultsOf } from '../../pkg/config/option.js';
import { SqliteDatabase, type SqliteDatabaseDeps } from '../../pkg/db/sqlite_database.js';
import type { Logger } from '../../pkg/log/logger.js';
import { sqliteCalls } from './sqlite_calls.js';
import { SQLITE_STORE_OPTIONS, writerDatabase, type SqliteStoreOptions } from './sqlite_options.js';
import { openSqliteStores, type SqliteStores } from './sqlite_stores.js';
import { storesOver, type CallStore } from './store_calls.js';
import { toStoreError } from './store_error.js';
import { migrateStore } from './store_schema.js';

export const silentLogger: Logger = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};

/** Options for a file of its own, removed when the test ends; flushing is what these tests do not test. */
export function temporaryOptions(t: TestContext, more: Partial<SqliteStoreOptions> = {}): SqliteStoreOptions {
  const folder = mkdtempSync(join(tmpdir(), 'sailplane-store-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return {
    ...defaultsOf(SQLITE_STORE_OPTIONS),
    path: join(folder, 'store.db'),
    synchronous: 'OFF',
    restartMinMs: 1,
    ...more,
  };
}

/** Opened by the test, closed with it at the latest. */
export async function openFor(t: TestContext, options: SqliteStoreOptions): Promise<SqliteStores> {
  const stores = await openSqliteStores(options, { logger: silentLogger });
  t.after(() => stores.close());
  return stores;
}

/** Another connection to the same file, for what no port offers. */
export function withDatabase<Result>(
  options: SqliteStoreOptions,
  work: (db: SqliteDatabase) => Result,
): Result {
  const db = new SqliteDatabase(writerDatabase({ ...options, queryOnly: false, maxPageCount: 0 }));
  try {
    return work(db);
  } finally {
    db.close();
  }
}

function poison(options: SqliteStoreOptions, content: string): Promise<void> {
  const hex = Buffer.from(content, 'utf8').toString('hex');
  withDatabase(options, (db) =>
    db.exec(
      `CREATE TRIGGER poison_${hex} BEFORE INSERT ON message WHEN NEW.content = x'${hex}'
       BEGIN SELECT RAISE(ABORT, 'poisonous content'); END`,
    ),
  );
  return Promise.resolve();
}

function expire(options: SqliteStoreOptions, conv: ConversationName, floor: Seq): Promise<void> {
  withDatabase(options, (db) => {
    const id = Number(db.prepare('SELECT id FROM conversation WHERE name = ?').first(conv)?.[0]);
    db.prepare('UPDATE conversation SET first_seq = ? WHERE id = ?').run(floor, id);
    db.prepare('DELETE FROM message WHERE conv = ? AND seq < ?').run(id, floor);
  });
  return Promise.resolve();
}

/** A factory for the contract suites: the stores as the server runs them. */
export async function workerStore(t: TestContext): Promise<StoreUnderTest> {
  const options = temporaryOptions(t);
  const first = await openFor(t, options);
  return {
    stores: first,
    reopen: async () => {
      await first.close();
      return openFor(t, options);
    },
    poison: (content) => poison(options, content),
    expire: (conv, floor) => expire(options, conv, floor),
  };
}

/** The same calls on this thread, so that a statement can be made to fail. */
export function inThreadStore(t: TestContext): Promise<FaultyStoreUnderTest> {
  const options = temporaryOptions(t);
  const statements = { count: 0, failAt: 0 };
  const onStatement = (): void => {
    statements.count += 1;
    if (statements.count === statements.failAt) throw new Error('this statement was made to fail');
  };
  const open = () => storesOnThread(t, options, { onStatement });
  return Promise.resolve({
    stores: open(),
    reopen: () => Promise.resolve(open()),
    poison: (content) => poison(options, content),
    expire: (conv, floor) => expire(options, conv, floor),
    failAtStatement: (k) => {
      statements.count = 0;
      statements.failAt = k;
    },
    statementCount: () => statements.count,
  });
}

/** The same on the clock of the test. */
export function timedStore(t: TestContext, clock: () => number): Promise<Stores> {
  return Promise.resolve(storesOnThread(t, temporaryOptions(t), { clock }));
}

/** Opens the file without workers, on the clock of the test where it has one. */
export function storesOnThread(
  t: TestContext,
  options: SqliteStoreOptions,
  { clock = Date.now, ...deps }: SqliteDatabaseDeps & { readonly clock?: () => number },
): Stores {
  const db = new SqliteDatabase(writerDatabase(options), deps);
  t.after(() => db.close());
  migrateStore(db, true);
  return storesOver(callsOf(db, clock));
}

function callsOf(db: SqliteDatabase, clock: () => number): CallStore {
  const calls = sqliteCalls(db, clock);
  return (name, args) => {
    try {
      const call = calls[name] as (...values: readonly unknown[]) => never;
      return Promise.resolve(structuredClone(call(...args)));
    } catch (error) {
      return Promise.reject(toStoreError(error));
    }
  };
}
