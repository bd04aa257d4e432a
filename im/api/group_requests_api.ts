/** group/join, requests, requests/answer: how somebody comes into a group by himself. */
import { imError, isError } from '../errors.js';
import { WORLD_GID } from '../message/group.js';
import type { Gid, Uid } from '../message/ids.js';
import { toSeconds } from '../message/wire_time.js';
import type { GroupRequest, GroupStore } from '../store/group_interface.js';
import type { User, UserStore } from '../store/people_interface.js';
import { changedAnswer, type Answer } from './group_answer.js';
import { namedIn, type Changed, type GroupChanges } from './group_changes.js';
import type { GroupNotices } from './group_notices.js';
import type { GroupRoomOptions } from './group_options.js';
import type { GroupReader } from './group_reader.js';
import type { Caller } from './interface.js';
import { strangerAnswer } from './user_answer.js';

export interface GroupRequestsApiDeps {
  readonly groups: Pick<GroupStore, 'byInvite' | 'membersAmong' | 'requests'>;
  readonly users: Pick<UserStore, 'byUids'>;
  readonly reader: GroupReader;
  readonly changes: GroupChanges;
  readonly notices: GroupNotices;
}

export interface JoinInput {
  /** Undefined: the one that the code is of. */
  readonly gid: Gid | undefined;
  /** Of an invite link; '' for none. */
  readonly code: string;
  /** For the admins, where they are asked. */
  readonly comment: string;
  readonly clientId: string | undefined;
}

/** Requests in one answer, and in the only one of clients that know no pages: each with an avatar. */
export const REQUEST_PAGE_COUNT = 200;

export interface RequestsInput {
  readonly gid: Gid;
  /** Number of the last request of the page before; undefined, with `limit`: the client knows no pages. */
  readonly after: number | undefined;
  readonly limit: number | undefined;
}

type JoinState = 'joined' | 'asked';

/** Whoever is in as many groups as he may still comes into the one of everybody. */
const NO_GROUP_LIMIT = 2 ** 31 - 1;

export class GroupRequestsApi {
  readonly #options: GroupRoomOptions;
  readonly #deps: GroupRequestsApiDeps;

  constructor(options: GroupRoomOptions, deps: GroupRequestsApiDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /**
   * In at once, or by `asked` on the list of requests. Throws WRONG_INVITE, ALREADY_MEMBER, GROUP_BANNED,
   * GROUP_FULL, JOIN_NEEDS_INVITE, TOO_MANY_GROUPS; NOT_A_MEMBER where it is a repeat and he has gone since.
   */
  async join(input: JoinInput, caller: Caller): Promise<unknown> {
    const gid = input.gid ?? (await this.#gidOf(input.code));
    if (gid === WORLD_GID && !this.#options.worldChannel) throw imError('NO_SUCH_GROUP');
    const joined = await this.#enter(gid, input, caller);
    if (joined !== undefined) {
      if (joined.isRepeat === true) await this.#checkStillIn(gid, caller);
      return joinAnswer(gid, 'joined', joined);
    }
    const { comment } = input;
    const deed = { do: 'ask', comment } as const;
    const asked = await this.#deps.changes.change({ gid, deed, clientId: undefined }, caller);
    // Whoever asks again is on the list already: the admins have been told.
    if (asked.isRepeat !== true) await this.#deps.notices.asked(gid, caller.uid, comment);
    return joinAnswer(gid, 'asked', { seq: 0, notice: undefined });
  }

  /** Into the group of everybody, where the caller is not in it yet. Throws NO_SUCH_GROUP where there is none. */
  async enterWorld(caller: Caller): Promise<void> {
    try {
      await this.join({ gid: WORLD_GID, code: '', comment: '', clientId: undefined }, caller);
    } catch (error) {
      if (!isError(error, 'ALREADY_MEMBER')) throw error;
    }
  }

  /** Oldest first. Owner and admins. */
  async requests({ gid, after, limit }: RequestsInput, { uid }: Caller): Promise<unknown> {
    await this.#deps.reader.may('readRequests', gid, uid);
    const count = limit ?? REQUEST_PAGE_COUNT;
    const page = await this.#deps.groups.requests(gid, after ?? 0, count);
    const users = await this.#deps.users.byUids(page.map((request) => request.uid));
    const byUid = new Map(users.map((user) => [user.uid, user]));
    const requests = page.flatMap((request) => requestAnswer(request, byUid.get(request.uid)));
    if (after === undefined && limit === undefined) return requests;
    const last = page.length === count ? page.at(-1) : undefined;
    return { requests, next: last?.no ?? 0, more: last !== undefined };
  }

  /**
   * Each of `uids` is let in, or not: then he is not told. Whoever is a member already is no error, so the same
   * again does no harm. Throws NO_SUCH_REQUEST naming those who had not asked, when all others have been answered.
   */
  async answer(
    { uids, agree, gid }: { readonly gid: Gid; readonly uids: readonly Uid[]; readonly agree: boolean },
    caller: Caller,
  ): Promise<unknown> {
    if (uids.length === 0) throw imError('INVALID_PARAMETER', 'uid');
    const missing: Uid[] = [];
    const came: Uid[] = [];
    let seq: Changed['seq'] = 0;
    for (const uid of uids) {
      try {
        const changed = await this.#answerOne({ uid, agree, gid }, caller);
        if (changed.seq > seq) ({ seq } = changed);
        came.push(...namedIn(changed.notice));
      } catch (error) {
        if (isError(error, 'NO_SUCH_REQUEST')) missing.push(uid);
        else if (!isError(error, 'ALREADY_MEMBER')) throw error;
      }
    }
    if (missing.length > 0) throw imError('NO_SUCH_REQUEST', missing.join(', '));
    return { Gid: gid, Seq: seq, Uid: came, gid, seq, uid: came, changed: seq !== 0 };
  }

  async #answerOne(
    { uid, agree, gid }: { readonly gid: Gid; readonly uid: Uid; readonly agree: boolean },
    caller: Caller,
  ): Promise<Changed> {
    const { changes } = this.#deps;
    const clientId = undefined;
    if (!agree) return changes.change({ gid, deed: { do: 'deny', uid }, clientId }, caller);
    const { groupsPerUserCount: groupLimit } = this.#options;
    const deed = { do: 'add', uids: [uid], how: 'approved', code: '', groupLimit } as const;
    return changes.change({ gid, deed, clientId }, caller);
  }

  /** Undefined where an admin has to agree. */
  async #enter(gid: Gid, { code, clientId }: JoinInput, caller: Caller): Promise<Changed | undefined> {
    const groupLimit = gid === WORLD_GID ? NO_GROUP_LIMIT : this.#options.groupsPerUserCount;
    const how = code === '' ? 'open' : 'link';
    try {
      const deed = { do: 'add', uids: [caller.uid], how, code, groupLimit } as const;
      return await this.#deps.changes.change({ gid, deed, clientId }, caller);
    } catch (error) {
      if (isError(error, 'JOIN_NEEDS_APPROVAL')) return undefined;
      throw error;
    }
  }

  async #checkStillIn(gid: Gid, { uid }: Caller): Promise<void> {
    const [member] = await this.#deps.groups.membersAmong(gid, [uid]);
    if (member === undefined) throw imError('NOT_A_MEMBER');
  }

  async #gidOf(code: string): Promise<Gid> {
    if (code === '') throw imError('INVALID_PARAMETER', 'gid');
    const found = await this.#deps.groups.byInvite(code);
    if (found === undefined) throw imError('WRONG_INVITE');
    return found.group.gid;
  }
}

function joinAnswer(gid: Gid, state: JoinState, changed: Changed): Answer {
  return { ...changedAnswer(gid, changed), State: state, state };
}

function requestAnswer({ gid, comment, askedAtMs }: GroupRequest, user: User | undefined): readonly Answer[] {
  if (user === undefined) return [];
  return [
    {
      ...strangerAnswer(user),
      Gid: gid,
      Comment: comment,
      AskedAt: toSeconds(askedAtMs),
      gid,
      comment,
      askedAt: askedAtMs,
    },
  ];
}
