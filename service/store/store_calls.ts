/**
 * The stores' ports as calls that cross a thread: names, synchronous signatures, which of them only read, and
 * the ports made from any way of calling. Nothing here knows SQLite.
 */
import type {
  BatchRefused,
  ContactStore,
  IdStore,
  MessageStore,
  Stores,
  UserStore,
} from '../../im/store/interface.js';
import { packBatch, unpackResults, type FlatBatch, type FlatResults } from './flat_batch.js';
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
type ExpiryCalls = Synchronous<RetentionCalls>;

export interface StoreCalls extends MessageCalls, UserCalls, IdCalls, ExpiryCalls {
  append(batch: FlatBatch): FlatResults | BatchRefused;
  contacts: ContactCalls['list'];
  addContact: ContactCalls['add'];
  contactRequests: ContactCalls['requests'];
  answerContactRequest: ContactCalls['answerRequest'];
  setContactRemark: ContactCalls['setRemark'];
  removeContacts: ContactCalls['remove'];
  strangers: ContactCalls['strangers'];
  related: ContactCalls['related'];
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
]);

export function storesOver(call: CallStore): Stores {
  return {
    messages: messagesOver(call),
    users: usersOver(call),
    contacts: contactsOver(call),
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

function idsOver(call: CallStore): IdStore {
  return {
    leaseMids: (...args) => call('leaseMids', args),
    leaseMidBlock: (...args) => call('leaseMidBlock', args),
  };
}
