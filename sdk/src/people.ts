/** `client.people`: accounts, contacts, the black and the white list. All methods reject with a CodedError. */
import { isJsonObject } from '../../im/message/json_fields.js';
import { notUnderstood, rowsOf, understood, type FacetDeps } from './answers.js';
import type { Contact, ContactAsking, Profile, ProfileChange, User, UserPage } from './people_types.js';
import * as wire from './wire_people.js';

/** `black`: their messages are refused; `white`: taken in any case. */
export type PeopleList = 'black' | 'white';

export class People {
  readonly #deps: Pick<FacetDeps, 'call'>;

  constructor(deps: Pick<FacetDeps, 'call'>) {
    this.#deps = deps;
  }

  /** Those of up to 500 that exist. NO_SUCH_USER where none does. */
  async info(uids: readonly number[]): Promise<readonly User[]> {
    return rowsOf(await this.#deps.call('user/info', { uid: uids }), 'user/info', wire.readUser);
  }

  /** By the whole account or e-mail. NO_SUCH_USER. */
  async find(account: string): Promise<User> {
    const data = await this.#deps.call('user/find', { account });
    return understood(isJsonObject(data) ? wire.readUser(data) : undefined, 'user/find');
  }

  /** Whose nickname or account begins so; `after`: `next` of the page before. */
  async search(prefix: string, after = 0): Promise<UserPage> {
    const data = await this.#deps.call('user/search', { prefix, after });
    return understood(wire.readUserPage(data), 'user/search');
  }

  /** One's own. */
  async profile(): Promise<Profile> {
    return understood(wire.readProfile(await this.#deps.call('user/profile', {})), 'user/profile');
  }

  async updateProfile(change: ProfileChange): Promise<Profile> {
    const data = await this.#deps.call('user/profile/update', change);
    return understood(wire.readProfile(data), 'user/profile/update');
  }

  async contacts(): Promise<readonly Contact[]> {
    return rowsOf(await this.#deps.call('contacts/list', {}), 'contacts/list', wire.readContact);
  }

  /** `asked`: he wants to be asked first. SELF_CONTACT, NO_SUCH_USER, BLOCKED, ALREADY_CONTACT, CONTACTS_FULL. */
  async addContact(uid: number, remark = ''): Promise<'added' | 'asked'> {
    const data = await this.#deps.call('contacts/add', { uid, remark });
    if (data !== '' && data !== 'asked') throw notUnderstood('contacts/add');
    return data === '' ? 'added' : data;
  }

  /** Who has asked and waits, oldest first. */
  async contactRequests(): Promise<readonly ContactAsking[]> {
    return rowsOf(await this.#deps.call('contacts/requests', {}), 'contacts/requests', wire.readAsking);
  }

  /** NO_SUCH_REQUEST. */
  async answerContact(uid: number, agree: boolean): Promise<void> {
    await this.#deps.call('contacts/approval', agree ? { uid, agree } : { uid, deny: true });
  }

  /** On both sides; the conversation stays. NOT_A_CONTACT. */
  async removeContact(uid: number): Promise<void> {
    await this.#deps.call('contacts/del', { uid });
  }

  /** '' takes the remark away. NOT_A_CONTACT. */
  async setRemark(uid: number, remark: string): Promise<void> {
    await this.#deps.call('contacts/update/remark', { uid, remark });
  }

  async listed(list: PeopleList): Promise<readonly User[]> {
    const operation = `session/${list}list`;
    return rowsOf(await this.#deps.call(operation, {}), operation, wire.readListed);
  }

  /** NO_SUCH_USER. */
  async putOn(list: PeopleList, uids: readonly number[]): Promise<void> {
    await this.#deps.call(`session/${list}list/add`, { relative_ids: uids });
  }

  async takeOff(list: PeopleList, uids: readonly number[]): Promise<void> {
    await this.#deps.call(`session/${list}list/remove`, { relative_ids: uids });
  }
}
