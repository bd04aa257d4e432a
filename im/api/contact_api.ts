/** contacts/list and contacts/add: immediate and two-way. */
import type { Logger } from '../../pkg/log/logger.js';
import type { Dispatch } from '../dispatch/interface.js';
import { imError } from '../errors.js';
import type { Uid } from '../message/ids.js';
import type { Contact, ContactStore } from '../store/interface.js';
import type { Caller } from './interface.js';

export interface ContactApiDeps {
  readonly contacts: ContactStore;
  readonly dispatch: Pick<Dispatch, 'deliver'>;
  readonly logger: Logger;
}

/** Contacts are people; groups will be 2. */
const USER_CONTACT = 1;

export class ContactApi {
  readonly #deps: ContactApiDeps;

  constructor(deps: ContactApiDeps) {
    this.#deps = deps;
  }

  async list(caller: Caller): Promise<unknown> {
    return (await this.#deps.contacts.list(caller.uid)).map(contactAnswer);
  }

  /** Both are told, the caller on his other devices. Throws SELF_CONTACT, NO_SUCH_USER, ALREADY_CONTACT. */
  async add(input: { readonly uid: Uid; readonly remark: string }, caller: Caller): Promise<unknown> {
    switch (await this.#deps.contacts.add(caller.uid, input.uid, input.remark)) {
      case 'self':
        throw imError('SELF_CONTACT');
      case 'unknown':
        throw imError('NO_SUCH_USER');
      case 'exists':
        throw imError('ALREADY_CONTACT');
      case 'added':
        await this.#tellBoth(caller, input.uid);
        return '';
    }
  }

  /** Best effort: who is not reached finds the contact in his list. */
  async #tellBoth({ uid, device }: Caller, peer: Uid): Promise<void> {
    try {
      await this.#deps.dispatch.deliver([
        { frame: { kind: 'contact', id: uid, from: uid }, recipients: [{ uid: peer }] },
        { frame: { kind: 'contact', id: peer, from: uid }, recipients: [{ uid, exceptDevice: device }] },
      ]);
    } catch (error) {
      this.#deps.logger.warn({ err: error, uid, peer }, 'contact notice not delivered');
    }
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
