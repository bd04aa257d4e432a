/** Requests of a group's conversation within the append: messages, what happens to messages, what happens to it. */
import { permits } from '../../im/group/permissions.js';
import type { Gid } from '../../im/message/ids.js';
import { EVENT_KIND } from '../../im/message/message.js';
import { noticeContent, NOTICE_TYPE } from '../../im/message/notice.js';
import type { GroupChange } from '../../im/store/group_interface.js';
import type { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import { fromBytes, toBytes } from '../../pkg/db/sqlite_row.js';
import { answerDuplicate, type AppendEvents, type WriteRules } from './append_events.js';
import type { ConversationTable, Times } from './conversation_table.js';
import { CHANGE, type Refusal } from './flat_batch.js';
import type { FlatAnswers, FlatRequest } from './flat_reader.js';
import { GroupAdmission } from './group_admission.js';
import type { Decision, GroupCase, Told } from './group_change.js';
import { GroupCounts } from './group_counts.js';
import { GroupDeeds } from './group_deeds.js';
import { GroupMembership } from './group_membership.js';
import { GroupPeople } from './group_people.js';
import { writeVerdict } from './group_rights.js';
import { GroupStates, type GroupState } from './group_states.js';
import type { LogRows } from './log_rows.js';

export interface GroupAppendDeps {
  readonly db: SqliteDatabase;
  readonly conversations: ConversationTable;
  readonly rows: LogRows;
  readonly events: AppendEvents;
}

export interface GroupRequest {
  readonly request: FlatRequest;
  readonly gid: Gid;
  readonly times: Times;
}

export class GroupAppend {
  readonly #states: GroupStates;
  readonly #rows: LogRows;
  readonly #events: AppendEvents;
  readonly #people: GroupPeople;
  readonly #deeds: GroupDeeds;
  readonly #rules: WriteRules<GroupState>;

  constructor({ db, conversations, rows, events }: GroupAppendDeps) {
    const states = new GroupStates(db, conversations);
    const counts = new GroupCounts(db, conversations);
    const parts = {
      states,
      membership: new GroupMembership(db, { states, counts }),
      admission: new GroupAdmission(db, counts),
    };
    this.#states = states;
    this.#rows = rows;
    this.#events = events;
    this.#people = new GroupPeople({ db, ...parts });
    this.#deeds = new GroupDeeds(parts);
    this.#rules = groupRules(states);
  }

  /** First and last thing in a batch. */
  begin(): void {
    this.#states.begin();
  }

  flush(): void {
    this.#states.flush();
  }

  one({ request, gid, times }: GroupRequest, answers: FlatAnswers): void {
    if (!isOf(request, gid)) {
      answers.refused('INVALID_PARAMETER');
      return;
    }
    const state = this.#states.state(gid);
    if (request.change === CHANGE.group) this.#happen({ request, state, times }, answers);
    else if (request.change === CHANGE.none)
      this.#events.write({ request, state, rules: this.#rules, times }, answers);
    else this.#events.change({ request, state, rules: this.#rules, times }, answers);
  }

  /** A retry is the notice that the first attempt wrote, whatever has happened since. */
  #happen(happening: Happening, answers: FlatAnswers): void {
    const { request, state } = happening;
    const original = request.hasEvent ? this.#rows.originalOf(request, state) : undefined;
    if (original !== undefined) {
      answerDuplicate(request, original, answers);
      return;
    }
    const decision = this.#decide(happening);
    if (decision === 'changed' || decision === 'repeated') answers.changed(decision === 'repeated');
    else if ('refused' in decision) answers.refused(decision.refused);
    else this.#tell(happening, decision, answers);
  }

  #tell({ request, state, times }: Happening, { notice, apply }: Told, answers: FlatAnswers): void {
    const content = noticeContent(notice);
    const written = this.#rows.insert(request, state, times.nowMs, toBytes(content));
    if (written === undefined) throw new TypeError('the mid of a notice was free and is not');
    apply(written.seq);
    answers.noticed(written, state.memberCount, content);
  }

  #decide({ request, state, times }: Happening): Decision {
    // Packed by flat_batch.ts from this very type, in this process.
    const change = JSON.parse(fromBytes(request.changeText)) as GroupChange;
    const actor = this.#states.member(state, request.changeUid);
    const refusal = change.do === 'create' ? undefined : stateRefusal(state);
    if (refusal !== undefined) return { refused: refusal };
    if (actor.isClosed) return { refused: 'BANNED' };
    if (needsEvent(change) && !request.hasEvent) return { refused: 'INVALID_PARAMETER' };
    if (request.hasEvent && this.#rows.isMidTaken(request.mid)) return { refused: 'MID_TAKEN' };
    return this.#do(change, { state, actor, times, clientId: request.clientId });
  }

  #do(change: GroupChange, about: Omit<GroupCase, 'change'>): Decision {
    switch (change.do) {
      case 'create':
        return this.#people.create({ ...about, change });
      case 'add':
        return this.#people.add({ ...about, change });
      case 'ask':
        return this.#people.ask({ ...about, change });
      case 'deny':
        return this.#people.deny({ ...about, change });
      case 'exit':
        return this.#people.exit({ ...about, change });
      case 'remove':
        return this.#people.remove({ ...about, change });
      case 'ban':
        return this.#people.ban({ ...about, change });
      case 'role':
        return this.#deeds.role({ ...about, change });
      case 'owner':
        return this.#deeds.owner({ ...about, change });
      case 'mute':
        return this.#deeds.mute({ ...about, change });
      case 'muteAll':
        return this.#deeds.muteAll({ ...about, change });
      case 'profile':
        return this.#deeds.profile({ ...about, change });
      case 'alias':
        return this.#deeds.alias({ ...about, change });
      case 'dissolve':
        return this.#deeds.dissolve({ ...about, change });
      case 'link':
        return this.#deeds.link({ ...about, change });
      case 'unlink':
        return this.#deeds.unlink({ ...about, change });
    }
  }
}

interface Happening {
  readonly request: FlatRequest;
  readonly state: GroupState;
  readonly times: Times;
}

function stateRefusal({ exists, isDissolved }: GroupState): Refusal | undefined {
  if (!exists) return 'NO_SUCH_GROUP';
  return isDissolved ? 'GROUP_DISSOLVED' : undefined;
}

/** Lifting a ban is not told, and is asked for like the ban itself. */
function needsEvent(change: GroupChange): boolean {
  switch (change.do) {
    case 'ask':
    case 'deny':
    case 'link':
    case 'unlink':
      return false;
    case 'ban':
      return change.on;
    default:
      return true;
  }
}

function groupRules(states: GroupStates): WriteRules<GroupState> {
  return {
    isGroup: true,
    verdict: (state, request, nowMs) => {
      const isSaid = request.hasEvent;
      const member = states.member(state, isSaid ? request.from : request.changeUid);
      return writeVerdict(state, member, isSaid ? request.kind : EVENT_KIND.recall, nowMs);
    },
    // A group is made by its `create` alone.
    create: () => 'NO_SUCH_GROUP',
    memberCount: (state) => state.memberCount,
    may: (state, by, operation, sender) => {
      const target = by === sender ? 'self' : states.member(state, sender).standing;
      return permits(operation, states.member(state, by).standing, { target });
    },
  };
}

/** Event and change must be of one person and for this group; a notice comes with its change, and with no other. */
function isOf(request: FlatRequest, gid: Gid): boolean {
  const isChange = request.change !== CHANGE.none;
  if (request.change === CHANGE.black || request.change === CHANGE.white) return false;
  if (!request.hasEvent) return isChange;
  if (request.to !== gid || (isChange && request.from !== request.changeUid)) return false;
  if (request.change !== CHANGE.group) return request.kind !== EVENT_KIND.notice;
  return request.kind === EVENT_KIND.notice && request.type === NOTICE_TYPE;
}
