/**
 * What time alone decides, each connection when its time has come: no sign-in in time, a socket that takes
 * nothing, answers that do not come while closing, a peer that has gone silent; and for all of them at once,
 * tokens that expired or were superseded. One timer for everybody.
 */
import type { Logger } from '../../pkg/log/logger.js';
import { TimerWheel } from '../../pkg/timer/timer_wheel.js';
import type { CloseName } from '../errors.js';
import type { Client } from './client.js';
import { LOST, type Heartbeat } from './heartbeat.js';
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
  readonly heartbeat: Pick<Heartbeat, 'look'>;
  readonly authenticator: Pick<Authenticator, 'superseded'>;
  readonly logger: Logger;
  readonly close: (client: Client, reason: CloseName) => void;
  readonly cut: (client: Client, reason: CloseName) => void;
}

/** Tokens asked for in one query. */
const TOKENS_PER_QUERY = 1000;
/** A round of a minute; nobody waits longer than stuckMs for a look. */
const SLOT_COUNT = 64;

export class Sweeper {
  readonly #options: SweepOptions;
  readonly #deps: SweeperDeps;
  readonly #wheel: TimerWheel<Client>;
  #timer: NodeJS.Timeout | undefined;
  #nowMs = coarseNowMs();
  #tokensCheckedAtMs = performance.now();
  #isChecking = false;

  constructor(options: SweepOptions, deps: SweeperDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#wheel = new TimerWheel(options.sweepMs, SLOT_COUNT, this.#nowMs);
  }

  /** The time of the last sweep, whole ms: good enough for what happens on every frame. */
  get nowMs(): number {
    return this.#nowMs;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#sweep(), this.#options.sweepMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** From now on `client` is looked at whenever something of it may be due; the first look finds out when. */
  watch(client: Client): void {
    this.#wheel.set(client, client.openedAtMs);
  }

  /** It is to be closed, and has drainMs for its last answers. */
  hasten(client: Client): void {
    this.#wheel.set(client, client.closingSinceMs + this.#options.drainMs);
  }

  forget(client: Client): void {
    this.#wheel.delete(client);
  }

  #sweep(): void {
    this.#nowMs = coarseNowMs();
    this.#wheel.advance(this.#nowMs, this.#look);
    const nowMs = performance.now();
    if (nowMs - this.#tokensCheckedAtMs < this.#options.tokenCheckMs || this.#isChecking) return;
    this.#tokensCheckedAtMs = nowMs;
    this.#isChecking = true;
    void this.#checkTokens();
  }

  readonly #look = (client: Client): void => {
    const { signInDeadlineMs, stuckMs, drainMs } = this.#options;
    if (client.isClosed) return;
    const nowMs = this.#nowMs;
    // Whoever begins to write after this look and gets stuck is found in time by the next.
    let nextMs = (client.isWriting ? client.writingSinceMs : nowMs) + stuckMs;
    if (nowMs >= nextMs) return this.#deps.cut(client, 'TOO_SLOW');
    if (client.closing !== undefined) {
      if (nowMs >= client.closingSinceMs + drainMs) return this.#deps.cut(client, client.closing);
      return this.#wheel.set(client, Math.min(nextMs, client.closingSinceMs + drainMs));
    }
    if (client.uid === undefined) {
      if (nowMs >= client.openedAtMs + signInDeadlineMs) return this.#deps.close(client, 'NOT_SIGNED_IN');
      nextMs = Math.min(nextMs, client.openedAtMs + signInDeadlineMs);
    }
    const beatMs = this.#deps.heartbeat.look(client, nowMs);
    if (beatMs === LOST) return this.#deps.close(client, 'HEARTBEAT_LOST');
    this.#wheel.set(client, Math.min(nextMs, beatMs));
  };

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

/** Whole: such a number takes no memory of its own in every connection that keeps it. */
function coarseNowMs(): number {
  return Math.floor(performance.now());
}

function tokenOf({ uid, device, tokenVersion }: Client): SignedInToken | undefined {
  return uid === undefined ? undefined : { uid, device, version: tokenVersion };
}

function keyOf({ uid, device, version }: SignedInToken): string {
  return `${uid}/${device}/${version}`;
}
