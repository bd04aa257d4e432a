/** The groups of operations that the table calls into; made by local_api.ts. */
import type { AccountApi } from './account_api.js';
import type { AppApi } from './app_api.js';
import type { AttemptGuard } from './attempt_guard.js';
import type { AuthApi } from './auth_api.js';
import type { ContactApi } from './contact_api.js';
import type { EventApi } from './event_api.js';
import type { GroupRooms } from './group_rooms.js';
import type { HistoryApi } from './history_api.js';
import type { MessageApi } from './message_api.js';
import type { PageApi } from './page_api.js';
import type { PasswordApi } from './password_api.js';
import type { PresenceApi } from './presence_api.js';
import type { RelationApi } from './relation_api.js';
import type { SearchApi } from './search_api.js';
import type { SessionApi } from './session_api.js';
import type { SettingsApi } from './settings_api.js';
import type { StrangerLookups } from './stranger_lookups.js';
import type { SyncApi } from './sync_api.js';
import type { UnreadApi } from './unread_api.js';
import type { UserApi } from './user_api.js';

export interface ApiRooms extends GroupRooms {
  readonly attempts: AttemptGuard;
  readonly strangers: StrangerLookups;
  readonly accounts: AccountApi;
  readonly passwords: PasswordApi;
  readonly auth: AuthApi;
  readonly users: UserApi;
  readonly contacts: ContactApi;
  readonly relations: RelationApi;
  readonly messages: MessageApi;
  readonly history: HistoryApi;
  readonly sessions: SessionApi;
  readonly sync: SyncApi;
  readonly events: EventApi;
  readonly pages: PageApi;
  readonly settings: SettingsApi;
  readonly unread: UnreadApi;
  readonly search: SearchApi;
  readonly presence: PresenceApi;
  readonly app: AppApi;
}
