/** auth/password and auth/forget: a new password, for who knows the old one or owns the e-mail. */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { imError } from '../errors.js';
import type { Uid } from '../message/ids.js';
import type { TokenVersion, User, UserStore } from '../store/people_interface.js';
import type { Caller, PasswordHasher } from './interface.js';
import type { CallContext } from './call_context.js';
import { PASSWORD_LENGTH_LIMIT, type SignIn } from './sign_in.js';
import type { SignInAnswerer } from './sign_in_answer.js';
import type { TokenVersions } from './token_versions.js';
import type { Tokens } from './tokens.js';
import { isSameAddress, type VerificationCodes } from './verification_codes.js';

export const PASSWORD_OPTIONS = {
  passwordMinLength: integer(
    1,
    'characters',
    { min: 1, max: 64 },
    'Shortest password taken for a new account or a change; 1 because older clients set none.',
  ),
};
export type PasswordOptions = OptionsOf<typeof PASSWORD_OPTIONS>;

export interface PasswordApiDeps {
  readonly users: UserStore;
  readonly hasher: PasswordHasher;
  readonly tokens: Tokens;
  readonly versions: TokenVersions;
  readonly signIn: SignIn;
  readonly answer: SignInAnswerer;
  readonly codes: VerificationCodes;
}

export interface ResetInput {
  readonly email: string;
  readonly captcha: string;
  readonly password: string;
}

export class PasswordApi {
  readonly #options: PasswordOptions;
  readonly #deps: PasswordApiDeps;

  constructor(options: PasswordOptions, deps: PasswordApiDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /**
   * Every device has to sign in again; the calling one with the token answered here. Throws WRONG_CREDENTIALS
   * where the old password is not that, or the account has none.
   */
  async change(
    input: { readonly oldPassword: string; readonly newPassword: string },
    caller: Caller,
    context: CallContext,
  ): Promise<unknown> {
    const { users, hasher, answer } = this.#deps;
    checkPassword(input.newPassword, 'newPassword', this.#options);
    if (input.oldPassword === '') throw imError('WRONG_CREDENTIALS');
    const oldHash = (await users.passwordHash(caller.uid)) ?? '';
    const isRight = oldHash !== '' && (await hasher.verify(oldHash, input.oldPassword));
    if (!isRight) throw imError('WRONG_CREDENTIALS');
    const newHash = await hasher.hash(input.newPassword);
    // Hashing takes long enough for somebody else's change to have come first.
    if ((await users.passwordHash(caller.uid)) !== oldHash) throw imError('WRONG_CREDENTIALS');
    const raised = await this.#replace(caller.uid, newHash);
    const token = await this.#freshToken(raised, caller);
    // Also the connection that asked: it gets its answer, with the new token, before it is closed.
    await this.#kick(raised);
    const [user] = await users.byUids([caller.uid]);
    if (user === undefined) throw imError('UNAUTHENTICATED');
    return answer({ user, token }, context.host);
  }

  /**
   * For who shows the code that was sent to the e-mail; every device has to sign in again. Throws WRONG_CODE,
   * NO_SUCH_USER (said only to the address's owner), BANNED, TOO_BUSY.
   */
  async reset({ email, captcha, password }: ResetInput): Promise<unknown> {
    if (email === '') throw imError('INVALID_PARAMETER', 'email');
    checkPassword(password, 'password', this.#options);
    this.#deps.codes.check(email, captcha);
    const { uid } = await this.#ownerOf(email);
    const hash = await this.#deps.hasher.hash(password);
    const raised = await this.#replace(uid, hash);
    this.#deps.codes.consume(email);
    await this.#kick(raised);
    return '';
  }

  /** Whose proved address it is: a name that only looks like it opens nothing. */
  async #ownerOf(email: string): Promise<User> {
    const user = await this.#deps.users.byAccount(email);
    if (user === undefined || !isSameAddress(user.email, email)) throw imError('NO_SUCH_USER');
    if (user.isBanned) throw imError('BANNED');
    return user;
  }

  async #replace(uid: Uid, hash: string): Promise<readonly TokenVersion[]> {
    const raised = await this.#deps.users.changePassword(uid, hash);
    this.#deps.versions.raised(raised);
    return raised;
  }

  async #kick(raised: readonly TokenVersion[]): Promise<void> {
    await this.#deps.signIn.kick(
      raised.map(({ uid, device, version }) => ({ uid, device, belowVersion: version, reason: 'KICKED' })),
    );
  }

  #freshToken(raised: readonly TokenVersion[], { uid, device }: Caller) {
    const own = raised.find((version) => version.device === device);
    return own === undefined ? this.#deps.tokens.issue(uid, device) : this.#deps.tokens.at(own);
  }
}

/** Throws INVALID_PARAMETER. */
export function checkPassword(password: string, field: string, { passwordMinLength }: PasswordOptions): void {
  if (password.length >= passwordMinLength && password.length <= PASSWORD_LENGTH_LIMIT) return;
  throw imError(
    'INVALID_PARAMETER',
    `${field} has ${passwordMinLength} to ${PASSWORD_LENGTH_LIMIT} characters`,
  );
}
