/**
 * Who somebody is: by account and password, or by a token. Shared by the HTTP operations (auth_api.ts) and
 * the connection (authenticator.ts). Issuing a token kicks the connections of older ones.
 */
import type { Logger } from '../../pkg/log/logger.js';
import type { Dispatch } from '../dispatch/interface.js';
import { Gather } from '../../pkg/queue/gather.js';
import { imError } from '../errors.js';
import type { KickOrder } from '../gateway/interface.js';
import type { Device, Uid } from '../message/ids.js';
import type { User, UserStore } from '../store/people_interface.js';
import { isWiderThan, WIDTHS } from './fields.js';
import type { PasswordHasher } from './interface.js';
import type { Token, Tokens } from './tokens.js';

export interface SignInDeps {
  readonly tokens: Tokens;
  readonly users: UserStore;
  readonly hasher: PasswordHasher;
  readonly dispatch: Pick<Dispatch, 'kick'>;
  readonly logger: Logger;
}

export interface Grant {
  readonly user: User;
  readonly token: Token;
}

/** Longer ones are hashed for nobody. */
export const PASSWORD_LENGTH_LIMIT = 256;

/** False: no account has such a name or password, so nothing is looked up, hashed or counted for it. */
export function canBeRight(account: string, password: string): boolean {
  const isName = account !== '' && !isWiderThan(account, WIDTHS.account);
  return isName && password !== '' && password.length <= PASSWORD_LENGTH_LIMIT;
}

/** Of single questions that are read together. */
const UIDS_PER_READ = 500;

export class SignIn {
  readonly #deps: SignInDeps;
  readonly #users = new Gather((uids: readonly Uid[]) => this.#byUids(uids), UIDS_PER_READ);

  constructor(deps: SignInDeps) {
    this.#deps = deps;
  }

  /**
   * Throws WRONG_CREDENTIALS, in the same time whether or not there is such an account; TOO_BUSY; BANNED, said only
   * to who knows the password.
   */
  async withPassword(account: string, password: string, device: Device): Promise<Grant> {
    const { users, hasher, tokens } = this.#deps;
    if (!canBeRight(account, password)) throw imError('WRONG_CREDENTIALS');
    const found = await users.byAccount(account);
    if (found === undefined || found.passwordHash === '') {
      await hasher.burn(password);
      throw imError('WRONG_CREDENTIALS');
    }
    const { passwordHash, ...user } = found;
    if (!(await hasher.verify(passwordHash, password))) throw imError('WRONG_CREDENTIALS');
    if (user.isBanned) throw imError('BANNED');
    // Changed while it was checked: nothing is superseded by the old one.
    if ((await users.passwordHash(user.uid)) !== passwordHash) throw imError('WRONG_CREDENTIALS');
    const token = await tokens.issue(user.uid, device);
    // Between those checks and the issue: the token that the old password, or a banned user, bought must not live.
    const after = await users.byAccount(account);
    if (after?.passwordHash !== passwordHash || after.isBanned) {
      await tokens.revoke(token.claims);
      throw imError(after?.isBanned === true ? 'BANNED' : 'WRONG_CREDENTIALS');
    }
    await this.#kickOlder(token);
    return { user, token };
  }

  /** For an account without a password, made just now. */
  async asGuest(user: User, device: Device): Promise<Grant> {
    const token = await this.#deps.tokens.issue(user.uid, device, true);
    return { user, token };
  }

  /** The same token back; with `renew` a new expiry at the same version. Throws UNAUTHENTICATED, BANNED. */
  async withToken(text: string, renew = false): Promise<Grant> {
    const { tokens } = this.#deps;
    const claims = await tokens.valid(text);
    const user = await this.#users.ask(claims.uid);
    if (user === undefined) throw imError('UNAUTHENTICATED');
    if (user.isBanned) throw imError('BANNED');
    return { user, token: renew ? await tokens.renewed(claims) : { text, claims } };
  }

  async #byUids(uids: readonly Uid[]): Promise<readonly (User | undefined)[]> {
    const users = new Map(
      (await this.#deps.users.byUids([...new Set(uids)])).map((user) => [user.uid, user]),
    );
    return uids.map((uid) => users.get(uid));
  }

  /** Never fails: a connection that is missed here is found by the gateway's next look at the versions. */
  async kick(orders: readonly KickOrder[]): Promise<void> {
    try {
      await this.#deps.dispatch.kick(orders);
    } catch (error) {
      this.#deps.logger.warn({ err: error, count: orders.length }, 'kick not delivered');
    }
  }

  async #kickOlder({ claims }: Token): Promise<void> {
    const { uid, device, version } = claims;
    await this.kick([{ uid, device, belowVersion: version, reason: 'KICKED' }]);
  }
}
