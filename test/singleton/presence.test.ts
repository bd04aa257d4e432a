/** Presence over real connections: who hears of whose coming and going, what a restart keeps. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { callOk, guest, type Guest } from '../support/http.js';
import { asObject, LEGACY, RawClient, WEB, type Json } from '../support/raw_client.js';
import { scrape } from '../support/scrape.js';
import { TestServer } from '../support/server.js';
import { expectQuiet, waitUntil } from '../support/wait.js';

const FLAGS = { 'messaging-presence-debounce-ms': 300, 'messaging-presence-save-ms': 20 };

async function connect(t: TestContext, server: TestServer, who: Guest, wording = WEB): Promise<RawClient> {
  const client = await RawClient.connect(server.urls.ws, wording);
  t.after(() => client.terminate());
  await client.signIn(who.token);
  return client;
}

const states = (client: RawClient): readonly unknown[] =>
  client.heard('notify.state').map(({ data }) => {
    const { uid, online, lastSeenAt } = asObject(data);
    return [Number(uid), online, Number(lastSeenAt) > 0];
  });

test('the public web client hears who comes and goes, not who only changed his network', async (t) => {
  const server = await TestServer.start(t, { flags: FLAGS });
  const [alice, bob] = [await guest(server.urls.http, 'alice'), await guest(server.urls.http, 'bob')];
  const watcher = await connect(t, server, alice);
  const answer = await watcher.ask('api.state.sub', { uids: [String(bob.uid)] });
  assert.deepEqual(answer.data, [{ uid: String(bob.uid), online: false, lastSeenAt: 0 }]);
  const first = await connect(t, server, bob);
  await waitUntil('bob’s coming', () => states(watcher).length === 1);
  first.terminate();
  const again = await connect(t, server, bob);
  await expectQuiet(600, () => (states(watcher).length > 1 ? 'told of a change of networks' : undefined));
  await again.close();
  await waitUntil('bob’s going', () => states(watcher).length === 2);
  assert.deepEqual(states(watcher), [
    [bob.uid, true, false],
    [bob.uid, false, true],
  ]);
  // The list ends with the connection that asked for it.
  await watcher.close();
  const after = await connect(t, server, alice);
  await connect(t, server, bob);
  await expectQuiet(100, () => (states(after).length > 0 ? 'told without having asked' : undefined));
});

test('a block ends it, and whoever keeps his presence to himself is not seen', async (t) => {
  const server = await TestServer.start(t, { flags: { ...FLAGS, 'messaging-presence-debounce-ms': 0 } });
  const api = server.urls.http;
  const [alice, bob, carol] = [await guest(api, 'alice'), await guest(api, 'bob'), await guest(api, 'carol')];
  const watcher = await connect(t, server, alice);
  await callOk(api, 'user/profile/update', { privatePresence: true }, carol.token);
  await watcher.ask('api.state.sub', { uid: [bob.uid, carol.uid] });
  const [bobs, carols] = [await connect(t, server, bob, LEGACY), await connect(t, server, carol)];
  await waitUntil('bob’s coming', () => states(watcher).length === 1);
  await callOk(api, 'session/blacklist/add', { relative_ids: [alice.uid] }, bob.token);
  await waitUntil('the end of it, at once', () => states(watcher).length === 2);
  assert.deepEqual(states(watcher)[1], [bob.uid, false, false], 'not even when he went');
  await Promise.all([bobs.close(), carols.close()]);
  await connect(t, server, bob);
  await expectQuiet(200, () => (states(watcher).length > 2 ? 'told after the block' : undefined));
  const asked = await callOk(api, 'user/state', { uid: [bob.uid, carol.uid] }, alice.token);
  assert.deepEqual(asked, [
    { uid: String(bob.uid), online: false, lastSeenAt: 0 },
    { uid: String(carol.uid), online: false, lastSeenAt: 0 },
  ]);
});

/** How the server ends, and how often it notes who is connected. */
const ENDS = {
  'a stop': {
    onlineSaveMs: 300_000,
    end: (server: TestServer) => server.whileStopped(() => Promise.resolve()),
  },
  'a crash': { onlineSaveMs: 50, end: (server: TestServer) => server.restart() },
};

for (const [name, { onlineSaveMs, end }] of Object.entries(ENDS)) {
  test(`«last seen» outlives ${name}, also of somebody who was connected until the end`, async (t) => {
    const flags = { ...FLAGS, 'messaging-presence-online-save-ms': onlineSaveMs };
    const server = await TestServer.start(t, { flags });
    const [alice, bob] = [await guest(server.urls.http, 'alice'), await guest(server.urls.http, 'bob')];
    const startedAtMs = Date.now();
    await connect(t, server, bob);
    const state = async (): Promise<Json> => {
      const rows = await callOk(server.urls.http, 'user/state', { uid: [bob.uid] }, alice.token);
      assert.ok(Array.isArray(rows) && rows.length === 1);
      return asObject(rows[0]);
    };
    assert.deepEqual(await state(), { uid: String(bob.uid), online: true, lastSeenAt: 0 });
    if (name === 'a crash')
      await waitUntil('the time to be written', async () => {
        const samples = await scrape(server.urls.http);
        return (samples.get('sailplane_presence_saved_total') ?? 0) > 0;
      });
    await end(server);
    const { online, lastSeenAt } = await state();
    assert.equal(online, false);
    assert.ok(Number(lastSeenAt) >= startedAtMs && Number(lastSeenAt) <= Date.now(), String(lastSeenAt));
  });
}
