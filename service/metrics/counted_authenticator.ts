/** An Authenticator that counts how sign-ins on connections end; asks the real one and changes nothing. */
import { errorName } from '../../im/errors.js';
import type { Authenticator, SignedIn } from '../../im/gateway/interface.js';
import { Tally } from './tally.js';

export class CountedAuthenticator implements Authenticator {
  readonly #inner: Authenticator;
  /** By `OK` or the name of the error. */
  readonly results = new Tally();

  constructor(inner: Authenticator) {
    this.#inner = inner;
  }

  async signIn(...asked: Parameters<Authenticator['signIn']>): Promise<SignedIn> {
    try {
      const signedIn = await this.#inner.signIn(...asked);
      this.results.add('OK');
      return signedIn;
    } catch (error) {
      this.results.add(errorName(error));
      throw error;
    }
  }

  superseded(...asked: Parameters<Authenticator['superseded']>): ReturnType<Authenticator['superseded']> {
    return this.#inner.superseded(...asked);
  }

  revoke(...asked: Parameters<Authenticator['revoke']>): ReturnType<Authenticator['revoke']> {
    return this.#inner.revoke(...asked);
  }
}
