/** The entry of a worker that writes one backup: it takes as long as the data are large, and holds nobody up. */
import { parentPort, workerData } from 'node:worker_threads';
import { toCodedError } from '../../im/errors.js';
import { backupSqliteStore } from './backup_file.js';
import type { SqliteStoreOptions } from './sqlite_options.js';
import { failureOf, type WorkerFailure } from './worker_messages.js';

export interface BackupSetup {
  readonly options: SqliteStoreOptions;
  readonly file: string;
}

/** What it says before it ends. */
export type BackupOutcome =
  { readonly kind: 'done' } | { readonly kind: 'failed'; readonly failure: WorkerFailure };

function main({ options, file }: BackupSetup): void {
  const port = parentPort;
  if (port === null) throw new TypeError('runs as a worker only');
  const say = (outcome: BackupOutcome): void => port.postMessage(outcome);
  try {
    backupSqliteStore(options, file);
    say({ kind: 'done' });
  } catch (error) {
    say({ kind: 'failed', failure: failureOf(toCodedError(error)) });
  }
}

main(workerData as BackupSetup);
