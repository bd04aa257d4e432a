/**
 * Signs connections in for the gateway: all four auth actions, by token or (api.user.login) by password. The
 * device is the token's own. Clients that know our protocol are told its limits.
 */
import { limitKeyOf } from '../../pkg/limit/address.js';
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { Gather } from '../../pkg/queue/gather.js';
import { imError } from '../errors.js';
import { ACTIONS } from '../message/actions.js';
import { known, toDevice } from '../message/ids.js';
import type { AuthUp } from '../message/message.js';
import type { Authenticator, Connection, SignedIn, SignedInToken } from '../gateway/interface.js';
import type { MessageStore } from '../store/interface.js';
import type { AttemptGuard } from './attempt_guard.js';
import { canBeRight, type Grant, type SignIn } from './sign_in.js';
import type { SignInAnswerer } from './sign_in_answer.js';
import { RANGE_LIMITS } from './sync_api.js';
import type { TokenVersions } from './token_versions.js';
import { isCurrent, type Tokens } from './tokens.js';

export const PROTOCOL_VERSION = 1;
/** What a client may rely on; names are never given a second meaning. */
export const FEATURES = [
  'sync',
  'range',
  'receipt.interval',
  'receipt.read',
  'notify.sync',
  'heartbeat.answer',
  'heartbeat.cursor',
] as const;

export const AUTHENTICATOR_OPTIONS = {
  heartbeatMs: integer(
    30_000,
    'ms',
    { min: 15_000, max: 600_000 },
    'Told to a client of ours that does not ask for another: when it sent nothing for so long it sends a heartbeat.',
  ),
} as const;

/** What the gateway enforces, told to clients so that they need not guess. */
export type AuthenticatorOptions = OptionsOf<typeof AUTHENTICATOR_OPTIONS> & {
  readonly frameBytes: number;
  readonly contentBytes: number;
};

export interface AuthenticatorDeps {
  readonly signIn: SignIn;
  readonly tokens: Pick<Tokens, 'revoke'>;
  readonly versions: TokenVersions;
  readonly attempts: Pick<AttemptGuard, 'run'>;
  readonly answer: SignInAnswerer;
  readonly messages: Pick<MessageStore, 'probed'>;
  readonly nowMs: () => number;
}

/** Where api.user.login names no device: what the only client that sends it is. */
const LOGIN_DEVICE = known(toDevice(1));

/** That are told one and the same reading of the epoch. */
const SIGN_INS_PER_READ = 1000;

export class LocalAuthenticator implements Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #deps: AuthenticatorDeps;
  readonly #epoch = new Gather((asked: readonly undefined[]) => this.#epochFor(asked), SIGN_INS_PER_READ);

  constructor(options: AuthenticatorOptions, deps: AuthenticatorDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  async signIn(request: AuthUp, from: Pick<Connection, 'host' | 'remoteAddress'>): Promise<SignedIn> {
    const { signIn, answer } = this.#deps;
    const byPassword = request.action === ACTIONS.apiUserLogin && request.token === '';
    const grant = byPassword
      ? await this.#withPassword(request, from.remoteAddress)
      : await signIn.withToken(request.token);
    const { uid, device, version, expiresAtMs } = grant.token.claims;
    const heartbeatMs = request.protocol >= 1 ? this.#heartbeatMs(request) : 0;
    const terms = request.protocol >= 1 ? await this.#terms(heartbeatMs) : {};
    return {
      uid,
      device,
      tokenVersion: version,
      tokenExpiresAtMs: expiresAtMs,
      heartbeatMs,
      answer: { ...answer(grant, from.host), ...terms },
    };
  }

  async #withPassword({ account, password, device }: AuthUp, address: string): Promise<Grant> {
    const { signIn, attempts } = this.#deps;
    if (!canBeRight(account, password)) throw imError('WRONG_CREDENTIALS');
    const work = (): Promise<Grant> => signIn.withPassword(account, password, device ?? LOGIN_DEVICE);
    return attempts.run({ kind: 'signIn', account }, limitKeyOf(address), work);
  }

  async superseded(tokens: readonly SignedInToken[]): Promise<readonly SignedInToken[]> {
    if (tokens.length === 0) return [];
    const versions = await this.#deps.versions.read(tokens);
    return tokens.filter((token, index) => !isCurrent(token, known(versions[index])));
  }

  async revoke(token: SignedInToken): Promise<void> {
    const { tokens, signIn } = this.#deps;
    if (!(await tokens.revoke(token))) return;
    const { uid, device, version } = token;
    await signIn.kick([{ uid, device, belowVersion: version + 1, reason: 'TOKEN_INVALID' }]);
  }

  async #epochFor(asked: readonly undefined[]): Promise<readonly number[]> {
    const { epoch } = await this.#deps.messages.probed();
    return asked.map(() => epoch);
  }

  #heartbeatMs({ heartbeatMs }: AuthUp): number {
    if (heartbeatMs === 0) return this.#options.heartbeatMs;
    const { min, max } = AUTHENTICATOR_OPTIONS.heartbeatMs;
    return Math.min(Math.max(heartbeatMs, min), max);
  }

  async #terms(heartbeatMs: number): Promise<Readonly<Record<string, unknown>>> {
    const { frameBytes, contentBytes } = this.#options;
    const epoch = await this.#epoch.ask(undefined);
    return {
      protocol: PROTOCOL_VERSION,
      features: FEATURES,
      limits: { frameBytes, contentBytes, rangeCount: RANGE_LIMITS.count, rangeBytes: RANGE_LIMITS.bytes },
      heartbeatMs,
      epoch,
      serverTime: this.#deps.nowMs(),
    };
  }
}
