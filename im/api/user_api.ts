/** user/info, user/find and user/profile. Only the owner is told the account and the e-mail. */
import { imError } from '../errors.js';
import type { Uid } from '../message/ids.js';
import type { User, UserStore } from '../store/interface.js';
import type { Caller } from './interface.js';

export interface UserApiDeps {
  readonly users: Pick<UserStore, 'byUids' | 'byAccount'>;
}

export class UserApi {
  readonly #deps: UserApiDeps;

  constructor(deps: UserApiDeps) {
    this.#deps = deps;
  }

  /** Unknown uids are left out. Throws NO_SUCH_USER where some were asked for and none is known. */
  async info(uids: readonly Uid[]): Promise<unknown> {
    if (uids.length === 0) return [];
    const users = await this.#deps.users.byUids(uids);
    // A public client reads the first element of whatever it gets.
    if (users.length === 0) throw imError('NO_SUCH_USER');
    return users.map((user) => userAnswer({ ...user, account: '' }));
  }

  /** By the exact account or e-mail, as somebody tells it to a friend. Throws NO_SUCH_USER. */
  async find(account: string): Promise<unknown> {
    const user = await this.#deps.users.byAccount(account);
    if (user === undefined) throw imError('NO_SUCH_USER');
    return userAnswer({ ...user, account: '' });
  }

  async profile(caller: Caller): Promise<unknown> {
    const [user] = await this.#deps.users.byUids([caller.uid]);
    if (user === undefined) throw imError('NO_SUCH_USER');
    return { ...userAnswer(user), Email: user.email, email: user.email };
  }
}

function userAnswer({ uid, nickname, account, avatar }: User): Readonly<Record<string, unknown>> {
  return {
    Uid: uid,
    Nickname: nickname,
    Account: account,
    Avatar: avatar,
    uid,
    nick_name: nickname,
    account,
    avatar,
  };
}
