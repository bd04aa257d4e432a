/** What a user learns of people he has nothing to do with, and what he can do to those who refuse him. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { chatConversation } from '../../im/message/conversation.js';
import { WORLD_NAME } from '../../im/message/group.js';
import { ApiServer, type Somebody } from '../support/api_server.js';
import { asObject } from '../support/raw_client.js';
import { makeGroup, outcome } from './group_scene.js';

const TOO_MANY = ERRORS.TOO_MANY_ATTEMPTS.code;

test('nobody lists everybody: strangers are counted, whatever is asked about them; contacts and peers are not', async (t) => {
  const server = await ApiServer.start(t, { api: { strangerUserCount: 10 } });
  const [eve, ann, bob, other] = await Promise.all(Array.from({ length: 4 }, () => server.somebody()));
  assert.ok(eve !== undefined && ann !== undefined && bob !== undefined && other !== undefined);
  const code = async (path: string, input: unknown, who: Somebody = eve): Promise<number> =>
    (await server.call(path, input, who.token)).code;
  assert.equal(await code('contacts/add', { uid: ann.uid }), 100);
  await server.say(bob, eve, 'hello');
  const unknown = Array.from({ length: 8 }, (_, index) => 900_000 + index);
  assert.equal(await code('user/info', { uid: [...unknown, eve.uid, ann.uid, bob.uid] }), 100);
  for (const [path, input] of [
    ['user/info', { uid: [other.uid, 900_000] }],
    ['user/info', { uid: [900_100, 900_101] }],
  ] as const)
    assert.equal(await code(path, input), TOO_MANY);
  assert.equal(await code('session/ticket', { to: 900_100 }), ERRORS.NO_SUCH_USER.code, 'the tenth');
  for (const [path, input] of [
    ['session/ticket', { to: other.uid }],
    ['session/get', { to: other.uid }],
    ['session/update', { to: other.uid }],
    ['message/read', { session_id: `${eve.uid}_${other.uid}` }],
    ['contacts/add', { uid: other.uid }],
    ['session/blacklist/add', { relative_ids: [other.uid] }],
    ['session/whitelist/add', { relative_ids: [900_100] }],
    ['user/info', { uid: other.uid }],
  ] as const)
    assert.equal(await code(path, input), TOO_MANY, path);
  for (let n = 0; n < 30; n++)
    assert.equal(await code('user/info', { uid: [ann.uid, bob.uid, eve.uid] }), 100);
  assert.equal(await code('session/get', { to: bob.uid }), 100);
  assert.equal(await code('user/info', { uid: other.uid }, ann), 100, 'others have their own');
});

test('a ban of somebody outside is no way to list everybody', async (t) => {
  const server = await ApiServer.start(t, { api: { strangerUserCount: 3 } });
  const [eve, ann] = [await server.somebody(), await server.somebody()];
  const gid = await makeGroup(server, eve);
  await server.value('contacts/add', { uid: ann.uid }, eve.token);
  const ban = (uid: number): Promise<string> => outcome(server, 'group/ban', { gid, uid }, eve);
  assert.equal(await ban(900_000), 'NO_SUCH_USER');
  assert.equal(await ban(900_001), 'NO_SUCH_USER');
  assert.equal(await ban(900_002), 'TOO_MANY_ATTEMPTS', 'with the contact that was added it is the fourth');
  assert.equal(await ban(ann.uid), 'ok', 'a contact is no stranger');
});

test('the group of everybody shows nobody but those one has to do with', async (t) => {
  const server = await ApiServer.start(t);
  const [eve, ann, bob] = [await server.somebody(), await server.somebody(), await server.somebody()];
  for (const who of [eve, ann, bob]) await server.value('session/ticket', { to: WORLD_NAME }, who.token);
  await server.value('contacts/add', { uid: ann.uid }, eve.token);
  const page = await server.data('group/members', { gid: WORLD_NAME, limit: 2 }, eve.token);
  const rest = await server.data('group/members', { gid: WORLD_NAME, after: page['next'] }, eve.token);
  const seen = [page, rest].flatMap(({ members }) => (Array.isArray(members) ? members.map(asObject) : []));
  assert.deepEqual(new Set(seen.map(({ uid }) => uid)), new Set([eve.uid, ann.uid]));
  assert.deepEqual([page['more'], rest['more']], [true, false]);
});

test('nobody lists all groups: whoever is refused as an outsider is charged, whatever he asks', async (t) => {
  const server = await ApiServer.start(t, { api: { strangerUserCount: 12 } });
  const ann = await server.somebody();
  const gid = await makeGroup(server, ann, { joinMode: 'approval' });
  const gone = await makeGroup(server, ann);
  await server.value('group/dissolve', { gid: gone }, ann.token);
  const none = gid + 1000;
  const asks = (which: number): readonly (readonly [string, unknown])[] => [
    ['msg/group/state', { gid: which }],
    ['group/members', { gid: which }],
    ['group/exit', { gid: which }],
    ['session/get', { to: which }],
    ['session/ticket', { to: which }],
    ['msg/range', { conv: `g${which}`, from: 1, to: 9 }],
    ['msg/page', { conv: `g${which}` }],
    ['message/list', { to: which }],
    ['group/join', { gid: which }],
  ];
  for (const which of [gid, gone, none])
    for (const [path, input] of asks(which)) {
      const eve = await server.somebody();
      for (let n = 0; n < 12; n++)
        assert.notEqual(await outcome(server, path, input, eve), 'TOO_MANY_ATTEMPTS', `${path} ${n}`);
      assert.equal(await outcome(server, path, input, eve), 'TOO_MANY_ATTEMPTS', path);
    }
  for (let n = 0; n < 30; n++) assert.equal(await outcome(server, 'msg/group/state', { gid }, ann), 'ok');
});

test('who may not write to somebody opens no conversation with him; who may is not seen before he writes', async (t) => {
  const server = await ApiServer.start(t);
  const [eve, ann, shy] = [await server.somebody(), await server.somebody(), await server.somebody()];
  await server.value('session/blacklist/add', { relative_ids: [eve.uid] }, ann.token);
  await server.value('user/profile/update', { contactsOnly: true }, shy.token);
  const { messages } = server.stores;
  for (const [peer, refusal] of [
    [ann, ERRORS.BLOCKED],
    [shy, ERRORS.CONTACTS_ONLY],
  ] as const) {
    for (const [path, input] of [
      ['session/get', { to: peer.uid }],
      ['session/update', { to: peer.uid }],
      ['message/read', { session_id: chatConversation(eve.uid, peer.uid) }],
    ] as const)
      assert.equal((await server.call(path, input, eve.token)).code, refusal.code, path);
    assert.deepEqual(await messages.lastSeqs([chatConversation(eve.uid, peer.uid)]), []);
  }
  const recent = async (who: Somebody): Promise<number> =>
    Object.keys(await server.data('session/recent', {}, who.token)).length;
  await server.value('session/get', { to: eve.uid }, ann.token);
  assert.deepEqual([await recent(ann), await recent(eve)], [1, 0]);
  await server.say(ann, eve, 'hello');
  assert.deepEqual([await recent(ann), await recent(eve)], [1, 1]);
});
