/**
 * `client.groups`: everything that one does with a group but talking, which is `send(gid, …)`. What a change did to
 * the group comes as the event `notice`, to everybody in it. All methods reject with a CodedError: NO_SUCH_GROUP,
 * NOT_A_MEMBER, NO_PERMISSION, GROUP_DISSOLVED or what is named beside them.
 */
import { MUTED_FOR_EVER_MS } from '../../im/message/group.js';
import { isJsonObject } from '../../im/message/json_fields.js';
import { rowsOf, uidsOf, understood, type FacetDeps } from './answers.js';
import type {
  GroupChanged,
  GroupDraft,
  GroupInfo,
  GroupMember,
  GroupMemberPage,
  GroupUpdate,
  InvitedTo,
  InviteLink,
  Joining,
  JoinRequest,
  NewGroup,
  OwnGroup,
} from './group_types.js';
import * as wire from './wire_groups.js';

/** A page of members; the server gives no more. */
const MEMBER_COUNT = 200;
/** A page of requests, as many as the server gives. */
const REQUEST_COUNT = 200;

export interface LinkOptions {
  /** From now on; absent: what the server has for it; or until `expiresAtMs`, where 0 is for ever. */
  readonly forMs?: number;
  readonly expiresAtMs?: number;
  /** How many may come in by it; absent: without limit. */
  readonly uses?: number;
}

export class Groups {
  readonly #deps: FacetDeps;

  constructor(deps: FacetDeps) {
    this.#deps = deps;
  }

  /** A group of which this user is the owner. NAME_TOO_LONG, TOO_MANY_GROUPS. */
  async create({ uids = [], ...draft }: GroupDraft): Promise<NewGroup> {
    const answer = await this.#deps.call('group/create', { ...draft, uid: uids });
    const created = understood(wire.readNewGroup(answer), 'group/create');
    this.#deps.expects(created.conv, 1);
    return created;
  }

  /** Those that exist; of groups that this user is no member of only what an invitation shows. */
  async info(gids: readonly number[]): Promise<readonly GroupInfo[]> {
    return rowsOf(await this.#deps.call('group/info', { gid: gids }), 'group/info', wire.readGroup);
  }

  /** The groups that this user is in. */
  async list(): Promise<readonly OwnGroup[]> {
    return rowsOf(await this.#deps.call('group/list', {}), 'group/list', wire.readOwnGroup);
  }

  /** `after`: `next` of the page before. */
  async members(gid: number, after = '', limit = MEMBER_COUNT): Promise<GroupMemberPage> {
    const data = after === '' ? { gid, limit } : { gid, limit, after };
    return understood(wire.readMemberPage(await this.#deps.call('group/members', data)), 'group/members');
  }

  /** Page after page, as they are asked for. */
  async *allMembers(gid: number): AsyncGenerator<GroupMember, void> {
    let after = '';
    do {
      const page = await this.members(gid, after);
      yield* page.members;
      if (page.next === after) return;
      after = page.next;
    } while (after !== '');
  }

  /** Into an open group, or where an admin has to agree: then it is asked, with `comment`. JOIN_NEEDS_INVITE, GROUP_FULL, GROUP_BANNED. */
  join(gid: number, comment = ''): Promise<Joining> {
    return this.#join({ gid, comment });
  }

  /** By the code of an invite link. WRONG_INVITE. */
  joinByLink(code: string): Promise<Joining> {
    return this.#join({ code });
  }

  /** Brings others in. GROUP_FULL, or why the first of them could not come where none could. */
  invite(gid: number, uids: readonly number[]): Promise<GroupChanged> {
    return this.#change('group/members/invite', { gid, uid: uids });
  }

  remove(gid: number, uids: readonly number[]): Promise<GroupChanged> {
    return this.#change('group/members/remove', { gid, uid: uids });
  }

  /** Leaves. OWNER_MUST_STAY. */
  exit(gid: number): Promise<GroupChanged> {
    return this.#change('group/exit', { gid });
  }

  /** For good, for everybody. */
  dissolve(gid: number): Promise<GroupChanged> {
    return this.#change('group/dissolve', { gid });
  }

  update(gid: number, update: GroupUpdate): Promise<GroupChanged> {
    return this.#change('group/update', { ...update, gid });
  }

  /** Hands the group over; this user is a plain member then. */
  handOver(gid: number, uid: number): Promise<GroupChanged> {
    return this.#change('group/owner', { gid, uid });
  }

  setAdmin(gid: number, uid: number, on: boolean): Promise<GroupChanged> {
    return this.#change('group/admin', { gid, uid, on });
  }

  /** He may not write until then; absent: for ever; 0: he may again. */
  mute(gid: number, uid: number, untilMs: number = MUTED_FOR_EVER_MS): Promise<GroupChanged> {
    return this.#change('group/mute', { gid, uid, until: untilMs });
  }

  /** Only owner and admins may write. */
  muteAll(gid: number, on: boolean): Promise<GroupChanged> {
    return this.#change('group/mute/all', { gid, on });
  }

  /** Removes, and keeps out. */
  ban(gid: number, uid: number): Promise<GroupChanged> {
    return this.#change('group/ban', { gid, uid });
  }

  unban(gid: number, uid: number): Promise<GroupChanged> {
    return this.#change('group/unban', { gid, uid });
  }

  /** By uid, up to 250; `after`: the last uid of the page before. */
  async bans(gid: number, after = 0): Promise<readonly number[]> {
    const data = await this.#deps.call('group/bans', { gid, after });
    return uidsOf(isJsonObject(data) ? data['uid'] : data);
  }

  /** What somebody is called here; oneself where `uid` is absent. '' takes it away. */
  setAlias(gid: number, alias: string, uid?: number): Promise<GroupChanged> {
    return this.#change('group/alias', uid === undefined ? { gid, alias } : { gid, alias, uid });
  }

  /** Who has asked to be let in and waits, oldest first. */
  async requests(gid: number): Promise<readonly JoinRequest[]> {
    const found: JoinRequest[] = [];
    for (let after = 0; ;) {
      const data = await this.#deps.call('group/requests', { gid, after, limit: REQUEST_COUNT });
      const page = understood(wire.readRequestPage(data), 'group/requests');
      found.push(...page.requests);
      // A page that leads nowhere is the last, whatever it says.
      if (page.next <= after) return found;
      after = page.next;
    }
  }

  /** Lets them in, or not. NO_SUCH_REQUEST names those who had not asked. */
  answer(gid: number, uids: readonly number[], agree: boolean): Promise<GroupChanged> {
    return this.#change('group/requests/answer', { gid, uid: uids, agree });
  }

  /** TOO_MANY_INVITES. */
  async createLink(gid: number, { forMs, expiresAtMs, uses = 0 }: LinkOptions = {}): Promise<InviteLink> {
    const until = forMs === undefined ? { expiresAt: expiresAtMs } : { forMs };
    const data = await this.#deps.call('group/invite/link', { gid, uses, ...until });
    return understood(isJsonObject(data) ? wire.readLink(data) : undefined, 'group/invite/link');
  }

  async links(gid: number): Promise<readonly InviteLink[]> {
    return rowsOf(await this.#deps.call('group/invite/list', { gid }), 'group/invite/list', wire.readLink);
  }

  async revokeLink(gid: number, code: string): Promise<void> {
    await this.#deps.call('group/invite/revoke', { gid, code });
  }

  /** What the link opens. WRONG_INVITE. */
  async linkInfo(code: string): Promise<InvitedTo> {
    const data = await this.#deps.call('group/invite/info', { code });
    return understood(wire.readInvitedTo(data), 'group/invite/info');
  }

  async #join(data: Readonly<Record<string, unknown>>): Promise<Joining> {
    const joining = understood(wire.readJoining(await this.#deps.call('group/join', data)), 'group/join');
    this.#told(joining);
    return joining;
  }

  async #change(operation: string, data: unknown): Promise<GroupChanged> {
    const changed = understood(wire.readChanged(await this.#deps.call(operation, data)), operation);
    this.#told(changed);
    return changed;
  }

  #told({ gid, seq }: GroupChanged): void {
    if (seq > 0) this.#deps.expects(`g${gid}`, seq);
  }
}
