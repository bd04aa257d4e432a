/** Edits, reactions, pins, receipts, settings and search in groups: by role, by membership, through the group's fan-out. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { groupConversation } from '../../im/message/conversation.js';
import { EVENT_KIND } from '../../im/message/message.js';
import { ApiServer, type Somebody } from '../support/api_server.js';
import { asObject, type Json } from '../support/raw_client.js';
import { waitUntil } from '../support/wait.js';
import { makeGroup } from './group_scene.js';

async function scene(t: TestContext) {
  const server = await ApiServer.start(t);
  const [owner, admin, member, outsider] = await Promise.all(
    Array.from({ length: 4 }, () => server.somebody()),
  );
  assert.ok(owner && admin && member && outsider);
  const gid = await makeGroup(server, owner, { uid: [admin.uid, member.uid] });
  await server.value('group/admin', { gid, uid: admin.uid }, owner.token);
  const conv = groupConversation(gid);
  const code = async (who: Somebody, path: string, input: Json): Promise<number> =>
    (await server.call(path, { conv, ...input }, who.token)).code;
  return { server, owner, admin, member, outsider, gid, conv, code };
}

async function events(server: ApiServer, who: Somebody, path: string, input: Json): Promise<readonly Json[]> {
  const { events: rows } = await server.data(path, input, who.token);
  assert.ok(Array.isArray(rows));
  return rows.map(asObject);
}

test('in a group its fan-out carries them; an edit is the sender’s alone, a pin the admins’', async (t) => {
  const { server, owner, admin, member, outsider, gid, conv, code } = await scene(t);
  const mid = await server.sayIn(member, gid, 'helo');
  server.groupDeliveries.length = 0;
  assert.equal(await code(member, 'msg/edit', { mid, content: 'hello', cliMid: 'e' }), 100);
  assert.equal(await code(owner, 'msg/react', { mid, emoji: '👍' }), 100);
  assert.equal(await code(admin, 'msg/pin', { mid }), 100);
  const kinds = server.groupDeliveries.map((delivery) =>
    delivery.kind === 'event' ? [delivery.event.kind, delivery.audience, delivery.except] : [],
  );
  assert.deepEqual(kinds, [
    [EVENT_KIND.edit, 'members', undefined],
    [EVENT_KIND.reaction, 'members', undefined],
    [EVENT_KIND.pin, 'members', undefined],
  ]);
  assert.equal(
    server.deliveries.some(({ frame }) => frame.kind === 'push'),
    false,
    'nothing goes the way of two people',
  );
  assert.equal(
    await code(owner, 'msg/edit', { mid, content: 'mine now', cliMid: 'o' }),
    ERRORS.NO_PERMISSION.code,
  );
  assert.equal(await code(member, 'msg/pin', { mid }), ERRORS.NO_PERMISSION.code);
  for (const [path, input] of [
    ['msg/react', { emoji: '👍' }],
    ['msg/pin', {}],
    ['msg/edit', { content: 'x', cliMid: 'x' }],
  ] as const)
    assert.notEqual(await code(outsider, path, { mid, ...input }), 100, path);
  for (const [path, input] of [
    ['msg/pins', {}],
    ['msg/reactions', { mid }],
    ['msg/edits', { mid }],
    ['msg/receipts', { mid }],
    ['msg/page', {}],
    ['conversation/settings', {}],
    ['conversation/read', {}],
    ['msg/range', { from: 1, to: 9 }],
  ] as const)
    assert.equal(await code(outsider, path, input), ERRORS.NO_PERMISSION.code, path);
  assert.deepEqual(await events(server, outsider, 'msg/get', { mid }), []);
  assert.equal((await events(server, member, 'msg/pins', { conv }))[0]?.['content'], 'hello');
});

test('who has read a group message: by the sender and by admins, names and all', async (t) => {
  const { server, owner, admin, member, gid, conv, code } = await scene(t);
  const mid = await server.sayIn(owner, gid, 'read me');
  await server.value('conversation/read', { conv }, member.token);
  await server.marks.flush();
  for (const who of [owner, admin]) {
    const found = await server.data('msg/receipts', { conv, mid }, who.token);
    assert.deepEqual([found['audience'], found['readCount'], found['readers']], [2, 1, [String(member.uid)]]);
  }
  assert.equal(await code(member, 'msg/receipts', { mid }), ERRORS.NO_PERMISSION.code);
  const unread = async (who: Somebody) => (await server.data('conversation/unread', {}, who.token))['unread'];
  assert.deepEqual([await unread(member), await unread(admin)], [0, 1]);
});

test('interest goes to whoever fans out, at once', async (t) => {
  const { server, member, gid, conv, code } = await scene(t);
  const { settings } = await server.data('conversation/settings', { conv, interest: 'count' }, member.token);
  assert.equal(asObject(settings)['interest'], 'count');
  assert.deepEqual(server.interests, [{ uid: member.uid, gid, interest: 'count' }]);
  await server.value('conversation/settings', { conv, pinned: true }, member.token);
  assert.equal(server.interests.length, 1, 'only what has to do with it');
  assert.equal(await code(member, 'conversation/settings', { interest: 'loud' }), 300);
});

test('who has left finds and changes nothing of what came after; one who comes later nothing of before', async (t) => {
  const { server, owner, admin, member, outsider, gid, conv, code } = await scene(t);
  const before = await server.sayIn(owner, gid, 'apple before');
  await server.value('group/exit', { gid }, member.token);
  await server.value('group/members/invite', { gid, uid: outsider.uid }, owner.token);
  const after = await server.sayIn(owner, gid, 'apple after');
  while ((await server.stores.search.indexBehind(1000)) > 0);
  const found = async (who: Somebody): Promise<readonly unknown[]> =>
    (await events(server, who, 'msg/search', { text: 'apple' })).map((event) => event['mid']);
  await waitUntil('the index has both', async () => {
    await server.stores.search.indexBehind(1000);
    return (await found(admin)).length === 2;
  });
  assert.deepEqual(await found(member), [before]);
  assert.deepEqual(await found(outsider), [after]);
  assert.deepEqual(
    (await events(server, member, 'msg/get', { mid: [before, after] })).map((row) => row['mid']),
    [before],
  );
  const last = (await events(server, member, 'msg/page', { conv, limit: 1 }))[0];
  assert.equal(last?.['kind'], 'notice', 'the last that he may read is his leaving');
  const newest = (await events(server, outsider, 'msg/page', { conv, side: 'after' }))[0];
  assert.equal(newest?.['kind'], 'notice', 'the first that he may read is his coming');
  assert.notEqual(await code(member, 'msg/react', { mid: before, emoji: '👍' }), 100);
  assert.equal(await code(outsider, 'msg/react', { mid: before, emoji: '👍' }), ERRORS.NO_SUCH_MESSAGE.code);
  const row = asObject(((await server.data('sync', {}, member.token))['conversations'] as unknown[])[0]);
  assert.deepEqual([row['conv'], row['isMember']], [conv, false]);
});
