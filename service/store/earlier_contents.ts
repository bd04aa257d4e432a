/**
 * Edited messages for whoever has left their group: as they were when he went. What was written since is not his to
 * read, also where it stands in a message of his time.
 */
import { groupOf } from '../../im/message/conversation.js';
import type { ChatEvent, MessageExtra } from '../../im/message/message.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt, textAt } from '../../pkg/db/sqlite_row.js';

export class EarlierContents {
  readonly #next: Statement;
  readonly #editedAt: Statement;

  constructor(db: SqliteDatabase) {
    this.#next = db.prepare(
      'SELECT no, content FROM message_edit WHERE mid = ? AND event_seq > ? ORDER BY no LIMIT 1',
    );
    this.#editedAt = db.prepare('SELECT until_at FROM message_edit WHERE mid = ? AND no = ?');
  }

  /** `lastSeq`: the last that the reader may read. Costs something for edited messages of groups only. */
  asOf(event: ChatEvent, lastSeq: number): ChatEvent {
    if (event.extra?.editCount === undefined || groupOf(event.conv) === undefined) return event;
    const next = this.#next.first(event.mid, lastSeq);
    if (next === undefined) return event;
    const { extra: now, ...plain } = event;
    const [replyTo, mentions] = [now.replyTo, now.mentions];
    const editCount = integerAt(next, 0) - 1;
    const edited = editCount === 0 ? undefined : this.#editedAt.first(event.mid, editCount);
    const extra: MessageExtra = {
      ...(replyTo !== undefined && { replyTo }),
      ...(mentions !== undefined && { mentions }),
      ...(edited !== undefined && { editCount, editedAtMs: integerAt(edited, 0) }),
    };
    const content = textAt(next, 1);
    return Object.keys(extra).length === 0 ? { ...plain, content } : { ...plain, content, extra };
  }
}
