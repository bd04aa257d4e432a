/** Groups over the API: what each client reads of them, the ways in, requests, links, repeats and bounds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GROUP_ROLE, WORLD_GID, WORLD_NAME } from '../../im/message/group.js';
import { readNotice } from '../../im/message/notice.js';
import { temporaryOptions } from '../../service/store/sqlite_factory.contract.js';
import { ApiServer, NOBODY, type Somebody } from '../support/api_server.js';
import { asObject, type Json } from '../support/raw_client.js';
import { makeGroup, makeScene, outcome, peopleOf } from './group_scene.js';

const WRONG = 'WRONG_INVITE';

async function rows(
  server: ApiServer,
  path: string,
  input: unknown,
  who: Somebody,
): Promise<readonly Json[]> {
  const value = await server.value(path, input, who.token);
  assert.ok(Array.isArray(value), path);
  return value.map(asObject);
}

async function memberUids(server: ApiServer, gid: number, who: Somebody): Promise<readonly unknown[]> {
  return (await rows(server, 'group/members', { gid }, who)).map((row) => row['uid']);
}

test('a new group: the founder owns it, those he named are in it, unknown ones are left out', async (t) => {
  const server = await ApiServer.start(t);
  const [ann, bob] = [await server.somebody(), await server.somebody()];
  const made = await server.data(
    'group/create',
    { Name: 'hikers', Avatar: 'a.png', Announcement: 'welcome', Uid: [String(bob.uid), NOBODY, ann.uid] },
    ann.token,
  );
  const gid = Number(made['Gid']);
  assert.equal(made['gid'], gid);
  assert.deepEqual(made['uid'], [ann.uid, bob.uid]);

  const [info] = await rows(server, 'group/info', { Gid: [gid, null, gid] }, bob);
  assert.ok(info !== undefined);
  const { Gid, Name, Avatar, Mute, Flag, CreateAt } = info;
  assert.deepEqual([Gid, Name, Avatar, Mute, Flag], [gid, 'hikers', 'a.png', false, 0]);
  assert.ok(typeof CreateAt === 'number' && CreateAt > 1.6e9 && CreateAt < 1e10, 'seconds');
  const { name, announcement, owner, joinMode, openHistory, memberCount, lastSeq, isMember } = info;
  assert.deepEqual(
    [name, announcement, owner, joinMode, openHistory, memberCount, lastSeq, isMember],
    ['hikers', 'welcome', ann.uid, 'open', false, 2, 1, true],
  );

  const [first, second] = await rows(server, 'group/members', { Gid: gid }, bob);
  const legacy = ({ Uid, RemarkName, Type, Online, Mute }: Json): readonly unknown[] => [
    ...[Uid, RemarkName, Type, Online, Mute],
  ];
  assert.deepEqual(legacy(first ?? {}), [ann.uid, '', GROUP_ROLE.owner, false, false]);
  assert.deepEqual(legacy(second ?? {}), [bob.uid, '', GROUP_ROLE.member, false, false]);
  assert.equal(second?.['nickname'], `nick ${bob.account}`);

  const [notice] = server.groupDeliveries.flatMap((each) => (each.kind === 'event' ? [each.event] : []));
  assert.deepEqual(readNotice(notice?.content ?? ''), {
    ...{ type: 'created', name: 'hikers', uids: [ann.uid, bob.uid] },
  });
  const contact = server.deliveries.find(({ frame }) => frame.kind === 'contact');
  assert.deepEqual(contact?.frame, { kind: 'contact', id: gid, from: ann.uid });
  assert.deepEqual(contact.recipients, [{ uid: bob.uid }]);

  const listed = await rows(server, 'group/list', {}, bob);
  assert.deepEqual(
    listed.map((row) => [row['gid'], row['role'], row['announcement']]),
    [[gid, GROUP_ROLE.member, undefined]],
  );
  const contacts = await rows(server, 'contacts/list', {}, bob);
  assert.deepEqual(
    contacts.map((row) => [row['Id'], row['Type'], row['Remark'], row['nick_name']]),
    [[String(gid), 2, '', 'hikers']],
  );
});

test('members: pages by role and uid, who is muted and what they are called', async (t) => {
  const server = await ApiServer.start(t);
  const people = await peopleOf(server);
  const { gid } = await makeScene(server, people);
  const { owner, admin, otherAdmin, member, otherMember } = people;
  await server.value('group/mute', { gid, uid: member.uid, until: 0 }, owner.token);
  await server.value('group/mute', { gid, uid: otherMember.uid, forMs: 60_000 }, owner.token);
  await server.value('group/alias', { gid, alias: 'the boss' }, owner.token);
  const seen: unknown[] = [];
  let after: unknown = undefined;
  for (;;) {
    const page = await server.data('group/members', { gid, limit: 2, after }, member.token);
    const { members, next, more } = page;
    assert.ok(Array.isArray(members) && members.length <= 2);
    seen.push(...members.map(asObject).map((row) => [row['Uid'], row['Type'], row['Mute']]));
    after = next;
    if (more !== true) break;
  }
  const sorted = [...[admin, otherAdmin].sort(byUid), ...[member, otherMember].sort(byUid)];
  assert.deepEqual(seen, [
    [owner.uid, 1, false],
    ...sorted.map(({ uid }, index) => [uid, index < 2 ? 2 : 3, uid === otherMember.uid]),
  ]);
  const [boss] = await rows(server, 'group/members', { gid }, member);
  assert.equal(boss?.['RemarkName'], 'the boss');
  const forEver = { gid, uid: otherMember.uid, until: Number.MAX_SAFE_INTEGER };
  await server.value('group/mute', forEver, owner.token);
  assert.equal(await outcome(server, 'group/mute', { gid, uid: member.uid }, owner), 'INVALID_PARAMETER');
});

const byUid = (one: Somebody, other: Somebody): number => one.uid - other.uid;

test('whoever is no member sees what an invite shows, and is charged for looking around', async (t) => {
  const server = await ApiServer.start(t, { api: { strangerUserCount: 3 } });
  const [ann, eve] = [await server.somebody(), await server.somebody()];
  const gid = await makeGroup(server, ann, { announcement: 'among us', joinMode: 'invite' });
  const [info] = await rows(server, 'group/info', { gid }, eve);
  assert.deepEqual(
    [info?.['name'], info?.['memberCount'], info?.['isMember'], info?.['joinMode']],
    ['a group', 1, false, 'invite'],
  );
  for (const key of ['announcement', 'owner', 'lastSeq', 'createdAt'])
    assert.equal(info?.[key], undefined, key);
  assert.equal(await outcome(server, 'group/info', { gid: [gid + 1000, gid + 1001] }, eve), 'NO_SUCH_GROUP');
  assert.equal(await outcome(server, 'group/info', { gid }, eve), 'TOO_MANY_ATTEMPTS');
  assert.equal(await outcome(server, 'group/info', { gid }, ann), 'ok');
});

test('by approval: the admins are told, whoever they agree to is in, whoever they refuse is not', async (t) => {
  const server = await ApiServer.start(t);
  const people = await peopleOf(server);
  const { gid } = await makeScene(server, people);
  const { owner, admin, otherAdmin, asker, newcomer } = people;
  const told = server.deliveries.find(({ frame }) => frame.kind === 'groupRequest');
  assert.deepEqual(told?.frame, { kind: 'groupRequest', gid, from: asker.uid, comment: 'please' });
  assert.deepEqual(
    new Set(told.recipients.map(({ uid }) => uid)),
    new Set([owner.uid, admin.uid, otherAdmin.uid]),
  );
  const tellings = (): number =>
    server.deliveries.filter(({ frame }) => frame.kind === 'groupRequest').length;
  const again = Array.from({ length: 5 }, () =>
    server.value('group/join', { gid, comment: 'please' }, asker.token),
  );
  await Promise.all(again);
  assert.equal(tellings(), 1, 'whoever asks again is not told of again');
  await server.value('group/join', { gid, comment: 'me too' }, newcomer.token);
  assert.equal(tellings(), 2);
  const requests = await rows(server, 'group/requests', { gid }, admin);
  assert.deepEqual(
    requests.map((row) => [row['Uid'], row['Comment'], row['Account']]),
    [
      [asker.uid, 'please', ''],
      [newcomer.uid, 'me too', ''],
    ],
  );
  const paged = (after: unknown): Promise<Json> =>
    server.data('group/requests', { gid, after, limit: 1 }, admin.token);
  const { requests: oldest, next, more } = await paged(0);
  assert.deepEqual([oldest, more], [requests.slice(0, 1), true]);
  assert.deepEqual((await paged(next))['requests'], requests.slice(1));
  assert.deepEqual(await paged((await paged(next))['next']), { requests: [], next: 0, more: false });
  await server.value('group/requests/answer', { gid, uid: asker.uid, agree: true }, admin.token);
  await server.value('group/requests/answer', { gid, uid: newcomer.uid, agree: false }, admin.token);
  const members = await memberUids(server, gid, admin);
  assert.deepEqual([members.includes(asker.uid), members.includes(newcomer.uid)], [true, false]);
  assert.deepEqual(await rows(server, 'group/requests', { gid }, admin), []);
  // Two admins at once: the second yes does no harm; whoever did not ask is no member by it.
  const yes = (uid: number): Promise<string> =>
    outcome(server, 'group/requests/answer', { gid, uid, agree: true }, owner);
  assert.equal(await yes(asker.uid), 'ok');
  assert.equal(await yes(newcomer.uid), 'NO_SUCH_REQUEST');
  await server.value('group/join', { gid }, newcomer.token);
  assert.equal(tellings(), 3, 'he was answered: it is another request');
  await server.value('group/requests/answer', { gid, uid: newcomer.uid, agree: false }, owner.token);
  assert.equal((await memberUids(server, gid, admin)).includes(newcomer.uid), false);
});

test('links: so often and until then; revoked ones and others’ are wrong', async (t) => {
  const server = await ApiServer.start(t);
  const [ann, bob, eve, joe] = await Promise.all(Array.from({ length: 4 }, () => server.somebody()));
  assert.ok(ann !== undefined && bob !== undefined && eve !== undefined && joe !== undefined);
  const gid = await makeGroup(server, ann, { joinMode: 'invite' });
  const other = await makeGroup(server, ann, { joinMode: 'invite' });
  const link = async (input: Json): Promise<string> =>
    String((await server.data('group/invite/link', { gid, ...input }, ann.token))['code']);
  const once = await link({ uses: 1 });
  const shown = await server.data('group/invite/info', { code: once }, bob.token);
  assert.deepEqual(
    [shown['gid'], shown['name'], shown['memberCount'], shown['usesLeft'], shown['by'], shown['isMember']],
    [gid, 'a group', 1, 1, ann.uid, false],
  );
  assert.equal(shown['announcement'], undefined);
  assert.equal(await outcome(server, 'group/join', { gid: other, code: once }, bob), WRONG);
  const joined = await server.data('group/join', { code: once }, bob.token);
  assert.deepEqual([joined['Gid'], joined['state'], joined['uid']], [gid, 'joined', [bob.uid]]);
  assert.equal(await outcome(server, 'group/join', { gid, code: once }, eve), WRONG);
  assert.equal(await outcome(server, 'group/invite/info', { code: once }, eve), WRONG);

  const brief = await link({ forMs: 5000 });
  server.clock.nowMs += 6000;
  assert.equal(await outcome(server, 'group/invite/info', { code: brief }, eve), WRONG);
  const long = await link({ expiresAt: 0 });
  const listed = await rows(server, 'group/invite/list', { gid }, ann);
  assert.deepEqual(new Set(listed.map((row) => row['code'])), new Set([once, brief, long]));
  await server.value('group/invite/revoke', { gid, code: long }, ann.token);
  assert.equal(await outcome(server, 'group/join', { gid, code: long }, joe), WRONG);
  const past = { gid, expiresAt: server.clock.nowMs - 1000 };
  assert.equal(await outcome(server, 'group/invite/link', past, ann), 'INVALID_PARAMETER');
});

test('changes: what was changed is so; a ban keeps out until it is lifted; the owner goes by handing over', async (t) => {
  const server = await ApiServer.start(t);
  const people = await peopleOf(server);
  const { gid } = await makeScene(server, people, 'open');
  const { owner, admin, member, otherMember, banned, newcomer } = people;
  const change = async (path: string, input: Json, who = owner): Promise<Json> =>
    server.data(path, { gid, ...input }, who.token);
  const info = async (): Promise<Json> => (await rows(server, 'group/info', { gid }, owner))[0] ?? {};

  const changed = await change('group/update', { name: 'new', announcement: '', openHistory: true });
  assert.ok(Number(changed['seq']) > 0 && changed['changed'] === true);
  assert.deepEqual([(await info())['name'], (await info())['openHistory']], ['new', true]);
  assert.equal(await outcome(server, 'group/update', { gid }, owner), 'INVALID_PARAMETER');

  await change('group/mute/all', {});
  assert.equal((await info())['Mute'], true);
  assert.equal((await change('group/mute/all', { on: true }))['changed'], false, 'it was so');
  await change('group/mute/all', { on: false });

  assert.equal(await outcome(server, 'group/join', { gid }, banned), 'GROUP_BANNED');
  const bans = await server.data('group/bans', { gid }, admin.token);
  assert.deepEqual([bans['uid'], bans['more']], [[banned.uid], false]);
  assert.equal((await change('group/unban', { uid: banned.uid }))['seq'], 0);
  assert.equal(await outcome(server, 'group/join', { gid }, banned), 'ok');

  const invited = await change('group/members/invite', { uid: [newcomer.uid, member.uid, NOBODY] }, member);
  assert.deepEqual(invited['Uid'], [newcomer.uid], 'members and unknown ones are left out');
  assert.equal(
    await outcome(server, 'group/members/invite', { gid, uid: [member.uid] }, admin),
    'ALREADY_MEMBER',
  );
  assert.equal(await outcome(server, 'group/members/invite', { gid, uid: [] }, admin), 'INVALID_PARAMETER');
  await change('group/members/remove', { uid: newcomer.uid }, admin);
  await change('group/exit', {}, member);
  const left = await memberUids(server, gid, owner);
  assert.deepEqual([left.includes(newcomer.uid), left.includes(member.uid)], [false, false]);

  await change('group/owner', { uid: otherMember.uid });
  assert.equal((await info())['owner'], otherMember.uid);
  await change('group/exit', {});
  await change('group/dissolve', {}, otherMember);
  assert.deepEqual(await rows(server, 'group/list', {}, otherMember), []);
  const [gone] = await rows(server, 'group/info', { gid }, otherMember);
  assert.deepEqual([gone?.['isDissolved'], gone?.['Flag'], gone?.['memberCount']], [true, 1, 0]);
});

test('a repeat with the same client id is done once, and answered as the first was', async (t) => {
  const server = await ApiServer.start(t);
  const [ann, bob] = [await server.somebody(), await server.somebody()];
  const create = { name: 'once', uid: [bob.uid], clientId: 'create-1' };
  const made = await server.data('group/create', create, ann.token);
  assert.deepEqual(await server.data('group/create', create, ann.token), made);
  assert.equal((await rows(server, 'group/list', {}, ann)).length, 1);
  const gid = Number(made['gid']);
  const exit = { gid, clientId: 'exit-1' };
  const gone = await server.data('group/exit', exit, bob.token);
  assert.deepEqual(await server.data('group/exit', exit, bob.token), gone);
  assert.deepEqual([gone['uid'], gone['seq']], [[bob.uid], 2]);
  assert.equal(await outcome(server, 'group/exit', { gid }, bob), 'NOT_A_MEMBER');
  const join = { gid, clientId: 'join-1' };
  const joined = await server.data('group/join', join, bob.token);
  assert.deepEqual(await server.data('group/join', join, bob.token), joined);
  await server.value('group/exit', { gid }, bob.token);
  assert.equal(await outcome(server, 'group/join', join, bob), 'NOT_A_MEMBER', 'he has gone since');
  const other = { ...create, clientId: 'create-2' };
  assert.notEqual((await server.data('group/create', other, ann.token))['gid'], gid);
  assert.equal(
    await outcome(server, 'group/exit', { gid, clientId: 'x'.repeat(65) }, bob),
    'INVALID_PARAMETER',
  );
});

test('a group is made once also where the server was started anew in between, and the founder has gone', async (t) => {
  const options = temporaryOptions(t);
  const first = await ApiServer.start(t, { store: options });
  const [ann, bob] = [await first.somebody(), await first.somebody()];
  const create = { name: 'once', uid: [bob.uid], clientId: 'create-1' };
  const made = await first.data('group/create', create, ann.token);
  await first.value('group/owner', { gid: made['gid'], uid: bob.uid }, ann.token);
  await first.value('group/exit', { gid: made['gid'] }, ann.token);
  const again = await ApiServer.start(t, { store: options });
  assert.deepEqual(await again.data('group/create', create, ann.token), made);
  const other = await again.data('group/create', create, bob.token);
  assert.notEqual(other['gid'], made['gid'], 'the name is of one user');
});

test('bounds: names, members of a group, groups of a user, new groups, uids in a call', async (t) => {
  const server = await ApiServer.start(t, {
    api: { groupMemberCount: 2, groupsPerUserCount: 2 },
    attempts: { groupUserCount: 4 },
  });
  const [ann, bob, eve] = [await server.somebody(), await server.somebody(), await server.somebody()];
  const long = 'x'.repeat(65);
  assert.equal(await outcome(server, 'group/create', { name: long }, ann), 'NAME_TOO_LONG');
  assert.equal(await outcome(server, 'group/create', { name: '' }, ann), 'INVALID_PARAMETER');
  const gid = await makeGroup(server, ann, { uid: [bob.uid] });
  assert.equal(await outcome(server, 'group/update', { gid, name: long }, ann), 'NAME_TOO_LONG');
  assert.equal(await outcome(server, 'group/alias', { gid, alias: long }, ann), 'NAME_TOO_LONG');
  assert.equal(await outcome(server, 'group/join', { gid }, eve), 'GROUP_FULL');
  assert.equal(await outcome(server, 'group/members/invite', { gid, uid: [eve.uid] }, ann), 'GROUP_FULL');
  const many = Array.from({ length: 501 }, (_, index) => index + 1);
  assert.equal(await outcome(server, 'group/members/invite', { gid, uid: many }, ann), 'INVALID_PARAMETER');
  await makeGroup(server, ann);
  assert.equal(await outcome(server, 'group/create', { name: 'third' }, ann), 'TOO_MANY_ATTEMPTS');
  const theirs = await makeGroup(server, bob);
  assert.equal(await outcome(server, 'group/join', { gid: theirs }, ann), 'TOO_MANY_GROUPS');
  assert.equal(await outcome(server, 'group/create', { name: 'third' }, bob), 'TOO_MANY_GROUPS');
  const forBob = await server.data('group/create', { name: 'fourth', uid: [bob.uid] }, eve.token);
  assert.deepEqual(forBob['uid'], [eve.uid], 'who is in as many as he may is left out');
});

test('bounds: a name has as many characters as people would say, however they are stored', async (t) => {
  const server = await ApiServer.start(t);
  const ann = await server.somebody();
  const gid = await makeGroup(server, ann);
  // Two units of UTF-16 and four bytes each.
  const [fits, long] = ['🐋'.repeat(64), '🐋'.repeat(65)];
  const announcement = '🐋'.repeat(4096);
  assert.equal(await outcome(server, 'group/create', { name: fits }, ann), 'ok');
  assert.equal(await outcome(server, 'group/update', { gid, name: fits, announcement }, ann), 'ok');
  assert.equal(await outcome(server, 'group/alias', { gid, alias: fits }, ann), 'ok');
  const [group] = await rows(server, 'group/info', { gid: [gid] }, ann);
  assert.deepEqual([group?.['name'], group?.['announcement']], [fits, announcement]);
  const [member] = await rows(server, 'group/members', { gid }, ann);
  assert.equal(member?.['alias'], fits);
  assert.equal(await outcome(server, 'group/create', { name: long }, ann), 'NAME_TOO_LONG');
  assert.equal(await outcome(server, 'group/update', { gid, name: long }, ann), 'NAME_TOO_LONG');
  assert.equal(await outcome(server, 'group/alias', { gid, alias: long }, ann), 'NAME_TOO_LONG');
  for (const [path, input] of [
    ['group/update', { announcement: `${announcement}x` }],
    ['group/create', { name: 'half a \ud83d' }],
    ['group/create', { name: 'nul \0' }],
  ] as const)
    assert.equal(await outcome(server, path, { gid, ...input }, ann), 'INVALID_PARAMETER');
});

test('the group of everybody: by its name, by a ticket to it, not among the contacts; or not at all', async (t) => {
  const server = await ApiServer.start(t);
  const [ann, bob] = [await server.somebody(), await server.somebody()];
  const joined = await server.data('group/join', { Gid: WORLD_NAME }, ann.token);
  assert.equal(joined['Gid'], WORLD_GID);
  const ticket = await server.data('session/ticket', { To: WORLD_NAME }, bob.token);
  assert.equal(typeof ticket['Ticket'], 'string');
  assert.deepEqual(await server.data('session/ticket', { To: WORLD_GID }, bob.token), ticket);
  assert.deepEqual(await memberUids(server, WORLD_GID, ann), [ann.uid], 'strangers are not shown');
  assert.equal((await rows(server, 'group/info', { gid: WORLD_NAME }, ann))[0]?.['memberCount'], 2);
  assert.deepEqual(await rows(server, 'contacts/list', {}, bob), []);
  assert.equal((await rows(server, 'group/list', {}, bob)).length, 1);
  for (const path of ['group/dissolve', 'group/invite/link'])
    assert.equal(await outcome(server, path, { gid: WORLD_GID }, ann), 'NO_PERMISSION', path);

  const without = await ApiServer.start(t, { worldChannel: false });
  const joe = await without.somebody();
  assert.equal(await outcome(without, 'group/join', { Gid: WORLD_NAME }, joe), 'NO_SUCH_GROUP');
  assert.equal(await outcome(without, 'session/ticket', { To: WORLD_NAME }, joe), 'NO_SUCH_GROUP');
});
