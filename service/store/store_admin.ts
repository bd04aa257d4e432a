/** What an operator does to the stores of a running server: each in a worker of its own, one at a time. */
import { Worker } from 'node:worker_threads';
import { imError } from '../../im/errors.js';
import type { StoreAdmin } from '../../im/store/interface.js';
import type { BackupOutcome, BackupSetup } from './backup_worker.js';
import type { SqliteStoreOptions } from './sqlite_options.js';
import { errorOf } from './worker_messages.js';

/** close() ends a backup under way, which then is STORE_UNAVAILABLE. */
export type SqliteStoreAdmin = StoreAdmin & { close(): Promise<void> };

export function sqliteStoreAdmin(options: SqliteStoreOptions): SqliteStoreAdmin {
  let worker: Worker | undefined;
  let isClosed = false;
  return {
    backup: async (file) => {
      if (isClosed) throw imError('STORE_UNAVAILABLE');
      if (worker !== undefined) throw imError('TOO_BUSY', 'another backup is being written');
      const setup: BackupSetup = { options, file };
      worker = new Worker(new URL('./backup_worker.js', import.meta.url), { workerData: setup });
      try {
        await outcomeOf(worker);
      } finally {
        worker = undefined;
      }
    },
    close: async () => {
      isClosed = true;
      await worker?.terminate();
    },
  };
}

async function outcomeOf(worker: Worker): Promise<void> {
  const outcome = await new Promise<BackupOutcome>((resolve, reject) => {
    let said: BackupOutcome | undefined;
    worker.on('message', (message: BackupOutcome) => (said = message));
    worker.on('error', (error) => reject(imError('STORE_UNAVAILABLE', undefined, { cause: error })));
    // Not before: a file that still has a writer is not finished.
    worker.on('exit', () => {
      if (said === undefined) reject(imError('STORE_UNAVAILABLE', 'the backup was ended'));
      else resolve(said);
    });
  });
  if (outcome.kind === 'failed') throw errorOf(outcome.failure);
}
