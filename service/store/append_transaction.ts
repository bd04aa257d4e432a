/**
 * The append: a flat batch in one transaction under the write lock. Decides numbers, duplicates and rights, one
 * request after the other, each with what those before it have done; what a request may not do is an outcome, what
 * breaks rolls everything back.
 */
import { groupOf } from '../../im/message/conversation.js';
import type { BatchRefused } from '../../im/store/interface.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { toSqliteError } from '../../pkg/db/sqlite_error.js';
import { AppendEvents, type WriteRules } from './append_events.js';
import { ContactRequests } from './contact_requests.js';
import type { ConversationState, ConversationTable, Times } from './conversation_table.js';
import { CHANGE, type FlatBatch, type FlatResults } from './flat_batch.js';
import { FlatAnswers, FlatReader, type FlatRequest } from './flat_reader.js';
import { GroupAppend } from './group_append.js';
import { LogRows } from './log_rows.js';
import { MessageChanges } from './message_changes.js';
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
  readonly #setBlack: Statement;
  readonly #setWhite: Statement;
  readonly #probe: Statement;
  readonly #events: AppendEvents;
  readonly #groups: GroupAppend;
  readonly #requests: ContactRequests;
  readonly #rules: WriteRules<ConversationState>;

  constructor({ db, conversations, stamps, clock }: AppendDeps) {
    this.#db = db;
    this.#conversations = conversations;
    this.#stamps = stamps;
    this.#clock = clock;
    const relation = (list: 'black' | 'white'): Statement =>
      db.prepare(
        `INSERT INTO relation (uid, peer, ${list}) VALUES (?, ?, ?)
         ON CONFLICT (uid, peer) DO UPDATE SET ${list} = excluded.${list}`,
      );
    this.#setBlack = relation('black');
    this.#setWhite = relation('white');
    this.#probe = db.prepare('UPDATE store_meta SET probe = ?');
    const rows = new LogRows(db, conversations);
    this.#events = new AppendEvents(rows, new MessageChanges(db));
    this.#groups = new GroupAppend({ db, conversations, rows, events: this.#events });
    this.#requests = new ContactRequests(db);
    this.#rules = pairRules(conversations);
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
    this.#groups.begin();
    const times = { nowMs, stampMs: this.#stamps.next(nowMs) };
    for (let left = batch.count; left > 0; left -= 1) this.#one(reader.next(), times, answers);
    this.#groups.flush();
    this.#conversations.flush(times.stampMs);
    return answers.results();
  }

  #one(request: FlatRequest, times: Times, answers: FlatAnswers): void {
    if (request.change === CHANGE.probe) {
      this.#probe.run(request.changeValue);
      answers.changed();
      return;
    }
    const gid = groupOf(request.conv);
    if (gid !== undefined) this.#groups.one({ request, gid, times }, answers);
    else this.#ofTwo(request, times, answers);
  }

  #ofTwo(request: FlatRequest, times: Times, answers: FlatAnswers): void {
    const state = this.#conversations.state(request.conv);
    const isEmpty = !request.hasEvent && request.change === CHANGE.none;
    if (state === undefined || isEmpty || !isOf(request, state)) {
      answers.refused('INVALID_PARAMETER');
      return;
    }
    const writing = { request, state, rules: this.#rules, times };
    const isRelation = request.change === CHANGE.black || request.change === CHANGE.white;
    if (request.change !== CHANGE.none && !isRelation) {
      this.#events.change(writing, answers);
      return;
    }
    const isWritten = !request.hasEvent || this.#events.write(writing, answers);
    if (!isWritten || !isRelation) return;
    const isChanged = this.#relation(request, state);
    if (request.hasEvent) return;
    if (isChanged) answers.changed();
    else answers.refused('NO_SUCH_USER');
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

function pairRules(conversations: ConversationTable): WriteRules<ConversationState> {
  return {
    isGroup: false,
    verdict: (state, { from }) => conversations.verdict(state, from),
    create: (state, times) => (conversations.create(state, times) ? undefined : 'NO_SUCH_USER'),
    memberCount: () => 0,
    may: () => false,
  };
}

/** Event and change must be of the two members of the conversation that the request names. */
function isOf(request: FlatRequest, { low, high }: ConversationState): boolean {
  const isPair = (one: number, other: number): boolean =>
    (one === low && other === high) || (one === high && other === low);
  if (request.hasEvent && !isPair(request.from, request.to)) return false;
  switch (request.change) {
    case CHANGE.none:
      return true;
    case CHANGE.black:
    case CHANGE.white:
      return isPair(request.changeUid, request.changePeer);
    case CHANGE.group:
      return false;
    default:
      // Who changes a message is a member, and the sender of the event that says so.
      return request.hasEvent
        ? request.changeUid === request.from
        : request.changeUid === low || request.changeUid === high;
  }
}
