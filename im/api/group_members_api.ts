/** group/members, invite, remove, exit, admin, mute, ban, unban, bans, alias: who is in a group, and as what. */
import { imError } from '../errors.js';
import {
  GROUP_ROLE,
  MUTED_FOR_EVER_MS,
  WORLD_GID,
  type GroupMember,
  type GroupRole,
} from '../message/group.js';
import type { Gid, Uid } from '../message/ids.js';
import type { Presence } from '../presence/interface.js';
import type { GroupStore } from '../store/group_interface.js';
import type { ContactStore, UserStore } from '../store/people_interface.js';
import type { ChangeInput } from './group_api.js';
import { changedAnswer, memberAnswer, type Answer } from './group_answer.js';
import type { Deed, GroupChanges } from './group_changes.js';
import { isWiderThan } from './fields.js';
import { GROUP_WIDTHS } from './group_fields.js';
import type { GroupApiOptions } from './group_options.js';
import type { GroupReader } from './group_reader.js';
import type { Caller } from './interface.js';
import { strangerAnswer } from './user_answer.js';

export interface GroupMembersApiDeps {
  readonly groups: Pick<GroupStore, 'members' | 'bans'>;
  readonly users: Pick<UserStore, 'byUids'>;
  readonly contacts: Pick<ContactStore, 'strangers'>;
  readonly presence: Pick<Presence, 'states'>;
  readonly reader: GroupReader;
  readonly changes: GroupChanges;
  readonly nowMs: () => number;
}

/** Members in one answer, and in the only one of clients that know no pages. */
export const MEMBER_PAGE_COUNT = 500;

/** Bans in one answer: each with the user's names in the casings of all clients. */
export const BAN_PAGE_COUNT = 250;

/** The last member of a page: role and uid, the order of the list. */
export type MemberCursor = Pick<GroupMember, 'role' | 'uid'>;

export interface MembersInput {
  readonly gid: Gid;
  readonly after: MemberCursor | undefined;
  /** Undefined: the client knows no pages. */
  readonly limit: number | undefined;
}

export interface MuteInput extends ChangeInput {
  readonly uid: Uid;
  /** Ms since 1970; 0: he may write again. */
  readonly untilMs: number | undefined;
  /** Instead: from now on, by the server's clock. */
  readonly forMs: number | undefined;
}

export class GroupMembersApi {
  readonly #options: GroupApiOptions;
  readonly #deps: GroupMembersApiDeps;

  constructor(options: GroupApiOptions, deps: GroupMembersApiDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /**
   * Owner and admins first, then by uid; of the group of everybody only people the caller has to do with, so its pages
   * may be short. Throws NO_SUCH_GROUP, GROUP_DISSOLVED, NOT_A_MEMBER.
   */
  async members({ gid, after, limit }: MembersInput, { uid }: Caller): Promise<unknown> {
    await this.#deps.reader.may('readMembers', gid, uid);
    const count = limit ?? MEMBER_PAGE_COUNT;
    const page = await this.#deps.groups.members(gid, after, count);
    const shown = gid === WORLD_GID ? await this.#knownTo(uid, page) : page;
    const members = await this.#described(shown, uid);
    if (after === undefined && limit === undefined) return members;
    const last = page.length === count ? page.at(-1) : undefined;
    return { members, next: last === undefined ? '' : cursorText(last), more: last !== undefined };
  }

  /** Who of them came in is the answer's `uid`; throws where none did. */
  async invite(uids: readonly Uid[], input: ChangeInput, caller: Caller): Promise<unknown> {
    const { gid, clientId } = input;
    checkUids(uids);
    const { groupsPerUserCount: groupLimit } = this.#options;
    const deed: Deed = { do: 'add', uids, how: 'invited', code: '', groupLimit };
    return changedAnswer(gid, await this.#deps.changes.change({ gid, deed, clientId }, caller));
  }

  async remove(uids: readonly Uid[], input: ChangeInput, caller: Caller): Promise<unknown> {
    checkUids(uids);
    return this.#change({ do: 'remove', uids }, input, caller);
  }

  /** Throws OWNER_MUST_STAY. */
  exit(input: ChangeInput, caller: Caller): Promise<unknown> {
    return this.#change({ do: 'exit' }, input, caller);
  }

  setAdmin(uid: Uid, on: boolean, input: ChangeInput, caller: Caller): Promise<unknown> {
    const role: GroupRole = on ? GROUP_ROLE.admin : GROUP_ROLE.member;
    return this.#change({ do: 'role', uid, role }, input, caller);
  }

  async mute({ uid, untilMs, forMs, ...input }: MuteInput, caller: Caller): Promise<unknown> {
    const nowMs = this.#deps.nowMs();
    const until = forMs === undefined ? untilMs : nowMs + forMs;
    if (until === undefined) throw imError('INVALID_PARAMETER', 'until');
    const isOver = until <= nowMs;
    const deed = { do: 'mute', uid, untilMs: isOver ? 0 : Math.min(until, MUTED_FOR_EVER_MS) } as const;
    return this.#change(deed, input, caller);
  }

  ban(uid: Uid, on: boolean, input: ChangeInput, caller: Caller): Promise<unknown> {
    return this.#change({ do: 'ban', uid, on }, input, caller);
  }

  /** What somebody is called in this group: oneself, or by an admin somebody else. Throws NAME_TOO_LONG. */
  async setAlias(alias: string, uid: Uid | undefined, input: ChangeInput, caller: Caller): Promise<unknown> {
    if (isWiderThan(alias, GROUP_WIDTHS.alias))
      throw imError('NAME_TOO_LONG', `${GROUP_WIDTHS.alias} at most`);
    return this.#change({ do: 'alias', uid: uid ?? caller.uid, alias }, input, caller);
  }

  /** Owner and admins. By uid. */
  async bans(
    { gid, after, limit }: { readonly gid: Gid; readonly after: number; readonly limit: number },
    { uid }: Caller,
  ): Promise<unknown> {
    await this.#deps.reader.may('seeBans', gid, uid);
    const uids = await this.#deps.groups.bans(gid, after, limit);
    const users = await this.#deps.users.byUids(uids);
    const more = uids.length === limit;
    return { uid: uids, users: users.map(strangerAnswer), next: more ? (uids.at(-1) ?? 0) : 0, more };
  }

  async #change(deed: Deed, { gid, clientId }: ChangeInput, caller: Caller): Promise<unknown> {
    return changedAnswer(gid, await this.#deps.changes.change({ gid, deed, clientId }, caller));
  }

  /** Nobody chose to be in a room with all these: who is in it would be a list of everybody. */
  async #knownTo(uid: Uid, page: readonly GroupMember[]): Promise<readonly GroupMember[]> {
    const uids = page.map((member) => member.uid);
    const strangers = new Set(await this.#deps.contacts.strangers(uid, uids));
    return page.filter((member) => !strangers.has(member.uid));
  }

  async #described(page: readonly GroupMember[], asker: Uid): Promise<readonly Answer[]> {
    if (page.length === 0) return [];
    const { users, presence, nowMs } = this.#deps;
    const uids = page.map(({ uid }) => uid);
    const [people, states] = await Promise.all([users.byUids(uids), presence.states(asker, uids)]);
    const byUid = new Map(people.map((user) => [user.uid, user]));
    const online = new Set(states.filter((state) => state.online).map(({ uid }) => uid));
    return page.map((member) =>
      memberAnswer(member, {
        user: byUid.get(member.uid),
        isOnline: online.has(member.uid),
        nowMs: nowMs(),
      }),
    );
  }
}

function checkUids(uids: readonly Uid[]): void {
  if (uids.length === 0) throw imError('INVALID_PARAMETER', 'uid');
}

function cursorText({ role, uid }: MemberCursor): string {
  return `${role}_${uid}`;
}
