/** Answers that the public web SDK reads in its own way: seen with that SDK itself at work. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { ApiServer } from '../support/api_server.js';

const WEB = 2;
const NOBODY = 999_999_999;

test('user/state of one uid that is in no list: that state itself, with the time as `onlineAt` as well', async (t) => {
  const server = await ApiServer.start(t);
  t.after(() => server.presence.close());
  const [alice, bob] = [await server.somebody(WEB), await server.somebody(WEB)];
  server.presence.came(bob.uid, bob.device);
  const uid = String(bob.uid);
  const state = { uid, online: true, lastSeenAt: 0 };
  assert.deepEqual(await server.value('user/state', { uid }, alice.token), { ...state, onlineAt: 0 });
  assert.deepEqual(await server.value('user/state', { uid: [uid] }, alice.token), [state]);
  for (const none of ['', null, []])
    assert.deepEqual(await server.value('user/state', { uid: none }, alice.token), [], 'nobody asked for');
});

test('user/info of nobody: an empty list on the web, whose SDK never ends on an error, an error elsewhere', async (t) => {
  const server = await ApiServer.start(t);
  t.after(() => server.presence.close());
  const [web, phone] = [await server.somebody(WEB), await server.somebody()];
  assert.deepEqual(await server.value('user/info', { Uid: [NOBODY] }, web.token), []);
  const refused = await server.call('user/info', { Uid: [NOBODY] }, phone.token);
  assert.equal(refused.code, ERRORS.NO_SUCH_USER.code);
});
