/**
 * Groups and members as the writer sees them, kept between batches like the conversations beside which they stand.
 * Rows of chat_group are read and written here, of group_member only read: group_membership.ts writes them.
 */
import { OUTSIDER, type Standing } from '../../im/group/permissions.js';
import { groupConversation } from '../../im/message/conversation.js';
import { JOIN_MODES, type GroupProfile } from '../../im/message/group.js';
import type { Gid, Uid } from '../../im/message/ids.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt, textAt, toBytes } from '../../pkg/db/sqlite_row.js';
import type { ConversationTable, LogState, Times } from './conversation_table.js';
import { profileOf, roleAt } from './group_row.js';

export interface Member {
  readonly uid: number;
  /** False: there is no such user. */
  readonly isUser: boolean;
  /** The account has been closed by the operator. */
  readonly isClosed: boolean;
  standing: Standing;
  mutedUntilMs: number;
  alias: string;
}

export interface GroupState extends LogState {
  readonly gid: Gid;
  /** False: no such group; the fields below say nothing then. */
  exists: boolean;
  profile: Required<GroupProfile>;
  owner: number;
  isMuted: boolean;
  isDissolved: boolean;
  memberCount: number;
  memberLimit: number;
  /** memberCount differs from the row. */
  isCountDirty: boolean;
  /** Members and others that were asked about. */
  readonly members: Map<number, Member>;
}

export interface NewGroup {
  readonly profile: Required<GroupProfile>;
  readonly owner: Uid;
  readonly memberLimit: number;
  readonly clientId: Uint8Array;
}

/** Members in all groups together, about 150 bytes each; all are forgotten when a batch begins with more. */
const KEPT_MEMBERS = 100_000;
const KEPT_GROUPS = 5000;

const NO_PROFILE: Required<GroupProfile> = {
  name: '',
  avatar: '',
  announcement: '',
  joinMode: 'open',
  openHistory: false,
};

export class GroupStates {
  readonly #conversations: ConversationTable;
  readonly #states = new Map<number, GroupState>();
  readonly #dirty: GroupState[] = [];
  #keptMembers = 0;
  readonly #byGid: Statement;
  readonly #member: Statement;
  readonly #insert: Statement;
  readonly #setCount: Statement;
  readonly #setProfile: Statement;
  readonly #setOwner: Statement;
  readonly #setMuted: Statement;
  readonly #dissolve: Statement;

  constructor(db: SqliteDatabase, conversations: ConversationTable) {
    this.#conversations = conversations;
    conversations.onForget(() => this.#forget());
    this.#byGid = db.prepare(
      `SELECT name, avatar, announcement, join_mode, open_history, owner, muted, dissolved_at, member_count,
              member_limit
       FROM chat_group WHERE gid = ?`,
    );
    this.#member = db.prepare(
      `SELECT u.banned_at, m.role, m.muted_until, m.alias
       FROM user u LEFT JOIN group_member m ON m.gid = ? AND m.uid = u.uid WHERE u.uid = ?`,
    );
    this.#insert = db.prepare(
      `INSERT INTO chat_group
         (gid, name, avatar, announcement, owner, join_mode, open_history, member_count, member_limit, created_at,
          made_by, client_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)`,
    );
    this.#setCount = db.prepare('UPDATE chat_group SET member_count = ? WHERE gid = ?');
    this.#setProfile = db.prepare(
      `UPDATE chat_group SET name = ?, avatar = ?, announcement = ?, join_mode = ?, open_history = ? WHERE gid = ?`,
    );
    this.#setOwner = db.prepare('UPDATE chat_group SET owner = ? WHERE gid = ?');
    this.#setMuted = db.prepare('UPDATE chat_group SET muted = ? WHERE gid = ?');
    this.#dissolve = db.prepare('UPDATE chat_group SET dissolved_at = ? WHERE gid = ?');
  }

  /** First thing in a batch, after that of the conversations: within it nothing may be forgotten. */
  begin(): void {
    if (this.#keptMembers > KEPT_MEMBERS || this.#states.size > KEPT_GROUPS) this.#forget();
  }

  /** As the group is at this point of the batch. */
  state(gid: Gid): GroupState {
    const kept = this.#states.get(gid);
    if (kept !== undefined) return kept;
    const row = this.#byGid.first(gid);
    const state: GroupState = {
      ...this.#conversations.log(groupConversation(gid)),
      gid,
      exists: row !== undefined,
      profile: row === undefined ? NO_PROFILE : profileOf(row),
      owner: row === undefined ? 0 : integerAt(row, 5),
      isMuted: row !== undefined && integerAt(row, 6) !== 0,
      isDissolved: row !== undefined && integerAt(row, 7) !== 0,
      memberCount: row === undefined || integerAt(row, 7) !== 0 ? 0 : integerAt(row, 8),
      memberLimit: row === undefined ? 0 : integerAt(row, 9),
      isCountDirty: false,
      members: new Map(),
    };
    this.#states.set(gid, state);
    return state;
  }

  /** Also of who is no member, or no user at all. */
  member(state: GroupState, uid: number): Member {
    const kept = state.members.get(uid);
    if (kept !== undefined) return kept;
    const row = this.#member.first(state.gid, uid);
    const isMember = row !== undefined && row[1] !== null;
    const member: Member = {
      uid,
      isUser: row !== undefined,
      isClosed: row !== undefined && integerAt(row, 0) !== 0,
      standing: isMember ? roleAt(row, 1) : OUTSIDER,
      mutedUntilMs: isMember ? integerAt(row, 2) : 0,
      alias: isMember ? textAt(row, 3) : '',
    };
    state.members.set(uid, member);
    this.#keptMembers += 1;
    return member;
  }

  /** Makes group and log; nobody is in it yet. */
  create(state: GroupState, { profile, owner, memberLimit, clientId }: NewGroup, times: Times): void {
    const { name, avatar, announcement, joinMode, openHistory } = profile;
    this.#insert.run(
      state.gid,
      toBytes(name),
      toBytes(avatar),
      toBytes(announcement),
      owner,
      JOIN_MODES.indexOf(joinMode),
      openHistory ? 1 : 0,
      memberLimit,
      times.nowMs,
      owner,
      clientId,
    );
    if (state.id === 0) this.#conversations.insert(state, times);
    Object.assign(state, { exists: true, profile, owner, memberLimit, memberCount: 0 });
  }

  /** Written by flush. */
  count(state: GroupState, memberCount: number): void {
    state.memberCount = memberCount;
    if (state.isCountDirty) return;
    state.isCountDirty = true;
    this.#dirty.push(state);
  }

  setProfile(state: GroupState, profile: Required<GroupProfile>): void {
    const { name, avatar, announcement, joinMode, openHistory } = profile;
    const texts = [name, avatar, announcement].map(toBytes);
    this.#setProfile.run(...texts, JOIN_MODES.indexOf(joinMode), openHistory ? 1 : 0, state.gid);
    state.profile = profile;
  }

  setOwner(state: GroupState, owner: Uid): void {
    this.#setOwner.run(owner, state.gid);
    state.owner = owner;
  }

  setMuted(state: GroupState, on: boolean): void {
    this.#setMuted.run(on ? 1 : 0, state.gid);
    state.isMuted = on;
  }

  /** Its row keeps how many were in it. */
  dissolve(state: GroupState, nowMs: number): void {
    this.#dissolve.run(Math.max(1, nowMs), state.gid);
    this.#writeCount(state);
    state.isDissolved = true;
    state.memberCount = 0;
  }

  /** One UPDATE per group of the batch whose members have changed. */
  flush(): void {
    for (const state of this.#dirty) this.#writeCount(state);
    this.#dirty.length = 0;
  }

  #writeCount(state: GroupState): void {
    if (!state.isCountDirty) return;
    if (this.#setCount.run(state.memberCount, state.gid) !== 1) throw new TypeError('a group has no row');
    state.isCountDirty = false;
  }

  #forget(): void {
    this.#states.clear();
    this.#dirty.length = 0;
    this.#keptMembers = 0;
  }
}
