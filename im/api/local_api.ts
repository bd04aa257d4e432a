/**
 * The Api of a process that has the stores: finds the operation in the table and runs it. Knows neither HTTP
 * nor frames; what is not a CodedError leaves as INTERNAL with its cause, for the caller to log.
 */
import type { Logger } from '../../pkg/log/logger.js';
import { Limiter } from '../../pkg/queue/limiter.js';
import type { Broker } from '../broker/interface.js';
import type { Dispatch } from '../dispatch/interface.js';
import { imError, toCodedError } from '../errors.js';
import { isLargeAnswer } from '../message/answer_size.js';
import type { Presence } from '../presence/interface.js';
import type { Appender } from '../store/interface.js';
import type { Stores } from '../store/stores_interface.js';
import { AccountApi } from './account_api.js';
import type { ApiRooms } from './api_rooms.js';
import { AppApi, type ReleaseOptions } from './app_api.js';
import type { AttemptGuard } from './attempt_guard.js';
import { AuthApi } from './auth_api.js';
import { ContactApi } from './contact_api.js';
import { ContactNotices } from './contact_notices.js';
import { EventApi } from './event_api.js';
import type { GroupRoomOptions } from './group_options.js';
import { groupRooms } from './group_rooms.js';
import { HistoryApi } from './history_api.js';
import type {
  Api,
  ApiRequest,
  Caller,
  MessageEvents,
  PasswordHasher,
  Recaller,
  Receipts,
  ServerFigures,
  TokenSigner,
} from './interface.js';
import { MessageApi } from './message_api.js';
import { MidBlocks, type MidBlockOptions } from './mid_blocks.js';
import { OPERATIONS } from './operations.js';
import { actionsOf, type Operation } from './operation.js';
import { PageApi } from './page_api.js';
import { PasswordApi, type PasswordOptions } from './password_api.js';
import { PresenceApi } from './presence_api.js';
import { RelationApi } from './relation_api.js';
import { SearchApi } from './search_api.js';
import { SessionApi } from './session_api.js';
import { SettingsApi } from './settings_api.js';
import type { SignIn } from './sign_in.js';
import type { SignInAnswerer } from './sign_in_answer.js';
import { StrangerLookups, type StrangerOptions } from './stranger_lookups.js';
import { SyncApi, type SyncOptions } from './sync_api.js';
import type { TokenVersions } from './token_versions.js';
import type { Tokens } from './tokens.js';
import { UnreadApi } from './unread_api.js';
import { UserApi } from './user_api.js';
import type { VerificationCodes } from './verification_codes.js';

export type LocalApiOptions = PasswordOptions &
  MidBlockOptions &
  StrangerOptions &
  SyncOptions &
  GroupRoomOptions &
  ReleaseOptions;

export interface LocalApiDeps {
  readonly stores: Stores;
  readonly appender: Pick<Appender, 'append'>;
  readonly broker: Broker;
  readonly dispatch: Dispatch;
  readonly receipts: Receipts;
  readonly recaller: Recaller;
  readonly changes: MessageEvents;
  readonly presence: Presence;
  readonly figures: ServerFigures;
  readonly signer: Pick<TokenSigner, 'ticket'>;
  readonly hasher: PasswordHasher;
  readonly tokens: Tokens;
  readonly versions: TokenVersions;
  readonly signIn: SignIn;
  readonly attempts: AttemptGuard;
  readonly answer: SignInAnswerer;
  readonly codes: VerificationCodes;
  readonly randomText: (length: number) => string;
  readonly nowMs: () => number;
  readonly logger: Logger;
}

/** More than the carriers let through at once. */
const LARGE_WAITING_COUNT = 1000;
const BUSY_RETRY_MS = 1000;

export class LocalApi implements Api {
  readonly #rooms: ApiRooms;
  readonly #byPath: ReadonlyMap<string, Operation>;
  readonly #byAction: ReadonlyMap<string, string>;
  /** Megabytes pass through this thread for each of them: one at a time, so that others are served between. */
  readonly #large = new Limiter(1, LARGE_WAITING_COUNT);

  constructor(options: LocalApiOptions, deps: LocalApiDeps) {
    this.#rooms = roomsOf(options, deps);
    this.#byPath = new Map(OPERATIONS.map((operation) => [operation.path, operation]));
    this.#byAction = new Map(
      OPERATIONS.flatMap((operation) =>
        actionsOf(operation).map((action) => [action, operation.path] as const),
      ),
    );
  }

  async call({ operation, input, caller, host, address, dialect }: ApiRequest): Promise<unknown> {
    const found = this.#byPath.get(operation);
    if (found === undefined) throw imError('NO_SUCH_ROUTE');
    try {
      const context = { host, address, dialect };
      const run = (): Promise<unknown> => found.run(this.#rooms, input, caller, context);
      if (!isLargeAnswer(found.answer)) return await run();
      const running = this.#large.run(run);
      if (running === undefined) throw imError('TOO_BUSY', undefined, { retryAfterMs: BUSY_RETRY_MS });
      return await running;
    } catch (error) {
      throw toCodedError(error);
    }
  }

  operationOf(action: string): string | undefined {
    return this.#byAction.get(action);
  }
}

function roomsOf(options: LocalApiOptions, deps: LocalApiDeps): ApiRooms {
  const { stores, receipts, recaller, appender, figures, presence, nowMs } = deps;
  const { messages, users, contacts, ids } = stores;
  const mids = new MidBlocks(options, { ids });
  const strangers = new StrangerLookups(options, { contacts, nowMs: () => performance.now() });
  const groups = groupRooms(options, { ...deps, strangers });
  const enterWorld = (caller: Caller): Promise<void> => groups.groupRequests.enterWorld(caller);
  return {
    ...groups,
    attempts: deps.attempts,
    strangers,
    accounts: new AccountApi(options, { ...deps, users }),
    passwords: new PasswordApi(options, { ...deps, users }),
    auth: new AuthApi(deps),
    users: new UserApi({ users, presence }),
    contacts: new ContactApi({
      contacts,
      groups: stores.groups,
      messages,
      notices: new ContactNotices(deps),
      presence,
    }),
    relations: new RelationApi({ contacts, appender, presence }),
    messages: new MessageApi({ messages, receipts, recaller, mids }),
    history: new HistoryApi({ messages, nowMs }),
    sessions: new SessionApi({
      ...{ messages, receipts, signer: deps.signer, hasWorld: options.worldChannel, enterWorld },
    }),
    sync: new SyncApi(options, { messages, receipts }),
    ...eventRoomsOf(deps),
    app: new AppApi(options, { figures }),
  };
}

/** What is about the events of conversations. */
function eventRoomsOf(
  deps: LocalApiDeps,
): Pick<ApiRooms, 'events' | 'pages' | 'settings' | 'unread' | 'search' | 'presence'> {
  const { stores, changes, receipts, presence } = deps;
  const { messages, events, contacts, search } = stores;
  return {
    events: new EventApi({ events, changes }),
    pages: new PageApi({ events, messages }),
    settings: new SettingsApi({ ...deps, messages, events }),
    unread: new UnreadApi({ messages, events, receipts }),
    search: new SearchApi({ search }),
    presence: new PresenceApi({ presence, contacts }),
  };
}
