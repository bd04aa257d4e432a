/**
 * The secret of a server in debugging: made once and kept in the data folder, so that tokens survive a restart.
 * Call it with the folder's lock held.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = 'debug_secret';
const SECRET_BYTES = 32;
/** Others on this machine who can read it can sign in as anybody. */
const OWNER_ONLY = 0o600;

export function keptDebugSecret(dataDir: string): string {
  const path = join(dataDir, FILE);
  if (!existsSync(path)) {
    // Renamed into place: a crash must not leave half a secret behind.
    const unfinished = `${path}.new`;
    writeFileSync(unfinished, `${randomBytes(SECRET_BYTES).toString('hex')}\n`, { mode: OWNER_ONLY });
    renameSync(unfinished, path);
  }
  chmodSync(path, OWNER_ONLY);
  return readFileSync(path, 'utf8').trim();
}
