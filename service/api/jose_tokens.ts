/** Tokens as JWTs signed with HS256, and tickets. Which versions are good is decided elsewhere (im/api/tokens.ts). */
import { createHash, createHmac, createSecretKey, webcrypto, type KeyObject } from 'node:crypto';
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose';
import type { TokenClaims, TokenSigner } from '../../im/api/interface.js';
import { toCount, toDevice, toUid, type PeerId, type Uid } from '../../im/message/ids.js';

export interface JoseTokensOptions {
  /** Signs and verifies; at least 32 bytes. */
  readonly secret: string;
  /** Verify only: secrets of before a rotation. */
  readonly previousSecrets?: readonly string[];
}

const ALGORITHM = 'HS256';

export class JoseTokens implements TokenSigner {
  readonly #keyId: string;
  /** Imported once: the library would import another kind of key again for every token. */
  readonly #keys: ReadonlyMap<string, Promise<webcrypto.CryptoKey>>;
  readonly #key: Promise<webcrypto.CryptoKey>;
  readonly #ticketKey: KeyObject;

  constructor({ secret, previousSecrets = [] }: JoseTokensOptions) {
    this.#keyId = keyIdOf(secret);
    this.#keys = new Map([...previousSecrets, secret].map((text) => [keyIdOf(text), keyOf(text)]));
    this.#key = keyOf(secret);
    this.#ticketKey = createSecretKey(Buffer.from(secret, 'utf8'));
  }

  async sign({ uid, device, version, issuedAtMs, expiresAtMs }: TokenClaims): Promise<string> {
    return new SignJWT({ uid, dev: device, ver: version })
      .setProtectedHeader({ alg: ALGORITHM, kid: this.#keyId })
      .setIssuedAt(Math.floor(issuedAtMs / 1000))
      .setExpirationTime(Math.floor(expiresAtMs / 1000))
      .sign(await this.#key);
  }

  async verify(token: string): Promise<TokenClaims | undefined> {
    try {
      const key = this.#keys.get(decodeProtectedHeader(token).kid ?? '');
      if (key === undefined) return undefined;
      // Expiry is the caller's business: a late logout comes with an expired token.
      const { payload } = await jwtVerify(token, await key, {
        algorithms: [ALGORITHM],
        currentDate: new Date(0),
      });
      return claimsOf(payload);
    } catch (error) {
      // Whatever is wrong with a token, it is not ours; anything else is a broken machine.
      if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
      throw error;
    }
  }

  ticket(from: Uid, to: PeerId): string {
    // No JWT begins like this: a ticket can never pass for the signature of a token.
    return createHmac('sha256', this.#ticketKey).update(`sailplane ticket:${from}:${to}`).digest('base64url');
  }
}

function claimsOf({ uid, dev, ver, iat, exp }: Readonly<Record<string, unknown>>): TokenClaims | undefined {
  const claims = [toUid(uid), toDevice(dev), toCount(ver), toCount(iat), toCount(exp)] as const;
  const [owner, device, version, issuedAt, expiresAt] = claims;
  if (owner === undefined || device === undefined || version === undefined) return undefined;
  if (issuedAt === undefined || expiresAt === undefined) return undefined;
  return { uid: owner, device, version, issuedAtMs: issuedAt * 1000, expiresAtMs: expiresAt * 1000 };
}

function keyOf(secret: string): Promise<webcrypto.CryptoKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  return webcrypto.subtle.importKey('raw', Buffer.from(secret, 'utf8'), algorithm, false, ['sign', 'verify']);
}

/** Names a secret without telling it. */
function keyIdOf(secret: string): string {
  return createHash('sha256').update(`sailplane key id:${secret}`).digest('base64url').slice(0, 8);
}
