/**
 * Takes a SQLite file, and what SQLite keeps beside it, away from everybody but its owner. By name only: to open
 * and close a file that SQLite has open in this process would drop its locks.
 */
import { chmodSync } from 'node:fs';

const OWNER_ONLY = 0o600;
const SUFFIXES = ['', '-wal', '-shm', '-journal'];

/**
 * Call it when SQLite has made the file and before anything is in it: what SQLite makes beside it later gets the
 * same mode. Where the system does not allow it (another's file, a read-only disk) things stay as they are.
 */
export function keepToOwner(path: string): void {
  for (const suffix of SUFFIXES) {
    try {
      chmodSync(`${path}${suffix}`, OWNER_ONLY);
    } catch {
      // Most often there is no such file. Modes are no reason not to serve.
    }
  }
}
