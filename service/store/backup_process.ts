/**
 * The entry of a process that writes one backup. Not a worker: SQLite copies in one call as long as the data are
 * large, and a thread in such a call could not be ended when the server stops.
 */
import { argv } from 'node:process';
import { toCodedError } from '../../im/errors.js';
import { backupSqliteStore } from './backup_file.js';
import type { SqliteStoreOptions } from './sqlite_options.js';
import { failureOf, type WorkerFailure } from './worker_messages.js';

/** As JSON its only argument. */
export interface BackupSetup {
  readonly options: SqliteStoreOptions;
  readonly file: string;
}

/** What it says before it ends. */
export type BackupOutcome =
  { readonly kind: 'done' } | { readonly kind: 'failed'; readonly failure: WorkerFailure };

function backup({ options, file }: BackupSetup): BackupOutcome {
  try {
    backupSqliteStore(options, file);
    return { kind: 'done' };
  } catch (error) {
    return { kind: 'failed', failure: failureOf(toCodedError(error)) };
  }
}

// Written by store_admin.ts.
const setup = JSON.parse(argv[2] ?? '') as BackupSetup;
process.send?.(backup(setup));
process.disconnect();
