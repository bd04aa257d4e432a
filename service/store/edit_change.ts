/** Giving a message another content, and keeping the one before. */
import type { MessageExtra } from '../../im/message/message.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { toBytes } from '../../pkg/db/sqlite_row.js';
import { extraAt } from './event_row.js';
import type { Refusal } from './flat_batch.js';
import type { FlatRequest } from './flat_reader.js';
import type { ChangeScene, MessageChange } from './message_change.js';
import type { MessageTargets } from './message_target.js';

export class EditChange implements MessageChange {
  readonly #targets: MessageTargets;
  readonly #extra: Statement;
  readonly #keep: Statement;
  readonly #replace: Statement;

  constructor(db: SqliteDatabase, targets: MessageTargets) {
    this.#targets = targets;
    this.#extra = db.prepare('SELECT extra FROM message WHERE mid = ?');
    this.#keep = db.prepare(
      `INSERT INTO message_edit (mid, event_seq, no, until_at, content)
       SELECT mid, ?, ?, ?, content FROM message WHERE mid = ?`,
    );
    this.#replace = db.prepare('UPDATE message SET content = ?, extra = ? WHERE mid = ?');
  }

  refusal(request: FlatRequest, scene: ChangeScene): Refusal | undefined {
    const target = this.#targets.find(request, scene);
    if (target === undefined) return 'NO_SUCH_MESSAGE';
    if (target.sender !== request.changeUid) return 'NO_PERMISSION';
    return scene.nowMs - target.storedAtMs > request.changeWindowMs ? 'EDIT_TOO_LATE' : undefined;
  }

  apply({ changeValue: mid, changeText }: FlatRequest, { nowMs }: ChangeScene, seq: number): void {
    const row = this.#extra.first(mid);
    if (row === undefined) throw new TypeError('the edited message is not there');
    const before = extraAt(row, 0);
    const editCount = (before?.editCount ?? 0) + 1;
    const extra: MessageExtra = { ...before, editedAtMs: nowMs, editCount };
    this.#keep.run(seq, editCount, nowMs, mid);
    this.#replace.run(changeText, toBytes(JSON.stringify(extra)), mid);
  }
}
