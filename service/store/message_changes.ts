/** Recall, edit, reaction and pin, each by its kind. */
import type { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import { EditChange } from './edit_change.js';
import { CHANGE, type Refusal } from './flat_batch.js';
import type { FlatRequest } from './flat_reader.js';
import type { ChangeScene, MessageChange } from './message_change.js';
import { MessageTargets } from './message_target.js';
import { PinChange } from './pin_change.js';
import { ReactionChange } from './reaction_change.js';
import { RecallChange } from './recall_change.js';

export class MessageChanges implements MessageChange {
  readonly #byKind: ReadonlyMap<number, MessageChange>;

  constructor(db: SqliteDatabase) {
    const targets = new MessageTargets(db);
    this.#byKind = new Map<number, MessageChange>([
      [CHANGE.recall, new RecallChange(db, targets)],
      [CHANGE.edit, new EditChange(db, targets)],
      [CHANGE.reaction, new ReactionChange(db, targets)],
      [CHANGE.pin, new PinChange(db, targets)],
    ]);
  }

  refusal(request: FlatRequest, scene: ChangeScene): Refusal | 'nothing' | undefined {
    return this.#of(request).refusal(request, scene);
  }

  apply(request: FlatRequest, scene: ChangeScene, seq: number): void {
    this.#of(request).apply(request, scene, seq);
  }

  #of({ change }: FlatRequest): MessageChange {
    const known = this.#byKind.get(change);
    if (known === undefined) throw new TypeError('no change of a message');
    return known;
  }
}
