/**
 * What time alone decides, looked at once a second for all connections: no sign-in in time, a socket that takes
 * nothing, answers that do not come while closing, tokens that expired or were superseded.
 */
import type { Logger } from '../../pkg/log/logger.js';
import type { CloseName } from '../errors.js';
import type { Client } from './client.js';
import type { Authenticator, SignedInToken } from './interface.js';

export interface SweepOptions {
  readonly signInDeadlineMs: number;
  readonly stuckMs: number;
  readonly drainMs: number;
  readonly tokenCheckMs: number;
  readonly sweepMs: number;
}

export interface SweeperDeps {
  readonly clients: () => Iterable<Client>;
  readonly authenticator: Authenticator;
  readonly logger: Logger;
  readonly close: (client: Client, reason: CloseName) => void;
  readonly cut: (client: Client, reason: CloseName) => void;
}

/** Tokens asked for in one query. */
const TOKENS_PER_QUERY = 1000;

export class Sweeper {
  readonly #options: SweepOptions;
  readonly #deps: SweeperDeps;
  #timer: NodeJS.Timeout | undefined;
  #tokensCheckedAtMs = performance.now();
  #isChecking = false;

  constructor(options: SweepOptions, deps: SweeperDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#sweep(), this.#options.sweepMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sweep(): void {
    const nowMs = performance.now();
    for (const client of this.#deps.clients()) this.#look(client, nowMs);
    if (nowMs - this.#tokensCheckedAtMs < this.#options.tokenCheckMs || this.#isChecking) return;
    this.#tokensCheckedAtMs = nowMs;
    this.#isChecking = true;
    void this.#checkTokens();
  }

  #look(client: Client, nowMs: number): void {
    const { signInDeadlineMs, stuckMs, drainMs } = this.#options;
    if (client.isClosed) return;
    if (client.isWriting && nowMs - client.writingSinceMs >= stuckMs)
      return this.#deps.cut(client, 'TOO_SLOW');
    if (client.closing !== undefined) {
      if (nowMs - client.closingSinceMs >= drainMs) this.#deps.cut(client, client.closing);
      return;
    }
    if (client.uid === undefined && nowMs - client.openedAtMs >= signInDeadlineMs) {
      this.#deps.close(client, 'NOT_SIGNED_IN');
    }
  }

  /** Never rejects: where the store cannot be asked, everybody stays until the next time. */
  async #checkTokens(): Promise<void> {
    try {
      const clients = [...this.#deps.clients()].filter((client) => client.uid !== undefined);
      for (let start = 0; start < clients.length; start += TOKENS_PER_QUERY) {
        await this.#checkPart(clients.slice(start, start + TOKENS_PER_QUERY));
      }
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'tokens could not be checked again');
    }
    this.#isChecking = false;
  }

  async #checkPart(clients: readonly Client[]): Promise<void> {
    const tokens = clients.map(tokenOf).filter((token) => token !== undefined);
    const superseded = new Set((await this.#deps.authenticator.superseded(tokens)).map(keyOf));
    const nowMs = Date.now();
    for (const client of clients) {
      const token = tokenOf(client);
      if (token === undefined || client.isClosed) continue;
      if (client.tokenExpiresAtMs <= nowMs || superseded.has(keyOf(token))) {
        this.#deps.close(client, 'TOKEN_INVALID');
      }
    }
  }
}

function tokenOf({ uid, device, tokenVersion }: Client): SignedInToken | undefined {
  return uid === undefined ? undefined : { uid, device, version: tokenVersion };
}

function keyOf({ uid, device, version }: SignedInToken): string {
  return `${uid}/${device}/${version}`;
}
