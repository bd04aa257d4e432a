/** Every change of a group: what it writes, what it says, and each of its refusals. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GROUP_ROLE, MUTED_FOR_EVER_MS, WORLD_GID, type GroupMember } from '../message/group.js';
import { groupConversation } from '../message/conversation.js';
import { known, toGid, toUid } from '../message/ids.js';
import { readNotice } from '../message/notice.js';
import { GROUP_REQUEST_LIMIT } from './group_interface.js';
import { GroupScene } from './group_scene.contract.js';
import type { AppendRequest } from './interface.js';
import { duplicate, outcomes, Scene, stored, type StoreFactory } from './scene.contract.js';

type Deed = Parameters<GroupScene['request']>[1];

const MINUTE = 60_000;

export function groupChangesContract(name: string, factory: StoreFactory): void {
  const open = async (t: Parameters<StoreFactory>[0], users = 6): Promise<Scene> =>
    Scene.open((await factory(t)).stores, users);

  const make = async (t: Parameters<StoreFactory>[0], ...args: CreateArgs): Promise<GroupScene> =>
    GroupScene.create(await open(t), ...args);

  /** What came of one change. */
  const by = async (group: GroupScene, who: number, deed: Deed): Promise<string | undefined> =>
    outcomes(await group.append(group.request(who, deed)))[0];

  const member = async (group: GroupScene, who: number): Promise<GroupMember | undefined> =>
    (await group.scene.stores.groups.membersAmong(group.gid, [group.uid(who)]))[0];

  const add = (group: GroupScene, who: readonly number[], more: Partial<AddDeed> = {}): Deed => ({
    do: 'add',
    uids: who.map((one) => group.uid(one)),
    how: 'invited',
    code: '',
    groupLimit: 100,
    ...more,
  });
  const join = (group: GroupScene, who: number, more: Partial<AddDeed> = {}): Promise<string | undefined> =>
    by(group, who, add(group, [who], { how: 'open', ...more }));

  test(`${name}: group: made with its members by one notice, found again by a retry`, async (t) => {
    const scene = await open(t);
    const { groups } = scene.stores;
    const gid = await groups.leaseGid();
    assert.ok(gid > WORLD_GID);
    const group = await GroupScene.create(scene, [1, 2]);
    const [found] = await groups.byGids([group.gid, known(toGid(2 ** 31 - 1))]);
    assert.deepEqual(
      [found?.gid, found?.owner, found?.memberCount, found?.lastSeq, found?.isDissolved],
      [group.gid, scene.uid(0), 3, 1, false],
    );
    const all = await groups.members(group.gid, undefined, 10);
    assert.deepEqual(
      all.map(({ uid, role, joinedSeq }) => [uid, role, joinedSeq]),
      [0, 1, 2].map((one) => [scene.uid(one), one === 0 ? GROUP_ROLE.owner : GROUP_ROLE.member, 1]),
    );
    assert.deepEqual(await groups.admins(group.gid), [scene.uid(0)]);
    const [first] = await group.readBy(1);
    assert.deepEqual(readNotice(known(first).content), {
      type: 'created',
      name: 'a group',
      uids: [0, 1, 2].map((one) => scene.uid(one)),
    });
    assert.deepEqual([first?.from, first?.to], [scene.uid(0), group.gid]);
    assert.equal(await groups.createdAs(scene.uid(0), 'deed 1'), group.gid);
    assert.equal(await groups.createdAs(scene.uid(1), 'deed 1'), undefined);
    assert.equal(await groups.createdAs(scene.uid(0), 'deed 2'), undefined);
    const again = group.request(0, { do: 'profile', profile: { name: 'x' } });
    const retry: AppendRequest = { ...again, event: { ...known(again.event), clientId: 'deed 1' } };
    assert.equal(duplicate((await group.append(retry))[0]).seq, 1);
  });

  test(`${name}: group: who is unknown, blocks the owner or is in too many is not brought along`, async (t) => {
    const scene = await open(t);
    await scene.append(scene.relation(1, 0, 'black'));
    await scene.stores.users.ban(scene.uid(2), true);
    const group = await GroupScene.create(scene, [0, 1, 2, 3, 3]);
    const members = await scene.stores.groups.members(group.gid, undefined, 10);
    assert.deepEqual(
      members.map(({ uid }) => uid),
      [scene.uid(0), scene.uid(3)],
    );
    const deed = known(group.request(0, { do: 'exit' }).event);
    const gid = await scene.stores.groups.leaseGid();
    const create = (uids: readonly number[], groupLimit: number, memberLimit: number): AppendRequest => ({
      conv: groupConversation(gid),
      event: { ...deed, to: gid, clientId: `${groupLimit} ${memberLimit}` },
      change: {
        kind: 'group',
        by: scene.uid(0),
        do: 'create',
        profile: { name: 'g', avatar: '', announcement: '', joinMode: 'open', openHistory: false },
        memberLimit,
        groupLimit,
        uids: uids.map((one) => scene.uid(one)),
      },
    });
    const results = await scene.append(create([], 1, 10), create([3, 4], 2, 2));
    assert.deepEqual(outcomes(results), ['TOO_MANY_GROUPS', 'GROUP_FULL']);
    assert.deepEqual(await scene.stores.groups.byGids([gid]), [], 'nothing was made');
  });

  test(`${name}: group: ways to come in, and why one does not`, async (t) => {
    const group = await make(t, [1]);
    const { scene } = group;
    const nobody = known(toUid(2 ** 30 - 1));
    assert.equal(await join(group, 1), 'ALREADY_MEMBER');
    assert.equal(await join(group, 2), 'stored');
    assert.equal(await by(group, 2, { do: 'ban', uid: group.uid(3), on: true }), 'NO_PERMISSION');
    assert.equal(await by(group, 0, { do: 'ban', uid: group.uid(3), on: true }), 'changed');
    assert.equal(await join(group, 3), 'GROUP_BANNED');
    assert.equal(await by(group, 0, add(group, [3])), 'GROUP_BANNED');
    assert.equal(await by(group, 0, { ...add(group, []), uids: [nobody] } as Deed), 'NO_SUCH_USER');
    await scene.append(scene.relation(4, 0, 'black'));
    assert.equal(await by(group, 0, add(group, [4])), 'BLOCKED');
    assert.equal(await by(group, 1, add(group, [5], { groupLimit: 0 })), 'TOO_MANY_GROUPS');
    assert.equal(await by(group, 3, add(group, [5])), 'NOT_A_MEMBER');
    assert.equal(await by(group, 1, add(group, [2, 3, 5])), 'stored', 'whoever can be brought is');
    const [last] = (await group.readBy(0)).slice(-1);
    assert.deepEqual(readNotice(known(last).content), {
      type: 'joined',
      uids: [group.uid(5)],
      how: 'invited',
    });
    await by(group, 0, { do: 'ban', uid: group.uid(3), on: false });
    assert.equal(await join(group, 3), 'stored');
    assert.equal(await by(group, 0, add(group, [], {})), 'INVALID_PARAMETER');
    assert.equal(await by(group, 0, add(group, [4], { how: 'open' })), 'INVALID_PARAMETER');
    const [found] = await scene.stores.groups.byGids([group.gid]);
    assert.equal(found?.memberCount, 5);
  });

  test(`${name}: group: asking, agreeing, denying`, async (t) => {
    const group = await make(t, [1], { joinMode: 'approval' });
    const { groups } = group.scene.stores;
    const approve = (who: readonly number[]): Deed => add(group, who, { how: 'approved' });
    assert.equal(await join(group, 2), 'JOIN_NEEDS_APPROVAL');
    assert.equal(await by(group, 1, add(group, [2])), 'NO_PERMISSION', 'a member brings nobody here');
    assert.equal(await by(group, 1, { do: 'ask', comment: '' }), 'ALREADY_MEMBER');
    const asking = [2, 3, 2].map((who) => group.request(who, { do: 'ask', comment: `${who}` }));
    assert.deepEqual(await group.append(...asking), [
      { outcome: 'changed' },
      { outcome: 'changed' },
      { outcome: 'changed', isRepeated: true },
    ]);
    const asked = await groups.requests(group.gid);
    assert.deepEqual(
      asked.map(({ uid, comment }) => [uid, comment]),
      [
        [group.uid(3), '3'],
        [group.uid(2), '2'],
      ],
    );
    assert.equal(await by(group, 1, approve([2])), 'NO_PERMISSION');
    assert.equal(await by(group, 0, approve([4])), 'NO_SUCH_REQUEST');
    assert.equal(await by(group, 0, approve([2, 4])), 'stored');
    assert.equal(await by(group, 0, approve([2])), 'ALREADY_MEMBER');
    assert.equal(await by(group, 1, { do: 'deny', uid: group.uid(3) }), 'NO_PERMISSION');
    assert.equal(await by(group, 0, { do: 'deny', uid: group.uid(3) }), 'changed');
    assert.equal(await by(group, 0, { do: 'deny', uid: group.uid(3) }), 'NO_SUCH_REQUEST');
    assert.deepEqual(await groups.requests(group.gid), []);
    assert.equal(await by(group, 0, { do: 'profile', profile: { joinMode: 'invite' } }), 'stored');
    assert.equal(await by(group, 3, { do: 'ask', comment: '' }), 'JOIN_NEEDS_INVITE');
    assert.equal(await join(group, 3), 'JOIN_NEEDS_INVITE');
  });

  test(`${name}: group: who does not want to be brought is not, nor who has just gone`, async (t) => {
    const group = await make(t, [1]);
    const { scene } = group;
    await scene.stores.users.update(group.uid(2), { contactsOnly: true });
    const bring = (who: number, ...whom: number[]): Promise<string | undefined> =>
      by(group, who, add(group, whom));
    assert.equal(await bring(0, 2), 'CONTACTS_ONLY');
    await scene.append(scene.relation(2, 1, 'white'));
    assert.equal(await bring(0, 2), 'CONTACTS_ONLY');
    assert.equal(await bring(1, 2), 'stored');
    assert.equal(await bring(0, 3), 'stored');
    await Promise.all([2, 3].map((who) => group.exit(who)));
    assert.equal(await bring(0, 3), 'LEFT_LATELY');
    assert.equal(await bring(1, 3, 2), 'stored', 'by who is one of his own');
    assert.deepEqual([await member(group, 3), (await member(group, 2))?.role], [undefined, 3]);
    assert.equal(await join(group, 3), 'stored', 'he himself may');
    await group.remove(3);
    assert.equal(await bring(0, 3), 'stored', 'who was removed did not go by himself');
  });

  test(`${name}: group: in how many somebody is, whatever has happened`, async (t) => {
    const scene = await open(t);
    const [one, two, three] = [
      await GroupScene.create(scene, [1]),
      await GroupScene.create(scene, [1]),
      await GroupScene.create(scene),
    ];
    const bring = (): Promise<string | undefined> => by(three, 0, add(three, [1], { groupLimit: 2 }));
    assert.equal(await bring(), 'TOO_MANY_GROUPS');
    await one.remove(1);
    assert.equal(await bring(), 'stored');
    await three.remove(1);
    assert.equal(await join(one, 1), 'stored');
    assert.equal(await bring(), 'TOO_MANY_GROUPS');
    await two.dissolve();
    assert.equal(await bring(), 'stored');
    const four = await GroupScene.create(scene);
    assert.equal(await by(four, 0, add(four, [1], { groupLimit: 2 })), 'TOO_MANY_GROUPS');
  });

  test(`${name}: group: links let in so often, until then, into their own group`, async (t) => {
    const group = await make(t, [1], { joinMode: 'invite' });
    const { groups } = group.scene.stores;
    const link = (code: string, uses: number, expiresAtMs = 0): Deed => ({
      do: 'link',
      code,
      uses,
      expiresAtMs,
    });
    const through = (who: number, code: string) => join(group, who, { how: 'link', code });
    assert.equal(await by(group, 1, link('a', 1)), 'NO_PERMISSION');
    const links = [link('a', 1), link('b', 2), link('c', 0), link('late', 0, Date.now() - MINUTE)];
    for (const one of links) assert.equal(await by(group, 0, one), 'changed');
    assert.equal(await through(2, 'a'), 'stored');
    assert.equal(await through(3, 'a'), 'WRONG_INVITE', 'used up');
    assert.equal(await through(3, 'late'), 'WRONG_INVITE');
    assert.equal(await through(3, 'none'), 'WRONG_INVITE');
    assert.equal(await through(3, 'b'), 'stored');
    assert.equal(await through(3, 'b'), 'ALREADY_MEMBER');
    assert.deepEqual(
      (await groups.invites(group.gid)).map(({ code, usesLeft }) => [code, usesLeft]),
      [
        ['a', -1],
        ['b', 1],
        ['c', 0],
        ['late', 0],
      ],
    );
    const found = await groups.byInvite('b');
    assert.deepEqual([found?.group.gid, found?.invite.by], [group.gid, group.uid(0)]);
    const other = await GroupScene.create(group.scene, []);
    assert.equal(await join(other, 4, { how: 'link', code: 'c' }), 'WRONG_INVITE');
    assert.equal(await by(other, 0, link('c', 1)), 'INVALID_PARAMETER', 'a code of somebody else');
    assert.equal(await by(group, 0, { do: 'unlink', code: 'c' }), 'changed');
    assert.equal(await through(4, 'c'), 'WRONG_INVITE');
    for (let n = 0; n < 98; n += 1) assert.equal(await by(group, 0, link(`n${n}`, 0)), 'changed', `${n}`);
    assert.equal(await by(group, 0, link('one more', 0)), 'changed', 'dead ones made room');
    assert.equal(await by(group, 0, link('too many', 0)), 'TOO_MANY_INVITES');
  });

  test(`${name}: group: full is full, and then none of several comes in`, async (t) => {
    const scene = await open(t);
    const group = await GroupScene.create(scene, [1], {}, 3);
    assert.equal(await by(group, 0, add(group, [2, 3])), 'GROUP_FULL');
    assert.equal(await by(group, 0, add(group, [1, 2])), 'stored');
    assert.equal(await join(group, 3), 'GROUP_FULL');
    const both = [group.request(1, { do: 'exit' }), group.request(3, add(group, [3], { how: 'open' }))];
    const results = await group.append(...both, group.request(4, add(group, [4], { how: 'open' })));
    assert.deepEqual(outcomes(results), ['stored', 'stored', 'GROUP_FULL']);
    assert.deepEqual(
      results.slice(0, 2).map((result) => stored(result).memberCount),
      [2, 3],
    );
  });

  test(`${name}: group: going by oneself, removed, banned`, async (t) => {
    const group = await make(t, [1, 2, 3, 4]);
    await group.did(0, { do: 'role', uid: group.uid(1), role: GROUP_ROLE.admin });
    const remove = (who: number, ...uids: number[]): Promise<string | undefined> =>
      by(group, who, { do: 'remove', uids: uids.map((uid) => group.uid(uid)) });
    assert.equal(await by(group, 0, { do: 'exit' }), 'OWNER_MUST_STAY');
    assert.equal(await by(group, 5, { do: 'exit' }), 'NOT_A_MEMBER');
    assert.equal(await remove(5, 2), 'NOT_A_MEMBER');
    assert.equal(await remove(2, 3), 'NO_PERMISSION');
    assert.equal(await remove(2, 5), 'NO_PERMISSION');
    assert.equal(await remove(1, 5), 'NOT_A_MEMBER');
    assert.equal(await remove(1, 2, 0), 'NO_PERMISSION', 'nobody is removed where one may not be');
    assert.equal(await remove(1, 1), 'NO_PERMISSION');
    assert.equal(await remove(1, 2, 5, 2), 'stored');
    assert.equal(await member(group, 2), undefined);
    assert.equal(await by(group, 1, { do: 'ban', uid: group.uid(0), on: true }), 'NO_PERMISSION');
    assert.equal(await by(group, 1, { do: 'ban', uid: group.uid(3), on: true }), 'stored');
    assert.equal(await by(group, 1, { do: 'ban', uid: group.uid(3), on: true }), 'changed');
    assert.deepEqual(await group.scene.stores.groups.bans(group.gid, 0, 10), [group.uid(3)]);
    assert.equal(await by(group, 4, { do: 'exit' }), 'stored');
    const contents = (await group.readBy(0)).slice(-3).map(({ content }) => readNotice(content));
    assert.deepEqual(contents, [
      { type: 'removed', uids: [group.uid(2)], banned: false },
      { type: 'removed', uids: [group.uid(3)], banned: true },
      { type: 'left', uids: [group.uid(4)] },
    ]);
    const after = [2, 3, 4].map((who) => group.message(who, `${who}`));
    assert.deepEqual(outcomes(await group.append(...after)), Array(3).fill('NOT_A_MEMBER'));
  });

  test(`${name}: group: roles, handing over, mutes, names`, async (t) => {
    const group = await make(t, [1, 2]);
    const role = (who: number, uid: number, to: 2 | 3): Promise<string | undefined> =>
      by(group, who, { do: 'role', uid: group.uid(uid), role: to });
    assert.equal(await role(1, 2, 2), 'NO_PERMISSION');
    assert.equal(await role(0, 5, 2), 'NOT_A_MEMBER');
    assert.equal(await role(0, 1, 3), 'changed');
    assert.equal(await role(0, 1, 2), 'stored');
    assert.equal(await role(1, 2, 2), 'NO_PERMISSION', 'an admin makes no admins');
    const toOwner: Deed = { do: 'role', uid: group.uid(1), role: GROUP_ROLE.owner };
    assert.equal(await by(group, 0, toOwner), 'INVALID_PARAMETER');
    const mute = (who: number, uid: number, untilMs: number): Promise<string | undefined> =>
      by(group, who, { do: 'mute', uid: group.uid(uid), untilMs });
    assert.equal(await mute(1, 0, MUTED_FOR_EVER_MS), 'NO_PERMISSION');
    assert.equal(await mute(1, 2, Date.now() - MINUTE), 'changed');
    assert.equal(await mute(1, 2, MUTED_FOR_EVER_MS), 'stored');
    assert.equal(await mute(1, 2, MUTED_FOR_EVER_MS), 'changed');
    assert.equal((await member(group, 2))?.mutedUntilMs, MUTED_FOR_EVER_MS);
    const alias = (who: number, uid: number): Promise<string | undefined> =>
      by(group, who, { do: 'alias', uid: group.uid(uid), alias: 'al' });
    assert.equal(await alias(2, 1), 'NO_PERMISSION');
    assert.equal(await alias(2, 2), 'MEMBER_MUTED', 'it would be told to everybody');
    assert.equal(await alias(1, 2), 'stored');
    assert.equal(await alias(0, 2), 'changed');
    assert.equal(await mute(1, 2, 0), 'stored');
    assert.equal(await by(group, 1, { do: 'muteAll', on: true }), 'stored');
    const own = { do: 'alias', uid: group.uid(2), alias: 'x' } as const;
    assert.equal(await by(group, 2, own), 'GROUP_MUTED');
    assert.equal(await by(group, 1, { do: 'muteAll', on: false }), 'stored');
    assert.equal(await alias(2, 2), 'changed');
    assert.equal(await mute(1, 2, MUTED_FOR_EVER_MS), 'stored');
    assert.equal(await alias(0, 1), 'stored');
    assert.equal((await member(group, 2))?.alias, 'al');
    const handOver = (who: number, uid: number): Promise<string | undefined> =>
      by(group, who, { do: 'owner', uid: group.uid(uid) });
    assert.equal(await handOver(1, 1), 'NO_PERMISSION');
    assert.equal(await handOver(0, 5), 'NOT_A_MEMBER');
    assert.equal(await handOver(0, 0), 'changed');
    assert.equal(await handOver(0, 2), 'stored');
    assert.deepEqual(
      (await group.scene.stores.groups.members(group.gid, undefined, 9)).map(({ uid, role: is }) => [
        uid,
        is,
      ]),
      [
        [group.uid(2), 1],
        [group.uid(1), 2],
        [group.uid(0), 3],
      ],
    );
    const [found] = await group.scene.stores.groups.byGids([group.gid]);
    assert.equal(found?.owner, group.uid(2));
    assert.equal((await member(group, 2))?.mutedUntilMs, 0, 'an owner may write');
  });

  test(`${name}: group: its profile is told by what changed`, async (t) => {
    const group = await make(t, [1]);
    const set = (who: number, profile: object): Promise<string | undefined> =>
      by(group, who, { do: 'profile', profile });
    assert.equal(await set(1, { name: 'x' }), 'NO_PERMISSION');
    assert.equal(await set(0, { name: 'a group' }), 'changed');
    assert.equal(await set(0, { name: '群 \u0000', avatar: '', joinMode: 'invite' }), 'stored');
    const [last] = (await group.readBy(0)).slice(-1);
    const changed = { name: '群 \u0000', joinMode: 'invite' };
    assert.deepEqual(readNotice(known(last).content), { type: 'profile', changed });
    const [found] = await group.scene.stores.groups.byGids([group.gid]);
    assert.deepEqual([found?.name, found?.joinMode], ['群 \u0000', 'invite']);
  });

  test(`${name}: group: who may write, in the append and asked before`, async (t) => {
    const group = await make(t, [1, 2, 3]);
    const { scene } = group;
    const check = async (...expected: readonly string[]): Promise<void> => {
      const who = [0, 1, 2, 4];
      const results = await group.append(...who.map((from) => group.message(from, `${Math.random()}`)));
      assert.deepEqual(outcomes(results), expected);
      const asked = await scene.stores.messages.mayWrite(
        who.map((from) => ({ from: scene.uid(from), to: group.gid })),
      );
      assert.deepEqual(
        asked.map((verdict) => verdict ?? 'stored'),
        expected,
      );
    };
    await group.did(0, { do: 'role', uid: group.uid(1), role: GROUP_ROLE.admin });
    await check('stored', 'stored', 'stored', 'NOT_A_MEMBER');
    await group.did(1, { do: 'mute', uid: group.uid(2), untilMs: Date.now() + MINUTE });
    await check('stored', 'stored', 'MEMBER_MUTED', 'NOT_A_MEMBER');
    await group.did(1, { do: 'muteAll', on: true });
    await check('stored', 'stored', 'GROUP_MUTED', 'NOT_A_MEMBER');
    await group.did(0, { do: 'muteAll', on: false });
    await group.did(0, { do: 'mute', uid: group.uid(2), untilMs: 0 });
    await check('stored', 'stored', 'stored', 'NOT_A_MEMBER');
    await scene.stores.users.ban(scene.uid(2), true);
    await check('stored', 'stored', 'BANNED', 'NOT_A_MEMBER');
    assert.equal(await by(group, 2, { do: 'exit' }), 'BANNED');
    await group.dissolve();
    await check(...Array<string>(4).fill('GROUP_DISSOLVED'));
    const unknown = known(toGid(2 ** 31 - 1));
    const asked = await scene.stores.messages.mayWrite([{ from: scene.uid(0), to: unknown }]);
    assert.deepEqual(asked, ['NO_SUCH_GROUP']);
  });

  test(`${name}: group: a message must be for the group that it names; a notice is the store's`, async (t) => {
    const group = await make(t, [1]);
    const other = await GroupScene.create(group.scene, []);
    const message = group.message(0, 'a');
    const exit = group.request(1, { do: 'exit' });
    const asOther = { ...known(exit.event), from: group.uid(0) };
    const results = await group.append(
      { ...message, conv: other.conv },
      { ...message, event: { ...known(message.event), kind: 5 } },
      { ...exit, event: asOther },
      { conv: exit.conv, change: known(exit.change) },
      { conv: group.conv },
      { ...group.scene.relation(0, 1, 'black'), conv: group.conv },
      exit,
    );
    assert.deepEqual(outcomes(results), [...Array<string>(6).fill('INVALID_PARAMETER'), 'stored']);
  });

  test(`${name}: group: dissolved, nobody is a member and nothing happens any more`, async (t) => {
    const group = await make(t, [1], { joinMode: 'approval' });
    const { groups } = group.scene.stores;
    await by(group, 2, { do: 'ask', comment: '' });
    await by(group, 0, { do: 'link', code: 'z', uses: 0, expiresAtMs: 0 });
    assert.equal(await by(group, 1, { do: 'dissolve' }), 'NO_PERMISSION');
    const request = group.request(0, { do: 'dissolve' });
    const [result, retry] = await group.append(request, request);
    assert.equal(stored(result).memberCount, 0);
    assert.equal(duplicate(retry).seq, stored(result).seq);
    for (const deed of [add(group, [2]), { do: 'exit' } as const, { do: 'dissolve' } as const])
      assert.equal(await by(group, 0, deed), 'GROUP_DISSOLVED');
    assert.deepEqual(await groups.members(group.gid, undefined, 9), []);
    assert.deepEqual(await groups.membersAmong(group.gid, [group.uid(0)]), []);
    assert.deepEqual(await groups.groupsOf(group.uid(0)), []);
    assert.deepEqual(await groups.admins(group.gid), []);
    assert.deepEqual(await groups.requests(group.gid), []);
    assert.equal(await groups.byInvite('z'), undefined);
    assert.deepEqual((await groups.memberships([group.uid(0), group.uid(1)])).memberships, []);
    const [found] = await groups.byGids([group.gid]);
    assert.deepEqual([found?.isDissolved, found?.memberCount], [true, 0]);
  });

  test(`${name}: group: a large one is dissolved at once too`, async (t) => {
    const scene = await open(t, 1101);
    const group = await GroupScene.create(
      scene,
      Array.from({ length: 1100 }, (_, index) => index + 1),
    );
    await group.dissolve();
    const { groups } = scene.stores;
    assert.deepEqual(await groups.members(group.gid, undefined, 9), []);
    assert.deepEqual(await groups.groupsOf(scene.uid(500)), []);
    assert.deepEqual((await groups.memberships([scene.uid(500)])).memberships, []);
    assert.deepEqual(outcomes(await group.append(group.message(500, 'a'))), ['GROUP_DISSOLVED']);
    const other = await GroupScene.create(scene, []);
    assert.equal(await join(other, 500, { groupLimit: 1 }), 'stored', 'it counts for no limit');
  });

  test(`${name}: group: admins take back what those below them said, and their own without a window`, async (t) => {
    const group = await make(t, [1, 2, 3]);
    for (const one of [1, 2]) await group.did(0, { do: 'role', uid: group.uid(one), role: GROUP_ROLE.admin });
    const said = await group.append(...[0, 1, 2, 3].map((from) => group.message(from, `of ${from}`)));
    const recall = (by_: number, of: number, windowMs: number): AppendRequest => {
      const target = stored(said[of]).mid;
      const { event } = group.scene.recall(by_, by_, target);
      const change = { kind: 'recall', mid: target, by: group.uid(by_), windowMs } as const;
      return { conv: group.conv, event: { ...known(event), to: group.gid }, change };
    };
    const results = await group.append(
      recall(4, 3, MINUTE),
      recall(3, 1, MINUTE),
      recall(3, 3, -1),
      recall(1, 0, MINUTE),
      recall(1, 2, MINUTE),
      recall(1, 3, -1),
      recall(1, 1, -1),
      recall(0, 2, -1),
    );
    assert.deepEqual(outcomes(results), [
      'NOT_A_MEMBER',
      'NO_PERMISSION',
      'RECALL_TOO_LATE',
      'NO_PERMISSION',
      'NO_PERMISSION',
      'stored',
      'stored',
      'stored',
    ]);
    assert.equal(stored(results[5]).memberCount, 4);
  });

  test(`${name}: group: a thousand wait to be let in; one more replaces the oldest`, async (t) => {
    const scene = await open(t, GROUP_REQUEST_LIMIT + 2);
    const group = await GroupScene.create(scene, [], { joinMode: 'approval' });
    const asking = Array.from({ length: GROUP_REQUEST_LIMIT + 1 }, (_, index) =>
      group.request(index + 1, { do: 'ask', comment: '' }),
    );
    assert.deepEqual(new Set(outcomes(await group.append(...asking))), new Set(['changed']));
    const requests = await scene.stores.groups.requests(group.gid);
    assert.equal(requests.length, GROUP_REQUEST_LIMIT);
    assert.equal(requests[0]?.uid, scene.uid(2));
  });

  test(`${name}: group: memberships and pages of members`, async (t) => {
    const group = await make(t, [1, 2, 3, 4]);
    const { scene } = group;
    const { groups } = scene.stores;
    await group.did(0, { do: 'role', uid: group.uid(4), role: GROUP_ROLE.admin });
    const second = await GroupScene.create(scene, [1]);
    const pages: number[] = [];
    let after: GroupMember | undefined;
    for (;;) {
      const page = await groups.members(group.gid, after, 2);
      pages.push(...page.map(({ uid }) => uid));
      after = page.at(-1);
      if (after === undefined) break;
    }
    assert.deepEqual(
      pages,
      [0, 4, 1, 2, 3].map((one) => scene.uid(one)),
    );
    assert.deepEqual(await groups.admins(group.gid), [scene.uid(0), scene.uid(4)]);
    const page = await groups.memberships([scene.uid(1), scene.uid(5), scene.uid(4)]);
    assert.deepEqual(
      page.memberships.map(({ uid, gid, joinedSeq, interest }) => [uid, gid, joinedSeq, interest]),
      [
        [scene.uid(1), group.gid, 1, 'full'],
        [scene.uid(1), second.gid, 1, 'full'],
        [scene.uid(4), group.gid, 1, 'full'],
      ],
    );
    assert.deepEqual(page.lastSeqs, [
      { gid: group.gid, lastSeq: 2 },
      { gid: second.gid, lastSeq: 1 },
    ]);
    const mine = await groups.groupsOf(scene.uid(1));
    assert.deepEqual(
      mine.map((one) => [one.group.gid, one.member.role]),
      [
        [group.gid, 3],
        [second.gid, 3],
      ],
    );
  });

  test(`${name}: group: the world is open to everybody and nobody's`, async (t) => {
    const scene = await open(t);
    const world = GroupScene.of(scene, WORLD_GID);
    assert.equal(await join(world, 1), 'stored');
    await world.say(1, 'hello');
    const deeds: readonly Deed[] = [
      { do: 'profile', profile: { name: 'mine' } },
      { do: 'role', uid: world.uid(1), role: GROUP_ROLE.admin },
      { do: 'dissolve' },
      { do: 'muteAll', on: true },
      { do: 'owner', uid: world.uid(1) },
    ];
    for (const deed of deeds) assert.equal(await by(world, 1, deed), 'NO_PERMISSION', deed.do);
    assert.equal(await by(world, 1, { do: 'exit' }), 'stored');
    const [found] = await scene.stores.groups.byGids([WORLD_GID]);
    assert.deepEqual([found?.owner, found?.memberCount, found?.name], [0, 0, 'the_world_channel']);
  });
}

type AddDeed = Extract<Deed, { do: 'add' }>;
type CreateArgs = Parameters<typeof GroupScene.create> extends [unknown, ...infer Rest] ? Rest : never;
