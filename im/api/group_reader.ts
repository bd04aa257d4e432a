/** Whether a caller may be told something of a group; changes are judged by the store, under the group's lock. */
import { imError } from '../errors.js';
import { refusalOf, type GroupOperation } from '../group/permissions.js';
import type { Group, GroupMember } from '../message/group.js';
import type { Gid, Uid } from '../message/ids.js';
import type { GroupStore } from '../store/group_interface.js';

export interface GroupReaderDeps {
  readonly groups: Pick<GroupStore, 'byGids' | 'membersAmong'>;
}

export class GroupReader {
  readonly #deps: GroupReaderDeps;

  constructor(deps: GroupReaderDeps) {
    this.#deps = deps;
  }

  /** Throws NO_SUCH_GROUP, GROUP_DISSOLVED. */
  async living(gid: Gid): Promise<Group> {
    const [group] = await this.#deps.groups.byGids([gid]);
    if (group === undefined) throw imError('NO_SUCH_GROUP');
    if (group.isDissolved) throw imError('GROUP_DISSOLVED');
    return group;
  }

  /** The caller's own part, where he may do that. Throws as `living`, and NOT_A_MEMBER, NO_PERMISSION. */
  async may(operation: GroupOperation, gid: Gid, uid: Uid): Promise<GroupMember> {
    await this.living(gid);
    const [member] = await this.#deps.groups.membersAmong(gid, [uid]);
    if (member === undefined) throw imError('NOT_A_MEMBER');
    const refusal = refusalOf(operation, member.role);
    if (refusal !== undefined) throw imError(refusal);
    return member;
  }
}
