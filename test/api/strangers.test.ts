/** What a user learns of people he has nothing to do with, and what he can do to those who refuse him. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { chatConversation } from '../../im/message/conversation.js';
import { ApiServer, type Somebody } from '../support/api_server.js';

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
