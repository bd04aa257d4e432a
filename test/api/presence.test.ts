/** Presence as clients ask for it: states, contacts who are online, subscriptions, and who may know. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { ApiServer, type Somebody } from '../support/api_server.js';
import { waitUntil } from '../support/wait.js';

async function scene(t: TestContext) {
  const server = await ApiServer.start(t);
  t.after(() => server.presence.close());
  const [alice, bob, carol] = [await server.somebody(), await server.somebody(), await server.somebody()];
  const state = (who: Somebody, ...of: readonly Somebody[]): Promise<unknown> =>
    server.value('user/state', { uid: of.map(({ uid }) => uid) }, who.token);
  const came = (who: Somebody): void => server.presence.came(who.uid, who.device);
  const went = (who: Somebody): void => server.presence.went(who.uid, who.device);
  return { server, alice, bob, carol, state, came, went };
}

const is = (who: Somebody, online: boolean, lastSeenAt = 0): unknown => ({
  ...{ uid: String(who.uid), online, lastSeenAt },
});

test('user/state and user/online: who is there; private or blocked is as if never seen', async (t) => {
  const { server, alice, bob, carol, state, came } = await scene(t);
  assert.deepEqual(await state(alice, bob, carol), [is(bob, false), is(carol, false)]);
  came(bob);
  came(carol);
  assert.deepEqual(await state(alice, bob, carol), [is(bob, true), is(carol, true)]);
  assert.deepEqual(await server.value('user/online', {}, alice.token), [], 'no contacts');
  await server.value('contacts/add', { uid: bob.uid }, alice.token);
  assert.deepEqual(await server.value('user/online', {}, alice.token), [is(bob, true)]);

  const update = (who: Somebody, input: object) => server.data('user/profile/update', input, who.token);
  assert.equal((await update(bob, { privatePresence: true }))['privatePresence'], true);
  await server.value('session/blacklist/add', { relative_ids: alice.uid }, carol.token);
  assert.deepEqual(await state(alice, bob, carol), [is(bob, false), is(carol, false)]);
  assert.deepEqual(await server.value('user/online', {}, alice.token), []);
  assert.deepEqual(await state(bob, bob), [is(bob, true)], 'oneself one sees');
  await update(bob, { privatePresence: false, contactsOnly: true });
  assert.deepEqual(await state(alice, bob), [is(bob, true)], 'a contact');
  assert.deepEqual(
    await state(carol, bob),
    [is(bob, false)],
    'a stranger to somebody who hears contacts only',
  );
  for (const uid of [undefined, []])
    assert.deepEqual(await server.value('user/state', { uid }, alice.token), []);
  const many = Array.from({ length: 501 }, (_, index) => index + 1);
  assert.equal((await server.call('user/state', { uid: many }, alice.token)).code, 300);
});

test('who shuts his door is gone for subscribers at once: private, contacts only, no contact any more', async (t) => {
  const { server, alice, bob, came, went } = await scene(t);
  came(alice);
  came(bob);
  const call = (path: string, input: object, who = bob) => server.value(path, input, who.token);
  const shutsBy = async (path: string, input: object): Promise<void> => {
    await call('state/sub', { uid: bob.uid }, alice);
    assert.equal(server.presence.stats().subscriptionCount, 1, path);
    server.deliveries.length = 0;
    await call(path, input);
    const told = await waitUntil('the end of it', () =>
      server.deliveries.find(({ frame }) => frame.kind === 'presence'),
    );
    assert.deepEqual(told.frame, { kind: 'presence', uid: bob.uid, online: false, lastSeenAtMs: 0 });
    assert.equal(server.presence.stats().subscriptionCount, 0, path);
  };
  await shutsBy('user/profile/update', { privatePresence: true });
  await call('user/profile/update', { privatePresence: false });
  await shutsBy('user/profile/update', { contactsOnly: true });
  await call('contacts/add', { uid: alice.uid });
  await shutsBy('contacts/del', { uid: alice.uid });
  await call('session/whitelist/add', { relative_ids: [alice.uid] });
  await shutsBy('session/whitelist/remove', { relative_ids: [alice.uid] });
  await call('user/profile/update', { contactsOnly: false });
  await shutsBy('session/blacklist/add', { relative_ids: [alice.uid] });
  server.deliveries.length = 0;
  went(bob);
  await waitUntil('him to be gone', () => server.presence.stats().leavingCount === 0);
  await server.presence.close();
  assert.deepEqual(server.deliveries, []);
});

test('state/sub: told of changes to this device only; too many are refused', async (t) => {
  const { server, alice, bob, came, went } = await scene(t);
  came(alice);
  const subscribe = (input: object) => server.value('state/sub', input, alice.token);
  assert.deepEqual(await subscribe({ uids: [String(bob.uid)] }), [is(bob, false)]);
  server.deliveries.length = 0;
  came(bob);
  const told = await waitUntil('bob’s coming', () => server.deliveries[0]);
  assert.deepEqual(told.frame, { kind: 'presence', uid: bob.uid, online: true, lastSeenAtMs: 0 });
  assert.deepEqual(told.recipients, [{ uid: alice.uid, onlyDevice: alice.device }]);
  went(bob);
  const gone = await waitUntil('bob’s going', () => server.deliveries[1]);
  assert.ok(gone.frame.kind === 'presence' && !gone.frame.online && gone.frame.lastSeenAtMs > 0);
  assert.deepEqual(await subscribe({ uid: [] }), []);
  assert.equal(server.presence.stats().subscriptionCount, 0);
  const many = Array.from({ length: 501 }, (_, index) => 1_000_000 + index);
  const refused = await server.call('state/sub', { uid: many }, alice.token);
  assert.equal(refused.code, ERRORS.TOO_MANY_SUBSCRIPTIONS.code);
});
