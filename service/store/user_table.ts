/** Users, their sign-in names and the versions of their tokens. */
import { known, toUid, type Device, type Uid } from '../../im/message/ids.js';
import type { NewUser, TokenVersion, User } from '../../im/store/interface.js';
import type { Row, SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt, textAt, toBytes } from '../../pkg/db/sqlite_row.js';
import { deviceAt, uidAt } from './event_row.js';

interface Pair {
  readonly uid: Uid;
  readonly device: Device;
}

/** In the order that userOf reads; the table goes by the name `u`. */
export const USER_COLUMNS = 'u.uid, u.account, u.nickname, u.avatar, u.email';

export class UserTable {
  readonly #db: SqliteDatabase;
  readonly #clock: () => number;
  readonly #sql: Readonly<
    Record<
      | 'insert'
      | 'nameTaken'
      | 'insertName'
      | 'byUid'
      | 'byName'
      | 'hash'
      | 'setHash'
      | 'contactsOnly'
      | 'raiseAll'
      | 'issue'
      | 'revoke'
      | 'version',
      Statement
    >
  >;

  constructor(db: SqliteDatabase, clock: () => number) {
    this.#db = db;
    this.#clock = clock;
    this.#sql = {
      insert: db.prepare(
        `INSERT INTO user (account, email, nickname, avatar, password_hash, created_at)
         VALUES (?, ?, ?, ?, ?, ?) RETURNING uid`,
      ),
      nameTaken: db.prepare('SELECT 1 FROM sign_in_name WHERE name = ?'),
      insertName: db.prepare('INSERT INTO sign_in_name (name, uid) VALUES (?, ?)'),
      byUid: db.prepare(`SELECT ${USER_COLUMNS} FROM user u WHERE u.uid = ?`),
      byName: db.prepare(
        `SELECT ${USER_COLUMNS}, u.password_hash FROM sign_in_name s JOIN user u ON u.uid = s.uid WHERE s.name = ?`,
      ),
      hash: db.prepare('SELECT password_hash FROM user WHERE uid = ?'),
      setHash: db.prepare('UPDATE user SET password_hash = ? WHERE uid = ?'),
      contactsOnly: db.prepare('UPDATE user SET contacts_only = ? WHERE uid = ?'),
      raiseAll: db.prepare(
        'UPDATE token_version SET version = version + 1 WHERE uid = ? RETURNING device, version',
      ),
      issue: db.prepare(
        `INSERT INTO token_version (uid, device, version) VALUES (?, ?, 1)
         ON CONFLICT (uid, device) DO UPDATE SET version = version + 1 RETURNING version`,
      ),
      revoke: db.prepare(
        'UPDATE token_version SET version = version + 1 WHERE uid = ? AND device = ? AND version = ?',
      ),
      version: db.prepare('SELECT version FROM token_version WHERE uid = ? AND device = ?'),
    };
  }

  create(users: readonly NewUser[]): readonly (User | undefined)[] {
    return this.#db.write(() => users.map((user) => this.#createOne(user)));
  }

  #createOne(user: NewUser): User | undefined {
    const { account, email, nickname, avatar, passwordHash } = user;
    const names = new Set([account, email].filter((name) => name !== '').map(fold));
    for (const name of names) {
      if (this.#sql.nameTaken.first(toBytes(name)) !== undefined) return undefined;
    }
    const row = this.#sql.insert.first(
      toBytes(account),
      toBytes(email),
      toBytes(nickname),
      toBytes(avatar),
      toBytes(passwordHash),
      this.#clock(),
    );
    const uid = known(toUid(row?.[0]));
    for (const name of names) this.#sql.insertName.run(toBytes(name), uid);
    return { uid, account, nickname, avatar, email };
  }

  byUids(uids: readonly Uid[]): readonly User[] {
    return this.#db.read(() =>
      uids.flatMap((uid) => {
        const row = this.#sql.byUid.first(uid);
        return row === undefined ? [] : [userOf(row, 0)];
      }),
    );
  }

  byAccount(accountOrEmail: string): (User & { passwordHash: string }) | undefined {
    const row = this.#sql.byName.first(toBytes(fold(accountOrEmail)));
    return row === undefined ? undefined : { ...userOf(row, 0), passwordHash: textAt(row, 5) };
  }

  passwordHash(uid: Uid): string | undefined {
    const row = this.#sql.hash.first(uid);
    return row === undefined ? undefined : textAt(row, 0);
  }

  changePassword(uid: Uid, passwordHash: string): readonly TokenVersion[] {
    return this.#db.write(() => {
      this.#sql.setHash.run(toBytes(passwordHash), uid);
      const rows = this.#sql.raiseAll.all(uid);
      return rows.map((row) => ({ uid, device: deviceAt(row, 0), version: integerAt(row, 1) }));
    });
  }

  setContactsOnly(uid: Uid, on: boolean): void {
    this.#db.write(() => this.#sql.contactsOnly.run(on ? 1 : 0, uid));
  }

  issueTokens(pairs: readonly Pair[]): readonly TokenVersion[] {
    return this.#db.write(() =>
      pairs.map(({ uid, device }) => ({
        uid,
        device,
        version: versionOf(this.#sql.issue.first(uid, device)),
      })),
    );
  }

  revokeToken({ uid, device, version }: TokenVersion): boolean {
    return this.#db.write(() => this.#sql.revoke.run(uid, device, version) === 1);
  }

  tokenVersions(pairs: readonly Pair[]): readonly TokenVersion[] {
    return this.#db.read(() =>
      pairs.map(({ uid, device }) => ({
        uid,
        device,
        version: versionOf(this.#sql.version.first(uid, device)),
      })),
    );
  }
}

export function userOf(row: Row, column: number): User {
  return {
    uid: uidAt(row, column),
    account: textAt(row, column + 1),
    nickname: textAt(row, column + 2),
    avatar: textAt(row, column + 3),
    email: textAt(row, column + 4),
  };
}

/** No row: no token was ever issued. */
function versionOf(row: Row | undefined): number {
  return row === undefined ? 0 : integerAt(row, 0);
}

/** Only ASCII letters have one case in every language; other text is compared as it is. */
function fold(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
