/**
 * Taking a message back, within the append's transaction: who may, what is left of it. The row keeps its seq,
 * mid and client id, so that a retry of the original finds it and nothing is stored again.
 */
import { EVENT_KIND, MESSAGE_STATUS } from '../../im/message/message.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import type { Refusal } from './flat_batch.js';
import type { FlatRequest } from './flat_reader.js';

export class RecallChange {
  readonly #target: Statement;
  readonly #erase: Statement;

  constructor(db: SqliteDatabase) {
    this.#target = db.prepare('SELECT conv, kind, status, sender, stored_at FROM message WHERE mid = ?');
    this.#erase = db.prepare(
      `UPDATE message SET status = ${MESSAGE_STATUS.recalled}, content = x'' WHERE mid = ?`,
    );
  }

  /** Why the message may not be taken back, undefined where it may; writes nothing. */
  refusal(request: FlatRequest, conversationId: number, nowMs: number): Refusal | undefined {
    const row = this.#target.first(request.changeValue);
    if (row === undefined || integerAt(row, 0) !== conversationId) return 'NO_SUCH_MESSAGE';
    if (integerAt(row, 1) !== EVENT_KIND.message) return 'NO_SUCH_MESSAGE';
    if (integerAt(row, 2) !== MESSAGE_STATUS.normal) return 'NO_SUCH_MESSAGE';
    if (integerAt(row, 3) !== request.changeUid) return 'NO_PERMISSION';
    return nowMs - integerAt(row, 4) > request.changeWindowMs ? 'RECALL_TOO_LATE' : undefined;
  }

  apply({ changeValue }: FlatRequest): void {
    if (this.#erase.run(changeValue) !== 1) throw new TypeError('the recalled message is not there');
  }
}
