/** Deeds by which people come into a group and go. */
import { GROUP_ROLE } from '../../im/message/group.js';
import { known, toUid, type Uid } from '../../im/message/ids.js';
import { OUTSIDER, refusalOf, type GroupOperation } from '../../im/group/permissions.js';
import type { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import type { Refusal } from './flat_batch.js';
import type { GroupAdmission } from './group_admission.js';
import { refused, type ChangeOf, type Decision, type GroupCase } from './group_change.js';
import type { GroupMembership } from './group_membership.js';
import type { GroupState, GroupStates, Member } from './group_states.js';
import { WriteRights } from './write_rights.js';

export interface GroupPeopleDeps {
  readonly db: SqliteDatabase;
  readonly states: GroupStates;
  readonly membership: GroupMembership;
  readonly admission: GroupAdmission;
}

export class GroupPeople {
  readonly #states: GroupStates;
  readonly #membership: GroupMembership;
  readonly #admission: GroupAdmission;
  readonly #rights: WriteRights;

  constructor({ db, states, membership, admission }: GroupPeopleDeps) {
    this.#states = states;
    this.#membership = membership;
    this.#admission = admission;
    this.#rights = new WriteRights(db);
  }

  /** The group is not there yet; its row and log are made before the notice is written. */
  create({ change, state, actor, times, clientId }: GroupCase<'create'>): Decision {
    // Made long ago, where the notice is kept no more.
    if (state.exists && state.owner === change.by) return 'changed';
    if (state.exists || change.memberLimit < 1) return refused('INVALID_PARAMETER');
    if (!actor.isUser) return refused('NO_SUCH_USER');
    const { by, groupLimit, memberLimit, profile } = change;
    if (this.#admission.isInTooMany(by, groupLimit)) return refused('TOO_MANY_GROUPS');
    const others = this.#others(state, change);
    if (others.length >= memberLimit) return refused('GROUP_FULL');
    this.#states.create(state, { profile, owner: by, memberLimit, clientId }, times);
    return {
      notice: { type: 'created', name: profile.name, uids: [by, ...uidsOf(others)] },
      apply: (seq) => {
        this.#membership.come(state, [actor], GROUP_ROLE.owner, seq, times);
        this.#membership.come(state, others, GROUP_ROLE.member, seq, times);
      },
    };
  }

  /** Whom the owner may bring along. */
  #others(state: GroupState, { by, uids, groupLimit }: ChangeOf<'create'>): readonly Member[] {
    return [...new Set(uids)]
      .filter((uid) => uid !== by && this.#rights.verdict(by, uid) === 'ok')
      .filter((uid) => !this.#admission.isInTooMany(uid, groupLimit))
      .map((uid) => this.#states.member(state, uid));
  }

  add({ change, state, actor, times }: GroupCase<'add'>): Decision {
    const { by, how, code, groupLimit } = change;
    const uids = [...new Set(change.uids)];
    const isSelf = how === 'open' || how === 'link';
    if (uids.length === 0 || (isSelf && (uids.length !== 1 || uids[0] !== by)))
      return refused('INVALID_PARAMETER');
    const refusal = this.#admission.actorRefusal(state, actor, how);
    if (refusal !== undefined) return refused(refusal);
    const { members, reason } = this.#admitted(state, uids, { by, how, groupLimit, nowMs: times.nowMs });
    if (members.length === 0) return refused(reason ?? 'INVALID_PARAMETER');
    if (how === 'link' && !this.#admission.isGood(state, code, times.nowMs)) return refused('WRONG_INVITE');
    if (state.memberCount + members.length > state.memberLimit) return refused('GROUP_FULL');
    return {
      notice: { type: 'joined', uids: uidsOf(members), how },
      apply: (seq) => {
        if (how === 'link') this.#admission.use(code);
        for (const { uid } of members) this.#admission.dropRequest(state, uid);
        this.#membership.come(state, members, GROUP_ROLE.member, seq, times);
      },
    };
  }

  /** Who may come in, and why the first of the others may not. */
  #admitted(
    state: GroupState,
    uids: readonly Uid[],
    admission: Parameters<GroupAdmission['refusal']>[2],
  ): { readonly members: readonly Member[]; readonly reason: Refusal | undefined } {
    const members: Member[] = [];
    let reason: Refusal | undefined;
    for (const uid of uids) {
      const member = this.#states.member(state, uid);
      const refusal = this.#admission.refusal(state, member, admission);
      if (refusal === undefined) members.push(member);
      else reason ??= refusal;
    }
    return { members, reason };
  }

  ask({ change, state, actor, times }: GroupCase<'ask'>): Decision {
    if (actor.standing !== OUTSIDER) return refused('ALREADY_MEMBER');
    if (!actor.isUser) return refused('NO_SUCH_USER');
    if (this.#admission.isBanned(state, actor)) return refused('GROUP_BANNED');
    if (state.profile.joinMode === 'invite') return refused('JOIN_NEEDS_INVITE');
    const isRepeated = this.#admission.ask(state, actor.uid, change.comment, times.nowMs);
    return isRepeated ? 'repeated' : 'changed';
  }

  deny({ change, state, actor }: GroupCase<'deny'>): Decision {
    const refusal = refusalOf('answerRequest', actor.standing);
    if (refusal !== undefined) return refused(refusal);
    if (!this.#admission.hasAsked(state, change.uid)) return refused('NO_SUCH_REQUEST');
    this.#admission.dropRequest(state, change.uid);
    return 'changed';
  }

  exit({ state, actor, times }: GroupCase<'exit'>): Decision {
    if (actor.standing === GROUP_ROLE.owner) return refused('OWNER_MUST_STAY');
    const refusal = refusalOf('exit', actor.standing);
    if (refusal !== undefined) return refused(refusal);
    return {
      notice: { type: 'left', uids: uidsOf([actor]) },
      apply: (seq) => this.#membership.go(state, [actor], seq, times, times.nowMs),
    };
  }

  remove({ change, state, actor, times }: GroupCase<'remove'>): Decision {
    if (actor.standing === OUTSIDER) return refused('NOT_A_MEMBER');
    const members = [...new Set(change.uids)]
      .map((uid) => this.#states.member(state, uid))
      .filter(({ standing }) => standing !== OUTSIDER);
    if (members.length === 0) {
      const target = OUTSIDER;
      return refused(refusalOf('remove', actor.standing, { target }) ?? 'NOT_A_MEMBER');
    }
    const refusal = refusalOfAll('remove', actor, members);
    if (refusal !== undefined) return refused(refusal);
    return {
      notice: { type: 'removed', uids: uidsOf(members), banned: false },
      apply: (seq) => this.#membership.go(state, members, seq, times),
    };
  }

  ban({ change, state, actor, times }: GroupCase<'ban'>): Decision {
    const { uid, on, by } = change;
    const member = this.#states.member(state, uid);
    const refusal = on ? refusalOfAll('ban', actor, [member]) : refusalOf('unban', actor.standing);
    if (refusal !== undefined) return refused(refusal);
    if (!on) {
      this.#admission.unban(state, uid);
      return 'changed';
    }
    if (!member.isUser) return refused('NO_SUCH_USER');
    if (!this.#admission.hasRoomForBan(state, member)) return refused('TOO_MANY_BANS');
    const ban = (): void => {
      this.#admission.ban(state, uid, by, times.nowMs);
      this.#admission.dropRequest(state, uid);
    };
    if (member.standing === OUTSIDER) {
      ban();
      return 'changed';
    }
    return {
      notice: { type: 'removed', uids: [uid], banned: true },
      apply: (seq) => {
        ban();
        this.#membership.go(state, [member], seq, times);
      },
    };
  }
}

/** `operation` is on somebody: the first of `targets` that stands against it. */
function refusalOfAll(
  operation: GroupOperation,
  actor: Member,
  targets: readonly Member[],
): 'NOT_A_MEMBER' | 'NO_PERMISSION' | undefined {
  for (const { uid, standing } of targets) {
    const target = uid === actor.uid ? 'self' : standing;
    const refusal = refusalOf(operation, actor.standing, { target });
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function uidsOf(members: readonly Member[]): readonly Uid[] {
  return members.map(({ uid }) => known(toUid(uid)));
}
