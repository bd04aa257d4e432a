/** Rows of `message` as the append writes them: the next of a log, or the one that a retry asks for again. */
import { EVENT_KIND, EVERYBODY, type ChatEvent } from '../../im/message/message.js';
import { isJsonObject } from '../../im/message/json_fields.js';
import { toUid } from '../../im/message/ids.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { fromBytes, integerAt } from '../../pkg/db/sqlite_row.js';
import type { ConversationTable, LogState } from './conversation_table.js';
import { EVENT_COLUMNS, eventOf } from './event_row.js';
import type { Refusal } from './flat_batch.js';
import type { FlatRequest, WrittenNumbers } from './flat_reader.js';

export class LogRows {
  readonly #conversations: ConversationTable;
  readonly #insert: Statement;
  readonly #original: Statement;
  readonly #midTaken: Statement;
  readonly #midBlock: Statement;
  readonly #mention: Statement;

  constructor(db: SqliteDatabase, conversations: ConversationTable) {
    this.#conversations = conversations;
    this.#insert = db.prepare(
      `INSERT INTO message
         (mid, conv, seq, n, kind, sender, device, client_id, type, content, sent_at, stored_at, extra)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#original = db.prepare(
      `SELECT ${EVENT_COLUMNS} FROM message m WHERE m.conv = ? AND m.sender = ? AND m.client_id = ?`,
    );
    this.#midTaken = db.prepare('SELECT 1 FROM message WHERE mid = ?');
    this.#midBlock = db.prepare(
      'SELECT first + count, uid FROM mid_block WHERE first <= ? ORDER BY first DESC LIMIT 1',
    );
    this.#mention = db.prepare(
      'INSERT INTO mention (conv, uid, seq) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
  }

  /** Same conversation, sender and client id. */
  originalOf(request: FlatRequest, log: LogState): ChatEvent | undefined {
    if (log.id === 0) return undefined;
    const row = this.#original.first(log.id, request.from, request.clientId);
    return row === undefined ? undefined : eventOf(row, log.name);
  }

  isMidTaken(mid: number): boolean {
    return this.#midTaken.first(mid) !== undefined;
  }

  /** Whether the mid that a sender named himself was leased for him. */
  isInBlock({ mid, from }: FlatRequest): boolean {
    const row = this.#midBlock.first(mid);
    return row !== undefined && mid < integerAt(row, 0) && from === integerAt(row, 1);
  }

  /** Undefined where the row is refused: a retry, or a mid that is taken. */
  insert(
    request: FlatRequest,
    log: LogState,
    nowMs: number,
    content = request.content,
  ): WrittenNumbers | undefined {
    const count = countOf(request);
    const changes = this.#insert.run(
      request.mid,
      log.id,
      log.lastSeq + 1,
      log.lastN + count,
      request.kind,
      request.from,
      request.device,
      request.clientId,
      request.type,
      content,
      request.sentAtMs === 0 ? nowMs : request.sentAtMs,
      nowMs,
      request.extra.length === 0 ? null : request.extra,
    );
    if (changes !== 1) return undefined;
    this.#conversations.raise(log, request.mid, count);
    if (request.extra.length > 0) this.#keepMentions(request.extra, log);
    return { mid: request.mid, seq: log.lastSeq, n: log.lastN, storedAtMs: nowMs };
  }

  /** Why a row was refused that is no retry; a free mid would mean that its seq was given before. */
  taken(mid: number): Refusal {
    if (!this.isMidTaken(mid)) throw new TypeError('a seq was given twice');
    return 'MID_TAKEN';
  }

  #keepMentions(extra: Uint8Array, { id, lastSeq }: LogState): void {
    const value: unknown = JSON.parse(fromBytes(extra));
    const mentions = isJsonObject(value) ? value['mentions'] : undefined;
    if (!Array.isArray(mentions)) return;
    for (const mention of mentions) {
      const uid = mention === EVERYBODY ? EVERYBODY : toUid(mention);
      if (uid !== undefined) this.#mention.run(id, uid, lastSeq);
    }
  }
}

/** What it adds to the number of messages that count as unread. */
function countOf({ kind }: FlatRequest): 0 | 1 {
  return kind === EVENT_KIND.message ? 1 : 0;
}
