/**
 * Groups in the store: what may be changed, through the append and so under the lock of the group's conversation
 * (im/store/interface.ts), and what may be asked. Who may do what is decided by im/group/permissions.ts.
 */
import type { Group, GroupMember, GroupProfile, GroupRole } from '../message/group.js';
import type { Gid, Seq, Uid } from '../message/ids.js';
import type { JoinedHow } from '../message/notice.js';
import type { Interest } from '../message/settings.js';

interface ByMember {
  readonly kind: 'group';
  /** Who does it: authenticated, and the `from` of the event that comes with it. */
  readonly by: Uid;
}

/**
 * A change of a group. With those that are told (all but `ask`, `link`, `unlink`, `deny`) comes an event of kind
 * `notice` whose content the store writes. What changes nothing (a member made a member) writes no event and is
 * `changed`. Every change is refused with NO_SUCH_GROUP, GROUP_DISSOLVED, NOT_A_MEMBER (`by`), NO_PERMISSION (the
 * table says no), BANNED (his account).
 */
export type GroupChange = ByMember &
  (
    | {
        readonly do: 'create';
        readonly profile: Required<GroupProfile>;
        readonly memberLimit: number;
        /**
         * Besides the owner. Those that do not exist, that the owner may not write to, or that are in `groupLimit`
         * groups, are left out; the owner himself: TOO_MANY_GROUPS.
         */
        readonly uids: readonly Uid[];
        readonly groupLimit: number;
      }
    /**
     * `uids` come in. `open`, `link`: `by` himself; `approved`: those who asked; `invited`: whom an admin brings, or
     * any member in an open group. Left out are members, banned and unknown users, those whom `by` may not
     * write to (invited), those who left by themselves within LEFT_LATELY_MS (invited, by who is no contact of
     * theirs), those above `groupLimit` groups. Where none is left the first one's reason is the refusal:
     * ALREADY_MEMBER, GROUP_BANNED, NO_SUCH_USER, BLOCKED, CONTACTS_ONLY, LEFT_LATELY, TOO_MANY_GROUPS, JOIN_NEEDS_APPROVAL, JOIN_NEEDS_INVITE,
     * WRONG_INVITE. GROUP_FULL where not all of them fit, and then none comes in.
     */
    | {
        readonly do: 'add';
        readonly uids: readonly Uid[];
        readonly how: JoinedHow;
        /** Of a `link`; else ''. */
        readonly code: string;
        readonly groupLimit: number;
      }
    /** Asks to be let in; an earlier request is replaced (`isRepeated`). ALREADY_MEMBER, GROUP_BANNED, JOIN_NEEDS_INVITE. */
    | { readonly do: 'ask'; readonly comment: string }
    /** Answers a request with no. */
    | { readonly do: 'deny'; readonly uid: Uid }
    /** `by` himself goes. OWNER_MUST_STAY. */
    | { readonly do: 'exit' }
    /** Those who are members; where none is: NOT_A_MEMBER. */
    | { readonly do: 'remove'; readonly uids: readonly Uid[] }
    /** Removes, and keeps out; `on: false` lets him be added again. No event where he was no member. TOO_MANY_BANS. */
    | { readonly do: 'ban'; readonly uid: Uid; readonly on: boolean }
    | { readonly do: 'role'; readonly uid: Uid; readonly role: GroupRole }
    /** Hands the group over; `by` is a member then. */
    | { readonly do: 'owner'; readonly uid: Uid }
    | { readonly do: 'mute'; readonly uid: Uid; readonly untilMs: number }
    | { readonly do: 'muteAll'; readonly on: boolean }
    | { readonly do: 'profile'; readonly profile: GroupProfile }
    /** MEMBER_MUTED, GROUP_MUTED: one's own, as it is told to everybody. */
    | { readonly do: 'alias'; readonly uid: Uid; readonly alias: string }
    | { readonly do: 'dissolve' }
    /** A link by which one comes in, so often and until then. 0: without limit. TOO_MANY_INVITES. */
    | {
        readonly do: 'link';
        readonly code: string;
        readonly expiresAtMs: number;
        readonly uses: number;
      }
    | { readonly do: 'unlink'; readonly code: string }
  );

export type GroupDeed = GroupChange['do'];

/** Of one user: a group that he is in, as the gateway needs it to push him what is said there. */
export interface Membership {
  readonly uid: Uid;
  readonly gid: Gid;
  readonly joinedSeq: Seq;
  readonly interest: Interest;
}

/** All read in one snapshot. */
export interface MembershipPage {
  readonly memberships: readonly Membership[];
  /** Of each group among them: the last event of its log. */
  readonly lastSeqs: readonly { readonly gid: Gid; readonly lastSeq: Seq }[];
}

export interface GroupRequest {
  /** Its place in the order in which they asked, over all groups. */
  readonly no: number;
  readonly gid: Gid;
  readonly uid: Uid;
  readonly comment: string;
  readonly askedAtMs: number;
}

export interface GroupInvite {
  readonly gid: Gid;
  readonly code: string;
  readonly by: Uid;
  /** 0: never. */
  readonly expiresAtMs: number;
  /** 0: without limit; -1: used up. */
  readonly usesLeft: number;
}

export interface GroupStore {
  /** A gid that nobody else gets. */
  leaseGid(): Promise<Gid>;
  /** Unknown ones are absent; dissolved ones are there. */
  byGids(gids: readonly Gid[]): Promise<readonly Group[]>;
  /** The one that `uid` made by a `create` with that client id, whatever has become of it. */
  createdAs(uid: Uid, clientId: string): Promise<Gid | undefined>;
  /** By a code of `link`, whether or not it is still good. */
  byInvite(code: string): Promise<{ readonly group: Group; readonly invite: GroupInvite } | undefined>;
  /** The groups that he is a member of, by gid. */
  groupsOf(uid: Uid): Promise<readonly { readonly group: Group; readonly member: GroupMember }[]>;
  /** By role, then uid: owner and admins first. `after`: the last of the page before. */
  members(
    gid: Gid,
    after: Pick<GroupMember, 'role' | 'uid'> | undefined,
    limit: number,
  ): Promise<readonly GroupMember[]>;
  /** Those of `uids` who are members now. */
  membersAmong(gid: Gid, uids: readonly Uid[]): Promise<readonly GroupMember[]>;
  /** Owner and admins. */
  admins(gid: Gid): Promise<readonly Uid[]>;
  /** Oldest first, after the one of that number; `limit` left out: GROUP_REQUEST_LIMIT, which are all. */
  requests(gid: Gid, afterNo?: number, limit?: number): Promise<readonly GroupRequest[]>;
  invites(gid: Gid): Promise<readonly GroupInvite[]>;
  /** By uid, after `afterUid`. */
  bans(gid: Gid, afterUid: number, limit: number): Promise<readonly Uid[]>;
  memberships(uids: readonly Uid[]): Promise<MembershipPage>;
}

export const GROUP_REQUEST_LIMIT = 1000;
export const GROUP_INVITE_LIMIT = 100;
export const GROUP_BAN_LIMIT = 10_000;
/** So long whoever left by himself is brought back by nobody but his contacts. */
export const LEFT_LATELY_MS = 86_400_000;
