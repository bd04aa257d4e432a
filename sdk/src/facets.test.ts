/** What the facets ask for and make of the answers: one connection to the scripted server, one operation each. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupConversation } from '../../im/message/conversation.js';
import { GROUP_ROLE } from '../../im/message/group.js';
import { CodedError } from '../../pkg/errors/coded_error.js';
import { GROUP, PEER, SELF, type FakeServer } from './fake_server.js';
import { stage, until } from './stage.js';
import type { Presence } from './types.js';

const CONV = groupConversation(GROUP);

/** The data of the last request of that action, and its answer from now on. */
function scripted(server: FakeServer): (action: string, answer: unknown) => void {
  return (action, answer) => server.answers.set(`api.${action}`, () => answer);
}

function lastData(server: FakeServer): unknown {
  return server.got('api').at(-1)?.data;
}

void test('groups: rows of two casings are read, bad ones left out, pages followed', async (t) => {
  const { server, client } = await stage(t);
  const says = scripted(server);
  await client.connect();
  says('group.create', { Gid: GROUP, gid: GROUP, uid: [SELF, PEER] });
  const created = await client.groups.create({ name: 'us', uids: [PEER] });
  assert.deepEqual(created, { gid: GROUP, conv: CONV, uids: [SELF, PEER] });
  says('group.info', [
    { gid: GROUP, name: 'us', owner: SELF, joinMode: 'approval', isMember: true },
    { gid: 5 },
  ]);
  const info = await client.groups.info([GROUP]);
  assert.equal(info.length, 1);
  assert.deepEqual(
    [info[0]?.name, info[0]?.owner, info[0]?.joinMode, info[0]?.isMuted],
    ['us', SELF, 'approval', false],
  );
  const rows = [
    { uid: SELF, role: 1, alias: '' },
    { uid: 'nobody' },
    { uid: PEER, role: 3, alias: 'Bob', mutedUntil: 9 },
  ];
  server.answers.set('api.group.members', (data) => {
    const isSecond = (data as { after?: string }).after === '1_1';
    return {
      members: isSecond ? rows.slice(1) : rows.slice(0, 1),
      next: isSecond ? '' : '1_1',
      more: !isSecond,
    };
  });
  const members = [];
  for await (const member of client.groups.allMembers(GROUP)) members.push(member);
  assert.deepEqual(
    members.map(({ uid, role, alias, mutedUntilMs }) => [uid, role, alias, mutedUntilMs]),
    [
      [SELF, GROUP_ROLE.owner, '', 0],
      [PEER, GROUP_ROLE.member, 'Bob', 9],
    ],
  );
  server.answers.set('api.group.requests', (data) => {
    const { after } = data as { after?: number };
    const uid = after === 7 ? PEER : SELF;
    return { requests: [{ gid: GROUP, uid, comment: '' }, {}], next: after === 7 ? 0 : 7, more: after !== 7 };
  });
  assert.deepEqual(
    (await client.groups.requests(GROUP)).map(({ uid }) => uid),
    [SELF, PEER],
  );
  says('group.join', { gid: GROUP, seq: 0, uid: [], state: 'asked' });
  assert.equal((await client.groups.join(GROUP, 'please')).state, 'asked');
  assert.deepEqual(lastData(server), { gid: GROUP, comment: 'please' });
  says('group.invite.link', { gid: GROUP, code: 'abc', by: SELF, expiresAt: 0, usesLeft: -1 });
  assert.equal((await client.groups.createLink(GROUP, { uses: 3 })).usesLeft, -1);
  says('group.exit', 'no object');
  await assert.rejects(client.groups.exit(GROUP), (error: unknown) => {
    return error instanceof CodedError && error.code === 0 && error.temporary;
  });
  await assert.rejects(client.groups.dissolve(GROUP), { code: 404 });
});

void test('messages: targets, pages and what they leave out', async (t) => {
  const { server, client } = await stage(t);
  const says = scripted(server);
  await client.connect();
  const target = { conv: CONV, mid: 7 };
  says('msg.edit', { conv: CONV, mid: 8, seq: 3, storedAt: 5 });
  assert.deepEqual(await client.messages.edit(target, 'better', 'once'), {
    conv: CONV,
    mid: 8,
    seq: 3,
    storedAtMs: 5,
  });
  assert.deepEqual(lastData(server), { ...target, content: 'better', cliMid: 'once' });
  says('msg.react', '');
  await client.messages.react(target, '👍', false);
  assert.deepEqual(lastData(server), { ...target, emoji: '👍', on: false });
  says('msg.reactions', [{ mid: 7, emoji: '👍', count: 2, own: true, uids: ['1', '2'] }]);
  assert.deepEqual(await client.messages.reactions(CONV, [7]), [
    { mid: 7, emoji: '👍', count: 2, own: true, uids: [1, 2] },
  ]);
  says('msg.receipts', { audience: 300, readCount: 2, readers: ['2', '3'], deliveredCount: -1 });
  const { deliveredCount, readers, isPartial } = await client.messages.receipts(target);
  assert.deepEqual([deliveredCount, readers, isPartial], [undefined, [2, 3], false]);
  says('msg.receipts', { audience: 4000, readCount: 1, readers: ['2'], deliveredCount: -1, isPartial: true });
  assert.equal((await client.messages.receipts(target)).isPartial, true);
  const event = { conv: CONV, mid: 7, seq: 4, from: '2', to: String(GROUP), cliMid: 'c', content: 'hi' };
  const reaction = { ...event, content: undefined, mid: 9, seq: 5, kind: 'reaction', emoji: '👍' };
  says('msg.page', { conv: CONV, events: [event, reaction] });
  const page = await client.messages.around(CONV, { mid: 7 }, 10);
  assert.deepEqual(lastData(server), { conv: CONV, side: 'around', limit: 10, mid: 7 });
  assert.deepEqual([page.messages.length, page.firstSeq, page.lastSeq], [1, 4, 5]);
  says('msg.search', { events: [event], next: 12 });
  const found = await client.messages.search('hi', { from: PEER, sinceMs: 5 });
  assert.deepEqual(lastData(server), { text: 'hi', uid: PEER, from: 5 });
  assert.deepEqual([found.messages[0]?.content, found.next], ['hi', 12]);
  says('msg.page', { events: [{ ...event, mid: 'x' }] });
  await assert.rejects(client.messages.before(CONV), { code: 0 });
});

void test('presence: changes are told, and a new connection subscribes again', async (t) => {
  const { server, client } = await stage(t);
  const told: Presence[] = [];
  client.on('presence', (state) => told.push(state));
  await client.connect();
  let online = true;
  server.answers.set('api.state.sub', () => [{ uid: String(PEER), online, lastSeenAt: online ? 0 : 77 }]);
  assert.deepEqual(await client.presence.subscribe([PEER]), [{ uid: PEER, online: true, lastSeenAtMs: 0 }]);
  server.tell({ kind: 'presence', uid: PEER, online: false, lastSeenAtMs: 55 });
  await until(() => told.length === 1, 'the change');
  assert.deepEqual(client.presence.of(PEER), { uid: PEER, online: false, lastSeenAtMs: 55 });
  online = false;
  for (const socket of server.sockets) socket.terminate();
  await until(() => told.length === 2, 'what changed meanwhile');
  assert.deepEqual(told[1], { uid: PEER, online: false, lastSeenAtMs: 77 });
});

void test('people: contacts without groups, lists, one`s own profile', async (t) => {
  const { server, client } = await stage(t);
  const says = scripted(server);
  await client.connect();
  says('contacts.list', [
    { id: '2', uid: 2, nickname: 'Bob', remark: 'b' },
    { id: String(GROUP), type: 2 },
  ]);
  assert.deepEqual(await client.people.contacts(), [{ uid: 2, nickname: 'Bob', avatar: '', remark: 'b' }]);
  says('contacts.add', 'asked');
  assert.equal(await client.people.addContact(PEER), 'asked');
  says('session.blacklist', [{ id: 2, user_info: { Uid: 2, Nickname: 'Bob', Avatar: 'a' } }]);
  assert.deepEqual(await client.people.listed('black'), [{ uid: 2, nickname: 'Bob', avatar: 'a' }]);
  says('user.profile', { uid: SELF, nick_name: 'Me', account: 'me', approval: true });
  const profile = await client.people.profile();
  assert.deepEqual([profile.nickname, profile.approval, profile.contactsOnly], ['Me', true, false]);
  says('conversation.unread', { unread: 3, muted: 1, mentions: 2, conversations: 9 });
  assert.deepEqual(await client.conversations.unreadOnServer(), {
    unread: 3,
    muted: 1,
    mentions: 2,
    conversations: 9,
  });
});
