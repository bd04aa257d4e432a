/** Who may come into a group: requests, links, bans, and the verdict on one user. Rows only, no log. */
import { OUTSIDER, permits } from '../../im/group/permissions.js';
import type { JoinMode } from '../../im/message/group.js';
import type { JoinedHow } from '../../im/message/notice.js';
import {
  GROUP_BAN_LIMIT,
  GROUP_INVITE_LIMIT,
  GROUP_REQUEST_LIMIT,
  LEFT_LATELY_MS,
} from '../../im/store/group_interface.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt, toBytes } from '../../pkg/db/sqlite_row.js';
import type { Refusal } from './flat_batch.js';
import type { GroupCounts } from './group_counts.js';
import type { GroupState, Member } from './group_states.js';
import { WriteRights } from './write_rights.js';

/** How somebody wants to come in, or is brought. */
export interface Admission {
  readonly by: number;
  readonly how: JoinedHow;
  readonly groupLimit: number;
  readonly nowMs: number;
}

export interface NewLink {
  readonly code: string;
  readonly by: number;
  readonly expiresAtMs: number;
  readonly uses: number;
}

/** uses_left of a link that has been used as often as it may. */
const USED_UP = -1;

const NEEDS: Readonly<Record<Exclude<JoinMode, 'open'>, Refusal>> = {
  approval: 'JOIN_NEEDS_APPROVAL',
  invite: 'JOIN_NEEDS_INVITE',
};

export class GroupAdmission {
  readonly #isBanned: Statement;
  readonly #rights: WriteRights;
  readonly #counts: GroupCounts;
  readonly #leftAt: Statement;
  readonly #isContact: Statement;
  readonly #isAsked: Statement;
  readonly #ask: Statement;
  readonly #requestCount: Statement;
  readonly #dropOldest: Statement;
  readonly #dropRequest: Statement;
  readonly #banCount: Statement;
  readonly #ban: Statement;
  readonly #unban: Statement;
  readonly #link: Statement;
  readonly #links: Statement;
  readonly #dropDead: Statement;
  readonly #insertLink: Statement;
  readonly #use: Statement;
  readonly #unlink: Statement;
  readonly #endRequests: Statement;
  readonly #endLinks: Statement;

  constructor(db: SqliteDatabase, counts: GroupCounts) {
    this.#counts = counts;
    this.#rights = new WriteRights(db);
    this.#isBanned = db.prepare('SELECT 1 FROM group_ban WHERE gid = ? AND uid = ?');
    this.#leftAt = db.prepare('SELECT left_at FROM conversation_member WHERE uid = ? AND conv = ?');
    this.#isContact = db.prepare(
      `SELECT 1 FROM contact WHERE uid = ?1 AND peer = ?2
       UNION ALL SELECT 1 FROM relation WHERE uid = ?1 AND peer = ?2 AND white = 1`,
    );
    this.#isAsked = db.prepare('SELECT 1 FROM group_request WHERE gid = ? AND uid = ?');
    this.#ask = db.prepare('INSERT INTO group_request (gid, uid, comment, asked_at) VALUES (?, ?, ?, ?)');
    this.#requestCount = db.prepare('SELECT COUNT(*) FROM group_request WHERE gid = ?');
    this.#dropOldest = db.prepare(
      'DELETE FROM group_request WHERE id = (SELECT MIN(id) FROM group_request WHERE gid = ?)',
    );
    this.#dropRequest = db.prepare('DELETE FROM group_request WHERE gid = ? AND uid = ?');
    this.#banCount = db.prepare('SELECT COUNT(*) FROM group_ban WHERE gid = ?');
    this.#ban = db.prepare(
      'INSERT INTO group_ban (gid, uid, banned_by, banned_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#unban = db.prepare('DELETE FROM group_ban WHERE gid = ? AND uid = ?');
    this.#link = db.prepare('SELECT gid, expires_at, uses_left FROM group_invite WHERE code = ?');
    this.#links = db.prepare('SELECT COUNT(*) FROM group_invite WHERE gid = ?');
    this.#dropDead = db.prepare(
      `DELETE FROM group_invite WHERE gid = ? AND (uses_left = ${USED_UP} OR (expires_at <> 0 AND expires_at <= ?))`,
    );
    this.#insertLink = db.prepare(
      'INSERT INTO group_invite (code, gid, made_by, expires_at, uses_left) VALUES (?, ?, ?, ?, ?)',
    );
    this.#use = db.prepare(
      `UPDATE group_invite SET uses_left = CASE uses_left WHEN 0 THEN 0 WHEN 1 THEN ${USED_UP} ELSE uses_left - 1 END
       WHERE code = ?`,
    );
    this.#unlink = db.prepare('DELETE FROM group_invite WHERE code = ? AND gid = ?');
    this.#endRequests = db.prepare('DELETE FROM group_request WHERE gid = ?');
    this.#endLinks = db.prepare('DELETE FROM group_invite WHERE gid = ?');
  }

  /** Why `member`, who is none yet, may not come in; undefined: he may. */
  refusal(state: GroupState, member: Member, admission: Admission): Refusal | undefined {
    if (member.standing !== OUTSIDER) return 'ALREADY_MEMBER';
    if (this.isBanned(state, member)) return 'GROUP_BANNED';
    if (!member.isUser || member.isClosed) return 'NO_SUCH_USER';
    const { how, groupLimit } = admission;
    const { joinMode } = state.profile;
    if (how === 'open' && joinMode !== 'open') return NEEDS[joinMode];
    if (how === 'approved' && !this.hasAsked(state, member.uid)) return 'NO_SUCH_REQUEST';
    const unwilling = how === 'invited' ? this.#unwillingness(state, member, admission) : undefined;
    if (unwilling !== undefined) return unwilling;
    return this.isInTooMany(member.uid, groupLimit) ? 'TOO_MANY_GROUPS' : undefined;
  }

  /** Why he may not be brought along by whoever it is. */
  #unwillingness(state: GroupState, { uid }: Member, { by, nowMs }: Admission): Refusal | undefined {
    const verdict = this.#rights.verdict(by, uid);
    if (verdict !== 'ok') return verdict;
    const leftAtMs = integerAt(this.#leftAt.first(uid, state.id) ?? [0], 0);
    if (leftAtMs === 0 || leftAtMs + LEFT_LATELY_MS <= nowMs) return undefined;
    return this.#isContact.first(uid, by) === undefined ? 'LEFT_LATELY' : undefined;
  }

  isBanned(state: GroupState, { uid }: Member): boolean {
    return this.#isBanned.first(state.gid, uid) !== undefined;
  }

  isInTooMany(uid: number, groupLimit: number): boolean {
    return this.#counts.isAtLeast(uid, groupLimit);
  }

  /** Why `by` may not let people in like that. */
  actorRefusal(state: GroupState, actor: Member, how: JoinedHow): Refusal | undefined {
    if (how === 'open' || how === 'link') return undefined;
    const isOpen = state.profile.joinMode === 'open';
    const operation = how === 'approved' ? 'answerRequest' : 'invite';
    if (permits(operation, actor.standing, { isOpen })) return undefined;
    return actor.standing === OUTSIDER ? 'NOT_A_MEMBER' : 'NO_PERMISSION';
  }

  hasAsked(state: GroupState, uid: number): boolean {
    return this.#isAsked.first(state.gid, uid) !== undefined;
  }

  /**
   * The last one that somebody made counts, as the newest; where there are too many the oldest goes. True where he
   * had asked before.
   */
  ask(state: GroupState, uid: number, comment: string, nowMs: number): boolean {
    const isRepeated = this.dropRequest(state, uid);
    if (integerAt(this.#requestCount.first(state.gid) ?? [0], 0) >= GROUP_REQUEST_LIMIT)
      this.#dropOldest.run(state.gid);
    this.#ask.run(state.gid, uid, toBytes(comment), nowMs);
    return isRepeated;
  }

  /** False where he has not asked. */
  dropRequest(state: GroupState, uid: number): boolean {
    return this.#dropRequest.run(state.gid, uid) === 1;
  }

  /** Also where he is banned already. */
  hasRoomForBan(state: GroupState, member: Member): boolean {
    return (
      this.isBanned(state, member) || integerAt(this.#banCount.first(state.gid) ?? [0], 0) < GROUP_BAN_LIMIT
    );
  }

  /** False where he was banned already. */
  ban(state: GroupState, uid: number, by: number, nowMs: number): boolean {
    return this.#ban.run(state.gid, uid, by, nowMs) === 1;
  }

  unban(state: GroupState, uid: number): void {
    this.#unban.run(state.gid, uid);
  }

  isGood(state: GroupState, code: string, nowMs: number): boolean {
    const row = this.#link.first(code);
    if (row === undefined || integerAt(row, 0) !== state.gid || integerAt(row, 2) === USED_UP) return false;
    const expiresAtMs = integerAt(row, 1);
    return expiresAtMs === 0 || expiresAtMs > nowMs;
  }

  use(code: string): void {
    this.#use.run(code);
  }

  /** Links that let nobody in any more make room for new ones. */
  link(state: GroupState, { code, by, expiresAtMs, uses }: NewLink, nowMs: number): Refusal | undefined {
    const kept = this.#link.first(code);
    if (kept !== undefined) return integerAt(kept, 0) === state.gid ? undefined : 'INVALID_PARAMETER';
    if (this.#linkCount(state) >= GROUP_INVITE_LIMIT) this.#dropDead.run(state.gid, nowMs);
    if (this.#linkCount(state) >= GROUP_INVITE_LIMIT) return 'TOO_MANY_INVITES';
    this.#insertLink.run(code, state.gid, by, expiresAtMs, uses);
    return undefined;
  }

  unlink(state: GroupState, code: string): void {
    this.#unlink.run(code, state.gid);
  }

  /** Of a group that has been dissolved. */
  end(state: GroupState): void {
    this.#endRequests.run(state.gid);
    this.#endLinks.run(state.gid);
  }

  #linkCount(state: GroupState): number {
    return integerAt(this.#links.first(state.gid) ?? [0], 0);
  }
}
