/** All the stores' calls over one SQLite connection. Runs in a worker. */
import { imError } from '../../im/errors.js';
import type { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import { AppendTransaction } from './append_transaction.js';
import { ContactTable } from './contact_table.js';
import { ConversationTable } from './conversation_table.js';
import { IdTable } from './id_table.js';
import { MarkTable } from './mark_table.js';
import { MessageReads } from './message_reads.js';
import { OfflineReads } from './offline_reads.js';
import { RetentionTable } from './retention_table.js';
import { Stamps } from './stamps.js';
import type { StoreCalls } from './store_calls.js';
import { SyncReads } from './sync_reads.js';
import { TimeReads } from './time_reads.js';
import { TokenTable } from './token_table.js';
import { UserSearch } from './user_search.js';
import { UserTable } from './user_table.js';
import { WriteRights } from './write_rights.js';

export function sqliteCalls(db: SqliteDatabase, clock: () => number): StoreCalls {
  const conversations = new ConversationTable(db);
  const stamps = new Stamps(db);
  const appends = new AppendTransaction({ db, conversations, stamps, clock });
  const contacts = new ContactTable({ db, conversations, stamps, clock });
  const tokens = new TokenTable(db);
  const users = new UserTable({ db, tokens, clock });
  const search = new UserSearch(db);
  const marks = new MarkTable({ db, stamps, clock });
  const reads = new MessageReads(db);
  const times = new TimeReads(db);
  const retention = new RetentionTable(db);
  const rights = new WriteRights(db);
  const syncs = new SyncReads(db);
  const offline = new OfflineReads(db);
  const ids = new IdTable(db);
  return {
    append: (batch) => appends.append(batch),
    mark: (batch) => marks.mark(batch),
    openConversation: (uid, peer) => contacts.openConversation(uid, peer),
    range: (...args) => reads.range(...args),
    history: (...args) => reads.history(...args),
    historyBetween: (...args) => times.historyBetween(...args),
    mayWrite: (pairs) => rights.mayWrite(pairs),
    locate: (...args) => reads.locate(...args),
    sentBetween: (...args) => reads.sentBetween(...args),
    lastSeqs: (names) => reads.lastSeqs(names),
    offline: (...args) => offline.offline(...args),
    offlinePage: (...args) => offline.offlinePage(...args),
    expirable: (...args) => retention.expirable(...args),
    expireRows: (...args) => retention.expireRows(...args),
    logOf: missing,
    sync: (request) => syncs.sync(request),
    cursors: (uids) => syncs.cursors(uids),
    conversations: (...args) => syncs.conversations(...args),
    probed: () => syncs.probed(),
    contacts: (uid) => contacts.list(uid),
    strangers: (...args) => contacts.strangers(...args),
    related: (...args) => contacts.related(...args),
    contactRequests: (uid) => contacts.requests(uid),
    setContactRemark: (...args) => contacts.setRemark(...args),
    // What these write decides who may send to whom, which the writer remembers between batches.
    addContact: (...args) => forgetting(conversations, () => contacts.add(...args)),
    create: (list) => forgetting(conversations, () => users.create(list)),
    answerContactRequest: (...args) => forgetting(conversations, () => contacts.answerRequest(...args)),
    removeContacts: (...args) => forgetting(conversations, () => contacts.remove(...args)),
    ban: (...args) => forgetting(conversations, () => users.ban(...args)),
    update: (uid, change) =>
      change.contactsOnly === undefined
        ? users.update(uid, change)
        : forgetting(conversations, () => users.update(uid, change)),
    byUids: (uids) => users.byUids(uids),
    byAccount: (name) => users.byAccount(name),
    search: (...args) => search.search(...args),
    passwordHash: (uid) => users.passwordHash(uid),
    changePassword: (...args) => users.changePassword(...args),
    issueTokens: (pairs) => tokens.issueTokens(pairs),
    revokeToken: (token) => tokens.revokeToken(token),
    tokenVersions: (pairs) => tokens.tokenVersions(pairs),
    leaseMids: (count) => ids.leaseMids(count),
    leaseMidBlock: (uid, count) => ids.leaseMidBlock(uid, count),
    eventPage: missing,
    eventMessages: missing,
    reactions: missing,
    pins: missing,
    edits: missing,
    receipts: missing,
    setSettings: missing,
    unread: missing,
    searchMessages: missing,
    indexBehind: missing,
    leaseGid: missing,
    groups: missing,
    groupByInvite: missing,
    groupsOf: missing,
    groupMembers: missing,
    groupMembersAmong: missing,
    groupAdmins: missing,
    groupRequests: missing,
    groupInvites: missing,
    groupBans: missing,
    memberships: missing,
    saw: missing,
    lastSeen: missing,
  };
}

function missing(): never {
  throw imError('INTERNAL', 'not there yet');
}

function forgetting<Result>(conversations: ConversationTable, work: () => Result): Result {
  try {
    return work();
  } finally {
    conversations.forget();
  }
}
