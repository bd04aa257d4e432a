/** All the stores' calls over one SQLite connection. Runs in a worker. */
import type { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import { AppendTransaction } from './append_transaction.js';
import { ChangedConversations } from './changed_conversations.js';
import { ContactTable } from './contact_table.js';
import { ConversationTable } from './conversation_table.js';
import { DeliveredSeqs } from './delivered_seqs.js';
import { EventReads } from './event_reads.js';
import { EventReceipts } from './event_receipts.js';
import { EventSettings } from './event_settings.js';
import { GroupReads } from './group_reads.js';
import { IdTable } from './id_table.js';
import { MarkTable } from './mark_table.js';
import { MayWrite } from './may_write.js';
import { MessageReads } from './message_reads.js';
import { OfflineReads } from './offline_reads.js';
import { PresenceTable } from './presence_table.js';
import { ReadableSeqs } from './readable_seqs.js';
import { RetentionTable } from './retention_table.js';
import { SearchReads } from './search_reads.js';
import { SearchSource } from './search_source.js';
import { SearchTable } from './search_table.js';
import { Stamps } from './stamps.js';
import type { StoreCalls } from './store_calls.js';
import { SyncReads } from './sync_reads.js';
import { TimeReads } from './time_reads.js';
import { TokenTable } from './token_table.js';
import { UserSearch } from './user_search.js';
import { UserTable } from './user_table.js';

/** What the parts of one connection share. */
interface Core {
  readonly db: SqliteDatabase;
  readonly conversations: ConversationTable;
  readonly stamps: Stamps;
  /** For the search. */
  readonly changed: ChangedConversations;
  /** Ms since 1970. */
  readonly clock: () => number;
}

export function sqliteCalls(db: SqliteDatabase, clock: () => number): StoreCalls {
  const changed = new ChangedConversations();
  const conversations = new ConversationTable(db, changed);
  const core: Core = { db, conversations, stamps: new Stamps(db), changed, clock };
  return {
    ...messageCalls(core),
    ...retentionCalls(core),
    ...syncCalls(core),
    ...contactCalls(core),
    ...userCalls(core),
    ...tokenCalls(core),
    ...idCalls(core),
    ...eventCalls(core),
    ...searchCalls(core),
    ...groupCalls(core),
    ...presenceCalls(core),
  };
}

function messageCalls({ db, conversations, stamps, clock }: Core) {
  const appends = new AppendTransaction({ db, conversations, stamps, clock });
  const marks = new MarkTable({ db, stamps, clock });
  const reads = new MessageReads(db);
  const times = new TimeReads(db);
  const rights = new MayWrite({ db, clock });
  const ends = new ReadableSeqs(db);
  const delivered = new DeliveredSeqs(db);
  return {
    append: (batch) => appends.append(batch),
    mark: (batch) => marks.mark(batch),
    range: (...args) => reads.range(...args),
    history: (...args) => reads.history(...args),
    historyBetween: (...args) => times.historyBetween(...args),
    mayWrite: (pairs) => rights.mayWrite(pairs),
    locate: (...args) => reads.locate(...args),
    sentBetween: (...args) => reads.sentBetween(...args),
    lastSeqs: (names) => reads.lastSeqs(names),
    readable: (readers) => ends.of(readers),
    delivered: (places) => delivered.of(places),
    logOf: (...args) => reads.logOf(...args),
  } satisfies Partial<StoreCalls>;
}

function retentionCalls(core: Core) {
  const retention = new RetentionTable(core);
  return {
    expirable: (...args) => retention.expirable(...args),
    expireRows: (...args) => retention.expireRows(...args),
  } satisfies Partial<StoreCalls>;
}

function syncCalls({ db }: Core) {
  const syncs = new SyncReads(db);
  const offline = new OfflineReads(db);
  return {
    offline: (...args) => offline.offline(...args),
    offlinePage: (...args) => offline.offlinePage(...args),
    sync: (request) => syncs.sync(request),
    cursors: (uids) => syncs.cursors(uids),
    conversations: (...args) => syncs.conversations(...args),
    probed: () => syncs.probed(),
  } satisfies Partial<StoreCalls>;
}

/** What some of these write decides who may send to whom, which the writer remembers between batches. */
function contactCalls({ db, conversations, stamps, clock }: Core) {
  const contacts = new ContactTable({ db, conversations, stamps, clock });
  return {
    openConversation: (uid, peer) => contacts.openConversation(uid, peer),
    contacts: (uid) => contacts.list(uid),
    strangers: (...args) => contacts.strangers(...args),
    related: (...args) => contacts.related(...args),
    contactRequests: (uid) => contacts.requests(uid),
    setContactRemark: (...args) => contacts.setRemark(...args),
    addContact: (...args) => forgetting(conversations, () => contacts.add(...args)),
    answerContactRequest: (...args) => forgetting(conversations, () => contacts.answerRequest(...args)),
    removeContacts: (...args) => forgetting(conversations, () => contacts.remove(...args)),
  } satisfies Partial<StoreCalls>;
}

/** As above. */
function userCalls({ db, conversations, clock }: Core) {
  const users = new UserTable({ db, tokens: new TokenTable(db), clock });
  const search = new UserSearch(db);
  return {
    create: (list) => forgetting(conversations, () => users.create(list)),
    ban: (...args) => forgetting(conversations, () => users.ban(...args)),
    update: (uid, change) =>
      change.contactsOnly === undefined
        ? users.update(uid, change)
        : forgetting(conversations, () => users.update(uid, change)),
    changeEmail: (...args) => users.changeEmail(...args),
    byUids: (uids) => users.byUids(uids),
    byAccount: (name) => users.byAccount(name),
    search: (...args) => search.search(...args),
    passwordHash: (uid) => users.passwordHash(uid),
    changePassword: (...args) => users.changePassword(...args),
  } satisfies Partial<StoreCalls>;
}

function tokenCalls({ db }: Core) {
  const tokens = new TokenTable(db);
  return {
    issueTokens: (pairs) => tokens.issueTokens(pairs),
    revokeToken: (token) => tokens.revokeToken(token),
    tokenVersions: (pairs) => tokens.tokenVersions(pairs),
  } satisfies Partial<StoreCalls>;
}

function idCalls({ db }: Core) {
  const ids = new IdTable(db);
  return {
    leaseMids: (count) => ids.leaseMids(count),
    leaseMidBlock: (uid, count) => ids.leaseMidBlock(uid, count),
    leaseGid: () => ids.leaseGid(),
  } satisfies Partial<StoreCalls>;
}

function eventCalls({ db, stamps, clock }: Core) {
  const reads = new EventReads(db);
  const receipts = new EventReceipts(db);
  const settings = new EventSettings({ db, stamps, clock });
  return {
    eventPage: (...args) => reads.page(...args),
    eventMessages: (...args) => reads.messages(...args),
    reactions: (...args) => reads.reactions(...args),
    pins: (...args) => reads.pins(...args),
    edits: (...args) => reads.edits(...args),
    receipts: (...args) => receipts.receipts(...args),
    setSettings: (...args) => settings.setSettings(...args),
    unread: (uid) => settings.unread(uid),
  } satisfies Partial<StoreCalls>;
}

function searchCalls({ db, changed }: Core) {
  const reads = new SearchReads(db);
  const source = new SearchSource(db);
  const table = new SearchTable(db);
  return {
    searchPlaces: (request) => reads.places(request),
    searchIn: (...args) => reads.look(...args),
    changedConversations: (limit) => changed.take(limit),
    behindPage: (afterId) => source.behindPage(afterId),
    termsBehind: (...args) => source.termsBehind(...args),
    indexTerms: (steps) => table.indexTerms(steps),
  } satisfies Partial<StoreCalls>;
}

function groupCalls({ db }: Core) {
  const reads = new GroupReads(db);
  return {
    groups: (gids) => reads.groups(gids),
    groupCreatedAs: (...args) => reads.groupCreatedAs(...args),
    groupByInvite: (code) => reads.groupByInvite(code),
    groupsOf: (uid) => reads.groupsOf(uid),
    groupMembers: (...args) => reads.members(...args),
    groupMembersAmong: (...args) => reads.membersAmong(...args),
    groupAdmins: (gid) => reads.admins(gid),
    groupRequests: (...args) => reads.requests(...args),
    groupInvites: (gid) => reads.invites(gid),
    groupBans: (...args) => reads.bans(...args),
    memberships: (uids) => reads.memberships(uids),
  } satisfies Partial<StoreCalls>;
}

function presenceCalls({ db }: Core) {
  const presence = new PresenceTable(db);
  return {
    saw: (times) => presence.saw(times),
    lastSeen: (uids) => presence.lastSeen(uids),
  } satisfies Partial<StoreCalls>;
}

function forgetting<Result>(conversations: ConversationTable, work: () => Result): Result {
  try {
    return work();
  } finally {
    conversations.forget();
  }
}
