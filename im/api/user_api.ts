/** user/*: who somebody is, finding people, one's own profile. Only the owner is told the account and the e-mail. */
import { imError } from '../errors.js';
import { known, toDevice, type Uid } from '../message/ids.js';
import type { Presence } from '../presence/interface.js';
import type { ProfileChange, User, UserStore } from '../store/people_interface.js';
import type { Caller } from './interface.js';
import { strangerAnswer, userAnswer } from './user_answer.js';

const WEB = known(toDevice(2));

export interface UserApiDeps {
  readonly users: Pick<UserStore, 'byUids' | 'byAccount' | 'update' | 'search'>;
  readonly presence: Pick<Presence, 'rightsChanged'>;
}

export interface SearchInput {
  readonly prefix: string;
  /** The page's `next` before; 0 for the first. */
  readonly after: number;
  readonly limit: number;
}

export class UserApi {
  readonly #deps: UserApiDeps;

  constructor(deps: UserApiDeps) {
    this.#deps = deps;
  }

  /** Unknown uids are left out. Throws NO_SUCH_USER where some were asked for and none is known, but on the web. */
  async info(uids: readonly Uid[], { device }: Caller): Promise<unknown> {
    if (uids.length === 0) return [];
    const users = await this.#deps.users.byUids(uids);
    // The public Java SDK reads the first element of whatever it gets; the web SDK knows an empty list, and waits for
    // ever where it is told an error.
    if (users.length === 0 && device !== WEB) throw imError('NO_SUCH_USER');
    return users.map(strangerAnswer);
  }

  /** By the exact account or e-mail, as somebody tells it to a friend. Throws NO_SUCH_USER. */
  async find(account: string): Promise<unknown> {
    const user = await this.#deps.users.byAccount(account);
    if (user === undefined || user.isBanned) throw imError('NO_SUCH_USER');
    return strangerAnswer(user);
  }

  /** By the beginning of an account that is no address, or of a nickname. */
  async search({ prefix, after, limit }: SearchInput): Promise<unknown> {
    const found = await this.#deps.users.search(prefix, after, limit);
    const more = found.length === limit;
    return {
      users: found.map(strangerAnswer),
      more,
      next: more ? (found.at(-1)?.uid ?? 0) : 0,
    };
  }

  async profile(caller: Caller): Promise<unknown> {
    const [user] = await this.#deps.users.byUids([caller.uid]);
    if (user === undefined) throw imError('NO_SUCH_USER');
    return profileAnswer(user);
  }

  /** The profile as it is now; an empty change changes nothing. */
  async update(change: ProfileChange, caller: Caller): Promise<unknown> {
    if (Object.keys(change).length === 0) return this.profile(caller);
    const user = await this.#deps.users.update(caller.uid, change);
    if (user === undefined) throw imError('NO_SUCH_USER');
    if (change.privatePresence !== undefined || change.contactsOnly !== undefined)
      this.#deps.presence.rightsChanged([caller.uid]);
    return profileAnswer(user);
  }
}

function profileAnswer(user: User): Readonly<Record<string, unknown>> {
  const { email, approval, contactsOnly, privatePresence } = user;
  return { ...userAnswer(user), Email: email, email, approval, contactsOnly, privatePresence };
}
