/**
 * The api room behind a real HTTP server, over the real SQLite stores in a temporary folder and in the test's own
 * process: the clock can be set, and what goes to dispatch and to the log is kept. No gateway, no sockets.
 */
import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { PasswordHasher } from '../../im/api/interface.js';
import { AttemptGuard } from '../../im/api/attempt_guard.js';
import { LocalApi } from '../../im/api/local_api.js';
import { SignIn } from '../../im/api/sign_in.js';
import { signInAnswerer } from '../../im/api/sign_in_answer.js';
import { LocalTokenChecker } from '../../im/api/token_checker.js';
import { TokenVersions } from '../../im/api/token_versions.js';
import { Tokens } from '../../im/api/tokens.js';
import { VerificationCodes } from '../../im/api/verification_codes.js';
import { LocalBroker } from '../../im/broker/local_broker.js';
import type { Dispatch } from '../../im/dispatch/interface.js';
import type { Delivery, GroupDelivery, InterestChange, KickOrder } from '../../im/gateway/interface.js';
import { LocalGroups } from '../../im/group/local_groups.js';
import { conversationWith } from '../../im/message/conversation.js';
import {
  known,
  toDevice,
  toMid,
  toUid,
  type Device,
  type Gid,
  type Mid,
  type PeerId,
  type Uid,
} from '../../im/message/ids.js';
import { EVENT_KIND } from '../../im/message/message.js';
import { EventDelivery } from '../../im/messaging/event_delivery.js';
import { EventHandler } from '../../im/messaging/event_handler.js';
import { MarkWriter } from '../../im/messaging/mark_writer.js';
import { RecallHandler } from '../../im/messaging/recall_handler.js';
import { ReceiptHandler } from '../../im/messaging/receipts.js';
import { WorldChannel } from '../../im/messaging/world_channel.js';
import { LocalPresence } from '../../im/presence/local_presence.js';
import { AppendBatcher } from '../../im/store/append_batcher.js';
import { defaultsOf } from '../../pkg/config/option.js';
import { AttemptCounter } from '../../pkg/limit/attempt_counter.js';
import { ProxyTrust } from '../../pkg/limit/proxy_trust.js';
import type { LogFields, Logger } from '../../pkg/log/logger.js';
import { Argon2Hasher } from '../../service/api/argon2_hasher.js';
import { HttpServer } from '../../service/api/http_server.js';
import { JoseTokens } from '../../service/api/jose_tokens.js';
import { Readiness } from '../../service/api/readiness.js';
import { WebhookCodeSender } from '../../service/api/webhook_code_sender.js';
import { CONFIG_OPTIONS, type Config } from '../../service/config.js';
import { openFor, temporaryOptions } from '../../service/store/sqlite_factory.contract.js';
import type { SqliteStoreOptions } from '../../service/store/sqlite_options.js';
import type { SqliteStores } from '../../service/store/sqlite_stores.js';
import { asObject } from './raw_client.js';

export const API_SECRET = 'a secret of thirty-two bytes or more';
/** What sign-ins are told as the port of the WebSocket listener. */
export const WS_PORT = 4711;

export interface ApiServerOptions {
  readonly api?: Partial<Config['api']>;
  readonly attempts?: Partial<Config['attempts']>;
  readonly mode?: Config['mode'];
  readonly worldChannel?: boolean;
  readonly hasher?: PasswordHasher;
  /** Of an existing file, instead of an empty one. */
  readonly store?: SqliteStoreOptions;
}

/** A signed-in user. */
export interface Somebody {
  readonly uid: Uid;
  readonly device: Device;
  readonly account: string;
  readonly token: string;
}

export interface Answer {
  readonly status: number;
  /** Of the envelope; 0 where the answer was none. */
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
  readonly headers: Headers;
  readonly text: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const attemptOptions = defaultsOf(CONFIG_OPTIONS.attempts);

export class ApiServer {
  readonly options: Config['api'];
  readonly stores: SqliteStores;
  readonly local: LocalApi;
  readonly marks: MarkWriter;
  readonly presence: LocalPresence;
  readonly kicks: KickOrder[] = [];
  readonly groupDeliveries: GroupDelivery[] = [];
  readonly interests: InterestChange[] = [];
  readonly deliveries: Delivery[] = [];
  /** Every log line, as text. */
  readonly logs: string[] = [];
  readonly clock = { nowMs: Date.now() };
  readonly #batcher: AppendBatcher;
  readonly #signer = new JoseTokens({ secret: API_SECRET });
  readonly #http: HttpServer;

  private constructor(
    stores: SqliteStores,
    { api = {}, attempts = {}, mode = 'debugging', worldChannel = true, hasher }: ApiServerOptions,
  ) {
    this.stores = stores;
    this.options = { ...defaultsOf(CONFIG_OPTIONS.api), hashMemoryKib: 8192, hashPasses: 1, ...api };
    const { options } = this;
    const { messages, users, ids } = stores;
    const nowMs = (): number => this.clock.nowMs;
    const messaging = { ...defaultsOf(CONFIG_OPTIONS.messaging), markDelayMs: 1 };
    const logger = this.#logger();
    const dispatch = this.#dispatch();
    this.#batcher = new AppendBatcher(messaging, { store: messages, ids, logger });
    this.marks = new MarkWriter(messaging, { store: messages, logger });
    const appender = this.#batcher;
    const groups = new LocalGroups(messaging, { appender, dispatch, logger });
    const world = new WorldChannel(messaging, { groups });
    const receipts = new ReceiptHandler({
      ...{ store: messages, sizes: groups, marks: this.marks, dispatch, logger },
    });
    const versions = new TokenVersions(options, { users, nowMs });
    const tokens = new Tokens(options, { signer: this.#signer, users, versions, nowMs });
    const passwords = hasher ?? new Argon2Hasher(options);
    const signIn = new SignIn({ tokens, users, hasher: passwords, dispatch, logger });
    const answer = signInAnswerer(
      { publicWsUrls: [], path: '/ws', isSecure: false },
      { wsPort: () => WS_PORT },
    );
    const sender = options.codeWebhookUrl === '' ? undefined : new WebhookCodeSender(options);
    const debugging = mode === 'debugging';
    const codes = new VerificationCodes(options, { debugging, sender, nowMs, randomCode: () => '246810' });
    const figures = {
      onlineCount: () => 2,
      maxOnlineCount: () => 3,
      messageCount: () => 4,
      startedAtMs: 5000,
    };
    const randomText = (length: number): string => randomUUID().replaceAll('-', '').slice(0, length);
    const signer = this.#signer;
    const shared = {
      signer,
      stores,
      dispatch,
      receipts,
      figures,
      hasher: passwords,
      tokens,
      versions,
      signIn,
      attempts: new AttemptGuard(
        { ...attemptOptions, ...attempts },
        { counter: (asked) => new AttemptCounter(asked) },
      ),
    };
    const replies = { reply: () => undefined };
    const delivery = new EventDelivery({ dispatch, replies, logger });
    const recallDeps = { store: messages, appender, groups, world, delivery, replies, logger };
    const recaller = new RecallHandler(messaging, recallDeps);
    const changes = new EventHandler(
      { ...messaging, contentBytes: 32_768 },
      { store: messages, appender, groups, delivery },
    );
    this.presence = new LocalPresence(
      { ...messaging, presenceDebounceMs: 20 },
      {
        ...{
          ...stores,
          store: stores.presence,
          dispatch,
          logger,
          nowMs,
          monotonicMs: () => performance.now(),
        },
      },
    );
    const events = { changes, presence: this.presence, broker: new LocalBroker(groups) };
    const made = { ...events, appender, recaller, answer, codes, randomText, nowMs, logger };
    this.local = new LocalApi({ ...options, worldChannel }, { ...shared, ...made });
    const readiness = new Readiness(options, { appender: this.#batcher, messages });
    const checker = new LocalTokenChecker({ tokens, versions });
    const address = { host: '127.0.0.1', port: 0 };
    const rates = { takeAddress: () => 0, takeUser: () => 0 };
    const edge = { rates, trust: new ProxyTrust([]), certificate: undefined };
    this.#http = new HttpServer(
      { ...options, ...address },
      { api: this.local, checker, readiness, ...edge, logger },
    );
  }

  /** Everything of it ends with the test. */
  static async start(t: TestContext, options: ApiServerOptions = {}): Promise<ApiServer> {
    const stores = await openFor(t, options.store ?? temporaryOptions(t));
    const server = new ApiServer(stores, options);
    await server.#http.start();
    t.after(async () => {
      await server.closeHttp(1000);
      await server.marks.flush();
      await server.#batcher.close(1000);
    });
    return server;
  }

  /** Resolves when the last connection is gone; those that are left after `deadlineMs` are cut. */
  closeHttp(deadlineMs: number): Promise<void> {
    return this.#http.close(deadlineMs);
  }

  /** What HTTP clients make it hold. */
  get answerBytes(): number {
    return this.#http.answers().bytes;
  }

  /** `http://127.0.0.1:1234` */
  get origin(): string {
    return `http://127.0.0.1:${this.#http.port}`;
  }

  /** POSTs an object to an operation. Never throws for an error code. */
  call(path: string, input: unknown = {}, token = ''): Promise<Answer> {
    const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
    return this.raw(`/api/${path}`, { body: JSON.stringify(input), headers });
  }

  /** The Data of a `call` that must succeed, as an object (an array's elements under their numbers). */
  async data(path: string, input: unknown = {}, token = ''): Promise<Readonly<Record<string, unknown>>> {
    return asObject(await this.value(path, input, token));
  }

  /** The Data of a `call` that must succeed. */
  async value(path: string, input: unknown = {}, token = ''): Promise<unknown> {
    const answer = await this.call(path, input, token);
    if (answer.code !== 100) throw new Error(`${path}: HTTP ${answer.status} ${answer.text}`);
    return answer.data;
  }

  async raw(path: string, { method = 'POST', body, headers = {} }: RawRequest = {}): Promise<Answer> {
    const carried = body === undefined ? {} : { body };
    const response = await fetch(this.origin + path, { method, headers, ...carried });
    const text = await response.text();
    const envelope = asObject(parsed(text));
    const { Code: code, Msg: message, Data: data } = envelope;
    return {
      status: response.status,
      code: typeof code === 'number' ? code : 0,
      message: typeof message === 'string' ? message : '',
      data,
      headers: response.headers,
      text,
    };
  }

  /** A new user with a token, made through the stores: no password opens the account. */
  async somebody(device = 1): Promise<Somebody> {
    const account = `u_${randomUUID()}`;
    const [user] = await this.stores.users.create([
      { account, nickname: `nick ${account}`, avatar: 'a.png', email: '', passwordHash: '' },
    ]);
    if (user === undefined) throw new Error('the account exists');
    return this.signedIn(user.uid, account, device);
  }

  /** A fresh token, as a sign-in issues it. */
  async signedIn(uid: Uid, account: string, device: number): Promise<Somebody> {
    const [version] = await this.stores.users.issueTokens([{ uid, device: known(toDevice(device)) }]);
    if (version === undefined) throw new Error('no version');
    const token = await this.#sign(version);
    return { uid, device: version.device, account, token };
  }

  /** One message from the one to the other, stored; its mid. */
  say(from: Somebody, to: { readonly uid: Uid }, content: string): Promise<Mid> {
    return this.#store(from, to.uid, content);
  }

  /** The same to a group. */
  sayIn(from: Somebody, gid: Gid, content: string): Promise<Mid> {
    return this.#store(from, gid, content);
  }

  async #store(from: Somebody, to: PeerId, content: string): Promise<Mid> {
    const event = {
      kind: EVENT_KIND.message,
      from: from.uid,
      device: from.device,
      to,
      clientId: randomUUID(),
      mid: 0 as const,
      type: 1,
      content,
      sentAtMs: 1_700_000_000_123,
    };
    const result = await this.#batcher.append({ conv: conversationWith(from.uid, to), event });
    if (result.outcome !== 'stored') throw new Error(`not stored: ${JSON.stringify(result)}`);
    return known(toMid(result.event.mid));
  }

  #sign(version: { uid: Uid; device: Device; version: number }): Promise<string> {
    const { nowMs } = this.clock;
    return this.#signer.sign({ ...version, issuedAtMs: nowMs, expiresAtMs: nowMs + 3_600_000 });
  }

  #dispatch(): Dispatch {
    return {
      deliver: (deliveries) => {
        this.deliveries.push(...deliveries);
        return Promise.resolve(deliveries.map(() => ({ absent: [] })));
      },
      kick: (orders) => {
        this.kicks.push(...orders);
        return Promise.resolve();
      },
      deliverToGroups: (deliveries) => {
        this.groupDeliveries.push(...deliveries);
        return Promise.resolve();
      },
      setInterest: (changes) => {
        this.interests.push(...changes);
        return Promise.resolve();
      },
    };
  }

  #logger(): Logger {
    const line = (fields: LogFields, message: string): void => {
      const { err, ...rest } = fields;
      this.logs.push(`${message} ${String(err)} ${JSON.stringify(rest)}`);
    };
    return { error: line, warn: line, info: line, debug: line };
  }
}

/** A uid that nobody has. */
export const NOBODY = known(toUid(999_999_999));

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
