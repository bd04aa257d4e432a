/** Backups of a store that is in use, and the epoch of a copy that takes its place. */
import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { newUsers, outcomes, PHONE, Scene, WEB, withCode } from '../../im/store/scene.contract.js';
import { known } from '../../im/message/ids.js';
import { backupSqliteStore } from './backup_file.js';
import { openFor, temporaryOptions, withDatabase } from './sqlite_factory.contract.js';
import { raiseEpoch } from './store_epoch.js';

const invalid = withCode(ERRORS.INVALID_PARAMETER.code);
const unavailable = withCode(ERRORS.STORE_UNAVAILABLE.code);

test('a backup is one moment of a store that others go on writing to', async (t) => {
  const options = temporaryOptions(t);
  const stores = await openFor(t, options);
  const scene = await Scene.open(stores);
  const content = 'x'.repeat(20_000);
  const say = (from: number, to: number): Promise<unknown> =>
    scene.append(
      ...Array.from({ length: to - from }, (_, index) =>
        scene.message(0, 1, content, { clientId: `${from + index}` }),
      ),
    );
  await say(0, 400);
  const file = join(dirname(options.path), 'backup.db');
  // The writer's thread goes on while this one copies.
  const later = [say(400, 402), say(402, 404)];
  backupSqliteStore(options, file);
  await Promise.all(later);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(
    readdirSync(dirname(file)).filter((name) => name.startsWith('backup')),
    ['backup.db'],
  );
  const copy = await openFor(t, { ...options, path: file });
  const copied = (await scene.log(0, 1, copy)).length;
  assert.ok([400, 402, 404].includes(copied), `whole transactions: ${copied}`);
  assert.equal((await scene.log()).length, 404);
});

test('a backup takes the place of nothing, and what cannot be written leaves nothing', async (t) => {
  const options = temporaryOptions(t);
  await openFor(t, options);
  const folder = dirname(options.path);
  const backup = (name: string) => (): void => backupSqliteStore(options, join(folder, name));
  for (const name of ['taken', 'backup.db.partial']) writeFileSync(join(folder, name), 'precious');
  assert.throws(backup('taken'), invalid);
  assert.throws(backup('missing/backup.db'), invalid);
  backup('backup.db')();
  assert.deepEqual(
    readdirSync(folder).filter((name) => !name.startsWith('store.db')),
    ['backup.db', 'backup.db.partial', 'taken'],
  );
  for (const name of ['taken', 'backup.db.partial'])
    assert.equal(readFileSync(join(folder, name), 'utf8'), 'precious', name);
});

test('a restored copy has another epoch each time, its messages, and ids that nobody had', async (t) => {
  const options = temporaryOptions(t);
  const stores = await openFor(t, options);
  const scene = await Scene.open(stores);
  await scene.say(0, 1, 'a');
  const file = join(dirname(options.path), 'backup.db');
  backupSqliteStore(options, file);
  const [lostUser] = await newUsers(stores, 1);
  const lostMids = await stores.ids.leaseMids(1000);
  const epochs: number[] = [(await stores.messages.probed()).epoch];
  for (const nowMs of [1_800_000_000_000, 1_800_000_001_000]) {
    const path = `${file}.${nowMs}`;
    copyFileSync(file, path);
    epochs.push(raiseEpoch(path, nowMs));
    const restored = await openFor(t, { ...options, path });
    assert.equal((await restored.messages.probed()).epoch, epochs.at(-1));
    assert.equal((await scene.log(0, 1, restored)).length, 1);
    const [newUser] = await newUsers(restored, 1);
    assert.ok(known(newUser) > known(lostUser), 'a token of the lost user opens nobody');
    assert.ok((await restored.ids.leaseMids(1)).first >= lostMids.first + lostMids.count);
    const again = await restored.messages.append([scene.message(0, 1, 'a'), scene.message(0, 1, 'b')]);
    assert.ok(!('refused' in again));
    assert.deepEqual(outcomes(again), ['duplicate', 'stored']);
  }
  assert.deepEqual(new Set(epochs).size, 3);
  assert.deepEqual(
    epochs,
    [...epochs].sort((one, other) => one - other),
  );
  const file2 = `${file}.1800000001000`;
  assert.equal(raiseEpoch(file2, 1000), known(epochs[2]) + 1, 'also where the clock was set back');
});

test('no token that was issued before a restore is as good as one issued after it, in the backup or not', async (t) => {
  const options = temporaryOptions(t);
  const stores = await openFor(t, options);
  const [ann] = await newUsers(stores, 1);
  const pairs = [PHONE, WEB].map((device) => ({ uid: known(ann), device }));
  await stores.users.issueTokens(pairs.slice(0, 1));
  const file = join(dirname(options.path), 'backup.db');
  backupSqliteStore(options, file);
  const before: number[] = [];
  for (let round = 0; round < 50; round++)
    before.push(...(await stores.users.issueTokens(pairs)).map(({ version }) => version));
  // The second time by a clock that was set back.
  for (const nowMs of [1_800_000_000_000, 1000]) {
    raiseEpoch(file, nowMs);
    const restored = await openFor(t, { ...options, path: file });
    const [phone, web] = await restored.users.tokenVersions(pairs);
    assert.ok(known(phone).version > Math.max(...before));
    assert.ok(!before.includes(known(web).version));
    const after = await restored.users.issueTokens(pairs);
    for (const { version } of after)
      assert.ok(version > Math.max(...before) && Number.isSafeInteger(version));
    before.push(...after.map(({ version }) => version));
    await restored.close();
  }
});

test('only a whole database of a program that we may be is given an epoch', async (t) => {
  const options = temporaryOptions(t);
  const stores = await openFor(t, options);
  const scene = await Scene.open(stores);
  await scene.say(0, 1, ...Array.from({ length: 200 }, (_, index) => `${index} ${'x'.repeat(1000)}`));
  await stores.close();
  const path = (name: string): string => join(dirname(options.path), name);
  assert.throws(() => raiseEpoch(path('missing.db')), unavailable);
  assert.equal(existsSync(path('missing.db')), false);
  writeFileSync(path('empty.db'), '');
  assert.throws(() => raiseEpoch(path('empty.db')), unavailable);
  writeFileSync(path('text.db'), 'not a database '.repeat(1000));
  assert.throws(() => raiseEpoch(path('text.db')), unavailable);
  copyFileSync(options.path, path('cut.db'));
  truncateSync(path('cut.db'), statSync(options.path).size - 8 * 4096);
  assert.throws(() => raiseEpoch(path('cut.db')), unavailable);
  withDatabase(options, (db) => db.exec('UPDATE store_meta SET min_program = 1000'));
  assert.throws(() => raiseEpoch(options.path), /newer program/);
  withDatabase(options, (db) => db.exec('UPDATE store_meta SET min_program = 1'));
  assert.ok(raiseEpoch(options.path) > 1);
});
