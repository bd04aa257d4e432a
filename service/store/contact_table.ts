/** Contacts, and the 1:1 conversations that are opened without a message. */
import { imError } from '../../im/errors.js';
import { chatConversation } from '../../im/message/conversation.js';
import type { Uid } from '../../im/message/ids.js';
import type { Contact } from '../../im/store/interface.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { textAt, toBytes } from '../../pkg/db/sqlite_row.js';
import type { ConversationTable } from './conversation_table.js';
import type { Stamps } from './stamps.js';
import { USER_COLUMNS, userOf } from './user_table.js';

export interface ContactDeps {
  readonly db: SqliteDatabase;
  readonly conversations: ConversationTable;
  readonly stamps: Stamps;
  readonly clock: () => number;
}

export class ContactTable {
  readonly #deps: ContactDeps;
  readonly #list: Statement;
  readonly #exists: Statement;
  readonly #insert: Statement;

  constructor(deps: ContactDeps) {
    const { db } = deps;
    this.#deps = deps;
    this.#list = db.prepare(
      `SELECT ${USER_COLUMNS}, c.remark FROM contact c JOIN user u ON u.uid = c.peer WHERE c.uid = ? ORDER BY c.peer`,
    );
    this.#exists = db.prepare('SELECT 1 FROM contact WHERE uid = ? AND peer = ?');
    this.#insert = db.prepare(
      'INSERT INTO contact (uid, peer, remark, added_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
  }

  list(uid: Uid): readonly Contact[] {
    return this.#list.all(uid).map((row) => ({ peer: userOf(row, 0), remark: textAt(row, 5) }));
  }

  add(uid: Uid, peer: Uid, remark: string): 'added' | 'self' | 'unknown' | 'exists' {
    if (uid === peer) return 'self';
    const { db, clock } = this.#deps;
    return db.write(() => {
      if (this.#exists.first(uid, peer) !== undefined) return 'exists';
      if (!this.#open(uid, peer)) return 'unknown';
      const nowMs = clock();
      this.#insert.run(uid, peer, toBytes(remark), nowMs);
      this.#insert.run(peer, uid, toBytes(''), nowMs);
      return 'added';
    });
  }

  openConversation(uid: Uid, peer: Uid): void {
    this.#deps.db.write(() => {
      if (!this.#open(uid, peer)) throw imError('NO_SUCH_USER');
    });
  }

  /** False where one of the two does not exist. */
  #open(uid: Uid, peer: Uid): boolean {
    const { conversations, stamps, clock } = this.#deps;
    conversations.forget();
    const state = conversations.state(chatConversation(uid, peer));
    if (state === undefined || state.id !== 0) return state !== undefined;
    const nowMs = clock();
    return conversations.create(state, { nowMs, stampMs: stamps.next(nowMs) });
  }
}
