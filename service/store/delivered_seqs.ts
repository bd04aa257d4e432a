/** Up to where each of several receivers has got a conversation on some device, for whoever asks after a message of his. */
import type { ConversationName } from '../../im/message/conversation.js';
import { known, toSeq, type Seq, type Uid } from '../../im/message/ids.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';

export class DeliveredSeqs {
  readonly #db: SqliteDatabase;
  readonly #mark: Statement;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#mark = db.prepare(
      `SELECT m.delivered_seq FROM conversation c JOIN conversation_member m ON m.conv = c.id AND m.uid = ?
       WHERE c.name = ?`,
    );
  }

  of(places: readonly { readonly uid: Uid; readonly conv: ConversationName }[]): readonly Seq[] {
    return this.#db.read(() =>
      places.map(({ uid, conv }) => {
        const row = this.#mark.first(uid, conv);
        return known(toSeq(row === undefined ? 0 : integerAt(row, 0)));
      }),
    );
  }
}
