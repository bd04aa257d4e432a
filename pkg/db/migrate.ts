/**
 * Brings a SQLite file to the newest schema: numbered files `NNN_name.sql`, forward only, each applied once,
 * all of them in one exclusive transaction, so that of two processes starting at once one waits.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SqliteDatabase } from './sqlite_database.js';
import { integerAt } from './sqlite_row.js';

export interface MigrateOptions {
  /** The folder of the numbered files. */
  readonly folder: string;
  /** This program's number: data whose store_meta.min_program is higher is left alone. */
  readonly program: number;
  /** False: only checks that nothing is left to apply. */
  readonly apply: boolean;
}

export class MigrationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MigrationError';
  }
}

const FILE_NAME = /^([0-9]{3})_[a-z0-9_]+\.sql$/;

/** Returns the names of the files applied now. Throws MigrationError, or SqliteError with nothing applied. */
export function migrate(database: SqliteDatabase, options: MigrateOptions): readonly string[] {
  const files = numberedFiles(options.folder);
  if (!options.apply) {
    return database.read(() => {
      refuseNewerData(database, options.program);
      const missing = missingFiles(database, files);
      if (missing.length > 0) throw new MigrationError(`not applied yet: ${missing.join(', ')}`);
      return [];
    });
  }
  return database.exclusive(() => {
    refuseNewerData(database, options.program);
    const missing = missingFiles(database, files);
    for (const file of missing) applyFile(database, options.folder, file);
    return missing;
  });
}

function numberedFiles(folder: string): readonly string[] {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  files.forEach((name, index) => {
    if (Number(FILE_NAME.exec(name)?.[1]) !== index + 1) {
      throw new MigrationError(`${name} is not number ${index + 1} of an unbroken row`);
    }
  });
  return files;
}

function hasTable(database: SqliteDatabase, name: string): boolean {
  return (
    database.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`).first(name) !==
    undefined
  );
}

function refuseNewerData(database: SqliteDatabase, program: number): void {
  if (!hasTable(database, 'store_meta')) return;
  const row = database.prepare('SELECT min_program FROM store_meta').first();
  const needed = row === undefined ? 0 : integerAt(row, 0);
  if (needed > program) {
    throw new MigrationError(`the data needs a program of number ${needed} or newer; this one is ${program}`);
  }
}

/** A file that is recorded but not here comes from a newer program, which min_program says we may be beside. */
function missingFiles(database: SqliteDatabase, files: readonly string[]): readonly string[] {
  if (!hasTable(database, 'schema_migration')) return files;
  const row = database.prepare('SELECT COALESCE(MAX(number), 0) FROM schema_migration').first();
  return files.slice(row === undefined ? 0 : integerAt(row, 0));
}

function applyFile(database: SqliteDatabase, folder: string, file: string): void {
  database.exec(
    `CREATE TABLE IF NOT EXISTS schema_migration
       (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL)`,
  );
  database.exec(readFileSync(join(folder, file), 'utf8'));
  database
    .prepare('INSERT INTO schema_migration (number, name, applied_at) VALUES (?, ?, ?)')
    .run(Number.parseInt(file, 10), file, Date.now());
}
