/** group/invite/link, list, revoke, info: links by which one comes into a group, so often and until then. */
import { imError } from '../errors.js';
import type { Gid } from '../message/ids.js';
import type { GroupInvite, GroupStore } from '../store/group_interface.js';
import { changedAnswer, outsideAnswer, type Answer } from './group_answer.js';
import type { GroupChanges } from './group_changes.js';
import type { GroupApiOptions } from './group_options.js';
import type { GroupReader } from './group_reader.js';
import type { Caller } from './interface.js';

export interface GroupInvitesApiDeps {
  readonly groups: Pick<GroupStore, 'invites' | 'byInvite' | 'membersAmong'>;
  readonly reader: GroupReader;
  readonly changes: GroupChanges;
  readonly randomText: (length: number) => string;
  readonly nowMs: () => number;
}

export interface LinkInput {
  readonly gid: Gid;
  /** Ms since 1970; 0: never. */
  readonly expiresAtMs: number | undefined;
  /** Instead: from now on, by the server's clock. */
  readonly forMs: number | undefined;
  /** 0: as often as one likes. */
  readonly uses: number;
}

/** 103 bits: nobody finds one by trying. */
const CODE_LENGTH = 20;

export class GroupInvitesApi {
  readonly #options: GroupApiOptions;
  readonly #deps: GroupInvitesApiDeps;

  constructor(options: GroupApiOptions, deps: GroupInvitesApiDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** A new link. Throws INVALID_PARAMETER where it would be over already, TOO_MANY_INVITES. */
  async create({ gid, expiresAtMs, forMs, uses }: LinkInput, caller: Caller): Promise<unknown> {
    const { changes, randomText, nowMs } = this.#deps;
    const now = nowMs();
    const life = now + (forMs ?? this.#options.groupInviteLifeMs);
    const expires = forMs === undefined ? (expiresAtMs ?? life) : life;
    if (expires !== 0 && expires <= now) throw imError('INVALID_PARAMETER', 'expiresAt');
    const code = randomText(CODE_LENGTH);
    const deed = { do: 'link', code, expiresAtMs: expires, uses } as const;
    await changes.change({ gid, deed, clientId: undefined }, caller);
    return inviteAnswer({ gid, code, by: caller.uid, expiresAtMs: expires, usesLeft: uses });
  }

  /** Also those that are over. Owner and admins. */
  async list(gid: Gid, { uid }: Caller): Promise<unknown> {
    await this.#deps.reader.may('seeInvites', gid, uid);
    return (await this.#deps.groups.invites(gid)).map(inviteAnswer);
  }

  /** An unknown code is no error: it opens nothing. */
  async revoke(gid: Gid, code: string, caller: Caller): Promise<unknown> {
    const deed = { do: 'unlink', code } as const;
    return changedAnswer(gid, await this.#deps.changes.change({ gid, deed, clientId: undefined }, caller));
  }

  /** What somebody may see before he comes in. Throws WRONG_INVITE, also where it is over or the group gone. */
  async info(code: string, { uid }: Caller): Promise<unknown> {
    const { groups, nowMs } = this.#deps;
    const found = await groups.byInvite(code);
    if (found === undefined || !isGood(found.invite, nowMs()) || found.group.isDissolved)
      throw imError('WRONG_INVITE');
    const { group, invite } = found;
    const [member] = await groups.membersAmong(group.gid, [uid]);
    return { ...outsideAnswer(group), ...inviteAnswer(invite), isMember: member !== undefined };
  }
}

function isGood({ expiresAtMs, usesLeft }: GroupInvite, nowMs: number): boolean {
  return usesLeft >= 0 && (expiresAtMs === 0 || expiresAtMs > nowMs);
}

/** `usesLeft`: 0 without limit, -1 used up. */
function inviteAnswer({ gid, code, by, expiresAtMs, usesLeft }: GroupInvite): Answer {
  return { Gid: gid, Code: code, gid, code, by, expiresAt: expiresAtMs, usesLeft };
}
