/**
 * The stores' ports as calls that cross a thread: names, synchronous signatures, which of them only read, and
 * the ports made from any way of calling. Nothing here knows SQLite.
 */
import type { BatchRefused, IdStore, MessageStore } from '../../im/store/interface.js';
import type { Stores } from '../../im/store/stores_interface.js';
import type { ContactStore, PresenceStore, UserStore } from '../../im/store/people_interface.js';
import type { EventStore } from '../../im/store/event_interface.js';
import type { GroupStore } from '../../im/store/group_interface.js';
import { packBatch, unpackResults, type FlatBatch, type FlatResults } from './flat_batch.js';
import { indexOver, type IndexCalls } from './search_index.js';
import { searchOver, type PageCalls } from './search_pages.js';
import { retentionOver, type RetentionCalls } from './retention.js';

/** A port's methods without their promises: what a worker does when it is called. */
type Synchronous<Port> = {
  readonly [Name in keyof Port]: Port[Name] extends (...args: infer Args) => Promise<infer Result>
    ? (...args: Args) => Result
    : never;
};

type MessageCalls = Synchronous<Omit<MessageStore, 'append' | 'expire'>>;
type UserCalls = Synchronous<UserStore>;
type ContactCalls = Synchronous<ContactStore>;
type IdCalls = Synchronous<IdStore>;
type EventCalls = Synchronous<EventStore>;
type GroupCalls = Synchronous<GroupStore>;
type PresenceCalls = Synchronous<PresenceStore>;
type SearchingCalls = Synchronous<PageCalls>;
type IndexingCalls = Synchronous<IndexCalls>;
type ExpiryCalls = Synchronous<RetentionCalls>;

export interface StoreCalls
  extends MessageCalls, UserCalls, IdCalls, ExpiryCalls, IndexingCalls, SearchingCalls, PresenceCalls {
  append(batch: FlatBatch): FlatResults | BatchRefused;
  contacts: ContactCalls['list'];
  addContact: ContactCalls['add'];
  contactRequests: ContactCalls['requests'];
  answerContactRequest: ContactCalls['answerRequest'];
  setContactRemark: ContactCalls['setRemark'];
  removeContacts: ContactCalls['remove'];
  strangers: ContactCalls['strangers'];
  related: ContactCalls['related'];
  eventPage: EventCalls['page'];
  eventMessages: EventCalls['messages'];
  reactions: EventCalls['reactions'];
  pins: EventCalls['pins'];
  edits: EventCalls['edits'];
  receipts: EventCalls['receipts'];
  setSettings: EventCalls['setSettings'];
  unread: EventCalls['unread'];
  leaseGid: GroupCalls['leaseGid'];
  groups: GroupCalls['byGids'];
  groupCreatedAs: GroupCalls['createdAs'];
  groupByInvite: GroupCalls['byInvite'];
  groupsOf: GroupCalls['groupsOf'];
  groupMembers: GroupCalls['members'];
  groupMembersAmong: GroupCalls['membersAmong'];
  groupAdmins: GroupCalls['admins'];
  groupRequests: GroupCalls['requests'];
  groupInvites: GroupCalls['invites'];
  groupBans: GroupCalls['bans'];
  memberships: GroupCalls['memberships'];
}

export type CallName = keyof StoreCalls;

/** Rejects with CodedError. `transfer`: buffers of the arguments that the caller gives away. */
export type CallStore = <Name extends CallName>(
  name: Name,
  args: Parameters<StoreCalls[Name]>,
  transfer?: readonly ArrayBuffer[],
) => Promise<ReturnType<StoreCalls[Name]>>;

/** Everything else needs the writer. */
export const READ_CALLS: ReadonlySet<CallName> = new Set<CallName>([
  'range',
  'history',
  'historyBetween',
  'sync',
  'cursors',
  'conversations',
  'offline',
  'offlinePage',
  'mayWrite',
  'expirable',
  'locate',
  'sentBetween',
  'lastSeqs',
  'readable',
  'delivered',
  'probed',
  'byUids',
  'byAccount',
  'search',
  'passwordHash',
  'tokenVersions',
  'contacts',
  'contactRequests',
  'strangers',
  'related',
  'logOf',
  'eventPage',
  'eventMessages',
  'reactions',
  'pins',
  'edits',
  'receipts',
  'unread',
  'searchPlaces',
  'searchIn',
  'behindPage',
  'termsBehind',
  'groups',
  'groupCreatedAs',
  'groupByInvite',
  'groupsOf',
  'groupMembers',
  'groupMembersAmong',
  'groupAdmins',
  'groupRequests',
  'groupInvites',
  'groupBans',
  'memberships',
  'lastSeen',
]);

export function storesOver(call: CallStore): Stores {
  return {
    messages: messagesOver(call),
    users: usersOver(call),
    contacts: contactsOver(call),
    events: eventsOver(call),
    groups: groupsOver(call),
    presence: {
      saw: (...args) => call('saw', args),
      lastSeen: (...args) => call('lastSeen', args),
    },
    search: {
      search: searchOver({
        searchPlaces: (...args) => call('searchPlaces', args),
        searchIn: (...args) => call('searchIn', args),
      }),
      indexBehind: indexOver({
        changedConversations: (...args) => call('changedConversations', args),
        behindPage: (...args) => call('behindPage', args),
        termsBehind: (...args) => call('termsBehind', args),
        indexTerms: (...args) => call('indexTerms', args),
      }),
    },
    ids: idsOver(call),
  };
}

function messagesOver(call: CallStore): MessageStore {
  return {
    append: async (batch) => {
      const flat = packBatch(batch);
      return unpackResults(batch.length, await call('append', [flat], buffersOf(flat)));
    },
    range: (...args) => call('range', args),
    history: (...args) => call('history', args),
    historyBetween: (...args) => call('historyBetween', args),
    logOf: (...args) => call('logOf', args),
    sync: (...args) => call('sync', args),
    cursors: (...args) => call('cursors', args),
    conversations: (...args) => call('conversations', args),
    openConversation: (...args) => call('openConversation', args),
    offline: (...args) => call('offline', args),
    offlinePage: (...args) => call('offlinePage', args),
    expire: retentionOver({
      expirable: (...args) => call('expirable', args),
      expireRows: (...args) => call('expireRows', args),
    }),
    mayWrite: (...args) => call('mayWrite', args),
    locate: (...args) => call('locate', args),
    sentBetween: (...args) => call('sentBetween', args),
    lastSeqs: (...args) => call('lastSeqs', args),
    readable: (...args) => call('readable', args),
    delivered: (...args) => call('delivered', args),
    mark: (...args) => call('mark', args),
    probed: (...args) => call('probed', args),
  };
}

function buffersOf({ numbers, text }: FlatBatch): readonly ArrayBuffer[] {
  return [numbers.buffer, text.buffer].filter((buffer) => buffer instanceof ArrayBuffer);
}

function usersOver(call: CallStore): UserStore {
  return {
    create: (...args) => call('create', args),
    byUids: (...args) => call('byUids', args),
    byAccount: (...args) => call('byAccount', args),
    passwordHash: (...args) => call('passwordHash', args),
    changePassword: (...args) => call('changePassword', args),
    changeEmail: (...args) => call('changeEmail', args),
    update: (...args) => call('update', args),
    search: (...args) => call('search', args),
    ban: (...args) => call('ban', args),
    issueTokens: (...args) => call('issueTokens', args),
    revokeToken: (...args) => call('revokeToken', args),
    tokenVersions: (...args) => call('tokenVersions', args),
  };
}

function contactsOver(call: CallStore): ContactStore {
  return {
    list: (...args) => call('contacts', args),
    add: (...args) => call('addContact', args),
    requests: (...args) => call('contactRequests', args),
    answerRequest: (...args) => call('answerContactRequest', args),
    setRemark: (...args) => call('setContactRemark', args),
    remove: (...args) => call('removeContacts', args),
    strangers: (...args) => call('strangers', args),
    related: (...args) => call('related', args),
  };
}

function eventsOver(call: CallStore): EventStore {
  return {
    page: (...args) => call('eventPage', args),
    messages: (...args) => call('eventMessages', args),
    reactions: (...args) => call('reactions', args),
    pins: (...args) => call('pins', args),
    edits: (...args) => call('edits', args),
    receipts: (...args) => call('receipts', args),
    setSettings: (...args) => call('setSettings', args),
    unread: (...args) => call('unread', args),
  };
}

function groupsOver(call: CallStore): GroupStore {
  return {
    leaseGid: (...args) => call('leaseGid', args),
    byGids: (...args) => call('groups', args),
    createdAs: (...args) => call('groupCreatedAs', args),
    byInvite: (...args) => call('groupByInvite', args),
    groupsOf: (...args) => call('groupsOf', args),
    members: (...args) => call('groupMembers', args),
    membersAmong: (...args) => call('groupMembersAmong', args),
    admins: (...args) => call('groupAdmins', args),
    requests: (...args) => call('groupRequests', args),
    invites: (...args) => call('groupInvites', args),
    bans: (...args) => call('groupBans', args),
    memberships: (...args) => call('memberships', args),
  };
}

function idsOver(call: CallStore): IdStore {
  return {
    leaseMids: (...args) => call('leaseMids', args),
    leaseMidBlock: (...args) => call('leaseMidBlock', args),
  };
}
