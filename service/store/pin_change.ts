/** Pinning a message to its conversation, and taking the pin off: in a group its admins, else both. */
import { PIN_LIMIT } from '../../im/store/event_interface.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import type { Refusal } from './flat_batch.js';
import type { FlatRequest } from './flat_reader.js';
import type { ChangeScene, MessageChange } from './message_change.js';
import type { MessageTargets } from './message_target.js';

export class PinChange implements MessageChange {
  readonly #targets: MessageTargets;
  readonly #pinned: Statement;
  readonly #count: Statement;
  readonly #add: Statement;
  readonly #drop: Statement;

  constructor(db: SqliteDatabase, targets: MessageTargets) {
    this.#targets = targets;
    this.#pinned = db.prepare('SELECT 1 FROM pin WHERE conv = ? AND mid = ?');
    this.#count = db.prepare('SELECT COUNT(*) FROM pin WHERE conv = ?');
    this.#add = db.prepare('INSERT INTO pin (conv, mid, pinned_seq) VALUES (?, ?, ?)');
    this.#drop = db.prepare('DELETE FROM pin WHERE conv = ? AND mid = ?');
  }

  refusal(request: FlatRequest, scene: ChangeScene): Refusal | 'nothing' | undefined {
    const target = this.#targets.findReadable(request, scene);
    if (target === undefined) return 'NO_SUCH_MESSAGE';
    if (scene.isGroup && !scene.may('pin', target.sender)) return 'NO_PERMISSION';
    const isOn = this.#pinned.first(scene.id, request.changeValue) !== undefined;
    if (isOn === (request.changePeer !== 0)) return 'nothing';
    return isOn || integerAt(this.#count.first(scene.id) ?? [0], 0) < PIN_LIMIT ? undefined : 'TOO_MANY_PINS';
  }

  apply({ changeValue: mid, changePeer: on }: FlatRequest, { id }: ChangeScene, seq: number): void {
    if (on === 0) this.#drop.run(id, mid);
    else this.#add.run(id, mid, seq);
  }
}
