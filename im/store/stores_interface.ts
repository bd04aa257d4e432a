/** All ports of the store together: what an engine implements, and what the rooms are given. */
import type { EventStore, SearchStore } from './event_interface.js';
import type { GroupStore } from './group_interface.js';
import type { IdStore, MessageStore } from './interface.js';
import type { ContactStore, PresenceStore, UserStore } from './people_interface.js';

export interface Stores {
  readonly messages: MessageStore;
  readonly events: EventStore;
  readonly groups: GroupStore;
  readonly users: UserStore;
  readonly contacts: ContactStore;
  readonly presence: PresenceStore;
  readonly search: SearchStore;
  readonly ids: IdStore;
}
