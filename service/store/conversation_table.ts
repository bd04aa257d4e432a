/**
 * Conversations as the writer sees them: their numbers and who may write in them, kept between batches while
 * nobody else writes to the file. Rows are made here; messages are not touched.
 */
import { chatMembers, toConversation, type ConversationName } from '../../im/message/conversation.js';
import type { Uid } from '../../im/message/ids.js';
import type { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import { ChangedConversations } from './changed_conversations.js';
import { WriteRights, type Verdict } from './write_rights.js';

/** What the writer knows of one conversation's log; id 0: it does not exist yet. */
export interface LogState {
  readonly name: ConversationName;
  id: number;
  lastSeq: number;
  lastN: number;
  lastMid: number;
  /** Numbers differ from the row. */
  isDirty: boolean;
}

/** A conversation of two. */
export interface ConversationState extends LogState {
  readonly low: number;
  readonly high: number;
  /** Verdicts on low and high as senders; undefined: not asked yet. */
  lowMay: Verdict | undefined;
  highMay: Verdict | undefined;
}

/** Of one transaction: what people see, and what sync goes by. */
export interface Times {
  readonly nowMs: number;
  readonly stampMs: number;
}

/** About 300 bytes each; all are forgotten when one more is needed. */
const KEPT_LIMIT = 20_000;

export class ConversationTable {
  readonly #states = new Map<string, ConversationState>();
  readonly #dirty: LogState[] = [];
  readonly #forgetListeners: (() => void)[] = [];
  #version = -1;
  readonly #changed: ChangedConversations;
  readonly #dataVersion;
  readonly #byName;
  readonly #rights;
  readonly #exists;
  readonly #insert;
  readonly #insertMember;
  readonly #raise;
  readonly #share;

  constructor(db: SqliteDatabase, changed = new ChangedConversations()) {
    this.#changed = changed;
    // Whatever call it was that failed: what it put here, ids of new conversations above all, is void.
    db.onRollback(() => this.forget());
    this.#dataVersion = db.prepare('PRAGMA data_version');
    this.#byName = db.prepare('SELECT id, last_seq, last_n, last_mid FROM conversation WHERE name = ?');
    this.#rights = new WriteRights(db);
    this.#exists = db.prepare('SELECT 1 FROM user WHERE uid = ?');
    this.#insert = db.prepare(
      'INSERT INTO conversation (name, created_at, last_at, opener) VALUES (?, ?, ?, ?) RETURNING id',
    );
    this.#insertMember = db.prepare(
      'INSERT INTO conversation_member (uid, conv, peer, changed_at) VALUES (?, ?, ?, ?)',
    );
    this.#raise = db.prepare(
      'UPDATE conversation SET last_seq = ?, last_n = ?, last_mid = ?, last_at = ? WHERE id = ?',
    );
    this.#share = db.prepare(
      'UPDATE conversation SET opener = 0, last_at = ? WHERE id = ? AND opener NOT IN (0, ?)',
    );
  }

  /** First thing in a write transaction: what another connection may have changed is forgotten. */
  begin(): void {
    const row = this.#dataVersion.first();
    const version = row === undefined ? -1 : integerAt(row, 0);
    if (version !== this.#version || this.#states.size > KEPT_LIMIT) this.forget();
    this.#version = version;
  }

  /** After any write that touches rights; after a rollback by itself. */
  forget(): void {
    this.#states.clear();
    this.#dirty.length = 0;
    for (const listener of this.#forgetListeners) listener();
  }

  /** For whoever remembers more of the same conversations. */
  onForget(listener: () => void): void {
    this.#forgetListeners.push(listener);
  }

  /** The log of that name as the file has it. */
  log(name: ConversationName): LogState {
    const row = this.#byName.first(name);
    return {
      name,
      id: row === undefined ? 0 : integerAt(row, 0),
      lastSeq: row === undefined ? 0 : integerAt(row, 1),
      lastN: row === undefined ? 0 : integerAt(row, 2),
      lastMid: row === undefined ? 0 : integerAt(row, 3),
      isDirty: false,
    };
  }

  /** Undefined where `name` is not the name of a conversation of two. */
  state(name: string): ConversationState | undefined {
    const kept = this.#states.get(name);
    if (kept !== undefined) return kept;
    const members = chatMembers(name);
    const conv = toConversation(name);
    if (members === undefined || conv === undefined) return undefined;
    const [low, high] = members;
    const state: ConversationState = {
      ...this.log(conv),
      low,
      high,
      lowMay: undefined,
      highMay: undefined,
    };
    this.#states.set(name, state);
    return state;
  }

  /** Whether `sender` may write to the other member now. */
  verdict(state: ConversationState, sender: number): Verdict {
    if (sender === state.low) return (state.lowMay ??= this.#rights.verdict(sender, state.high));
    return (state.highMay ??= this.#rights.verdict(sender, state.low));
  }

  userExists(uid: number): boolean {
    return this.#exists.first(uid) !== undefined;
  }

  /**
   * Makes the rows of a conversation that has none; false where a member does not exist. `opener` alone has it in
   * his lists while it is empty; 0: both have.
   */
  create(state: ConversationState, { nowMs, stampMs }: Times, opener: Uid | 0 = 0): boolean {
    if (!this.userExists(state.low) || !this.userExists(state.high)) return false;
    this.insert(state, { nowMs, stampMs }, opener);
    this.#insertMember.run(state.low, state.id, state.high, stampMs);
    if (state.low !== state.high) this.#insertMember.run(state.high, state.id, state.low, stampMs);
    return true;
  }

  /** The row of a log alone, where there is none. */
  insert(state: LogState, { nowMs, stampMs }: Times, opener: Uid | 0 = 0): void {
    const row = this.#insert.first(state.name, nowMs, stampMs, opener);
    if (row === undefined) throw new TypeError('no id for a new conversation');
    state.id = integerAt(row, 0);
  }

  /** Both have it in their lists, where only somebody other than `opener` had. */
  share(state: ConversationState, stampMs: number, opener: Uid | 0): void {
    this.#share.run(stampMs, state.id, opener);
  }

  /** One more event, which counts as `count` messages; written by flush. */
  raise(state: LogState, mid: number, count: number): void {
    state.lastSeq += 1;
    state.lastN += count;
    state.lastMid = mid;
    if (state.isDirty) return;
    state.isDirty = true;
    this.#dirty.push(state);
  }

  /** One UPDATE per conversation of the batch. Throws TypeError where what is kept here is not in the file. */
  flush(stampMs: number): void {
    for (const state of this.#dirty) {
      const changes = this.#raise.run(state.lastSeq, state.lastN, state.lastMid, stampMs, state.id);
      if (changes !== 1) throw new TypeError('a conversation without a row was written to');
      state.isDirty = false;
      this.#changed.note(state.id);
    }
    this.#dirty.length = 0;
  }
}
