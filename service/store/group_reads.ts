/**
 * What is asked of groups. Of a dissolved group the rows of members are still there: nobody is a member of it.
 * Every statement goes by a key or an index of its tables, none over a table.
 */
import { GROUP_ROLE, type Group, type GroupMember } from '../../im/message/group.js';
import type { Gid, Seq, Uid } from '../../im/message/ids.js';
import {
  GROUP_INVITE_LIMIT,
  GROUP_REQUEST_LIMIT,
  type GroupInvite,
  type GroupRequest,
  type Membership,
  type MembershipPage,
} from '../../im/store/group_interface.js';
import type { Row, SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt, textAt, toBytes } from '../../pkg/db/sqlite_row.js';
import { seqAt, uidAt } from './event_row.js';
import { gidAt, joinModeAt, roleAt } from './group_row.js';
import { settingsAt } from './settings_row.js';

/** In the order that groupOf reads; the table goes by the name `g`, its conversation by `c`. */
const GROUP_COLUMNS = `g.gid, g.name, g.avatar, g.announcement, g.owner, g.join_mode, g.open_history, g.muted,
  g.dissolved_at, IIF(g.dissolved_at = 0, g.member_count, 0), g.member_limit, g.created_at, c.last_seq, c.last_mid, c.last_at`;
/** How many columns that is: where the next one of a row stands. */
const GROUP_COLUMN_COUNT = 15;
const LOG = "conversation c ON c.name = 'g' || g.gid";

/** In the order that memberOf reads; the table goes by the name `m`. */
const MEMBER_COLUMNS = 'm.uid, m.role, m.alias, m.muted_until, m.joined_seq, m.joined_at';
const LIVES = 'EXISTS (SELECT 1 FROM chat_group g WHERE g.gid = m.gid AND g.dissolved_at = 0)';

export class GroupReads {
  readonly #db: SqliteDatabase;
  readonly #byGid: Statement;
  readonly #byMaker: Statement;
  readonly #byCode: Statement;
  readonly #ofUser: Statement;
  readonly #members: Statement;
  readonly #member: Statement;
  readonly #admins: Statement;
  readonly #requests: Statement;
  readonly #invites: Statement;
  readonly #bans: Statement;
  readonly #memberships: Statement;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#byGid = db.prepare(`SELECT ${GROUP_COLUMNS} FROM chat_group g JOIN ${LOG} WHERE g.gid = ?`);
    this.#byMaker = db.prepare(
      'SELECT gid FROM chat_group WHERE made_by = ? AND client_id = ? ORDER BY gid LIMIT 1',
    );
    this.#byCode = db.prepare(
      'SELECT i.gid, i.code, i.made_by, i.expires_at, i.uses_left FROM group_invite i WHERE i.code = ?',
    );
    // By group_member_by_uid, the rest by key.
    this.#ofUser = db.prepare(
      `SELECT ${GROUP_COLUMNS}, ${MEMBER_COLUMNS} FROM group_member m
       JOIN chat_group g ON g.gid = m.gid JOIN ${LOG}
       WHERE m.uid = ? AND g.dissolved_at = 0 ORDER BY m.gid`,
    );
    // By group_member_by_role.
    this.#members = db.prepare(
      `SELECT ${MEMBER_COLUMNS} FROM group_member m
       WHERE m.gid = ?1 AND (m.role, m.uid) > (?2, ?3) AND ${LIVES} ORDER BY m.role, m.uid LIMIT ?4`,
    );
    this.#member = db.prepare(
      `SELECT ${MEMBER_COLUMNS} FROM group_member m WHERE m.gid = ? AND m.uid = ? AND ${LIVES}`,
    );
    this.#admins = db.prepare(
      `SELECT m.uid FROM group_member m WHERE m.gid = ? AND m.role <= ${GROUP_ROLE.admin} AND ${LIVES}
       ORDER BY m.role, m.uid`,
    );
    // By (gid, uid), then sorted: there are no more of a group than the limit.
    this.#requests = db.prepare(
      'SELECT gid, uid, comment, asked_at, id FROM group_request WHERE gid = ? AND id > ? ORDER BY id LIMIT ?',
    );
    // By group_invite_by_gid.
    this.#invites = db.prepare(
      `SELECT gid, code, made_by, expires_at, uses_left FROM group_invite WHERE gid = ? ORDER BY code
       LIMIT ${GROUP_INVITE_LIMIT}`,
    );
    this.#bans = db.prepare('SELECT uid FROM group_ban WHERE gid = ? AND uid > ? ORDER BY uid LIMIT ?');
    // By group_member_by_uid, the rest by key.
    this.#memberships = db.prepare(
      `SELECT m.gid, m.joined_seq, s.settings, c.last_n, c.last_seq
       FROM group_member m
       JOIN chat_group g ON g.gid = m.gid
       JOIN ${LOG}
       JOIN conversation_member s ON s.uid = m.uid AND s.conv = c.id
       WHERE m.uid = ? AND g.dissolved_at = 0 ORDER BY m.gid`,
    );
  }

  groups(gids: readonly Gid[]): readonly Group[] {
    return this.#db.read(() => gids.flatMap((gid) => this.#groupBy(gid) ?? []));
  }

  groupCreatedAs(uid: Uid, clientId: string): Gid | undefined {
    const row = this.#byMaker.first(uid, toBytes(clientId));
    return row === undefined ? undefined : gidAt(row, 0);
  }

  groupByInvite(code: string): { group: Group; invite: GroupInvite } | undefined {
    return this.#db.read(() => {
      const row = this.#byCode.first(code);
      if (row === undefined) return undefined;
      const group = this.#groupBy(gidAt(row, 0));
      return group === undefined ? undefined : { group, invite: inviteOf(row) };
    });
  }

  groupsOf(uid: Uid): readonly { group: Group; member: GroupMember }[] {
    return this.#ofUser
      .all(uid)
      .map((row) => ({ group: groupOf(row), member: memberOf(row, GROUP_COLUMN_COUNT) }));
  }

  members(
    gid: Gid,
    after: Pick<GroupMember, 'role' | 'uid'> | undefined,
    limit: number,
  ): readonly GroupMember[] {
    const rows = this.#members.all(gid, after?.role ?? 0, after?.uid ?? 0, limit);
    return rows.map((row) => memberOf(row, 0));
  }

  membersAmong(gid: Gid, uids: readonly Uid[]): readonly GroupMember[] {
    return this.#db.read(() =>
      uids.flatMap((uid) => {
        const row = this.#member.first(gid, uid);
        return row === undefined ? [] : [memberOf(row, 0)];
      }),
    );
  }

  admins(gid: Gid): readonly Uid[] {
    return this.#admins.all(gid).map((row) => uidAt(row, 0));
  }

  requests(gid: Gid, afterNo = 0, limit = GROUP_REQUEST_LIMIT): readonly GroupRequest[] {
    return this.#requests.all(gid, afterNo, limit).map((row) => ({
      no: integerAt(row, 4),
      gid: gidAt(row, 0),
      uid: uidAt(row, 1),
      comment: textAt(row, 2),
      askedAtMs: integerAt(row, 3),
    }));
  }

  invites(gid: Gid): readonly GroupInvite[] {
    return this.#invites.all(gid).map(inviteOf);
  }

  bans(gid: Gid, afterUid: number, limit: number): readonly Uid[] {
    return this.#bans.all(gid, afterUid, limit).map((row) => uidAt(row, 0));
  }

  memberships(uids: readonly Uid[]): MembershipPage {
    return this.#db.read(() => {
      const memberships: Membership[] = [];
      const lastSeqs = new Map<Gid, Seq>();
      for (const uid of uids) {
        for (const row of this.#memberships.all(uid)) {
          const gid = gidAt(row, 0);
          const { interest } = settingsAt(row, 2, integerAt(row, 3));
          memberships.push({ uid, gid, joinedSeq: seqAt(row, 1), interest });
          lastSeqs.set(gid, seqAt(row, 4));
        }
      }
      return { memberships, lastSeqs: [...lastSeqs].map(([gid, lastSeq]) => ({ gid, lastSeq })) };
    });
  }

  #groupBy(gid: Gid): Group | undefined {
    const row = this.#byGid.first(gid);
    return row === undefined ? undefined : groupOf(row);
  }
}

function groupOf(row: Row): Group {
  return {
    gid: gidAt(row, 0),
    name: textAt(row, 1),
    avatar: textAt(row, 2),
    announcement: textAt(row, 3),
    owner: integerAt(row, 4) === 0 ? 0 : uidAt(row, 4),
    joinMode: joinModeAt(row, 5),
    openHistory: integerAt(row, 6) !== 0,
    isMuted: integerAt(row, 7) !== 0,
    isDissolved: integerAt(row, 8) !== 0,
    memberCount: integerAt(row, 9),
    memberLimit: integerAt(row, 10),
    createdAtMs: integerAt(row, 11),
    lastSeq: seqAt(row, 12),
    lastMid: integerAt(row, 13),
    lastAtMs: integerAt(row, 14),
  };
}

function memberOf(row: Row, column: number): GroupMember {
  return {
    uid: uidAt(row, column),
    role: roleAt(row, column + 1),
    alias: textAt(row, column + 2),
    mutedUntilMs: integerAt(row, column + 3),
    joinedSeq: seqAt(row, column + 4),
    joinedAtMs: integerAt(row, column + 5),
  };
}

function inviteOf(row: Row): GroupInvite {
  return {
    gid: gidAt(row, 0),
    code: textAt(row, 1),
    by: uidAt(row, 2),
    expiresAtMs: integerAt(row, 3),
    usesLeft: integerAt(row, 4),
  };
}
