/** What senders are told when statements fail, the disk is full, writes are forbidden or another process writes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ERRORS } from '../../im/errors.js';
import { appendBatcherContract, appendFaultContract } from '../../im/store/append_batcher.contract.js';
import { retentionFaultContract } from '../../im/store/retention.contract.js';
import { searchFaultContract } from '../../im/store/search.contract.js';
import { writeFaultContract } from '../../im/store/write_faults.contract.js';
import { outcomes, Scene, seq, WEB, WIDE, withCode } from '../../im/store/scene.contract.js';
import {
  inThreadStore,
  openFor,
  temporaryOptions,
  withDatabase,
  workerStore,
} from './sqlite_factory.contract.js';
import { openSqliteStores } from './sqlite_stores.js';

appendBatcherContract('sqlite', workerStore);
appendFaultContract('sqlite', inThreadStore);
writeFaultContract('sqlite', inThreadStore);
retentionFaultContract('sqlite', inThreadStore);
searchFaultContract('sqlite', inThreadStore);

test('sqlite: a full disk is STORE_FULL, nothing is half stored, reads go on', async (t) => {
  const options = temporaryOptions(t);
  const first = await openFor(t, options);
  const before = await Scene.open(first);
  await before.say(0, 1, 'a');
  await first.close();
  const pageCount = withDatabase(options, (db) => Number(db.prepare('PRAGMA page_count').first()?.[0]));
  const stores = await openFor(t, { ...options, maxPageCount: pageCount + 4 });
  const batch = Array.from({ length: 20 }, (_, index) =>
    before.message(0, 1, 'x'.repeat(10_000), { clientId: `${index}` }),
  );
  await assert.rejects(stores.messages.append(batch), withCode(ERRORS.STORE_FULL.code));
  assert.equal((await before.log(0, 1, stores)).length, 1);
  await assert.rejects(stores.messages.append(batch), withCode(ERRORS.STORE_FULL.code));
  const small = await stores.messages.append([before.message(0, 1, 'b')]);
  assert.ok(!('refused' in small) && outcomes(small)[0] === 'stored', 'what still fits is stored');
  assert.equal((await before.log(0, 1, stores)).length, 2);
});

test('sqlite: a read-only store is STORE_READ_ONLY, reads go on', async (t) => {
  const options = temporaryOptions(t);
  const first = await openFor(t, options);
  const scene = await Scene.open(first);
  await scene.say(0, 1, 'a');
  await first.close();
  const stores = await openFor(t, { ...options, queryOnly: true });
  const refused = withCode(ERRORS.STORE_READ_ONLY.code);
  const { messages, users, ids } = stores;
  const [uid, conv] = [scene.uid(1), scene.conv()];
  await assert.rejects(messages.append([scene.message(0, 1, 'b')]), refused);
  await assert.rejects(
    messages.mark([{ uid, device: WEB, conv, from: seq(1), to: seq(1), read: true }]),
    refused,
  );
  await assert.rejects(users.update(uid, { contactsOnly: true }), refused);
  await assert.rejects(ids.leaseMids(1), refused);
  assert.equal((await scene.log(0, 1, stores)).length, 1);
  assert.equal((await messages.offline(uid, WEB, WIDE)).length, 1);
});

test('sqlite: rights changed through another handle count from the next batch on', async (t) => {
  const options = temporaryOptions(t);
  const [one, other] = [await openFor(t, options), await openFor(t, options)];
  const scene = await Scene.open(one);
  await scene.say(0, 1, 'a');
  await other.users.update(scene.uid(1), { contactsOnly: true });
  assert.deepEqual(outcomes(await scene.append(scene.message(0, 1, 'b'))), ['CONTACTS_ONLY']);
});

test('sqlite: two handles writing to one file share one sequence', async (t) => {
  const options = temporaryOptions(t);
  const handles = [await openFor(t, options), await openFor(t, options)];
  const scene = await Scene.open(await openFor(t, options));
  const rounds = Array.from({ length: 20 }, (_, round) => round);
  await Promise.all(
    handles.map(async (stores, index) => {
      for (const round of rounds) {
        const batch = ['p', 'q'].map((letter) => scene.message(0, 1, `${letter} ${round} ${index}`));
        await stores.messages.append([...batch, scene.message(0, 1, `shared ${round}`)]);
      }
    }),
  );
  assert.equal((await scene.log()).length, rounds.length * (2 * handles.length + 1));
});

test('sqlite: two processes writing to one file share one sequence', async (t) => {
  const options = temporaryOptions(t);
  const stores = await openFor(t, options);
  const scene = await Scene.open(stores);
  const script = new URL('./sqlite_writer.contract.js', import.meta.url).pathname;
  const run = (name: string) =>
    promisify(execFile)(process.execPath, [script, options.path, name, `${scene.uid(0)}`, `${scene.uid(1)}`]);
  await Promise.all([run('p'), run('q')]);
  const contents = await scene.contents();
  assert.deepEqual(new Set(contents).size, 2 * 30 + 30, 'own messages of both and those that both sent');
});

test('sqlite: data of a newer program stops the start with the reason', async (t) => {
  const options = temporaryOptions(t);
  await (await openFor(t, options)).close();
  withDatabase(options, (db) => db.exec('UPDATE store_meta SET min_program = 1000'));
  await assert.rejects(openFor(t, options), /1000/);
  withDatabase(options, (db) => db.exec('UPDATE store_meta SET min_program = 1'));
  await openFor(t, options);
});

test('sqlite: a file that is no database, or whose folder is missing, stops the start', async (t) => {
  const options = temporaryOptions(t);
  const { writeFileSync } = await import('node:fs');
  writeFileSync(options.path, 'not a database '.repeat(1000));
  await assert.rejects(openFor(t, options), withCode(ERRORS.STORE_UNAVAILABLE.code));
  const missing = { ...options, path: `${options.path}/missing/store.db` };
  await assert.rejects(
    openSqliteStores(missing, { logger: { error() {}, warn() {}, info() {}, debug() {} } }),
    withCode(ERRORS.STORE_UNAVAILABLE.code),
  );
});
