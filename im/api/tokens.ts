/**
 * Tokens: issued by raising the version of (uid, device) in the store, good while that version is not raised
 * again. Says nothing about passwords (sign_in.ts) or connections.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { imError } from '../errors.js';
import type { Device, Uid } from '../message/ids.js';
import type { TokenVersion, UserStore } from '../store/people_interface.js';
import type { TokenClaims, TokenSigner } from './interface.js';
import type { TokenVersions } from './token_versions.js';

const HOUR_MS = 3_600_000;

export const TOKEN_OPTIONS = {
  tokenLifetimeMs: integer(
    72 * HOUR_MS,
    'ms',
    { min: 1000, max: 366 * 24 * HOUR_MS },
    'How long a token of a password sign-in is good; auth/token with `renew` gives a new expiry.',
  ),
  guestTokenLifetimeMs: integer(
    168 * HOUR_MS,
    'ms',
    { min: 1000, max: 366 * 24 * HOUR_MS },
    'The same for guests: they have no password to come back with, so theirs lasts longer.',
  ),
};
export type TokenOptions = OptionsOf<typeof TOKEN_OPTIONS>;

export interface TokenDeps {
  readonly signer: Pick<TokenSigner, 'sign' | 'verify'>;
  readonly users: UserStore;
  readonly versions: TokenVersions;
  readonly nowMs: () => number;
}

export interface Token {
  readonly text: string;
  readonly claims: TokenClaims;
}

/** Ours have some 200 characters; nothing longer is looked at. */
const TOKEN_LENGTH_LIMIT = 2048;

export class Tokens {
  readonly #options: TokenOptions;
  readonly #deps: TokenDeps;

  constructor(options: TokenOptions, deps: TokenDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Supersedes every earlier token of (uid, device). */
  async issue(uid: Uid, device: Device, isGuest = false): Promise<Token> {
    const [version] = await this.#deps.users.issueTokens([{ uid, device }]);
    if (version === undefined) throw imError('INTERNAL');
    this.#deps.versions.raised([version]);
    return this.at(version, isGuest);
  }

  /** Another token of a version that is current; supersedes nothing. */
  async at(version: TokenVersion, isGuest = false): Promise<Token> {
    const nowMs = this.#deps.nowMs();
    const lifetimeMs = isGuest ? this.#options.guestTokenLifetimeMs : this.#options.tokenLifetimeMs;
    // Whole seconds, as the token carries them: what is answered is what a later check reads.
    const expiresAtMs = Math.floor((nowMs + lifetimeMs) / 1000) * 1000;
    const claims: TokenClaims = { ...version, issuedAtMs: nowMs, expiresAtMs };
    return { text: await this.#deps.signer.sign(claims), claims };
  }

  /** A new expiry at the same version, as long as the token's lifetime was. */
  async renewed(claims: TokenClaims): Promise<Token> {
    const nowMs = this.#deps.nowMs();
    const lifetimeMs = claims.expiresAtMs - claims.issuedAtMs;
    // Rounded down: a lifetime that grew with every renewal would have no end.
    const expiresAtMs = Math.floor((nowMs + lifetimeMs) / 1000) * 1000;
    const next: TokenClaims = { ...claims, issuedAtMs: nowMs, expiresAtMs };
    return { text: await this.#deps.signer.sign(next), claims: next };
  }

  /** Signed by us; expired or superseded it may be. Throws UNAUTHENTICATED. */
  async genuine(token: string): Promise<TokenClaims> {
    const looksRight = token !== '' && token.length <= TOKEN_LENGTH_LIMIT;
    const claims = looksRight ? await this.#deps.signer.verify(token) : undefined;
    if (claims === undefined) throw imError('UNAUTHENTICATED');
    return claims;
  }

  /** Signed by us and not expired. Throws UNAUTHENTICATED. */
  async unexpired(token: string): Promise<TokenClaims> {
    const claims = await this.genuine(token);
    if (claims.expiresAtMs <= this.#deps.nowMs()) throw imError('UNAUTHENTICATED');
    return claims;
  }

  /** Good now, by a version read now. Throws UNAUTHENTICATED. */
  async valid(token: string): Promise<TokenClaims> {
    const claims = await this.unexpired(token);
    if (!isCurrent(claims, await this.#deps.versions.current(claims))) throw imError('UNAUTHENTICATED');
    return claims;
  }

  /** True where this was the current version; then no token of it is good any more. */
  async revoke(version: TokenVersion): Promise<boolean> {
    const { uid, device } = version;
    const revoked = await this.#deps.users.revokeToken({ uid, device, version: version.version });
    if (revoked) this.#deps.versions.raised([{ uid, device, version: version.version + 1 }]);
    return revoked;
  }
}

/**
 * `current`: read no earlier than the token was issued. A higher version than the store's is none of its tokens: it
 * was issued before the store went back to a backup. Version 0 was never issued.
 */
export function isCurrent(
  token: { readonly version: number },
  current: { readonly version: number },
): boolean {
  return current.version > 0 && token.version === current.version;
}
