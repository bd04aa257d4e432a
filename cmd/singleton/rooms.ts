/**
 * The rooms of one process and how they hold each other: every port gets its local implementation. Builds only;
 * what runs is started in main.ts, in the order that it must stop in reverse.
 */
import { randomInt } from 'node:crypto';
import { AttemptGuard } from '../../im/api/attempt_guard.js';
import { LocalAuthenticator } from '../../im/api/authenticator.js';
import type { PasswordHasher, ServerFigures, TokenSigner } from '../../im/api/interface.js';
import { LocalApi } from '../../im/api/local_api.js';
import { answerSizeOf } from '../../im/api/operations.js';
import { SignIn } from '../../im/api/sign_in.js';
import { signInAnswerer } from '../../im/api/sign_in_answer.js';
import { LocalTokenChecker } from '../../im/api/token_checker.js';
import { TokenVersions } from '../../im/api/token_versions.js';
import { Tokens } from '../../im/api/tokens.js';
import { VerificationCodes } from '../../im/api/verification_codes.js';
import { LocalDispatch } from '../../im/dispatch/local_dispatch.js';
import { ClientManager } from '../../im/gateway/client_manager.js';
import type { Gateway } from '../../im/gateway/interface.js';
import type { ReplySink } from '../../im/messaging/interface.js';
import { LocalRateLimits } from '../../im/limits/rate_limits.js';
import { MessagingRouter } from '../../im/messaging/router.js';
import { LocalPresence } from '../../im/presence/local_presence.js';
import { SearchIndexer } from '../../im/search/search_indexer.js';
import type { Stores } from '../../im/store/stores_interface.js';
import { AttemptCounter } from '../../pkg/limit/attempt_counter.js';
import type { Logger } from '../../pkg/log/logger.js';
import { loopShare } from '../../pkg/timer/loop_share.js';
import { WebhookCodeSender } from '../../service/api/webhook_code_sender.js';
import type { Config } from '../../service/config.js';
import { CountedApi } from '../../service/metrics/counted_api.js';
import { CountedAuthenticator } from '../../service/metrics/counted_authenticator.js';
import { buildMessaging } from './messaging_rooms.js';

export interface RoomsDeps {
  readonly stores: Stores;
  readonly signer: TokenSigner;
  readonly hasher: PasswordHasher;
  /** Of the WebSocket listener, once it listens. */
  readonly wsPort: () => number;
  /** After each transaction of the store. */
  readonly onBatch: (requestCount: number, ms: number) => void;
  readonly logger: Logger;
}

const nowMs = (): number => Date.now();
/** Share of the event loop's time. Its batches cost as much as many messages, and their flush a moment of every ack. */
const INDEXING_WAITS_ABOVE = 0.7;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

export type Rooms = ReturnType<typeof buildRooms>;

export function buildRooms(config: Config, deps: RoomsDeps) {
  const { stores, logger } = deps;
  const { messages } = stores;
  // The gateway needs messaging and the api; both answer through the gateway: it is asked for when it is there.
  const dispatch = new LocalDispatch((): Gateway => gateway);
  const replies: ReplySink = { reply: (list) => gateway.reply(list) };

  const messagingRooms = buildMessaging(config, { ...deps, dispatch, replies });
  const { batcher, marks, groups, broker, receipts, chat, recalls, changes, relays, tickets } =
    messagingRooms;
  const presence = new LocalPresence(config.messaging, {
    ...{ ...stores, store: stores.presence, dispatch, logger, nowMs, monotonicMs: () => performance.now() },
  });
  const busyShare = loopShare();
  const search = new SearchIndexer(config.store, {
    isBusy: () => busyShare() > INDEXING_WAITS_ABOVE || batcher.stats().queuedCount > 0,
    ...{ store: stores.search, logger },
    nowMs: () => performance.now(),
  });
  const figures = figuresOf(() => gateway, chat);

  const identity = buildIdentity(config, deps, dispatch);
  const rates = new LocalRateLimits(config.limits, () => performance.now());
  const localApi = new LocalApi(
    { ...config.api, worldChannel: config.messaging.worldChannel },
    {
      ...{ ...identity, ...deps, dispatch, receipts, figures, randomText, nowMs },
      ...{ appender: batcher, broker, recaller: recalls, changes, presence },
    },
  );
  const api = new CountedApi(localApi);
  const messaging = new MessagingRouter({
    ...{ chat, recalls, relays, tickets, receipts, api, replies, logger },
  });
  const localAuthenticator = new LocalAuthenticator(
    { ...config.api, ...config.gateway },
    { ...identity, messages, nowMs },
  );
  const authenticator = new CountedAuthenticator(localAuthenticator);
  const gateway: ClientManager = new ClientManager(config.gateway, {
    messaging,
    authenticator,
    rates,
    answerSize: answerSizeOf,
    store: messages,
    groups: stores.groups,
    receipts,
    presence,
    dispatch,
    cursors: messages,
    logger,
  });
  const { attempts, checker } = identity;
  return {
    ...{ api, attempts, authenticator, batcher, checker, dispatch, gateway },
    ...{ groups, marks, presence, rates, receipts, relays, search },
  };
}

function buildIdentity(config: Config, deps: RoomsDeps, dispatch: LocalDispatch) {
  const { stores, signer, hasher, logger, wsPort } = deps;
  const { users } = stores;
  const versions = new TokenVersions(config.api, { users, nowMs });
  const tokens = new Tokens(config.api, { signer, users, versions, nowMs });
  const signIn = new SignIn({ tokens, users, hasher, dispatch, logger });
  const debugging = config.mode === 'debugging';
  const isSecure = config.tls.certFile !== '';
  const sender = config.api.codeWebhookUrl === '' ? undefined : new WebhookCodeSender(config.api);
  return {
    versions,
    tokens,
    signIn,
    attempts: new AttemptGuard(config.attempts, { counter: (options) => new AttemptCounter(options) }),
    answer: signInAnswerer({ ...config, path: config.gateway.path, isSecure }, { wsPort }),
    checker: new LocalTokenChecker({ tokens, versions }),
    codes: new VerificationCodes(config.api, { debugging, sender, nowMs, randomCode }),
  };
}

function figuresOf(gateway: () => ClientManager, chat: { readonly storedCount: number }): ServerFigures {
  return {
    onlineCount: () => gateway().stats().connectionCount,
    maxOnlineCount: () => gateway().stats().maxConnectionCount,
    messageCount: () => chat.storedCount,
    startedAtMs: nowMs(),
  };
}

function randomText(length: number): string {
  return Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
}

function randomCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0');
}
