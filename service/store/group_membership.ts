/**
 * Coming into a group and going: the row that makes somebody a member, and the interval of the log that he may read.
 * The notice of his coming is the first event of it, the notice of his going the last. What has ended stands in
 * group_past as well.
 */
import { OUTSIDER } from '../../im/group/permissions.js';
import type { GroupRole } from '../../im/message/group.js';
import { EVENT_KIND, MESSAGE_STATUS } from '../../im/message/message.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt, toBytes } from '../../pkg/db/sqlite_row.js';
import type { Times } from './conversation_table.js';
import type { GroupCounts } from './group_counts.js';
import type { GroupState, GroupStates, Member } from './group_states.js';
import { settingsOfReturned, SETTINGS_OF_GONE } from './settings_row.js';

/** Of one user in one group: every read goes over them. The oldest go. */
const PAST_LIMIT = 100;

/** Members of a group that ends whose other groups are still followed: of more, all are counted anew. */
const FOLLOWED_AT_ONCE = 1000;

/** Events behind somebody's reading that are looked at when he comes back. */
const UNREAD_WALK = 1000;

/** The user's devices, one look-up each: their marks of all conversations lie between. */
const DEVICES = `WITH RECURSIVE d (device) AS (
  SELECT MIN(device) FROM device_mark WHERE uid = ?1
  UNION ALL SELECT (SELECT MIN(m.device) FROM device_mark m WHERE m.uid = ?1 AND m.device > d.device) FROM d
  WHERE d.device IS NOT NULL)`;

export interface GroupMembershipDeps {
  readonly states: GroupStates;
  readonly counts: GroupCounts;
}

export class GroupMembership {
  readonly #states: GroupStates;
  readonly #counts: GroupCounts;
  readonly #insert: Statement;
  readonly #insertSide: Statement;
  readonly #settings: Statement;
  readonly #setSide: Statement;
  readonly #insertPast: Statement;
  readonly #trimPast: Statement;
  readonly #delete: Statement;
  readonly #endSide: Statement;
  readonly #keepPast: Statement;
  readonly #firstUnread: Statement;
  readonly #passSide: Statement;
  readonly #passDevices: Statement;
  readonly #uids: Statement;
  readonly #setRole: Statement;
  readonly #setMuted: Statement;
  readonly #setAlias: Statement;

  constructor(db: SqliteDatabase, { states, counts }: GroupMembershipDeps) {
    this.#states = states;
    this.#counts = counts;
    this.#insert = db.prepare(
      `INSERT INTO group_member (gid, uid, role, alias, muted_until, joined_seq, joined_at) VALUES (?, ?, ?, ?, 0, ?, ?)`,
    );
    this.#insertSide = db.prepare(
      `INSERT INTO conversation_member (uid, conv, peer, delivered_seq, read_seq, changed_at, since_seq)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#settings = db.prepare(
      `SELECT m.settings, MAX(m.delivered_seq, m.read_seq), m.read_seq, m.until_seq, c.first_seq
       FROM conversation_member m JOIN conversation c ON c.id = m.conv WHERE m.uid = ? AND m.conv = ?`,
    );
    this.#setSide = db.prepare(
      `UPDATE conversation_member SET since_seq = ?, until_seq = 0, settings = ?, changed_at = ? WHERE uid = ? AND conv = ?`,
    );
    this.#insertPast = db.prepare(
      `INSERT INTO group_past (gid, uid, joined_seq, left_seq, since_seq)
       SELECT g.gid, g.uid, g.joined_seq, ?4, s.since_seq
       FROM group_member g JOIN conversation_member s ON s.uid = g.uid AND s.conv = ?3
       WHERE g.gid = ?1 AND g.uid = ?2`,
    );
    this.#trimPast = db.prepare(
      `DELETE FROM group_past WHERE gid = ?1 AND uid = ?2 AND joined_seq <=
         (SELECT joined_seq FROM group_past WHERE gid = ?1 AND uid = ?2
          ORDER BY joined_seq DESC LIMIT 1 OFFSET ${PAST_LIMIT})`,
    );
    this.#delete = db.prepare('DELETE FROM group_member WHERE gid = ? AND uid = ?');
    this.#endSide = db.prepare(
      `UPDATE conversation_member SET until_seq = ?, changed_at = ?, left_at = ?, settings = ${SETTINGS_OF_GONE}
       WHERE uid = ? AND conv = ?`,
    );
    this.#keepPast = db.prepare(
      `UPDATE group_past SET delivered_seq = COALESCE(delivered_seq, ?), read_seq = COALESCE(read_seq, ?)
       WHERE gid = ? AND uid = ?`,
    );
    this.#firstUnread = db.prepare(
      `SELECT 1 FROM message m
       WHERE conv = ?1 AND seq > ?2 AND seq < ?3 AND sender <> ?4
         AND kind = ${EVENT_KIND.message} AND status = ${MESSAGE_STATUS.normal} AND EXISTS
         (SELECT 1 FROM group_past p WHERE p.gid = ?5 AND p.uid = ?4 AND m.seq BETWEEN p.joined_seq AND p.left_seq)
       LIMIT 1`,
    );
    this.#passSide = db.prepare(
      `UPDATE conversation_member SET delivered_seq = MAX(delivered_seq, ?3), read_seq = MAX(read_seq, ?4)
       WHERE uid = ?1 AND conv = ?2`,
    );
    this.#passDevices = db.prepare(
      `${DEVICES} UPDATE device_mark SET seq = ?3
       WHERE uid = ?1 AND device IN (SELECT device FROM d WHERE device IS NOT NULL) AND conv = ?2
         AND seq < ?3 AND seq >= ?4`,
    );
    this.#uids = db.prepare('SELECT uid FROM group_member WHERE gid = ?');
    this.#setRole = db.prepare('UPDATE group_member SET role = ? WHERE gid = ? AND uid = ?');
    this.#setMuted = db.prepare('UPDATE group_member SET muted_until = ? WHERE gid = ? AND uid = ?');
    this.#setAlias = db.prepare('UPDATE group_member SET alias = ? WHERE gid = ? AND uid = ?');
  }

  /** `seq`: of the notice that says so, which has just been written. */
  come(state: GroupState, members: readonly Member[], role: GroupRole, seq: number, times: Times): void {
    const since = state.profile.openHistory ? 0 : seq;
    for (const member of members) {
      this.#insert.run(state.gid, member.uid, role, toBytes(''), seq, times.nowMs);
      const isNew = this.#insertSide.run(
        member.uid,
        state.id,
        state.gid,
        seq - 1,
        seq - 1,
        times.stampMs,
        since,
      );
      if (isNew === 0) this.#comeBack(state, member.uid, seq, times);
      this.#counts.came(member.uid);
      member.standing = role;
      member.mutedUntilMs = 0;
      member.alias = '';
    }
    this.#states.count(state, state.memberCount + members.length);
  }

  /** `leftAtMs`: when it was by themselves. */
  go(state: GroupState, members: readonly Member[], seq: number, { stampMs }: Times, leftAtMs = 0): void {
    for (const member of members) {
      this.#insertPast.run(state.gid, member.uid, state.id, seq);
      this.#trimPast.run(state.gid, member.uid);
      this.#delete.run(state.gid, member.uid);
      this.#endSide.run(seq, stampMs, leftAtMs, state.lastN, member.uid, state.id);
      this.#counts.went(member.uid);
      member.standing = OUTSIDER;
      member.mutedUntilMs = 0;
      member.alias = '';
    }
    this.#states.count(state, state.memberCount - members.length);
  }

  /**
   * Nobody is a member any more, and what they may read ends with the log: dissolved_at alone says so. Their rows stay:
   * they are those whom the messages were for.
   */
  dissolve(state: GroupState, nowMs: number): void {
    if (state.memberCount > FOLLOWED_AT_ONCE) this.#counts.forget();
    else for (const row of this.#uids.all(state.gid)) this.#counts.went(integerAt(row, 0));
    state.members.clear();
    this.#states.dissolve(state, nowMs);
  }

  setRole(state: GroupState, member: Member, role: GroupRole): void {
    this.#setRole.run(role, state.gid, member.uid);
    member.standing = role;
  }

  setMuted(state: GroupState, member: Member, untilMs: number): void {
    this.#setMuted.run(untilMs, state.gid, member.uid);
    member.mutedUntilMs = untilMs;
  }

  setAlias(state: GroupState, member: Member, alias: string): void {
    this.#setAlias.run(toBytes(alias), state.gid, member.uid);
    member.alias = alias;
  }

  /**
   * The group is in his list again, and his connections are pushed everything, as nobody asks what they wanted before.
   * Marks stay: they walk over what was said meanwhile, and what he missed before he went is still his. Where he may
   * read what was said meanwhile they would stop there: one that had come to the end of his earlier time begins at his
   * return, like that of somebody new, and what it said of that time is kept with it, for whoever asks who has read it.
   * One that had not must not pass what he never got. Likewise with what is read, where a device begins that has no mark.
   */
  #comeBack(state: GroupState, uid: number, seq: number, { stampMs }: Times): void {
    const row = this.#settings.first(uid, state.id);
    if (row === undefined) throw new TypeError('a side of a conversation was there and is not');
    const { openHistory } = state.profile;
    this.#setSide.run(openHistory ? 0 : seq, settingsOfReturned(row, 0), stampMs, uid, state.id);
    if (!openHistory) return;
    const [got, read, leftSeq] = [integerAt(row, 1), integerAt(row, 2), integerAt(row, 3)];
    // The notice of his going he need not have got: he comes back. What is erased stops nobody.
    const lastSeq = leftSeq > integerAt(row, 4) ? leftSeq - 1 : 0;
    const hasGotAll = got >= lastSeq;
    const hasReadAll = read >= lastSeq || this.#hasReadAll(state, uid, read, leftSeq);
    this.#keepPast.run(hasGotAll ? got : null, hasReadAll ? read : null, state.gid, uid);
    this.#passSide.run(uid, state.id, hasGotAll ? seq - 1 : 0, hasReadAll ? seq - 1 : 0);
    this.#passDevices.run(uid, state.id, seq - 1, lastSeq);
  }

  /** Of what was said while he was a member and is still there; what happened to the group is read by nobody. */
  #hasReadAll({ id, gid }: GroupState, uid: number, read: number, leftSeq: number): boolean {
    if (leftSeq - read > UNREAD_WALK) return false;
    return this.#firstUnread.first(id, read, leftSeq, uid, gid) === undefined;
  }
}
