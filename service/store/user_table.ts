/** Users and their sign-in names. */
import { known, toUid, type Uid } from '../../im/message/ids.js';
import type {
  EmailChanged,
  NewUser,
  ProfileChange,
  TokenVersion,
  User,
} from '../../im/store/people_interface.js';
import type { Row, SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt, textAt, toBytes } from '../../pkg/db/sqlite_row.js';
import { uidAt } from './event_row.js';
import type { TokenTable } from './token_table.js';

/** In the order that userOf reads; the table goes by the name `u`. */
export const USER_COLUMNS =
  'u.uid, u.account, u.nickname, u.avatar, u.email, u.banned_at, u.approval, u.contacts_only, u.private_presence';
/** How many columns that is: where the next one of a row stands. */
export const USER_COLUMN_COUNT = 9;

export interface UserDeps {
  readonly db: SqliteDatabase;
  readonly tokens: TokenTable;
  readonly clock: () => number;
}

export class UserTable {
  readonly #deps: UserDeps;
  readonly #insert: Statement;
  readonly #nameTaken: Statement;
  readonly #insertName: Statement;
  readonly #byUid: Statement;
  readonly #byName: Statement;
  readonly #hash: Statement;
  readonly #setHash: Statement;
  readonly #update: Statement;
  readonly #ban: Statement;
  readonly #nameOf: Statement;
  readonly #dropName: Statement;
  readonly #setEmail: Statement;

  constructor(deps: UserDeps) {
    const { db } = deps;
    this.#deps = deps;
    this.#insert = db.prepare(
      `INSERT INTO user (account, email, nickname, avatar, password_hash, created_at)
       VALUES (?, ?, ?, ?, ?, ?) RETURNING uid`,
    );
    this.#nameTaken = db.prepare('SELECT 1 FROM sign_in_name WHERE name = ?');
    this.#insertName = db.prepare('INSERT INTO sign_in_name (name, uid) VALUES (?, ?)');
    this.#byUid = db.prepare(`SELECT ${USER_COLUMNS} FROM user u WHERE u.uid = ?`);
    this.#byName = db.prepare(
      `SELECT ${USER_COLUMNS}, u.password_hash FROM sign_in_name s JOIN user u ON u.uid = s.uid WHERE s.name = ?`,
    );
    this.#hash = db.prepare('SELECT password_hash FROM user WHERE uid = ?');
    this.#setHash = db.prepare('UPDATE user SET password_hash = ? WHERE uid = ?');
    this.#update = db.prepare(
      `UPDATE user SET nickname = ?, avatar = ?, approval = ?, contacts_only = ?, private_presence = ?
       WHERE uid = ?`,
    );
    this.#ban = db.prepare('UPDATE user SET banned_at = ? WHERE uid = ?');
    this.#nameOf = db.prepare('SELECT uid FROM sign_in_name WHERE name = ?');
    this.#dropName = db.prepare('DELETE FROM sign_in_name WHERE name = ? AND uid = ?');
    this.#setEmail = db.prepare('UPDATE user SET email = ? WHERE uid = ?');
  }

  create(users: readonly NewUser[]): readonly (User | undefined)[] {
    return this.#deps.db.write(() => users.map((user) => this.#createOne(user)));
  }

  #createOne(user: NewUser): User | undefined {
    const { account, email, nickname, avatar, passwordHash } = user;
    const names = new Set([account, email].filter((name) => name !== '').map(fold));
    for (const name of names) {
      if (this.#nameTaken.first(toBytes(name)) !== undefined) return undefined;
    }
    const row = this.#insert.first(
      toBytes(account),
      toBytes(email),
      toBytes(nickname),
      toBytes(avatar),
      toBytes(passwordHash),
      this.#deps.clock(),
    );
    const uid = known(toUid(row?.[0]));
    for (const name of names) this.#insertName.run(toBytes(name), uid);
    const flags = { isBanned: false, approval: false, contactsOnly: false, privatePresence: false };
    return { uid, account, nickname, avatar, email, ...flags };
  }

  byUids(uids: readonly Uid[]): readonly User[] {
    return this.#deps.db.read(() => uids.flatMap((uid) => this.#find(uid) ?? []));
  }

  #find(uid: Uid): User | undefined {
    const row = this.#byUid.first(uid);
    return row === undefined ? undefined : userOf(row, 0);
  }

  byAccount(accountOrEmail: string): (User & { passwordHash: string }) | undefined {
    const row = this.#byName.first(toBytes(fold(accountOrEmail)));
    return row === undefined
      ? undefined
      : { ...userOf(row, 0), passwordHash: textAt(row, USER_COLUMN_COUNT) };
  }

  passwordHash(uid: Uid): string | undefined {
    const row = this.#hash.first(uid);
    return row === undefined ? undefined : textAt(row, 0);
  }

  changePassword(uid: Uid, passwordHash: string): readonly TokenVersion[] {
    const { db, tokens } = this.#deps;
    return db.write(() => {
      this.#setHash.run(toBytes(passwordHash), uid);
      return tokens.raiseAll(uid);
    });
  }

  update(uid: Uid, change: ProfileChange): User | undefined {
    return this.#deps.db.write(() => {
      const before = this.#find(uid);
      if (before === undefined) return undefined;
      const after: User = { ...before, ...change };
      const { nickname, avatar, approval, contactsOnly, privatePresence } = after;
      const flags = [approval ? 1 : 0, contactsOnly ? 1 : 0, privatePresence ? 1 : 0];
      this.#update.run(toBytes(nickname), toBytes(avatar), ...flags, uid);
      return after;
    });
  }

  changeEmail(uid: Uid, email: string): EmailChanged {
    return this.#deps.db.write(() => {
      const user = this.#find(uid);
      if (user === undefined) return 'unknown';
      const [account, before, after] = [fold(user.account), fold(user.email), fold(email)];
      const owner = this.#nameOf.first(toBytes(after));
      if (after !== '' && owner !== undefined && uidAt(owner, 0) !== uid) return 'taken';
      // An account may be the same text as the address: that name stays his.
      if (before !== '' && before !== account) this.#dropName.run(toBytes(before), uid);
      if (after !== '' && after !== account) this.#insertName.run(toBytes(after), uid);
      this.#setEmail.run(toBytes(email), uid);
      return 'changed';
    });
  }

  /** The time of the first of several bans stays. */
  ban(uid: Uid, on: boolean): readonly TokenVersion[] | undefined {
    const { db, tokens, clock } = this.#deps;
    return db.write(() => {
      const user = this.#find(uid);
      if (user === undefined) return undefined;
      if (user.isBanned !== on) this.#ban.run(on ? Math.max(1, clock()) : 0, uid);
      return on ? tokens.raiseAll(uid) : [];
    });
  }
}

export function userOf(row: Row, column: number): User {
  return {
    uid: uidAt(row, column),
    account: textAt(row, column + 1),
    nickname: textAt(row, column + 2),
    avatar: textAt(row, column + 3),
    email: textAt(row, column + 4),
    isBanned: integerAt(row, column + 5) !== 0,
    approval: integerAt(row, column + 6) !== 0,
    contactsOnly: integerAt(row, column + 7) !== 0,
    privatePresence: integerAt(row, column + 8) !== 0,
  };
}

/** Only ASCII letters have one case in every language; other text is compared as it is. */
export function fold(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
