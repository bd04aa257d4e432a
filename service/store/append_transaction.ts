/**
 * The append: a flat batch in one transaction under the write lock. Decides numbers, duplicates and rights;
 * what a request may not do is an outcome, what breaks rolls everything back.
 */
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { toSqliteError } from '../../pkg/db/sqlite_error.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import { EVENT_KIND, type ChatEvent } from '../../im/message/message.js';
import type { BatchRefused } from '../../im/store/interface.js';
import { ContactRequests } from './contact_requests.js';
import type { ConversationState, ConversationTable, Times } from './conversation_table.js';
import { EVENT_COLUMNS, eventOf } from './event_row.js';
import { CHANGE, type FlatBatch, type FlatResults, type Refusal } from './flat_batch.js';
import { FlatAnswers, FlatReader, type FlatRequest } from './flat_reader.js';
import { RecallChange } from './recall_change.js';
import type { Stamps } from './stamps.js';
import { toStoreError } from './store_error.js';

export interface AppendDeps {
  readonly db: SqliteDatabase;
  readonly conversations: ConversationTable;
  readonly stamps: Stamps;
  /** Ms since 1970. */
  readonly clock: () => number;
}

export class AppendTransaction {
  readonly #db: SqliteDatabase;
  readonly #conversations: ConversationTable;
  readonly #stamps: Stamps;
  readonly #clock: () => number;
  readonly #insert: Statement;
  readonly #original: Statement;
  readonly #midTaken: Statement;
  readonly #midBlock: Statement;
  readonly #setBlack: Statement;
  readonly #setWhite: Statement;
  readonly #probe: Statement;
  readonly #recall: RecallChange;
  readonly #requests: ContactRequests;

  constructor({ db, conversations, stamps, clock }: AppendDeps) {
    this.#db = db;
    this.#conversations = conversations;
    this.#stamps = stamps;
    this.#clock = clock;
    this.#insert = db.prepare(
      `INSERT INTO message (mid, conv, seq, n, kind, sender, device, client_id, type, content, sent_at, stored_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#original = db.prepare(
      `SELECT ${EVENT_COLUMNS} FROM message m WHERE m.conv = ? AND m.sender = ? AND m.client_id = ?`,
    );
    this.#midTaken = db.prepare('SELECT 1 FROM message WHERE mid = ?');
    this.#midBlock = db.prepare(
      'SELECT first + count, uid FROM mid_block WHERE first <= ? ORDER BY first DESC LIMIT 1',
    );
    const relation = (list: 'black' | 'white'): Statement =>
      db.prepare(
        `INSERT INTO relation (uid, peer, ${list}) VALUES (?, ?, ?)
         ON CONFLICT (uid, peer) DO UPDATE SET ${list} = excluded.${list}`,
      );
    this.#setBlack = relation('black');
    this.#setWhite = relation('white');
    this.#probe = db.prepare('UPDATE store_meta SET probe = ?');
    this.#recall = new RecallChange(db);
    this.#requests = new ContactRequests(db);
  }

  /** BatchRefused where a statement refused its values; throws CodedError where the machine is at fault. */
  append(batch: FlatBatch): FlatResults | BatchRefused {
    try {
      return this.#db.write(() => this.#all(batch));
    } catch (error) {
      const failure = toSqliteError(error);
      if (failure.failure === 'statement') return { refused: true, cause: failure.message };
      throw toStoreError(failure);
    }
  }

  #all(batch: FlatBatch): FlatResults {
    const nowMs = this.#clock();
    const reader = new FlatReader(batch);
    const answers = new FlatAnswers(batch.count);
    this.#conversations.begin();
    const times = { nowMs, stampMs: this.#stamps.next(nowMs) };
    for (let left = batch.count; left > 0; left -= 1) this.#one(reader.next(), times, answers);
    this.#conversations.flush(times.stampMs);
    return answers.results();
  }

  #one(request: FlatRequest, times: Times, answers: FlatAnswers): void {
    if (request.change === CHANGE.probe) {
      this.#probe.run(request.changeValue);
      answers.changed();
      return;
    }
    const state = this.#conversations.state(request.conv);
    if (state === undefined || !isOf(request, state)) {
      answers.refused('INVALID_PARAMETER');
      return;
    }
    if (request.change === CHANGE.recall) {
      this.#takeBack(request, state, times, answers);
      return;
    }
    const isWritten = !request.hasEvent || this.#event(request, state, times, answers);
    if (!isWritten || request.change === CHANGE.none) return;
    const isChanged = this.#relation(request, state);
    if (request.hasEvent) return;
    if (isChanged) answers.changed();
    else answers.refused('NO_SUCH_USER');
  }

  /** The recall of a message recalled already is the duplicate; else it is written with its event or not at all. */
  #takeBack(request: FlatRequest, state: ConversationState, times: Times, answers: FlatAnswers): void {
    const original = request.hasEvent ? this.#originalOf(request, state) : undefined;
    if (original !== undefined) {
      this.#answerDuplicate(request, original, answers);
      return;
    }
    const refusal = state.id === 0 ? 'NO_SUCH_MESSAGE' : this.#recall.refusal(request, state.id, times.nowMs);
    if (refusal !== undefined) {
      answers.refused(refusal);
      return;
    }
    if (request.hasEvent && !this.#event(request, state, times, answers)) return;
    this.#recall.apply(request);
    if (!request.hasEvent) answers.changed();
  }

  /** True where a new row was written; the request is answered either way. */
  #event(request: FlatRequest, state: ConversationState, times: Times, answers: FlatAnswers): boolean {
    const refusal = this.#refusal(request, state, times);
    const isStored = refusal === undefined && this.#insertRow(request, state, times.nowMs);
    if (isStored) {
      this.#conversations.raise(state, request.mid, countOf(request));
      answers.stored(request.mid, state.lastSeq, state.lastN, times.nowMs);
      return true;
    }
    // A retry is answered as such, also where its sender has lost the right since.
    const original = this.#originalOf(request, state);
    if (original !== undefined) this.#answerDuplicate(request, original, answers);
    else answers.refused(refusal ?? this.#taken(request.mid));
    return false;
  }

  /** A message and a recall never stand for each other, whatever their client ids say. */
  #answerDuplicate(request: FlatRequest, original: ChatEvent, answers: FlatAnswers): void {
    if (original.kind === request.kind) answers.duplicate(original);
    else answers.refused('BAD_CLIENT_ID');
  }

  /** Why the request may not be stored; makes the conversation where nothing stands against it. */
  #refusal(request: FlatRequest, state: ConversationState, times: Times): Refusal | undefined {
    const verdict = this.#conversations.verdict(state, request.from);
    if (verdict !== 'ok') return verdict;
    if (request.midIsClaimed && !this.#isInBlock(request.mid, request.from)) return 'MID_NOT_YOURS';
    if (state.id !== 0) return undefined;
    if (this.#midTaken.first(request.mid) !== undefined) return 'MID_TAKEN';
    return this.#conversations.create(state, times) ? undefined : 'NO_SUCH_USER';
  }

  #isInBlock(mid: number, uid: number): boolean {
    const row = this.#midBlock.first(mid);
    return row !== undefined && mid < integerAt(row, 0) && uid === integerAt(row, 1);
  }

  #insertRow(request: FlatRequest, state: ConversationState, nowMs: number): boolean {
    const changes = this.#insert.run(
      request.mid,
      state.id,
      state.lastSeq + 1,
      state.lastN + countOf(request),
      request.kind,
      request.from,
      request.device,
      request.clientId,
      request.type,
      request.content,
      request.sentAtMs === 0 ? nowMs : request.sentAtMs,
      nowMs,
    );
    return changes === 1;
  }

  #originalOf(request: FlatRequest, state: ConversationState): ChatEvent | undefined {
    if (state.id === 0) return undefined;
    const row = this.#original.first(state.id, request.from, request.clientId);
    return row === undefined ? undefined : eventOf(row, state.name);
  }

  /** A refused row that is no retry and whose mid is free would mean that its seq was given before. */
  #taken(mid: number): Refusal {
    if (this.#midTaken.first(mid) === undefined) throw new TypeError('a seq was given twice');
    return 'MID_TAKEN';
  }

  /** False where one of the two does not exist. */
  #relation(request: FlatRequest, state: ConversationState): boolean {
    const { changeUid: uid, changePeer: peer, change, changeValue } = request;
    const users = this.#conversations;
    if (state.id === 0 && !(users.userExists(uid) && users.userExists(peer))) return false;
    (change === CHANGE.black ? this.#setBlack : this.#setWhite).run(uid, peer, changeValue);
    if (change === CHANGE.black && changeValue !== 0) this.#requests.dropBoth(uid, peer);
    state.lowMay = undefined;
    state.highMay = undefined;
    return true;
  }
}

/** What it adds to the number of messages that count as unread. */
function countOf({ kind }: FlatRequest): 0 | 1 {
  return kind === EVENT_KIND.message ? 1 : 0;
}

/** Event and change must be of the two members of the conversation that the request names. */
function isOf(request: FlatRequest, { low, high }: ConversationState): boolean {
  const isPair = (one: number, other: number): boolean =>
    (one === low && other === high) || (one === high && other === low);
  if (request.hasEvent && !isPair(request.from, request.to)) return false;
  switch (request.change) {
    case CHANGE.none:
      return true;
    case CHANGE.recall:
      // Who takes back is a member, and the sender of the event that says so.
      return request.hasEvent
        ? request.changeUid === request.from
        : request.changeUid === low || request.changeUid === high;
    default:
      return isPair(request.changeUid, request.changePeer);
  }
}
