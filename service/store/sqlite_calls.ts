/** All the stores' calls over one SQLite connection, and that connection's opening. Runs in a worker. */
import { fileURLToPath } from 'node:url';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { migrate } from '../../pkg/db/migrate.js';
import { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import { AppendTransaction } from './append_transaction.js';
import { ContactTable } from './contact_table.js';
import { ConversationTable } from './conversation_table.js';
import { IdTable } from './id_table.js';
import { MarkTable } from './mark_table.js';
import { MessageReads } from './message_reads.js';
import { OfflineReads } from './offline_reads.js';
import type { StoreCalls } from './store_calls.js';
import { SyncReads } from './sync_reads.js';
import { UserTable } from './user_table.js';

/** Raised when data written by this program can no longer be read by the one before it. */
export const PROGRAM_NUMBER = 1;

export function sqliteCalls(db: SqliteDatabase, clock: () => number): StoreCalls {
  const conversations = new ConversationTable(db);
  const appends = new AppendTransaction({ db, conversations, clock });
  const contacts = new ContactTable({ db, conversations, clock });
  const users = new UserTable(db, clock);
  const marks = new MarkTable(db, clock);
  const reads = new MessageReads(db);
  const syncs = new SyncReads(db, clock);
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

/** Creates or upgrades the tables; `apply` false: only checks them. Returns the files applied now. */
export function migrateStore(db: SqliteDatabase, apply: boolean): readonly string[] {
  return migrate(db, { folder: join(packageRoot(), 'sql', 'sqlite'), program: PROGRAM_NUMBER, apply });
}

/** Compiled code lies at different depths under the folder that holds sql/. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!isPackageRoot(folder)) {
    const parent = dirname(folder);
    if (parent === folder) throw new TypeError('the folder of the package sailplane was not found');
    folder = parent;
  }
  return folder;
}

function isPackageRoot(folder: string): boolean {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return false;
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof content === 'object' && content !== null && 'name' in content && content.name === 'sailplane';
}
