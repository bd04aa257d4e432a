/** A file of the first schema, with people and messages in it, under this program. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { known, toMid, toUid } from '../../im/message/ids.js';
import { chatConversation } from '../../im/message/conversation.js';
import { answered, outcomes, WEB, WIDE } from '../../im/store/scene.contract.js';
import { migrate } from '../../pkg/db/migrate.js';
import { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import { openFor, temporaryOptions, withDatabase } from './sqlite_factory.contract.js';
import { writerDatabase } from './sqlite_options.js';
import { raiseEpoch } from './store_epoch.js';
import { migrateSqliteStore, sqlFolder } from './store_schema.js';

/** As the program of that time wrote them. */
const OLD_ROWS = `
  INSERT INTO user (uid, account, email, nickname, avatar, password_hash, contacts_only, created_at) VALUES
    (10001, x'416e6e', x'', x'416e6e61', x'', x'', 0, 1), (10002, x'626f62', x'', x'426f62', x'', x'', 1, 1);
  INSERT INTO sign_in_name VALUES (x'616e6e', 10001), (x'626f62', 10002);
  INSERT INTO contact VALUES (10001, 10002, x'', 1), (10002, 10001, x'', 1);
  INSERT INTO conversation VALUES (1, 'u10001_10002', 1, 2, 2, 2, 5, 1);
  INSERT INTO conversation_member VALUES (10001, 1, 10002, 0, 0, 1), (10002, 1, 10001, 0, 0, 1);
  INSERT INTO message VALUES (1, 1, 1, 1, 0, 10001, 1, x'61', 1, x'6f6e65', 3, 3, 0),
    (2, 1, 2, 2, 0, 10001, 1, x'62', 1, x'74776f', 4, 4, 0);
  INSERT INTO token_version VALUES (10001, 2, 7);
  UPDATE id_segment SET next_id = 3;`;

test('a file of the first schema is brought up to date with everything in it', async (t) => {
  const options = temporaryOptions(t);
  const folder = mkdtempSync(join(tmpdir(), 'sailplane-old-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, '001_chat.sql'), readFileSync(join(sqlFolder(), '001_chat.sql')));
  const old = new SqliteDatabase(writerDatabase(options));
  migrate(old, { folder, program: 1, apply: true });
  old.exec(OLD_ROWS);
  old.close();

  assert.ok(raiseEpoch(options.path) > 1, 'a backup of the old program may be restored');
  assert.deepEqual(migrateSqliteStore(options).slice(0, 1), ['002_hardening.sql']);
  const { users, messages, contacts } = await openFor(t, options);
  const [ann, bob] = [known(toUid(10001)), known(toUid(10002))];
  const [first, second] = await users.byUids([ann, bob]);
  assert.deepEqual(
    [first?.nickname, first?.isBanned, first?.approval, first?.contactsOnly, second?.contactsOnly],
    ['Anna', false, false, false, true],
  );
  assert.deepEqual(
    (await users.search('ANN', 0, 9)).map(({ uid }) => uid),
    [ann],
  );
  const [token] = await users.tokenVersions([{ uid: ann, device: WEB }]);
  assert.ok(known(token).version > 7, 'a restore ends every token');
  assert.deepEqual(await contacts.requests(ann), []);
  const conv = chatConversation(ann, bob);
  const history = await messages.history(bob, conv, 0, WIDE);
  assert.deepEqual(
    history.map(({ kind, content }) => [kind, content]),
    [
      [0, 'two'],
      [0, 'one'],
    ],
  );
  const event = { kind: 0, from: ann, to: bob, device: WEB, type: 1, content: 'x', sentAtMs: 0 } as const;
  const numbers = { midIsClaimed: false, mid: known(toMid(5)) };
  const requests = ['b', 'c'].map((clientId) => ({ conv, event: { ...event, ...numbers, clientId } }));
  assert.deepEqual(outcomes(answered(await messages.append(requests))), ['duplicate', 'stored']);
  assert.equal(await messages.expire(Date.now() + 1000, 1, 10), 2);
});

test('of a group that was left, hidden stays only what was hidden when he left', async (t) => {
  const options = temporaryOptions(t);
  const folder = mkdtempSync(join(tmpdir(), 'sailplane-old-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const files = readdirSync(sqlFolder()).filter((name) => name < '007');
  for (const name of files) writeFileSync(join(folder, name), readFileSync(join(sqlFolder(), name)));
  const old = new SqliteDatabase(writerDatabase(options));
  migrate(old, { folder, program: 1, apply: true });
  const side = (uid: number, conv: number, untilSeq: number, settings: string) =>
    old.exec(`INSERT INTO conversation_member (uid, conv, peer, until_seq, settings)
      VALUES (${uid}, ${conv}, 1073741825, ${untilSeq}, CAST('${settings}' AS BLOB))`);
  old.exec(`INSERT INTO conversation (id, name, last_seq, last_n, created_at) VALUES (9, 'g1073741825', 2, 2, 1);
    INSERT INTO message VALUES (2, 9, 2, 2, 5, 1, 1, x'61', 1, x'', 3, 3, 0, NULL)`);
  side(1, 9, 2, '{"muted":true,"hiddenAt":1}');
  side(2, 9, 2, '{"hiddenAt":2}');
  side(3, 9, 0, '{"hiddenAt":1}');
  side(4, 9, 1, '{"hiddenAt":1}');
  old.close();
  await (await openFor(t, options)).close();
  const kept = withDatabase(options, (db) =>
    db
      .prepare('SELECT CAST(settings AS TEXT) FROM conversation_member ORDER BY uid')
      .all()
      .map((row) => row[0]),
  );
  assert.deepEqual(kept, ['{"muted":true}', '{"hiddenAt":2}', '{"hiddenAt":1}', '{"hiddenAt":1}']);
});

test('search and contact requests are served by their indexes', async (t) => {
  const options = temporaryOptions(t);
  await (await openFor(t, options)).close();
  const folded = (column: string): string => `CAST(lower(CAST(${column} AS TEXT)) AS BLOB)`;
  const plans = withDatabase(options, (db) =>
    [
      [
        'user_by_account',
        `SELECT uid FROM user WHERE ${folded('account')} >= x'61' AND ${folded('account')} < x'62'`,
      ],
      [
        'user_by_nickname',
        `SELECT uid FROM user WHERE ${folded('nickname')} >= x'61' AND ${folded('nickname')} < x'62'`,
      ],
      ['autoindex_contact_request', 'SELECT COUNT(*) FROM contact_request WHERE uid = 1'],
    ].map(([index, sql]) => [index, JSON.stringify(db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all())] as const),
  );
  for (const [index, plan] of plans) assert.match(plan, new RegExp(`SEARCH.*${index}`));
});
