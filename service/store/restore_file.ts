/**
 * Puts a backup in the place of a store that nobody has open, and keeps what was there. The backup is checked and
 * given a new epoch before anything is moved; at every moment there is a whole store under the name.
 */
import { copyFileSync, existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { imError } from '../../im/errors.js';
import { keepToOwner } from '../../pkg/db/owner_only.js';
import { flush } from './backup_file.js';
import { raiseEpoch } from './store_epoch.js';
import { toStoreError } from './store_error.js';

export interface Restored {
  readonly epoch: number;
  /** Where the store from before lies now; undefined where there was none. */
  readonly keptAt: string | undefined;
}

/** What SQLite keeps beside a store that was not closed well; it belongs to that store only. */
const COMPANIONS = ['-wal', '-shm'];

/** The caller holds the data folder's lock. Throws CodedError, and then the store is as it was. */
export function restoreSqliteStore(backup: string, path: string, nowMs = Date.now()): Restored {
  if (!existsSync(backup)) throw imError('STORE_UNAVAILABLE', `${backup} does not exist`);
  const staged = `${path}.restoring`;
  try {
    removeStore(staged);
    copyFileSync(backup, staged);
    keepToOwner(staged);
    const epoch = raiseEpoch(staged, nowMs);
    flush(staged);
    const keptAt = existsSync(path) ? setAside(path, `${path}.before-restore-${stampOf(nowMs)}`) : undefined;
    renameSync(staged, path);
    flush(dirname(path));
    return { epoch, keptAt };
  } catch (error) {
    throw toStoreError(error);
  } finally {
    removeStore(staged);
  }
}

/**
 * A second name first, so that the store keeps its own until the new one takes it in one step. Its log, where it was
 * not closed well, goes along: beside the new store it would be taken for that store's.
 */
function setAside(path: string, kept: string): string {
  if (existsSync(kept)) throw imError('STORE_UNAVAILABLE', `${kept} exists already`);
  try {
    linkSync(path, kept);
  } catch {
    // A file system without links.
    copyFileSync(path, kept);
  }
  for (const suffix of COMPANIONS) {
    if (existsSync(path + suffix)) renameSync(path + suffix, kept + suffix);
  }
  return kept;
}

function removeStore(path: string): void {
  for (const suffix of ['', ...COMPANIONS]) rmSync(path + suffix, { force: true });
}

/** `20260131T235959Z` */
function stampOf(nowMs: number): string {
  return new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
}
