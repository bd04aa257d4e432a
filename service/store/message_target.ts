/** The message that a change is about, as it is at this point of the batch. */
import { toConversation } from '../../im/message/conversation.js';
import { toUid } from '../../im/message/ids.js';
import { EVENT_KIND, MESSAGE_STATUS } from '../../im/message/message.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import type { FlatRequest } from './flat_reader.js';
import type { ChangeScene } from './message_change.js';
import { mayRead, ReadingRights } from './reading_rights.js';

export interface MessageTarget {
  readonly seq: number;
  readonly sender: number;
  readonly storedAtMs: number;
}

export class MessageTargets {
  readonly #target: Statement;
  readonly #rights: ReadingRights;

  constructor(db: SqliteDatabase) {
    this.#target = db.prepare('SELECT conv, kind, status, seq, sender, stored_at FROM message WHERE mid = ?');
    this.#rights = new ReadingRights(db);
  }

  /** Undefined where it is not in this conversation, no message, or has lost its content. */
  find({ changeValue }: FlatRequest, { id }: ChangeScene): MessageTarget | undefined {
    const row = this.#target.first(changeValue);
    if (row === undefined || integerAt(row, 0) !== id) return undefined;
    if (integerAt(row, 1) !== EVENT_KIND.message || integerAt(row, 2) !== MESSAGE_STATUS.normal)
      return undefined;
    return { seq: integerAt(row, 3), sender: integerAt(row, 4), storedAtMs: integerAt(row, 5) };
  }

  /** The same, and where whoever asks may not read it: of a group he may know only the part after he came in. */
  findReadable(request: FlatRequest, scene: ChangeScene): MessageTarget | undefined {
    const target = this.find(request, scene);
    if (target === undefined || !scene.isGroup) return target;
    const [uid, conv] = [toUid(request.changeUid), toConversation(request.conv)];
    if (uid === undefined || conv === undefined) return undefined;
    const readable = this.#rights.find(uid, conv, scene.lastSeq);
    return readable !== undefined && mayRead(readable, target.seq) ? target : undefined;
  }
}
