/** Changes of a group of which a statement fails: nothing of the batch is there, nor remembered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GROUP_ROLE } from '../message/group.js';
import { readNotice } from '../message/notice.js';
import { GroupScene } from './group_scene.contract.js';
import type { AppendRequest } from './interface.js';
import { outcomes, Scene, stored, type FaultyStoreFactory } from './scene.contract.js';

export function groupFaultContract(name: string, factory: FaultyStoreFactory): void {
  test(`${name}: group: changes that fail at any statement have changed nothing`, async (t) => {
    const subject = await factory(t);
    for (let k = 1; ; k += 1) {
      const scene = await Scene.open(subject.stores, 5);
      const group = await GroupScene.create(scene, [1, 2]);
      await group.exit(2);
      const batch = changesOf(group);
      subject.failAtStatement(k);
      const result = await scene.stores.messages.append(batch);
      const isDone = subject.statementCount() < k;
      subject.failAtStatement(0);
      if (isDone) {
        assert.ok(k > 30 && !('refused' in result), `only ${k} statements`);
        await assertDone(group);
        break;
      }
      assert.ok('refused' in result, `statement ${k}`);
      await assertUntouched(group);
      // The same again finds nothing of the first attempt, and numbers without a hole.
      assert.deepEqual(new Set(outcomes(await group.append(...batch))), new Set(['stored']));
      await assertDone(group);
    }
  });

  test(`${name}: group: one that could not be made is not there`, async (t) => {
    const subject = await factory(t);
    const { groups } = subject.stores;
    for (let k = 1; ; k += 1) {
      const scene = await Scene.open(subject.stores, 2);
      const gid = await groups.leaseGid();
      const group = GroupScene.of(scene, gid);
      const create = group.request(0, CREATE);
      subject.failAtStatement(k);
      const result = await scene.stores.messages.append([create]);
      const isDone = subject.statementCount() < k;
      subject.failAtStatement(0);
      if (isDone) {
        assert.ok(k > 10, `only ${k} statements`);
        break;
      }
      assert.ok('refused' in result, `statement ${k}`);
      assert.deepEqual(await groups.byGids([gid]), []);
      assert.deepEqual(outcomes(await group.append(group.message(0, 'a'))), ['NO_SUCH_GROUP']);
      assert.equal(stored((await group.append(create))[0]).seq, 1);
      assert.equal(await group.say(0, 'b'), 2);
    }
  });
}

const CREATE = {
  do: 'create',
  profile: { name: 'g', avatar: '', announcement: '', joinMode: 'open', openHistory: false },
  memberLimit: 10,
  groupLimit: 10,
  uids: [],
} as const;

/** Somebody new, somebody back, somebody gone, a message, a role, another owner. */
function changesOf(group: GroupScene): readonly AppendRequest[] {
  const add = (by: number, uid: number, how: 'invited' | 'open'): AppendRequest =>
    group.request(by, { do: 'add', uids: [group.uid(uid)], how, code: '', groupLimit: 10 });
  return [
    add(0, 3, 'invited'),
    add(2, 2, 'open'),
    group.message(3, 'hello'),
    group.request(0, { do: 'remove', uids: [group.uid(3)] }),
    group.request(0, { do: 'role', uid: group.uid(2), role: GROUP_ROLE.admin }),
    group.request(0, { do: 'owner', uid: group.uid(1) }),
  ];
}

async function assertUntouched(group: GroupScene): Promise<void> {
  const { groups } = group.scene.stores;
  const [found] = await groups.byGids([group.gid]);
  assert.deepEqual([found?.memberCount, found?.owner, found?.lastSeq], [2, group.uid(0), 2]);
  const members = await groups.members(group.gid, undefined, 9);
  assert.deepEqual(
    members.map(({ uid, role }) => [uid, role]),
    [
      [group.uid(0), GROUP_ROLE.owner],
      [group.uid(1), GROUP_ROLE.member],
    ],
  );
  assert.deepEqual(await group.seqsOf(2), [1, 2]);
}

async function assertDone(group: GroupScene): Promise<void> {
  const { groups } = group.scene.stores;
  const [found] = await groups.byGids([group.gid]);
  assert.deepEqual([found?.memberCount, found?.owner, found?.lastSeq], [3, group.uid(1), 8]);
  assert.deepEqual(await group.seqsOf(2), [1, 2, 4, 5, 6, 7, 8]);
  assert.deepEqual(await group.seqsOf(3), [3, 4, 5, 6]);
  const types = (await group.readBy(0)).map(({ content }) => readNotice(content)?.type);
  const said = ['created', 'left', 'joined', 'joined', undefined, 'removed', 'role', 'owner'];
  assert.deepEqual(types, said);
}
