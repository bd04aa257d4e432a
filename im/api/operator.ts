/**
 * What the operator does to an account: looks at it, closes it, opens it again. Asked by the command line through
 * the admin door of the running server, or over the store itself where none runs.
 */
import type { Logger } from '../../pkg/log/logger.js';
import type { Dispatch } from '../dispatch/interface.js';
import { imError } from '../errors.js';
import type { Uid } from '../message/ids.js';
import type { User, UserStore } from '../store/people_interface.js';

/** An account may look like a number, so a uid is said to be one. */
export type AccountName = { readonly account: string } | { readonly uid: Uid };

export interface OperatorDeps {
  readonly users: Pick<UserStore, 'byAccount' | 'byUids' | 'ban'>;
  readonly dispatch: Pick<Dispatch, 'kick'>;
  readonly logger: Logger;
}

export class Operator {
  readonly #deps: OperatorDeps;

  constructor(deps: OperatorDeps) {
    this.#deps = deps;
  }

  /** Throws NO_SUCH_USER, as all of these do. `account` is an account or an e-mail address. */
  async show(name: AccountName): Promise<User> {
    const { users } = this.#deps;
    if ('uid' in name) {
      const [user] = await users.byUids([name.uid]);
      if (user === undefined) throw imError('NO_SUCH_USER');
      return user;
    }
    const found = await users.byAccount(name.account);
    if (found === undefined) throw imError('NO_SUCH_USER');
    return this.show({ uid: found.uid });
  }

  /** Every token of the user is worthless from now on, and every connection of his is closed. */
  async ban(name: AccountName): Promise<User> {
    const { users, dispatch, logger } = this.#deps;
    const { uid } = await this.show(name);
    const raised = await users.ban(uid, true);
    if (raised === undefined) throw imError('NO_SUCH_USER');
    logger.info({ uid }, 'account closed by the operator');
    // By device, each below its own version: opened again, the account can sign in at once.
    await dispatch.kick(
      raised.map(({ device, version }) => ({ uid, device, belowVersion: version, reason: 'BANNED' })),
    );
    return this.show({ uid });
  }

  /** The user may sign in again; the tokens from before stay worthless. */
  async unban(name: AccountName): Promise<User> {
    const { uid } = await this.show(name);
    if ((await this.#deps.users.ban(uid, false)) === undefined) throw imError('NO_SUCH_USER');
    this.#deps.logger.info({ uid }, 'account opened again by the operator');
    return this.show({ uid });
  }
}
