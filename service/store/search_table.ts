/** Puts terms into the search index and takes messages out of it: the writer's part, all of it look-ups by key. */
import { MESSAGE_STATUS } from '../../im/message/message.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import type { SearchPut, SearchStep } from './search_source.js';

/** Rows of one ms; where there are more they take the next. */
export const IDS_PER_MS = 1024;
/** The year 2248: above it an id would not be a safe integer. */
const TIME_LIMIT_MS = Number.MAX_SAFE_INTEGER / IDS_PER_MS - 2 ** 32;

export class SearchTable {
  readonly #db: SqliteDatabase;
  readonly #status: Statement;
  readonly #doc: Statement;
  readonly #lastOf: Statement;
  readonly #addDoc: Statement;
  readonly #dropDoc: Statement;
  readonly #addTerms: Statement;
  readonly #dropTerms: Statement;
  readonly #cursor: Statement;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#status = db.prepare('SELECT status FROM message WHERE conv = ? AND seq = ?');
    this.#doc = db.prepare('SELECT id FROM search_doc WHERE conv = ? AND seq = ?');
    this.#lastOf = db.prepare('SELECT id FROM search_doc WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1');
    this.#addDoc = db.prepare('INSERT INTO search_doc (id, conv, seq) VALUES (?, ?, ?)');
    this.#dropDoc = db.prepare('DELETE FROM search_doc WHERE id = ?');
    this.#addTerms = db.prepare('INSERT INTO search_term (rowid, terms) VALUES (?, ?)');
    this.#dropTerms = db.prepare('DELETE FROM search_term WHERE rowid = ?');
    this.#cursor = db.prepare(
      `INSERT INTO search_cursor (conv, indexed_seq, first_seq) VALUES (?, ?, ?)
       ON CONFLICT (conv) DO UPDATE SET indexed_seq = MAX(indexed_seq, excluded.indexed_seq),
         first_seq = MAX(first_seq, excluded.first_seq)`,
    );
  }

  indexTerms(steps: readonly SearchStep[]): void {
    this.#db.write(() => {
      for (const { conv, puts, goneIds, indexedSeq, firstSeq } of steps) {
        for (const id of goneIds) this.#drop(id);
        for (const put of puts) this.#put(conv, put);
        this.#cursor.run(conv, indexedSeq, firstSeq);
      }
    });
  }

  /** Within a write transaction: where no event will tell the index. */
  remove(conv: number, seq: number): void {
    const doc = this.#doc.first(conv, seq);
    if (doc !== undefined) this.#drop(integerAt(doc, 0));
  }

  #put(conv: number, { seq, storedAtMs, terms }: SearchPut): void {
    const doc = this.#doc.first(conv, seq);
    if (doc !== undefined) this.#drop(integerAt(doc, 0));
    // It may have been taken back since the reader took it apart.
    const row = this.#status.first(conv, seq);
    if (terms === '' || row === undefined || integerAt(row, 0) !== MESSAGE_STATUS.normal) return;
    const id = doc === undefined ? this.#freeId(storedAtMs) : integerAt(doc, 0);
    this.#addDoc.run(id, conv, seq);
    this.#addTerms.run(id, terms);
  }

  #drop(id: number): void {
    this.#dropTerms.run(id);
    this.#dropDoc.run(id);
  }

  #freeId(storedAtMs: number): number {
    for (let ms = Math.min(Math.max(storedAtMs, 0), TIME_LIMIT_MS); ; ms += 1) {
      const first = Math.floor(ms) * IDS_PER_MS;
      const last = this.#lastOf.first(first, first + IDS_PER_MS - 1);
      const id = last === undefined ? first : integerAt(last, 0) + 1;
      if (id < first + IDS_PER_MS) return id;
    }
  }
}
