/** Reacting to a message, and no longer doing so. */
import { REACTION_LIMIT } from '../../im/store/event_interface.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import type { Refusal } from './flat_batch.js';
import type { FlatRequest } from './flat_reader.js';
import type { ChangeScene, MessageChange } from './message_change.js';
import type { MessageTargets } from './message_target.js';
import { emojiOf } from './reaction_table.js';

export class ReactionChange implements MessageChange {
  readonly #db: SqliteDatabase;
  readonly #targets: MessageTargets;
  readonly #own: Statement;
  readonly #any: Statement;
  readonly #add: Statement;
  readonly #drop: Statement;

  constructor(db: SqliteDatabase, targets: MessageTargets) {
    this.#db = db;
    this.#targets = targets;
    this.#own = db.prepare('SELECT 1 FROM reaction WHERE mid = ? AND emoji = ? AND uid = ?');
    this.#any = db.prepare('SELECT 1 FROM reaction WHERE mid = ? AND emoji = ? LIMIT 1');
    this.#add = db.prepare('INSERT INTO reaction (mid, emoji, uid, reacted_at) VALUES (?, ?, ?, ?)');
    this.#drop = db.prepare('DELETE FROM reaction WHERE mid = ? AND emoji = ? AND uid = ?');
  }

  refusal(request: FlatRequest, scene: ChangeScene): Refusal | 'nothing' | undefined {
    if (this.#targets.findReadable(request, scene) === undefined) return 'NO_SUCH_MESSAGE';
    const { changeValue: mid, changeText: emoji, changeUid: uid, changePeer: on } = request;
    const isOn = this.#own.first(mid, emoji, uid) !== undefined;
    if (isOn === (on !== 0)) return 'nothing';
    if (isOn || this.#any.first(mid, emoji) !== undefined) return undefined;
    return emojiOf(this.#db, mid, REACTION_LIMIT).length < REACTION_LIMIT ? undefined : 'TOO_MANY_REACTIONS';
  }

  apply(request: FlatRequest, { nowMs }: ChangeScene): void {
    const { changeValue: mid, changeText: emoji, changeUid: uid, changePeer: on } = request;
    if (on === 0) this.#drop.run(mid, emoji, uid);
    else this.#add.run(mid, emoji, uid, nowMs);
  }
}
