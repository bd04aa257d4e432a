/** Deeds on a group itself, its links, and what its members are in it. */
import { GROUP_ROLE, MUTED_FOR_EVER_MS, type GroupProfile } from '../../im/message/group.js';
import { EVENT_KIND } from '../../im/message/message.js';
import { OUTSIDER, refusalOf, type GroupOperation } from '../../im/group/permissions.js';
import type { GroupAdmission } from './group_admission.js';
import { refused, type Decision, type GroupCase } from './group_change.js';
import { writeVerdict } from './group_rights.js';
import type { GroupMembership } from './group_membership.js';
import type { GroupState, GroupStates, Member } from './group_states.js';

export interface GroupDeedsDeps {
  readonly states: GroupStates;
  readonly membership: GroupMembership;
  readonly admission: GroupAdmission;
}

type OneMember = { readonly member: Member } | { readonly refusal: Decision };

export class GroupDeeds {
  readonly #states: GroupStates;
  readonly #membership: GroupMembership;
  readonly #admission: GroupAdmission;

  constructor({ states, membership, admission }: GroupDeedsDeps) {
    this.#states = states;
    this.#membership = membership;
    this.#admission = admission;
  }

  role({ change, state, actor }: GroupCase<'role'>): Decision {
    const { uid, role } = change;
    // A group has one owner, who hands it over.
    if (role === GROUP_ROLE.owner) return refused('INVALID_PARAMETER');
    const found = this.#memberFor('role', state, actor, uid);
    if ('refusal' in found) return found.refusal;
    const { member } = found;
    if (member.standing === role) return 'changed';
    return {
      notice: { type: 'role', uid, role },
      apply: () => this.#membership.setRole(state, member, role),
    };
  }

  owner({ change, state, actor }: GroupCase<'owner'>): Decision {
    const { uid } = change;
    if (actor.standing === GROUP_ROLE.owner && actor.uid === uid) return 'changed';
    const found = this.#memberFor('handOver', state, actor, uid);
    if ('refusal' in found) return found.refusal;
    const { member } = found;
    return {
      notice: { type: 'owner', uid },
      apply: () => {
        this.#membership.setRole(state, actor, GROUP_ROLE.member);
        this.#membership.setRole(state, member, GROUP_ROLE.owner);
        this.#membership.setMuted(state, member, 0);
        this.#states.setOwner(state, uid);
      },
    };
  }

  /** A time that has passed is none. */
  mute({ change, state, actor, times }: GroupCase<'mute'>): Decision {
    const { uid } = change;
    const found = this.#memberFor('mute', state, actor, uid);
    if ('refusal' in found) return found.refusal;
    const { member } = found;
    const ahead = (ms: number): number => (ms > times.nowMs ? Math.min(ms, MUTED_FOR_EVER_MS) : 0);
    const untilMs = ahead(change.untilMs);
    if (ahead(member.mutedUntilMs) === untilMs) return 'changed';
    return {
      notice: { type: 'muted', uid, untilMs },
      apply: () => this.#membership.setMuted(state, member, untilMs),
    };
  }

  alias({ change, state, actor, times }: GroupCase<'alias'>): Decision {
    const { uid, alias } = change;
    const found = this.#memberFor('alias', state, actor, uid);
    if ('refusal' in found) return found.refusal;
    const { member } = found;
    // His name is told to everybody: it would be a way to speak.
    const verdict = uid === actor.uid ? writeVerdict(state, member, EVENT_KIND.message, times.nowMs) : 'ok';
    if (verdict !== 'ok') return refused(verdict);
    if (member.alias === alias) return 'changed';
    return {
      notice: { type: 'alias', uid, alias },
      apply: () => this.#membership.setAlias(state, member, alias),
    };
  }

  muteAll({ change, state, actor }: GroupCase<'muteAll'>): Decision {
    const { on } = change;
    const refusal = refusalOf('muteAll', actor.standing);
    if (refusal !== undefined) return refused(refusal);
    if (state.isMuted === on) return 'changed';
    return { notice: { type: 'mutedAll', on }, apply: () => this.#states.setMuted(state, on) };
  }

  profile({ change, state, actor }: GroupCase<'profile'>): Decision {
    const refusal = refusalOf('profile', actor.standing);
    if (refusal !== undefined) return refused(refusal);
    const changed = difference(state.profile, change.profile);
    if (Object.keys(changed).length === 0) return 'changed';
    const after = { ...state.profile, ...changed };
    return {
      notice: { type: 'profile', changed },
      apply: () => this.#states.setProfile(state, after),
    };
  }

  dissolve({ state, actor, times }: GroupCase<'dissolve'>): Decision {
    const refusal = refusalOf('dissolve', actor.standing);
    if (refusal !== undefined) return refused(refusal);
    return {
      notice: { type: 'dissolved' },
      apply: () => {
        this.#membership.dissolve(state, times.nowMs);
        this.#admission.end(state);
      },
    };
  }

  link({ change, state, actor, times }: GroupCase<'link'>): Decision {
    const { by, code, expiresAtMs, uses } = change;
    const refusal =
      refusalOf('link', actor.standing) ??
      this.#admission.link(state, { code, by, expiresAtMs, uses }, times.nowMs);
    return refusal === undefined ? 'changed' : refused(refusal);
  }

  unlink({ change, state, actor }: GroupCase<'unlink'>): Decision {
    const refusal = refusalOf('unlink', actor.standing);
    if (refusal !== undefined) return refused(refusal);
    this.#admission.unlink(state, change.code);
    return 'changed';
  }

  /** The member to whom `actor` may do that. */
  #memberFor(operation: GroupOperation, state: GroupState, actor: Member, uid: number): OneMember {
    const member = this.#states.member(state, uid);
    const target = uid === actor.uid ? 'self' : member.standing;
    const refusal = refusalOf(operation, actor.standing, { target });
    if (refusal !== undefined) return { refusal: refused(refusal) };
    return member.standing === OUTSIDER ? { refusal: refused('NOT_A_MEMBER') } : { member };
  }
}

/** What of `wanted` is not so already. */
function difference(profile: Required<GroupProfile>, wanted: GroupProfile): GroupProfile {
  const { name, avatar, announcement, joinMode, openHistory } = wanted;
  return {
    ...(name !== undefined && name !== profile.name && { name }),
    ...(avatar !== undefined && avatar !== profile.avatar && { avatar }),
    ...(announcement !== undefined && announcement !== profile.announcement && { announcement }),
    ...(joinMode !== undefined && joinMode !== profile.joinMode && { joinMode }),
    ...(openHistory !== undefined && openHistory !== profile.openHistory && { openHistory }),
  };
}
