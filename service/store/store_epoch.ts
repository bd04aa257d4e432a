/**
 * The epoch of a store file that nobody has open: raised where its data go back in time (a restore), so that every
 * client drops what it knows and reads again.
 */
import { existsSync } from 'node:fs';
import { imError } from '../../im/errors.js';
import { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import { integerAt, textAt } from '../../pkg/db/sqlite_row.js';
import { defaultsOf } from '../../pkg/config/option.js';
import { SQLITE_STORE_OPTIONS, writerDatabase } from './sqlite_options.js';
import { PROGRAM_NUMBER, toStartError } from './store_schema.js';
import { VERSIONS_PER_EPOCH } from './token_table.js';

/** Ids given out after the copy was made must not be given again: far more than a store gives between two copies. */
const SKIPPED_MID_COUNT = 1_000_000_000;
const SKIPPED_UID_COUNT = 100_000;

/**
 * Raises the epoch of the file at `path` and returns it. No two restores of one copy get the same: it is at least
 * the time in seconds. Also skips the ids of messages and users that the lost rows may have had, and ends every
 * token: which were revoked since is lost, so everybody signs in again. Throws CodedError
 * (STORE_UNAVAILABLE with the reason), and changes nothing, where the file is missing, damaged, of another program
 * or of a newer one; an older schema is good, the next start brings it up to date.
 */
export function raiseEpoch(path: string, nowMs = Date.now()): number {
  // Opening would make it.
  if (!existsSync(path)) throw imError('STORE_UNAVAILABLE', `${path} does not exist`);
  let db: SqliteDatabase | undefined;
  try {
    db = new SqliteDatabase(writerDatabase({ ...defaultsOf(SQLITE_STORE_OPTIONS), path }));
    const open = db;
    refuseForeign(open);
    refuseDamaged(open);
    const epoch = open.write(() => {
      const row = open
        .prepare('UPDATE store_meta SET epoch = MAX(epoch + 1, ?) RETURNING epoch')
        .first(Math.floor(nowMs / 1000));
      open.prepare(`UPDATE id_segment SET next_id = next_id + ${SKIPPED_MID_COUNT} WHERE name = 'mid'`).run();
      open
        .prepare(
          `UPDATE token_version SET version = MAX(version + ${VERSIONS_PER_EPOCH},
             (SELECT (epoch - 1) * ${VERSIONS_PER_EPOCH} + 1 FROM store_meta))`,
        )
        .run();
      open.prepare(`UPDATE sqlite_sequence SET seq = seq + ${SKIPPED_UID_COUNT} WHERE name = 'user'`).run();
      return integerAt(row ?? [], 0);
    });
    // Closing does not do it: whoever moves the file would leave the epoch behind in its log.
    if (!open.standAlone()) throw imError('STORE_UNAVAILABLE', 'somebody has the file open');
    return epoch;
  } catch (error) {
    throw toStartError(error);
  } finally {
    db?.close();
  }
}

function refuseForeign(db: SqliteDatabase): void {
  const tables = db
    .prepare(
      `SELECT COUNT(*) FROM sqlite_schema
       WHERE type = 'table' AND name IN ('store_meta', 'schema_migration', 'message', 'id_segment')`,
    )
    .first();
  if (tables === undefined || integerAt(tables, 0) !== 4) {
    throw imError('STORE_UNAVAILABLE', 'the file is no database of Sailplane');
  }
  const meta = db.prepare('SELECT min_program FROM store_meta').first();
  if (meta === undefined || integerAt(meta, 0) > PROGRAM_NUMBER) {
    throw imError('STORE_UNAVAILABLE', 'the data need a newer program');
  }
}

function refuseDamaged(db: SqliteDatabase): void {
  const row = db.prepare('PRAGMA integrity_check(1)').first();
  const verdict = row === undefined ? '' : textAt(row, 0);
  if (verdict !== 'ok') throw imError('STORE_UNAVAILABLE', `the file is damaged: ${verdict}`);
}
