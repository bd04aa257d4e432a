/** What an operator does to the stores of a running server: in a process of its own, one at a time. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { imError } from '../../im/errors.js';
import type { StoreAdmin } from '../../im/store/interface.js';
import type { BackupOutcome, BackupSetup } from './backup_process.js';
import type { SqliteStoreOptions } from './sqlite_options.js';
import { errorOf } from './worker_messages.js';

/** close() ends a backup under way, which then is STORE_UNAVAILABLE. */
export type SqliteStoreAdmin = StoreAdmin & { close(): Promise<void> };

const ENTRY = fileURLToPath(new URL('./backup_process.js', import.meta.url));

export function sqliteStoreAdmin(options: SqliteStoreOptions): SqliteStoreAdmin {
  let running: ChildProcess | undefined;
  let isClosed = false;
  return {
    backup: async (file) => {
      if (isClosed) throw imError('STORE_UNAVAILABLE');
      if (running !== undefined) throw imError('TOO_BUSY', 'another backup is being written');
      const setup: BackupSetup = { options, file };
      running = fork(ENTRY, [JSON.stringify(setup)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      try {
        await outcomeOf(running);
      } finally {
        running = undefined;
      }
    },
    close: async () => {
      isClosed = true;
      if (running === undefined) return;
      const ended = once(running, 'exit');
      running.kill('SIGKILL');
      await ended;
    },
  };
}

async function outcomeOf(child: ChildProcess): Promise<void> {
  const outcome = await new Promise<BackupOutcome>((resolve, reject) => {
    let said: BackupOutcome | undefined;
    child.on('message', (message: BackupOutcome) => (said = message));
    child.on('error', (error) => reject(imError('STORE_UNAVAILABLE', undefined, { cause: error })));
    // After its last message has been read.
    child.on('close', () => {
      if (said === undefined) reject(imError('STORE_UNAVAILABLE', 'the backup was ended'));
      else resolve(said);
    });
  });
  if (outcome.kind === 'failed') throw errorOf(outcome.failure);
}
