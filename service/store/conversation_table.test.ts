/** What the writer remembers of conversations against what is in the file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { known } from '../../im/message/ids.js';
import { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import { ConversationTable } from './conversation_table.js';
import { temporaryOptions } from './sqlite_factory.contract.js';
import { writerDatabase } from './sqlite_options.js';
import { migrateStore } from './store_schema.js';

test('numbers for a conversation that has no row are never committed', (t) => {
  const db = new SqliteDatabase(writerDatabase(temporaryOptions(t)));
  t.after(() => db.close());
  migrateStore(db, true);
  db.exec(`DELETE FROM conversation`);
  db.exec(`INSERT INTO conversation (id, name, created_at) VALUES (1, 'u10001_10002', 0)`);
  const table = new ConversationTable(db);
  const write = (): void =>
    db.write(() => {
      table.begin();
      table.raise(known(table.state('u10001_10002')), 1, 1);
      table.flush(0);
    });
  write();
  assert.deepEqual(db.prepare('SELECT last_seq FROM conversation').all(), [[1]]);
  // On the same connection, so that the table cannot know of it.
  db.exec('DELETE FROM conversation');
  assert.throws(write, TypeError);
});
