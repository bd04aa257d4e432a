/** The HTTP API over `fetch`: accounts and tokens before there is a connection, and any operation by its path. */
import { ERRORS } from '../../im/errors.js';
import { toCount, toUid } from '../../im/message/ids.js';
import { Field, isJsonObject } from '../../im/message/json_fields.js';
import { CodedError } from '../../pkg/errors/coded_error.js';

export interface HttpApiOptions {
  /** `http://host:8081/api`. */
  readonly url: string;
  /** Absent: 30,000. */
  readonly timeoutMs?: number;
}

/** What every way of signing in answers. */
export interface SignInResult {
  readonly uid: number;
  readonly token: string;
  /** WebSocket URLs to connect to. */
  readonly servers: readonly string[];
}

export interface Credentials {
  readonly account: string;
  readonly password: string;
}

const SUCCESS_CODE = 100;
const DEFAULT_TIMEOUT_MS = 30_000;
const TEMPORARY_CODES: ReadonlySet<number> = new Set(
  Object.values(ERRORS)
    .filter((row) => row.temporary)
    .map((row) => row.code),
);
const F = {
  code: new Field('code'),
  msg: new Field('msg'),
  data: new Field('data'),
  uid: new Field('uid'),
  token: new Field('token'),
  servers: new Field('servers'),
};

/** Every method rejects with a CodedError: the server's code, or a temporary 0 where no answer came. */
export class HttpApi {
  readonly #url: string;
  readonly #timeoutMs: number;

  constructor(options: HttpApiOptions) {
    this.#url = options.url.replace(/\/+$/, '');
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  async register(credentials: Credentials & { readonly nickname?: string }): Promise<void> {
    await this.call('auth/register', credentials);
  }

  /** `device`: 1 phone, 2 web …; a token of the same user and device stops working. */
  async signIn(credentials: Credentials & { readonly device: number }): Promise<SignInResult> {
    return readSignIn(await this.call('auth/signin', credentials));
  }

  async guest(profile: { readonly nickname?: string; readonly avatar?: string } = {}): Promise<SignInResult> {
    return readSignIn(await this.call('auth/guest', profile));
  }

  /** The same token with a new expiry. */
  async renew(token: string): Promise<SignInResult> {
    return readSignIn(await this.call('auth/token', { token, renew: true }));
  }

  async signOut(token: string): Promise<void> {
    await this.call('auth/logout', {}, token);
  }

  /** Any operation: `contacts/list`. Resolves with `Data`. */
  async call(operation: string, input: unknown, token?: string): Promise<unknown> {
    const headers: Record<string, string> = { 'Content-Type': 'application/json' };
    if (token !== undefined) headers['Authorization'] = `Bearer ${token}`;
    const signal = AbortSignal.timeout(this.#timeoutMs);
    let response: Response;
    let body: unknown;
    try {
      response = await fetch(`${this.#url}/${operation}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(input ?? {}),
        signal,
      });
      body = await response.json();
    } catch (error) {
      throw new CodedError(0, 'no answer from the HTTP API', { temporary: true, cause: error });
    }
    return readEnvelope(body, response.status);
  }
}

function readEnvelope(body: unknown, status: number): unknown {
  const code = isJsonObject(body) ? toCount(F.code.read(body)) : undefined;
  if (!isJsonObject(body) || code === undefined) {
    throw new CodedError(0, `an answer that is not understood (HTTP ${status})`, { temporary: true });
  }
  if (code === SUCCESS_CODE) return F.data.read(body);
  const message = F.msg.read(body);
  throw new CodedError(code, typeof message === 'string' ? message : '', {
    temporary: TEMPORARY_CODES.has(code),
  });
}

function readSignIn(data: unknown): SignInResult {
  const body = isJsonObject(data) ? data : {};
  const uid = toUid(F.uid.read(body));
  const token = F.token.read(body);
  const servers = F.servers.read(body);
  if (uid === undefined || typeof token !== 'string')
    throw new CodedError(0, 'a sign-in answer without uid or token');
  const urls: readonly unknown[] = Array.isArray(servers) ? servers : [];
  return { uid, token, servers: urls.filter((url) => typeof url === 'string') };
}
