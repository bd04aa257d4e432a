/** auth/signin, signin_v2, token, logout: tokens for those who have an account already. Accounts: account_api.ts. */
import type { Device } from '../message/ids.js';
import type { Caller } from './interface.js';
import type { CallContext } from './call_context.js';
import type { SignIn } from './sign_in.js';
import type { SignInAnswerer } from './sign_in_answer.js';
import type { Tokens } from './tokens.js';

export interface AuthApiDeps {
  readonly signIn: SignIn;
  readonly tokens: Tokens;
  readonly answer: SignInAnswerer;
}

export interface PasswordInput {
  readonly account: string;
  readonly email: string;
  readonly password: string;
  readonly device: Device;
}

export class AuthApi {
  readonly #deps: AuthApiDeps;

  constructor(deps: AuthApiDeps) {
    this.#deps = deps;
  }

  /** Supersedes the device's older tokens. Throws WRONG_CREDENTIALS, TOO_BUSY. */
  async signIn(input: PasswordInput, context: CallContext): Promise<unknown> {
    const { signIn, answer } = this.#deps;
    const name = input.account === '' ? input.email : input.account;
    return answer(await signIn.withPassword(name, input.password, input.device), context.host);
  }

  /** The same token back, or with `renew` a later expiry of the same version. Throws UNAUTHENTICATED. */
  async token(
    input: { readonly token: string; readonly renew: boolean },
    context: CallContext,
  ): Promise<unknown> {
    return this.#deps.answer(await this.#deps.signIn.withToken(input.token, input.renew), context.host);
  }

  /** A token that was superseded meanwhile changes nothing: its late logout must not hurt the newer one. */
  async logout({ uid, device, tokenVersion }: Caller): Promise<unknown> {
    const { tokens, signIn } = this.#deps;
    const revoked = await tokens.revoke({ uid, device, version: tokenVersion });
    if (revoked) {
      await signIn.kick([{ uid, device, belowVersion: tokenVersion + 1, reason: 'LOGGED_OUT' }]);
    }
    return '';
  }
}
