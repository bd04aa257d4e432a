/**
 * What is kept of a message beside its row: what it said before, reactions, mentions, a pin, and its content in the
 * events of its edits. All of it goes when the message loses its content.
 */
import { editContent, readEdit } from '../../im/message/event_content.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt, textAt, toBytes } from '../../pkg/db/sqlite_row.js';
import { extraAt } from './event_row.js';

export class MessageRemains {
  readonly #rows: Statement;
  readonly #edits: Statement;
  readonly #editEvent: Statement;
  readonly #blank: Statement;
  readonly #dropEdits: Statement;
  readonly #dropReactions: Statement;
  readonly #dropPin: Statement;
  readonly #dropMention: Statement;

  constructor(db: SqliteDatabase) {
    this.#rows = db.prepare('SELECT mid, seq, extra FROM message WHERE conv = ? AND seq BETWEEN ? AND ?');
    this.#edits = db.prepare('SELECT event_seq FROM message_edit WHERE mid = ?');
    this.#editEvent = db.prepare('SELECT mid, content FROM message WHERE conv = ? AND seq = ?');
    this.#blank = db.prepare('UPDATE message SET content = ? WHERE mid = ?');
    this.#dropEdits = db.prepare('DELETE FROM message_edit WHERE mid = ?');
    this.#dropReactions = db.prepare('DELETE FROM reaction WHERE mid = ?');
    this.#dropPin = db.prepare('DELETE FROM pin WHERE conv = ? AND mid = ?');
    this.#dropMention = db.prepare('DELETE FROM mention WHERE conv = ? AND uid = ? AND seq = ?');
  }

  /** Of the messages in that interval; before their rows lose `extra`. */
  erase(conv: number, from: number, to: number): void {
    for (const row of this.#rows.all(conv, from, to)) {
      const [mid, seq] = [integerAt(row, 0), integerAt(row, 1)];
      const extra = extraAt(row, 2);
      this.#dropReactions.run(mid);
      this.#dropPin.run(conv, mid);
      for (const uid of extra?.mentions ?? []) this.#dropMention.run(conv, uid, seq);
      if (extra?.editCount === undefined) continue;
      for (const edit of this.#edits.all(mid)) this.#blankEdit(conv, integerAt(edit, 0));
      this.#dropEdits.run(mid);
    }
  }

  /** The event stays as the place that it is, and says nothing any more. */
  #blankEdit(conv: number, seq: number): void {
    const row = this.#editEvent.first(conv, seq);
    const edit = row === undefined ? undefined : readEdit(textAt(row, 1));
    if (row === undefined || edit === undefined) return;
    this.#blank.run(toBytes(editContent({ ...edit, content: '' })), integerAt(row, 0));
  }
}
