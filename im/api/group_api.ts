/** group/create, info, list, update, owner, mute/all, dissolve: groups themselves. Their members: group_members_api.ts. */
import { RecentMap } from '../../pkg/limit/recent_map.js';
import { imError } from '../errors.js';
import type { GroupProfile } from '../message/group.js';
import type { Gid, Uid } from '../message/ids.js';
import type { GroupStore } from '../store/group_interface.js';
import { changedAnswer, groupAnswer, listedAnswer, outsideAnswer, ownPartAnswer } from './group_answer.js';
import { namedIn, type Deed, type GroupChanges } from './group_changes.js';
import { isWiderThan } from './fields.js';
import { GROUP_WIDTHS } from './group_fields.js';
import type { GroupApiOptions } from './group_options.js';
import type { Caller } from './interface.js';
import type { StrangerLookups } from './stranger_lookups.js';

export interface GroupApiDeps {
  readonly groups: Pick<GroupStore, 'leaseGid' | 'createdAs' | 'byGids' | 'membersAmong' | 'groupsOf'>;
  readonly changes: GroupChanges;
  readonly strangers: Pick<StrangerLookups, 'chargeGroups'>;
}

/** What every change of a group may have besides. */
export interface ChangeInput {
  readonly gid: Gid;
  readonly clientId: string | undefined;
}

export interface CreateInput extends Pick<ChangeInput, 'clientId'> {
  readonly name: string;
  readonly profile: Omit<Required<GroupProfile>, 'name'>;
  readonly uids: readonly Uid[];
}

/** Creations remembered by their client ids, for repeats while the first is under way; of others the store knows. */
const CREATION_COUNT = 10_000;

export class GroupApi {
  readonly #options: GroupApiOptions;
  readonly #deps: GroupApiDeps;
  readonly #created = new RecentMap<string, Promise<Gid>>(CREATION_COUNT);

  constructor(options: GroupApiOptions, deps: GroupApiDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** The caller owns it. Throws NAME_TOO_LONG, GROUP_FULL, TOO_MANY_GROUPS. */
  async create({ name, profile, uids, clientId }: CreateInput, caller: Caller): Promise<unknown> {
    const { groupMemberCount: memberLimit, groupsPerUserCount: groupLimit } = this.#options;
    checkName(name);
    const others = uids.filter((uid) => uid !== caller.uid);
    if (others.length + 1 > memberLimit) throw imError('GROUP_FULL');
    const gid = await this.#gidOf(clientId, caller);
    const deed: Deed = {
      do: 'create',
      profile: { name, ...profile },
      memberLimit,
      uids: others,
      groupLimit,
    };
    const { notice } = await this.#deps.changes.change({ gid, deed, clientId }, caller);
    return { Gid: gid, gid, uid: namedIn(notice) };
  }

  /** Unknown ones are left out. Throws NO_SUCH_GROUP where none is known. `addressKey`: limitKeyOf. */
  async info(gids: readonly Gid[], { uid }: Caller, addressKey: string): Promise<unknown> {
    if (gids.length === 0) return [];
    const { groups, strangers } = this.#deps;
    const found = await groups.byGids(gids);
    const parts = await Promise.all(found.map(({ gid }) => groups.membersAmong(gid, [uid])));
    const own = new Set(parts.flatMap((part, index) => (part.length > 0 ? [found[index]?.gid] : [])));
    strangers.chargeGroups(uid, gids.length - own.size, addressKey);
    // A public client reads the first element of whatever it gets.
    if (found.length === 0) throw imError('NO_SUCH_GROUP');
    return found.map((group) => (own.has(group.gid) ? groupAnswer(group) : outsideAnswer(group)));
  }

  /** The caller's groups, by gid, with his part in them. */
  async list({ uid }: Caller): Promise<unknown> {
    const own = await this.#deps.groups.groupsOf(uid);
    return own.map(({ group, member }) => ({ ...listedAnswer(group), ...ownPartAnswer(member) }));
  }

  async update(profile: GroupProfile, input: ChangeInput, caller: Caller): Promise<unknown> {
    if (Object.keys(profile).length === 0) throw imError('INVALID_PARAMETER', 'nothing to change');
    if (profile.name !== undefined) checkName(profile.name);
    return this.#change({ do: 'profile', profile }, input, caller);
  }

  handOver(uid: Uid, input: ChangeInput, caller: Caller): Promise<unknown> {
    return this.#change({ do: 'owner', uid }, input, caller);
  }

  muteAll(on: boolean, input: ChangeInput, caller: Caller): Promise<unknown> {
    return this.#change({ do: 'muteAll', on }, input, caller);
  }

  dissolve(input: ChangeInput, caller: Caller): Promise<unknown> {
    return this.#change({ do: 'dissolve' }, input, caller);
  }

  async #change(deed: Deed, { gid, clientId }: ChangeInput, caller: Caller): Promise<unknown> {
    return changedAnswer(gid, await this.#deps.changes.change({ gid, deed, clientId }, caller));
  }

  /** A repeat by client id goes to the gid of the first: there the store finds it done. */
  async #gidOf(clientId: string | undefined, { uid }: Caller): Promise<Gid> {
    const { groups } = this.#deps;
    if (clientId === undefined) return groups.leaseGid();
    const find = async (): Promise<Gid> => (await groups.createdAs(uid, clientId)) ?? groups.leaseGid();
    const key = `${uid} ${clientId}`;
    try {
      return await this.#created.use(key, find).value;
    } catch (error) {
      this.#created.delete(key);
      throw error;
    }
  }
}

function checkName(name: string): void {
  if (name.length === 0) throw imError('INVALID_PARAMETER', 'name');
  if (isWiderThan(name, GROUP_WIDTHS.name)) throw imError('NAME_TOO_LONG', `${GROUP_WIDTHS.name} at most`);
}
