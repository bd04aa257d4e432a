/**
 * Taking a message back, within the append's transaction: who may, what is left of it. The row keeps its seq,
 * mid and client id, so that a retry of the original finds it and nothing is stored again.
 */
import { MESSAGE_STATUS } from '../../im/message/message.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import type { Refusal } from './flat_batch.js';
import type { FlatRequest } from './flat_reader.js';
import type { ChangeScene, MessageChange } from './message_change.js';
import { LogLosses } from './log_losses.js';
import { MessageRemains } from './message_remains.js';
import { SearchTable } from './search_table.js';
import type { MessageTargets } from './message_target.js';

export class RecallChange implements MessageChange {
  readonly #targets: MessageTargets;
  readonly #remains: MessageRemains;
  readonly #erase: Statement;
  readonly #losses: LogLosses;
  readonly #search: SearchTable;

  constructor(db: SqliteDatabase, targets: MessageTargets) {
    this.#targets = targets;
    this.#remains = new MessageRemains(db);
    this.#losses = new LogLosses(db);
    this.#search = new SearchTable(db);
    this.#erase = db.prepare(
      `UPDATE message SET status = ${MESSAGE_STATUS.recalled}, content = x'', extra = NULL WHERE mid = ?`,
    );
  }

  refusal(request: FlatRequest, scene: ChangeScene): Refusal | undefined {
    const target = this.#targets.find(request, scene);
    if (target === undefined) return 'NO_SUCH_MESSAGE';
    if (target.sender !== request.changeUid)
      return scene.may('recallOthers', target.sender) ? undefined : 'NO_PERMISSION';
    const isLate = scene.nowMs - target.storedAtMs > request.changeWindowMs;
    // Whoever may pin is an admin, and takes back what he likes of his own too.
    return isLate && !scene.may('pin', target.sender) ? 'RECALL_TOO_LATE' : undefined;
  }

  apply(request: FlatRequest, scene: ChangeScene, seq: number): void {
    const target = this.#targets.find(request, scene);
    if (target !== undefined) this.#remains.erase(scene.id, target.seq, target.seq);
    // What is said since they went is no news to those who have left a group (sync_reads.ts); this is.
    if (target !== undefined) this.#losses.note(scene.id, target.seq, scene.stampMs);
    // Else the search learns of it by the event.
    if (target !== undefined && seq === 0) this.#search.remove(scene.id, target.seq);
    if (this.#erase.run(request.changeValue) !== 1) throw new TypeError('the recalled message is not there');
  }
}
