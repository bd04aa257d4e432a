/** The TokenChecker of a process that has the store: signature, expiry, and a version at most a second old. */
import { imError } from '../errors.js';
import type { Caller, TokenChecker, TokenClaims } from './interface.js';
import type { TokenVersions } from './token_versions.js';
import { isCurrent, type Tokens } from './tokens.js';

export interface TokenCheckerDeps {
  readonly tokens: Tokens;
  readonly versions: TokenVersions;
}

export class LocalTokenChecker implements TokenChecker {
  readonly #deps: TokenCheckerDeps;

  constructor(deps: TokenCheckerDeps) {
    this.#deps = deps;
  }

  async check(token: string): Promise<Caller> {
    const claims = await this.#deps.tokens.unexpired(token);
    const { versions } = this.#deps;
    const cached = await versions.cached(claims);
    // Another process may have issued the token since that was read.
    const current = cached.version < claims.version ? await versions.current(claims) : cached;
    if (!isCurrent(claims, current)) throw imError('UNAUTHENTICATED');
    return callerOf(claims);
  }

  async genuine(token: string): Promise<Caller> {
    return callerOf(await this.#deps.tokens.genuine(token));
  }
}

function callerOf(claims: TokenClaims): Caller {
  return { uid: claims.uid, device: claims.device, tokenVersion: claims.version };
}
