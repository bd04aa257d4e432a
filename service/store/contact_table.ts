/** Contacts, who is on whose lists, and the 1:1 conversations that are opened without a message. */
import { imError } from '../../im/errors.js';
import { chatConversation } from '../../im/message/conversation.js';
import { WORLD_GID } from '../../im/message/group.js';
import type { Uid } from '../../im/message/ids.js';
import type { RelationList } from '../../im/store/interface.js';
import type {
  Contact,
  ContactAdded,
  ContactRequest,
  RequestAnswered,
  User,
} from '../../im/store/people_interface.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt, textAt, toBytes } from '../../pkg/db/sqlite_row.js';
import { ContactRequests } from './contact_requests.js';
import type { ConversationTable } from './conversation_table.js';
import type { Stamps } from './stamps.js';
import { USER_COLUMN_COUNT, USER_COLUMNS, userOf } from './user_table.js';

/** Of one user: the list is answered whole. */
export const CONTACT_LIMIT = 5000;

export interface ContactDeps {
  readonly db: SqliteDatabase;
  readonly conversations: ConversationTable;
  readonly stamps: Stamps;
  readonly clock: () => number;
}

export class ContactTable {
  readonly #deps: ContactDeps;
  readonly #requests: ContactRequests;
  readonly #list: Statement;
  readonly #count: Statement;
  readonly #exists: Statement;
  readonly #wishes: Statement;
  readonly #isRefused: Statement;
  readonly #isKnown: Statement;
  readonly #insert: Statement;
  readonly #setRemark: Statement;
  readonly #delete: Statement;
  readonly #related: Readonly<Record<RelationList, Statement>>;

  constructor(deps: ContactDeps) {
    const { db } = deps;
    this.#deps = deps;
    this.#requests = new ContactRequests(db);
    this.#list = db.prepare(
      `SELECT ${USER_COLUMNS}, c.remark FROM contact c JOIN user u ON u.uid = c.peer WHERE c.uid = ? ORDER BY c.peer`,
    );
    this.#count = db.prepare('SELECT COUNT(*) FROM contact WHERE uid = ?');
    this.#exists = db.prepare('SELECT 1 FROM contact WHERE uid = ? AND peer = ?');
    this.#wishes = db.prepare(
      'SELECT approval <> 0 OR contacts_only <> 0, banned_at FROM user WHERE uid = ?',
    );
    this.#isRefused = db.prepare(
      'SELECT 1 FROM relation WHERE ((uid = ?1 AND peer = ?2) OR (uid = ?2 AND peer = ?1)) AND black = 1',
    );
    this.#isKnown = db.prepare(
      `SELECT EXISTS (SELECT 1 FROM contact WHERE uid = ?1 AND peer = ?2)
           OR EXISTS (SELECT 1 FROM contact_request WHERE uid = ?1 AND sender = ?2)
           OR EXISTS (SELECT 1 FROM relation WHERE uid = ?1 AND peer = ?2)
           OR EXISTS (SELECT 1 FROM conversation WHERE name = ?3 AND (last_seq > 0 OR opener IN (0, ?1)))
           OR EXISTS (SELECT 1 FROM group_member his CROSS JOIN group_member own ON own.gid = his.gid
                      CROSS JOIN chat_group g ON g.gid = his.gid
                      WHERE his.uid = ?2 AND own.uid = ?1 AND his.gid <> ${WORLD_GID} AND g.dissolved_at = 0)`,
    );
    this.#insert = db.prepare(
      'INSERT INTO contact (uid, peer, remark, added_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#setRemark = db.prepare('UPDATE contact SET remark = ? WHERE uid = ? AND peer = ?');
    this.#delete = db.prepare('DELETE FROM contact WHERE uid = ? AND peer = ?');
    const related = (list: RelationList): Statement =>
      db.prepare(
        `SELECT ${USER_COLUMNS} FROM relation r JOIN user u ON u.uid = r.peer WHERE r.uid = ? AND r.${list} = 1
         ORDER BY r.peer`,
      );
    this.#related = { black: related('black'), white: related('white') };
  }

  list(uid: Uid): readonly Contact[] {
    return this.#list
      .all(uid)
      .map((row) => ({ peer: userOf(row, 0), remark: textAt(row, USER_COLUMN_COUNT) }));
  }

  related(uid: Uid, list: RelationList): readonly User[] {
    return this.#related[list].all(uid).map((row) => userOf(row, 0));
  }

  strangers(uid: Uid, peers: readonly Uid[]): readonly Uid[] {
    return this.#deps.db.read(() =>
      peers.filter((peer) => {
        if (peer === uid) return false;
        return integerAt(this.#isKnown.first(uid, peer, chatConversation(uid, peer)) ?? [0], 0) === 0;
      }),
    );
  }

  requests(uid: Uid): readonly ContactRequest[] {
    return this.#requests.list(uid);
  }

  /**
   * Two who ask each other agree: the second asks no more. Who hears contacts only is asked too, or every stranger
   * could make himself one.
   */
  add(uid: Uid, peer: Uid, remark: string): ContactAdded {
    if (uid === peer) return 'self';
    const { db, clock } = this.#deps;
    return db.write(() => {
      if (this.#exists.first(uid, peer) !== undefined) return 'exists';
      const wishes = this.#wishes.first(peer);
      if (wishes === undefined || integerAt(wishes, 1) !== 0) return 'unknown';
      if (this.#isRefused.first(uid, peer) !== undefined) return 'blocked';
      if (this.#isFull(uid) || this.#isFull(peer)) return 'full';
      const isAwaited = this.#requests.drop(uid, peer);
      if (integerAt(wishes, 0) !== 0 && !isAwaited) {
        if (this.#wishes.first(uid) === undefined) return 'unknown';
        this.#requests.ask(peer, uid, remark, clock());
        return 'asked';
      }
      return this.#join(uid, peer, remark) ? 'added' : 'unknown';
    });
  }

  answerRequest(uid: Uid, from: Uid, agree: boolean): RequestAnswered {
    return this.#deps.db.write(() => {
      if (agree && this.#isRefused.first(uid, from) !== undefined) return 'blocked';
      if (agree && (this.#isFull(uid) || this.#isFull(from))) return 'full';
      const isAsked = this.#requests.drop(uid, from);
      if (this.#exists.first(uid, from) !== undefined) return 'exists';
      const wishes = isAsked ? this.#wishes.first(from) : undefined;
      // Who was closed meanwhile is not listed as asking either.
      if (wishes === undefined || integerAt(wishes, 1) !== 0) return 'none';
      if (!agree) return 'denied';
      return this.#join(uid, from, '') ? 'added' : 'none';
    });
  }

  setRemark(uid: Uid, peer: Uid, remark: string): boolean {
    return this.#deps.db.write(() => this.#setRemark.run(toBytes(remark), uid, peer) === 1);
  }

  remove(uid: Uid, peers: readonly Uid[]): readonly Uid[] {
    return this.#deps.db.write(() =>
      peers.filter((peer) => {
        const wasHis = this.#delete.run(uid, peer) === 1;
        const wasTheirs = this.#delete.run(peer, uid) === 1;
        return wasHis || wasTheirs;
      }),
    );
  }

  openConversation(uid: Uid, peer: Uid): void {
    this.#deps.db.write(() => {
      if (!this.#open(uid, peer, uid)) throw imError('NO_SUCH_USER');
    });
  }

  #isFull(uid: Uid): boolean {
    return integerAt(this.#count.first(uid) ?? [0], 0) >= CONTACT_LIMIT;
  }

  /** Both contacts of each other, and nothing left to be asked; false where one of the two does not exist. */
  #join(uid: Uid, peer: Uid, remark: string): boolean {
    if (!this.#open(uid, peer, 0)) return false;
    const nowMs = this.#deps.clock();
    this.#insert.run(uid, peer, toBytes(remark), nowMs);
    this.#insert.run(peer, uid, toBytes(''), nowMs);
    this.#requests.dropBoth(uid, peer);
    return true;
  }

  /** False where one of the two does not exist. `opener`: 0 for both. */
  #open(uid: Uid, peer: Uid, opener: Uid | 0): boolean {
    const { conversations, stamps, clock } = this.#deps;
    conversations.forget();
    const state = conversations.state(chatConversation(uid, peer));
    if (state === undefined) return false;
    if (state.id !== 0 && state.lastSeq > 0) return true;
    const nowMs = clock();
    const stampMs = stamps.next(nowMs);
    if (state.id === 0) return conversations.create(state, { nowMs, stampMs }, opener);
    conversations.share(state, stampMs, opener);
    return true;
  }
}
