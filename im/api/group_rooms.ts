/** The operations of groups, made for the api room (local_api.ts). */
import type { Logger } from '../../pkg/log/logger.js';
import type { Broker } from '../broker/interface.js';
import type { Dispatch } from '../dispatch/interface.js';
import type { Presence } from '../presence/interface.js';
import type { Stores } from '../store/stores_interface.js';
import { GroupApi } from './group_api.js';
import { GroupChanges } from './group_changes.js';
import { GroupHistoryApi } from './group_history_api.js';
import { GroupInvitesApi } from './group_invites_api.js';
import { GroupMembersApi } from './group_members_api.js';
import { GroupNotices } from './group_notices.js';
import type { GroupRoomOptions } from './group_options.js';
import { GroupReader } from './group_reader.js';
import { GroupRequestsApi } from './group_requests_api.js';
import type { StrangerLookups } from './stranger_lookups.js';

export interface GroupRoomsDeps {
  readonly stores: Pick<Stores, 'contacts' | 'events' | 'groups' | 'messages' | 'users'>;
  readonly broker: Broker;
  readonly dispatch: Pick<Dispatch, 'deliver'>;
  readonly presence: Pick<Presence, 'states'>;
  readonly strangers: StrangerLookups;
  readonly randomText: (length: number) => string;
  readonly nowMs: () => number;
  readonly logger: Logger;
}

export interface GroupRooms {
  readonly groups: GroupApi;
  readonly groupMembers: GroupMembersApi;
  readonly groupRequests: GroupRequestsApi;
  readonly groupInvites: GroupInvitesApi;
  readonly groupHistory: GroupHistoryApi;
}

export function groupRooms(options: GroupRoomOptions, deps: GroupRoomsDeps): GroupRooms {
  const { stores } = deps;
  const changes = new GroupChanges(deps);
  const reader = new GroupReader(stores);
  const shared = {
    ...stores,
    ...deps,
    changes,
    reader,
    notices: new GroupNotices({ ...deps, groups: stores.groups }),
  };
  return {
    groups: new GroupApi(options, shared),
    groupMembers: new GroupMembersApi(options, shared),
    groupRequests: new GroupRequestsApi(options, shared),
    groupInvites: new GroupInvitesApi(options, shared),
    groupHistory: new GroupHistoryApi(shared),
  };
}
