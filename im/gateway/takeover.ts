/**
 * Tells a device that changed its network from two devices that share one token. Both take the connection over
 * again and again; but of the first the old socket is dead, and of the others it answers. Too many takeovers of
 * the second kind revoke the token.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import type { Logger } from '../../pkg/log/logger.js';
import type { Client } from './client.js';
import type { Authenticator, SignedInToken } from './interface.js';

export const TAKEOVER_OPTIONS = {
  takeoverAnswerMs: integer(
    5000,
    'ms',
    { min: 100, max: 60_000 },
    'A replaced connection that answers its close so soon was alive: somebody else uses its token.',
  ),
  fightLimit: integer(
    3,
    'count',
    { min: 1, max: 1000 },
    'Takeovers of live connections by the same token within fight_window_ms; one more revokes the token.',
  ),
  fightWindowMs: integer(60_000, 'ms', { min: 100, max: 3_600_000 }, 'The time in which they are counted.'),
  fightCount: integer(
    10_000,
    'count',
    { min: 1, max: 10_000_000 },
    'Tokens whose takeovers are remembered; the one fought over longest ago is forgotten for another.',
  ),
} as const;

export type TakeoverOptions = OptionsOf<typeof TAKEOVER_OPTIONS> & {
  /** What a connection is given for its last answers before the close frame. */
  readonly drainMs: number;
};

export interface TakeoverDeps {
  readonly authenticator: Pick<Authenticator, 'revoke'>;
  readonly logger: Logger;
}

export class Takeover {
  readonly #options: TakeoverOptions;
  readonly #deps: TakeoverDeps;
  /** When live connections of a token were replaced, oldest first, at most `fightLimit` + 1; by uid/device/version. */
  readonly #fights = new Map<string, number[]>();
  #fightCount = 0;
  #revokedCount = 0;

  constructor(options: TakeoverOptions, deps: TakeoverDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get fightCount(): number {
    return this.#fightCount;
  }

  get revokedCount(): number {
    return this.#revokedCount;
  }

  /** A connection has closed; `answered`: the other side answered our close. */
  closed(client: Client, answered: boolean, nowMs: number): void {
    const { takeoverAnswerMs, drainMs, fightLimit } = this.#options;
    const { uid, device, tokenVersion: version } = client;
    if (!answered || client.closing !== 'REPLACED' || uid === undefined) return;
    if (nowMs - client.closingSinceMs > takeoverAnswerMs + drainMs) return;
    this.#fightCount++;
    const token = { uid, device, version };
    if (this.#remember(token, nowMs) <= fightLimit) return;
    this.#fights.delete(keyOf(token));
    void this.#revoke(token);
  }

  /** How many times, this one included, the token was fought over within the window. */
  #remember(token: SignedInToken, nowMs: number): number {
    const { fightWindowMs, fightCount } = this.#options;
    const key = keyOf(token);
    const times = (this.#fights.get(key) ?? []).filter((atMs) => nowMs - atMs < fightWindowMs);
    times.push(nowMs);
    this.#fights.delete(key);
    for (const oldest of this.#fights.keys()) {
      if (this.#fights.size < fightCount) break;
      this.#fights.delete(oldest);
    }
    this.#fights.set(key, times);
    return times.length;
  }

  /** Never rejects: where it fails, the fight goes on and the next round tries again. */
  async #revoke(token: SignedInToken): Promise<void> {
    const { authenticator, logger } = this.#deps;
    try {
      await authenticator.revoke(token);
      this.#revokedCount++;
      const { uid, device } = token;
      logger.info({ uid, device }, 'a token that two devices fought over was revoked');
    } catch (error) {
      logger.warn({ err: error }, 'a token that two devices fight over could not be revoked');
    }
  }
}

function keyOf({ uid, device, version }: SignedInToken): string {
  return `${uid}/${device}/${version}`;
}
