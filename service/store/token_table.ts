/** The versions of tokens: one number per (uid, device); raising it ends every token of a lower one. */
import type { Device, Uid } from '../../im/message/ids.js';
import type { TokenVersion } from '../../im/store/people_interface.js';
import type { Row, SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import { deviceAt } from './event_row.js';

interface Pair {
  readonly uid: Uid;
  readonly device: Device;
}

/**
 * The first version of a pair lies as far above those of the epoch before as anybody ever signs in: what was issued
 * after a backup, and is not in it, must never be as good as what is issued after its restore.
 */
export const VERSIONS_PER_EPOCH = 1_000_000;

/** No token of somebody banned is good, also not one that was issued while the ban was set. */
const CLOSED_VERSION = Number.MAX_SAFE_INTEGER;

export class TokenTable {
  readonly #db: SqliteDatabase;
  readonly #raiseAll: Statement;
  readonly #issue: Statement;
  readonly #revoke: Statement;
  readonly #version: Statement;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#raiseAll = db.prepare(
      'UPDATE token_version SET version = version + 1 WHERE uid = ? RETURNING device, version',
    );
    this.#issue = db.prepare(
      `INSERT INTO token_version (uid, device, version)
       SELECT ?, ?, (epoch - 1) * ${VERSIONS_PER_EPOCH} + 1 FROM store_meta WHERE true
       ON CONFLICT (uid, device) DO UPDATE SET version = version + 1 RETURNING version`,
    );
    this.#revoke = db.prepare(
      'UPDATE token_version SET version = version + 1 WHERE uid = ? AND device = ? AND version = ?',
    );
    this.#version = db.prepare(
      `SELECT CASE WHEN u.banned_at = 0 THEN t.version ELSE ${CLOSED_VERSION} END
       FROM token_version t JOIN user u ON u.uid = t.uid WHERE t.uid = ? AND t.device = ?`,
    );
  }

  /** Every device's, within the caller's transaction. */
  raiseAll(uid: Uid): readonly TokenVersion[] {
    const rows = this.#raiseAll.all(uid);
    return rows.map((row) => ({ uid, device: deviceAt(row, 0), version: integerAt(row, 1) }));
  }

  issueTokens(pairs: readonly Pair[]): readonly TokenVersion[] {
    return this.#db.write(() =>
      pairs.map((pair) => versionOf(pair, this.#issue.first(pair.uid, pair.device))),
    );
  }

  revokeToken({ uid, device, version }: TokenVersion): boolean {
    return this.#db.write(() => this.#revoke.run(uid, device, version) === 1);
  }

  tokenVersions(pairs: readonly Pair[]): readonly TokenVersion[] {
    return this.#db.read(() =>
      pairs.map((pair) => versionOf(pair, this.#version.first(pair.uid, pair.device))),
    );
  }
}

/** No row: no token was ever issued. */
function versionOf({ uid, device }: Pair, row: Row | undefined): TokenVersion {
  return { uid, device, version: row === undefined ? 0 : integerAt(row, 0) };
}
