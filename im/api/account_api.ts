/** auth/register, guest and verifyCode: how accounts come to be. Passwords of those that are: password_api.ts. */
import { imError } from '../errors.js';
import { known, toDevice } from '../message/ids.js';
import type { NewUser, User, UserStore } from '../store/people_interface.js';
import type { Caller, PasswordHasher } from './interface.js';
import type { CallContext } from './call_context.js';
import { checkPassword, type PasswordOptions } from './password_api.js';
import type { SignIn } from './sign_in.js';
import type { SignInAnswerer } from './sign_in_answer.js';
import type { VerificationCodes } from './verification_codes.js';

export interface AccountApiDeps {
  readonly users: Pick<UserStore, 'create' | 'changeEmail'>;
  readonly hasher: PasswordHasher;
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
  readonly #options: PasswordOptions;
  readonly #deps: AccountApiDeps;

  constructor(options: PasswordOptions, deps: AccountApiDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /**
   * By account, or by e-mail with the code sent there. An account that looks like an e-mail address is refused:
   * whoever searched for the address would find somebody who never proved it. A right code is used up also where the
   * account exists: it would tell a guesser what to reset the password with. Throws ACCOUNT_EXISTS, WRONG_CODE,
   * TOO_BUSY.
   */
  async register(input: RegisterInput): Promise<unknown> {
    const { account, email, captcha, password, nickname } = input;
    if (account === '' && email === '') throw imError('INVALID_PARAMETER', 'account');
    if (account.includes('@'))
      throw imError('INVALID_PARAMETER', 'account holds no @; send an address as email');
    checkPassword(password, 'password', this.#options);
    // An e-mail is the account's only where its owner showed the code that was sent there.
    if (email !== '') this.#deps.codes.check(email, captcha);
    const passwordHash = await this.#deps.hasher.hash(password);
    if (email !== '') this.#deps.codes.consume(email);
    await this.#create({
      account: account === '' ? email : account,
      email,
      nickname: nickname === '' ? `user_${this.#deps.randomText(6)}` : nickname,
      avatar: '',
      passwordHash,
    });
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

  /** Of the caller's account, proved by the code sent there. Throws WRONG_CODE, ACCOUNT_EXISTS. */
  async changeEmail(
    { email, captcha }: { readonly email: string; readonly captcha: string },
    { uid }: Caller,
  ): Promise<unknown> {
    if (email === '') throw imError('INVALID_PARAMETER', 'email');
    const { codes, users } = this.#deps;
    codes.check(email, captcha);
    codes.consume(email);
    const outcome = await users.changeEmail(uid, email);
    if (outcome === 'taken') throw imError('ACCOUNT_EXISTS');
    if (outcome === 'unknown') throw imError('NO_SUCH_USER');
    return '';
  }

  async #create(user: NewUser): Promise<User> {
    const [created] = await this.#deps.users.create([user]);
    if (created === undefined) throw imError('ACCOUNT_EXISTS');
    return created;
  }
}
