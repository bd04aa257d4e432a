/** Edits, reactions, pins and settings over real connections of all kinds of clients, and search on a real server. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { callOk, guest, register, signIn, type Guest } from '../support/http.js';
import { asObject, LEGACY, RawClient, WEB, type Json, type Wording } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';
import { waitUntil } from '../support/wait.js';

async function connect(t: TestContext, server: TestServer, wording: Wording = WEB): Promise<RawClient> {
  const client = await RawClient.connect(server.urls.ws, wording);
  t.after(() => client.terminate());
  return client;
}

/** One that knows events and intervals. */
async function modern(t: TestContext, server: TestServer, token: string): Promise<RawClient> {
  const client = await connect(t, server);
  const answer = await client.ask('authenticate', { v: 1, caps: ['interval'], token });
  assert.equal(answer.action, 'notify.success', answer.text);
  return client;
}

async function old(t: TestContext, server: TestServer, token: string, wording: Wording): Promise<RawClient> {
  const client = await connect(t, server, wording);
  await client.signIn(token);
  return client;
}

const eventsOf = (client: RawClient): readonly Json[] =>
  client.heard('message.event').map(({ data }) => asObject(data));

async function sent(client: RawClient, action: string, to: number, cliMid: string): Promise<Json> {
  client.say(action, { cliMid, to: String(to), type: 1, content: `said ${cliMid}`, sendAt: Date.now() }, 50);
  const ack = await client.expect('ack.message', (data) => data['cliMid'] === cliMid);
  return asObject(ack.data);
}

test('modern clients are pushed the events of two, in order, without a hole; older ones nothing that they misread', async (t) => {
  const server = await TestServer.start(t);
  const api = server.urls.http;
  const account = await register(api, 'alice');
  const [phone, desk] = [await signIn(api, account, 1), await signIn(api, account, 2)];
  const [bob, carol] = [await guest(api, 'bob'), await guest(api, 'carol')];
  const alices = [await modern(t, server, phone.token), await modern(t, server, desk.token)] as const;
  const bobs = await modern(t, server, bob.token);
  const carols = await old(t, server, carol.token, LEGACY);

  const { conv, mid } = await sent(alices[0], 'message.chat', bob.uid, 'c1');
  await callOk(api, 'msg/react', { conv, mid, emoji: '👍' }, bob.token);
  await callOk(api, 'msg/edit', { conv, mid, content: 'better', cliMid: 'e1' }, phone.token);
  const pinned = await bobs.ask('api.msg.pin', { conv, mid });
  assert.equal(asObject(pinned.data)['seq'], 4, pinned.text);
  for (const client of [...alices, bobs]) {
    await waitUntil('three events', () => eventsOf(client).length === 3);
    const seen = eventsOf(client).map((event) => [
      event['kind'],
      event['seq'],
      event['after'],
      event['targetMid'],
    ]);
    assert.deepEqual(seen, [
      ['reaction', 2, 1, mid],
      ['edit', 3, 2, mid],
      ['pin', 4, 3, mid],
    ]);
  }
  assert.equal(eventsOf(bobs)[1]?.['content'], 'better');

  const toCarol = await sent(alices[0], 'message.chat', carol.uid, 'c2');
  await carols.expect('message.chat');
  const before = carols.frames.length;
  await callOk(api, 'msg/edit', { conv: toCarol['conv'], mid: toCarol['mid'], content: 'x' }, phone.token);
  await callOk(api, 'msg/react', { conv: toCarol['conv'], mid: toCarol['mid'], emoji: '👍' }, phone.token);
  await sent(alices[0], 'message.chat', carol.uid, 'c3');
  await carols.expect('message.chat', (data) => data['Content'] === 'said c3');
  const told = carols.frames.slice(before).map((frame) => frame.action);
  assert.deepEqual(
    told.filter((action) => action !== 'message.chat' && action !== 'heartbeat'),
    [],
  );
  const history = await callOk(api, 'msg/chat/history', { uid: phone.uid }, carol.token);
  assert.ok(Array.isArray(history));
  assert.deepEqual(
    history.map((row) => asObject(row)['Content']),
    ['said c3', 'x'],
    'an old client reads what it says now',
  );
});

test('in a group: pushed to every member, by whoever did it; settings go to one’s own devices', async (t) => {
  const server = await TestServer.start(t);
  const api = server.urls.http;
  const account = await register(api, 'alice');
  const [phone, desk] = [await signIn(api, account, 1), await signIn(api, account, 2)];
  const bob: Guest = await guest(api, 'bob');
  const { gid } = asObject(await callOk(api, 'group/create', { Name: 'g', uid: [bob.uid] }, phone.token));
  const [one, two, bobs] = [
    await modern(t, server, phone.token),
    await modern(t, server, desk.token),
    await modern(t, server, bob.token),
  ];
  const { conv, mid } = await sent(bobs, 'message.group', Number(gid), 'g1');
  await callOk(api, 'msg/react', { conv, mid, emoji: '🎉' }, phone.token);
  await callOk(api, 'msg/edit', { conv, mid, content: 'better', cliMid: 'e' }, bob.token);
  for (const client of [one, two, bobs]) {
    await waitUntil('both events', () => eventsOf(client).length === 2);
    assert.deepEqual(
      eventsOf(client).map((event) => [event['kind'], event['from'], event['targetMid']]),
      [
        ['reaction', String(phone.uid), mid],
        ['edit', String(bob.uid), mid],
      ],
    );
  }
  await one.ask('api.conversation.settings', { conv, muted: true, draft: 'so…' });
  const told = asObject((await two.expect('notify.settings')).data);
  assert.equal(told['conv'], conv);
  assert.deepEqual(told['settings'], {
    ...{ pinned: false, muted: true, hidden: false, draft: 'so…', interest: 'full' },
  });
  assert.deepEqual([one.heard('notify.settings'), bobs.heard('notify.settings')], [[], []]);
});

test('search: found a moment later, also after a restart; not where it is switched off', async (t) => {
  const server = await TestServer.start(t, { flags: { 'store-search-interval-ms': 50 } });
  const api = server.urls.http;
  const [alice, bob] = [await guest(api, 'alice'), await guest(api, 'bob')];
  const client = await modern(t, server, alice.token);
  const find = async (text: string): Promise<number> => {
    const { events } = asObject(await callOk(server.urls.http, 'msg/search', { text }, bob.token));
    assert.ok(Array.isArray(events));
    return events.length;
  };
  await sent(client, 'message.chat', bob.uid, 'zebra-one');
  await waitUntil('the first to be found', async () => (await find('zebra')) === 1);
  await sent(client, 'message.chat', bob.uid, 'zebra-two');
  await server.restart();
  await waitUntil('what was behind at the crash', async () => (await find('zebra')) === 2);
  await server.restart({ 'store-search-enabled': false });
  const again = await modern(t, server, alice.token);
  await sent(again, 'message.chat', bob.uid, 'zebra-three');
  // Many times the interval in which it was found before.
  const endAt = performance.now() + 500;
  while (performance.now() < endAt) assert.equal(await find('zebra'), 2);
});
