/** The last event that each of several readers may read of a conversation, for receipts. */
import type { ConversationName } from '../../im/message/conversation.js';
import type { Seq, Uid } from '../../im/message/ids.js';
import type { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import { ReadingRights } from './reading_rights.js';

export class ReadableSeqs {
  readonly #db: SqliteDatabase;
  readonly #rights: ReadingRights;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#rights = new ReadingRights(db);
  }

  of(
    readers: readonly { readonly uid: Uid; readonly conv: ConversationName }[],
  ): readonly (Seq | undefined)[] {
    return this.#db.read(() =>
      readers.map(({ uid, conv }) => {
        const found = this.#rights.find(uid, conv);
        return found === undefined || found.id === 0 ? undefined : found.lastSeq;
      }),
    );
  }
}
