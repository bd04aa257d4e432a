/** Limits of groups that take many rows to reach, and what takes a day. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GROUP_BAN_LIMIT, LEFT_LATELY_MS } from '../../im/store/group_interface.js';
import { GroupScene } from '../../im/store/group_scene.contract.js';
import { outcomes, Scene } from '../../im/store/scene.contract.js';
import { GroupCounts } from './group_counts.js';
import { openFor, temporaryOptions, withDatabase } from './sqlite_factory.contract.js';

test('groups: a group has so many bans; who is banned already may be so again', async (t) => {
  const options = temporaryOptions(t);
  let stores = await openFor(t, options);
  const scene = await Scene.open(stores, 4);
  const group = await GroupScene.create(scene, [2]);
  await stores.close();
  const rows = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${GROUP_BAN_LIMIT - 1})
    INSERT INTO group_ban SELECT ${group.gid}, 5000000 + i, 1, 1 FROM n`;
  withDatabase(options, (db) => db.exec(rows));
  stores = await openFor(t, options);
  Object.assign(scene, { stores });
  const ban = (who: number, on = true) => group.request(0, { do: 'ban', uid: group.uid(who), on });
  assert.deepEqual(outcomes(await group.append(ban(1), ban(1), ban(3), ban(2))), [
    'changed',
    'changed',
    'TOO_MANY_BANS',
    'TOO_MANY_BANS',
  ]);
  assert.deepEqual(outcomes(await group.append(ban(1, false), ban(2), ban(3))), [
    'changed',
    'stored',
    'TOO_MANY_BANS',
  ]);
});

test('groups: who has left may be brought back a day later', async (t) => {
  const options = temporaryOptions(t);
  let stores = await openFor(t, options);
  const scene = await Scene.open(stores, 2);
  const group = await GroupScene.create(scene, [1]);
  await group.exit(1);
  await stores.close();
  const later = (ms: number): void =>
    withDatabase(options, (db) =>
      db.exec(`UPDATE conversation_member SET left_at = left_at - ${ms} WHERE left_at > 0`),
    );
  const bring = async (): Promise<readonly string[]> => {
    stores = await openFor(t, options);
    Object.assign(scene, { stores });
    const add = { do: 'add', uids: [scene.uid(1)], how: 'invited', code: '', groupLimit: 9 } as const;
    const results = await group.append(group.request(0, add));
    await stores.close();
    return outcomes(results);
  };
  later(LEFT_LATELY_MS - 3_600_000);
  assert.deepEqual(await bring(), ['LEFT_LATELY']);
  later(3_600_000);
  assert.deepEqual(await bring(), ['stored']);
});

test('groups: those of a user are counted once, without those that are dissolved, and then followed', async (t) => {
  const options = temporaryOptions(t);
  const stores = await openFor(t, options);
  const scene = await Scene.open(stores, 2);
  for (let index = 0; index < 3; index += 1) await GroupScene.create(scene, [1]);
  await stores.close();
  withDatabase(options, (db) => {
    db.exec('UPDATE chat_group SET dissolved_at = 1 WHERE gid = (SELECT MAX(gid) FROM chat_group)');
    let forget = (): unknown => assert.fail('nobody to forget');
    const counts = new GroupCounts(db, { onForget: (listener) => (forget = listener) });
    const uid = scene.uid(1);
    assert.deepEqual([counts.isAtLeast(uid, 2), counts.isAtLeast(uid, 3)], [true, false]);
    db.exec('DELETE FROM group_member');
    assert.ok(counts.isAtLeast(uid, 2), 'not asked again');
    counts.came(uid);
    assert.ok(counts.isAtLeast(uid, 3));
    counts.went(uid);
    assert.ok(!counts.isAtLeast(uid, 3));
    forget();
    assert.ok(!counts.isAtLeast(uid, 1));
  });
});
