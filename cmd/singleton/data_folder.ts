/** The data folder as a part of the process: made if missing, locked against a second server, and its secret. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FileLock } from '../../pkg/db/file_lock.js';
import type { Config } from '../../service/config.js';
import { keptDebugSecret } from '../../service/debug_secret.js';
import { StartFailure } from './start_failure.js';

const DATABASE_FILE = 'sailplane.db';
const LOCK_FILE = 'lock';
const ADMIN_SOCKET = 'admin.sock';
/** Messages are for the owner's eyes. */
const OWNER_ONLY = 0o700;

export class DataFolder {
  readonly name = 'data folder';
  readonly #config: Config;
  #lock: FileLock | undefined;

  constructor(config: Config) {
    this.#config = config;
  }

  /** Throws StartFailure where another server has it, and the system's error where it cannot be made. */
  start(): void {
    const { dataDir } = this.#config;
    mkdirSync(dataDir, { recursive: true, mode: OWNER_ONLY });
    this.#lock = takeFolder(this.#config);
    if (this.#lock !== undefined) return;
    throw new StartFailure(
      'folderInUse',
      `another server is using the data folder ${dataDir}: stop it or set --data-dir`,
    );
  }

  close(): void {
    this.#lock?.release();
  }

  /** Call it after `start`. */
  get secret(): string {
    const { secret, dataDir } = this.#config;
    return secret === '' ? keptDebugSecret(dataDir) : secret;
  }
}

/** In the data folder unless the options say otherwise. */
export function databasePath({ dataDir, store }: Config): string {
  return store.path === '' ? join(dataDir, DATABASE_FILE) : store.path;
}

/** Where the running server takes the operator's commands. */
export function adminSocketPath({ dataDir }: Config): string {
  return join(dataDir, ADMIN_SOCKET);
}

/** Undefined where a server, or a command that must not run beside one, has the folder. */
export function takeFolder({ dataDir }: Config): FileLock | undefined {
  return FileLock.take(join(dataDir, LOCK_FILE));
}
