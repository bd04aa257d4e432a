/** All the stores' calls over one SQLite connection. Runs in a worker. */
import type { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import { AppendTransaction } from './append_transaction.js';
import { ContactTable } from './contact_table.js';
import { ConversationTable } from './conversation_table.js';
import { IdTable } from './id_table.js';
import { MarkTable } from './mark_table.js';
import { MessageReads } from './message_reads.js';
import { OfflineReads } from './offline_reads.js';
import { Stamps } from './stamps.js';
import type { StoreCalls } from './store_calls.js';
import { SyncReads } from './sync_reads.js';
import { UserTable } from './user_table.js';

export function sqliteCalls(db: SqliteDatabase, clock: () => number): StoreCalls {
  const conversations = new ConversationTable(db);
  const stamps = new Stamps(db);
  const appends = new AppendTransaction({ db, conversations, stamps, clock });
  const contacts = new ContactTable({ db, conversations, stamps, clock });
  const users = new UserTable(db, clock);
  const marks = new MarkTable({ db, stamps, clock });
  const reads = new MessageReads(db);
  const syncs = new SyncReads(db);
  const offline = new OfflineReads(db);
  const ids = new IdTable(db);
  return {
    append: (batch) => appends.append(batch),
    mark: (batch) => marks.mark(batch),
    openConversation: (uid, peer) => contacts.openConversation(uid, peer),
    range: (...args) => reads.range(...args),
    history: (...args) => reads.history(...args),
    locate: (...args) => reads.locate(...args),
    sentBetween: (...args) => reads.sentBetween(...args),
    lastSeqs: (names) => reads.lastSeqs(names),
    offline: (...args) => offline.offline(...args),
    sync: (request) => syncs.sync(request),
    conversations: (...args) => syncs.conversations(...args),
    probed: () => syncs.probed(),
    contacts: (uid) => contacts.list(uid),
    // What these write decides who may send to whom, which the writer remembers between batches.
    addContact: (...args) => forgetting(conversations, () => contacts.add(...args)),
    create: (list) => forgetting(conversations, () => users.create(list)),
    setContactsOnly: (...args) => forgetting(conversations, () => users.setContactsOnly(...args)),
    byUids: (uids) => users.byUids(uids),
    byAccount: (name) => users.byAccount(name),
    passwordHash: (uid) => users.passwordHash(uid),
    changePassword: (...args) => users.changePassword(...args),
    issueTokens: (pairs) => users.issueTokens(pairs),
    revokeToken: (token) => users.revokeToken(token),
    tokenVersions: (pairs) => users.tokenVersions(pairs),
    leaseMids: (count) => ids.leaseMids(count),
    leaseMidBlock: (uid, count) => ids.leaseMidBlock(uid, count),
  };
}

function forgetting<Result>(conversations: ConversationTable, work: () => Result): Result {
  try {
    return work();
  } finally {
    conversations.forget();
  }
}
