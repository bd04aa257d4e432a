/** auth/register, guest, verifyCode and password: how accounts and their passwords come to be. */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { imError } from '../errors.js';
import { known, toDevice } from '../message/ids.js';
import type { NewUser, User, UserStore } from '../store/interface.js';
import type { Caller, PasswordHasher } from './interface.js';
import type { CallContext } from './call_context.js';
import { PASSWORD_LENGTH_LIMIT, type SignIn } from './sign_in.js';
import type { SignInAnswerer } from './sign_in_answer.js';
import type { TokenVersions } from './token_versions.js';
import type { Tokens } from './tokens.js';
import type { VerificationCodes } from './verification_codes.js';

export const ACCOUNT_OPTIONS = {
  passwordMinLength: integer(
    1,
    'characters',
    { min: 1, max: 64 },
    'Shortest password taken for a new account or a change; 1 because older clients set none.',
  ),
};
export type AccountOptions = OptionsOf<typeof ACCOUNT_OPTIONS>;

export interface AccountApiDeps {
  readonly users: UserStore;
  readonly hasher: PasswordHasher;
  readonly tokens: Tokens;
  readonly versions: TokenVersions;
  readonly signIn: SignIn;
  readonly answer: SignInAnswerer;
  readonly codes: VerificationCodes;
  /** `length` characters of [a-z0-9] that nobody can guess. */
  readonly randomText: (length: number) => string;
}

export interface RegisterInput {
  readonly account: string;
  readonly email: string;
  readonly captcha: string;
  readonly password: string;
  readonly nickname: string;
}

/** The device class of guests. */
const GUEST_DEVICE = known(toDevice(3));

export class AccountApi {
  readonly #options: AccountOptions;
  readonly #deps: AccountApiDeps;

  constructor(options: AccountOptions, deps: AccountApiDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /**
   * By account, or by e-mail with the code sent there. An account that looks like an e-mail address is refused:
   * whoever searched for the address would find somebody who never proved it. Throws ACCOUNT_EXISTS, WRONG_CODE,
   * TOO_BUSY.
   */
  async register(input: RegisterInput): Promise<unknown> {
    const { account, email, captcha, password, nickname } = input;
    if (account === '' && email === '') throw imError('INVALID_PARAMETER', 'account');
    if (account.includes('@'))
      throw imError('INVALID_PARAMETER', 'account holds no @; send an address as email');
    this.#checkLength(password, 'password');
    // An e-mail is the account's only where its owner showed the code that was sent there.
    if (email !== '') this.#deps.codes.check(email, captcha);
    const passwordHash = await this.#deps.hasher.hash(password);
    await this.#create({
      account: account === '' ? email : account,
      email,
      nickname: nickname === '' ? `user_${this.#deps.randomText(6)}` : nickname,
      avatar: '',
      passwordHash,
    });
    if (email !== '') this.#deps.codes.consume(email);
    return '';
  }

  async guest(
    input: { readonly nickname: string; readonly avatar: string },
    context: CallContext,
  ): Promise<unknown> {
    const { randomText, signIn, answer } = this.#deps;
    const user = await this.#create({
      account: `guest_${randomText(32)}`,
      email: '',
      nickname: input.nickname === '' ? `guest_${randomText(6)}` : input.nickname,
      avatar: input.avatar,
      passwordHash: '',
    });
    return answer(await signIn.asGuest(user, GUEST_DEVICE), context.host);
  }

  /** Throws NO_CODE_SENDER, TOO_BUSY. Says nothing about whether the e-mail has an account. */
  async verifyCode(input: { readonly email: string }): Promise<unknown> {
    if (input.email === '') throw imError('INVALID_PARAMETER', 'email');
    await this.#deps.codes.issue(input.email);
    return '';
  }

  /**
   * Every device has to sign in again; the calling one with the token answered here. Throws WRONG_CREDENTIALS
   * where the old password is not that, or the account has none.
   */
  async changePassword(
    input: { readonly oldPassword: string; readonly newPassword: string },
    caller: Caller,
    context: CallContext,
  ): Promise<unknown> {
    const { users, hasher, versions, signIn, answer } = this.#deps;
    this.#checkLength(input.newPassword, 'newPassword');
    const oldHash = (await users.passwordHash(caller.uid)) ?? '';
    const isRight = oldHash !== '' && (await hasher.verify(oldHash, input.oldPassword));
    if (!isRight) throw imError('WRONG_CREDENTIALS');
    const newHash = await hasher.hash(input.newPassword);
    // Hashing takes long enough for somebody else's change to have come first.
    if ((await users.passwordHash(caller.uid)) !== oldHash) throw imError('WRONG_CREDENTIALS');
    const raised = await users.changePassword(caller.uid, newHash);
    versions.raised(raised);
    const token = await this.#freshToken(raised, caller);
    // Also the connection that asked: it gets its answer, with the new token, before it is closed.
    await signIn.kick(
      raised.map(({ uid, device, version }) => ({ uid, device, belowVersion: version, reason: 'KICKED' })),
    );
    const [user] = await users.byUids([caller.uid]);
    if (user === undefined) throw imError('UNAUTHENTICATED');
    return answer({ user, token }, context.host);
  }

  #freshToken(raised: Awaited<ReturnType<UserStore['changePassword']>>, { uid, device }: Caller) {
    const own = raised.find((version) => version.device === device);
    return own === undefined ? this.#deps.tokens.issue(uid, device) : this.#deps.tokens.at(own);
  }

  #checkLength(password: string, field: string): void {
    if (password.length < this.#options.passwordMinLength || password.length > PASSWORD_LENGTH_LIMIT) {
      throw imError(
        'INVALID_PARAMETER',
        `${field} has ${this.#options.passwordMinLength} to ${PASSWORD_LENGTH_LIMIT} characters`,
      );
    }
  }

  async #create(user: NewUser): Promise<User> {
    const [created] = await this.#deps.users.create([user]);
    if (created === undefined) throw imError('ACCOUNT_EXISTS');
    return created;
  }
}
