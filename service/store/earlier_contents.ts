/**
 * Edited messages of groups as their reader may know them: what an edit wrote while he was no member is not his to
 * read, also where it stands in a message of his time. He is shown what it said by the last edit that he may read.
 */
import { groupOf } from '../../im/message/conversation.js';
import type { ChatEvent, MessageExtra } from '../../im/message/message.js';
import { EDITS_LIMIT, type EarlierContent } from '../../im/store/event_interface.js';
import type { Row, SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt, textAt } from '../../pkg/db/sqlite_row.js';
import type { Span } from './reading_rights.js';

/** The edit by which a message came to say something; seq 0: it was said so. */
interface Edit {
  readonly seq: number;
  readonly no: number;
  readonly atMs: number;
}

export class EarlierContents {
  readonly #edits: Statement;
  readonly #until: Statement;

  constructor(db: SqliteDatabase) {
    this.#edits = db.prepare(
      `SELECT event_seq, no, until_at FROM message_edit WHERE mid = ? AND event_seq BETWEEN ? AND ?
       ORDER BY event_seq DESC LIMIT ?`,
    );
    // What it said when it had come to that place of the log.
    this.#until = db.prepare(
      'SELECT content FROM message_edit WHERE mid = ? AND event_seq > ? ORDER BY event_seq LIMIT 1',
    );
  }

  /** `spans`: what the reader may read. Costs something for edited messages of groups only. */
  asOf(event: ChatEvent, spans: readonly Span[]): ChatEvent {
    if (event.extra?.editCount === undefined || groupOf(event.conv) === undefined) return event;
    const edit = this.#readable(event.mid, spans, 1)[0];
    const content = this.#contentAfter(event.mid, edit);
    if (content === undefined) return event;
    const { extra: now, ...plain } = event;
    const [replyTo, mentions] = [now.replyTo, now.mentions];
    const extra: MessageExtra = {
      ...(replyTo !== undefined && { replyTo }),
      ...(mentions !== undefined && { mentions }),
      ...(edit !== undefined && { editCount: edit.no, editedAtMs: edit.atMs }),
    };
    return Object.keys(extra).length === 0 ? { ...plain, content } : { ...plain, content, extra };
  }

  /** What it said before what he is shown now, oldest first: the last EDITS_LIMIT. */
  before(mid: number, spans: readonly Span[]): readonly EarlierContent[] {
    const edits = this.#readable(mid, spans, EDITS_LIMIT + 1);
    const contents = edits.slice(0, EDITS_LIMIT).map((edit, at) => ({
      content: this.#contentAfter(mid, edits[at + 1]) ?? '',
      untilMs: edit.atMs,
    }));
    return contents.toReversed();
  }

  /** The edits of a message that he may read, newest first. */
  #readable(mid: number, spans: readonly Span[], limit: number): readonly Edit[] {
    const edits: Edit[] = [];
    for (const { from, to } of spans.toReversed()) {
      if (edits.length >= limit) break;
      edits.push(...this.#edits.all(mid, from, to, limit - edits.length).map(editOf));
    }
    return edits;
  }

  /** Undefined where it says so still. */
  #contentAfter(mid: number, edit: Edit | undefined): string | undefined {
    const row = this.#until.first(mid, edit?.seq ?? 0);
    return row === undefined ? undefined : textAt(row, 0);
  }
}

function editOf(row: Row): Edit {
  return { seq: integerAt(row, 0), no: integerAt(row, 1), atMs: integerAt(row, 2) };
}
