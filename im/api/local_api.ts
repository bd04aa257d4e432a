/**
 * The Api of a process that has the stores: finds the operation in the table and runs it. Knows neither HTTP
 * nor frames; what is not a CodedError leaves as INTERNAL with its cause, for the caller to log.
 */
import type { Logger } from '../../pkg/log/logger.js';
import type { Dispatch } from '../dispatch/interface.js';
import { imError, toCodedError } from '../errors.js';
import type { Stores } from '../store/interface.js';
import { AccountApi, type AccountOptions } from './account_api.js';
import type { ApiRooms } from './api_rooms.js';
import { AppApi } from './app_api.js';
import { AuthApi } from './auth_api.js';
import { ContactApi } from './contact_api.js';
import type { Api, ApiRequest, PasswordHasher, Receipts, ServerFigures, TokenSigner } from './interface.js';
import { MessageApi } from './message_api.js';
import { MidBlocks, type MidBlockOptions } from './mid_blocks.js';
import { OPERATIONS } from './operations.js';
import type { Operation } from './operation.js';
import { SessionApi } from './session_api.js';
import type { SignIn } from './sign_in.js';
import type { SignInAnswerer } from './sign_in_answer.js';
import { SyncApi, type SyncOptions } from './sync_api.js';
import type { TokenVersions } from './token_versions.js';
import type { Tokens } from './tokens.js';
import { UserApi } from './user_api.js';
import type { VerificationCodes } from './verification_codes.js';

export type LocalApiOptions = AccountOptions & MidBlockOptions & SyncOptions;

export interface LocalApiDeps {
  readonly stores: Stores;
  readonly dispatch: Dispatch;
  readonly receipts: Receipts;
  readonly figures: ServerFigures;
  readonly signer: Pick<TokenSigner, 'ticket'>;
  readonly hasher: PasswordHasher;
  readonly tokens: Tokens;
  readonly versions: TokenVersions;
  readonly signIn: SignIn;
  readonly answer: SignInAnswerer;
  readonly codes: VerificationCodes;
  readonly randomText: (length: number) => string;
  readonly logger: Logger;
}

export class LocalApi implements Api {
  readonly #rooms: ApiRooms;
  readonly #byPath: ReadonlyMap<string, Operation>;
  readonly #byAction: ReadonlyMap<string, string>;

  constructor(options: LocalApiOptions, deps: LocalApiDeps) {
    this.#rooms = roomsOf(options, deps);
    this.#byPath = new Map(OPERATIONS.map((operation) => [operation.path, operation]));
    this.#byAction = new Map(
      OPERATIONS.flatMap(({ path, aliases }) =>
        [actionOf(path), ...aliases].map((action) => [action, path] as const),
      ),
    );
  }

  async call({ operation, input, caller, host }: ApiRequest): Promise<unknown> {
    const found = this.#byPath.get(operation);
    if (found === undefined) throw imError('NO_SUCH_ROUTE');
    try {
      return await found.run(this.#rooms, input, caller, { host });
    } catch (error) {
      throw toCodedError(error);
    }
  }

  operationOf(action: string): string | undefined {
    return this.#byAction.get(action);
  }
}

function actionOf(path: string): string {
  return `api.${path.replaceAll('/', '.')}`;
}

function roomsOf(options: LocalApiOptions, deps: LocalApiDeps): ApiRooms {
  const { stores, receipts, dispatch, logger, figures } = deps;
  const { messages, users, contacts, ids } = stores;
  return {
    accounts: new AccountApi(options, { ...deps, users }),
    auth: new AuthApi(deps),
    users: new UserApi({ users }),
    contacts: new ContactApi({ contacts, dispatch, logger }),
    messages: new MessageApi({ messages, receipts, mids: new MidBlocks(options, { ids }) }),
    sessions: new SessionApi({ messages, users, receipts, signer: deps.signer }),
    sync: new SyncApi(options, { messages }),
    app: new AppApi({ figures }),
  };
}
