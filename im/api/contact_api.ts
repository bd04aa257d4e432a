/**
 * contacts/*: immediate and two-way, save towards somebody who wants to be asked: then the one asks (add), the
 * other lists (requests) and answers (approval).
 */
import { imError } from '../errors.js';
import { WORLD_GID, type Group } from '../message/group.js';
import type { Uid } from '../message/ids.js';
import { toSeconds } from '../message/wire_time.js';
import type { Presence } from '../presence/interface.js';
import type { GroupStore } from '../store/group_interface.js';
import type { MessageStore } from '../store/interface.js';
import type { Contact, ContactRequest, ContactStore } from '../store/people_interface.js';
import type { ContactNotices } from './contact_notices.js';
import type { Caller } from './interface.js';
import { strangerAnswer } from './user_answer.js';

export interface ContactApiDeps {
  readonly contacts: ContactStore;
  readonly groups: Pick<GroupStore, 'groupsOf'>;
  readonly messages: Pick<MessageStore, 'mayWrite'>;
  readonly notices: ContactNotices;
  readonly presence: Pick<Presence, 'rightsChanged'>;
}

export interface ApprovalInput {
  readonly uid: readonly Uid[];
  readonly agree: boolean | undefined;
  readonly deny: boolean | undefined;
}

/** What kind of contact it is: `Type`. */
const USER_CONTACT = 1;
const GROUP_CONTACT = 2;
/** What a client is told that has asked instead of added; any text is fine with those that do not read it. */
const ASKED = 'asked';

export class ContactApi {
  readonly #deps: ContactApiDeps;

  constructor(deps: ContactApiDeps) {
    this.#deps = deps;
  }

  /** People, then the groups that the caller is in, where an old client looks for both. */
  async list({ uid }: Caller): Promise<unknown> {
    const people = await this.#deps.contacts.list(uid);
    const groups = (await this.#deps.groups.groupsOf(uid)).filter(({ group }) => group.gid !== WORLD_GID);
    return [...people.map(contactAnswer), ...groups.map(({ group }) => groupContactAnswer(group))];
  }

  /** Throws SELF_CONTACT, NO_SUCH_USER, BLOCKED, ALREADY_CONTACT, CONTACTS_FULL. */
  async add(input: { readonly uid: Uid; readonly remark: string }, caller: Caller): Promise<unknown> {
    const { contacts, notices } = this.#deps;
    const { uid: peer, remark } = input;
    await this.#mayAdd(peer, caller);
    switch (await contacts.add(caller.uid, peer, remark)) {
      case 'self':
        throw imError('SELF_CONTACT');
      case 'unknown':
        throw imError('NO_SUCH_USER');
      case 'exists':
        throw imError('ALREADY_CONTACT');
      case 'blocked':
        throw imError('BLOCKED');
      case 'full':
        throw imError('CONTACTS_FULL');
      case 'asked':
        await notices.asked(caller, peer, remark);
        return ASKED;
      case 'added':
        await notices.added(caller, peer);
        return '';
    }
  }

  async requests(caller: Caller): Promise<unknown> {
    return (await this.#deps.contacts.requests(caller.uid)).map(requestAnswer);
  }

  /**
   * Agreeing makes contacts of both; whoever is one already is no error. All of the list are answered; then throws
   * NO_SUCH_REQUEST naming those who had not asked. Throws at the first that finds no room (CONTACTS_FULL) or that
   * refuses the caller or is refused by him (BLOCKED).
   */
  async approve({ uid: askers, agree, deny }: ApprovalInput, caller: Caller): Promise<unknown> {
    if (askers.length === 0) throw imError('INVALID_PARAMETER', 'uid');
    const says = agree === true || deny === true;
    if ((agree === true && deny === true) || (!says && agree === undefined))
      throw imError('INVALID_PARAMETER', 'agree');
    const missing: Uid[] = [];
    for (const asker of askers) {
      const outcome = await this.#deps.contacts.answerRequest(caller.uid, asker, agree === true);
      if (outcome === 'added') await this.#deps.notices.added(caller, asker);
      if (outcome === 'blocked') throw imError('BLOCKED');
      if (outcome === 'full') throw imError('CONTACTS_FULL');
      if (outcome === 'none') missing.push(asker);
    }
    if (missing.length > 0) throw imError('NO_SUCH_REQUEST', missing.join(', '));
    return '';
  }

  /** Two-way, as it was made; conversations stay. Throws NOT_A_CONTACT where none of them was one. */
  async remove(uids: readonly Uid[], caller: Caller): Promise<unknown> {
    if (uids.length === 0) throw imError('INVALID_PARAMETER', 'uid');
    const removed = await this.#deps.contacts.remove(caller.uid, uids);
    if (removed.length === 0) throw imError('NOT_A_CONTACT');
    // Of who hears contacts only they may know nothing any more.
    this.#deps.presence.rightsChanged([caller.uid, ...removed]);
    return '';
  }

  /** Throws NOT_A_CONTACT. */
  async setRemark(input: { readonly uid: Uid; readonly remark: string }, caller: Caller): Promise<unknown> {
    const known = await this.#deps.contacts.setRemark(caller.uid, input.uid, input.remark);
    if (!known) throw imError('NOT_A_CONTACT');
    return '';
  }

  async #mayAdd(peer: Uid, caller: Caller): Promise<void> {
    if (peer === caller.uid) throw imError('SELF_CONTACT');
    const [refusal] = await this.#deps.messages.mayWrite([{ from: caller.uid, to: peer }]);
    // Becoming a contact is how a stranger gets to write to somebody who hears contacts only.
    if (refusal !== undefined && refusal !== 'CONTACTS_ONLY') throw imError(refusal);
  }
}

/** `Id` as digits: one client keys a map of strings by it, the others read quoted numbers as well. */
function contactAnswer({ peer, remark }: Contact): Readonly<Record<string, unknown>> {
  const id = String(peer.uid);
  return {
    Id: id,
    Type: USER_CONTACT,
    Remark: remark,
    id,
    uid: peer.uid,
    type: USER_CONTACT,
    remark,
    nickname: peer.nickname,
    nick_name: peer.nickname,
    avatar: peer.avatar,
  };
}

/** The group of everybody is none of these: who knows it knows it by its name. */
function groupContactAnswer({ gid, name, avatar }: Group): Readonly<Record<string, unknown>> {
  const id = String(gid);
  return {
    Id: id,
    Type: GROUP_CONTACT,
    Remark: '',
    id,
    gid,
    type: GROUP_CONTACT,
    remark: '',
    nickname: name,
    nick_name: name,
    avatar,
  };
}

function requestAnswer({ from, comment, askedAtMs }: ContactRequest): Readonly<Record<string, unknown>> {
  return {
    ...strangerAnswer(from),
    Comment: comment,
    comment,
    AskedAt: toSeconds(askedAtMs),
    askedAt: askedAtMs,
  };
}
