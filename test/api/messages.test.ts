/** Contacts, sessions, message ids, history, offline, sync and range: who may see what, and in which pages. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { chatConversation } from '../../im/message/conversation.js';
import { known, toSeq } from '../../im/message/ids.js';
import { temporaryOptions, withDatabase } from '../../service/store/sqlite_factory.contract.js';
import { ApiServer, NOBODY, type Somebody } from '../support/api_server.js';
import { asObject, type Json } from '../support/raw_client.js';

function rows(data: unknown): readonly Json[] {
  assert.ok(Array.isArray(data));
  return data.map(asObject);
}

const column = (data: unknown, key: string): readonly unknown[] => rows(data).map((row) => row[key]);

async function pair(t: TestContext): Promise<{ server: ApiServer; alice: Somebody; bob: Somebody }> {
  const server = await ApiServer.start(t);
  return { server, alice: await server.somebody(), bob: await server.somebody() };
}

test('contacts/add is two-way at once, told to both, and has a code for everything else', async (t) => {
  const { server, alice, bob } = await pair(t);
  const add = (input: unknown, by: Somebody): Promise<number> =>
    server.call('contacts/add', input, by.token).then(({ code }) => code);
  assert.equal(await add({ Uid: String(bob.uid), Remark: 'Bobby' }, alice), 100);
  assert.deepEqual(column(await server.value('contacts/list', {}, alice.token), 'Id'), [String(bob.uid)]);
  const [entry] = rows(await server.value('contacts/list', {}, bob.token));
  assert.deepEqual([entry?.['uid'], entry?.['Type'], entry?.['Remark']], [alice.uid, 1, '']);
  assert.deepEqual(column(await server.value('session/recent', {}, bob.token), 'To'), [alice.uid]);
  assert.deepEqual(server.deliveries, [
    { frame: { kind: 'contact', id: alice.uid, from: alice.uid }, recipients: [{ uid: bob.uid }] },
    {
      frame: { kind: 'contact', id: bob.uid, from: alice.uid },
      recipients: [{ uid: alice.uid, exceptDevice: 1 }],
    },
  ]);
  assert.equal(await add({ uid: bob.uid }, alice), 2003);
  assert.equal(await add({ uid: alice.uid }, bob), 2003);
  assert.equal(await add({ uid: alice.uid }, alice), 2001);
  assert.equal(await add({ uid: NOBODY }, alice), 2002);
  assert.equal(await add({}, alice), 300);
  assert.equal(await add({ uid: bob.uid, remark: 'r'.repeat(65) }, alice), 300);
  assert.equal(server.deliveries.length, 2, 'nothing was told of what did not happen');
});

test('two who add each other at the same time are contacts once', async (t) => {
  const { server, alice, bob } = await pair(t);
  const answers = await Promise.all([
    server.call('contacts/add', { uid: bob.uid }, alice.token),
    server.call('contacts/add', { uid: alice.uid }, bob.token),
  ]);
  assert.deepEqual(answers.map(({ code }) => code).sort(), [100, 2003]);
  for (const { token } of [alice, bob])
    assert.equal(rows(await server.value('contacts/list', {}, token)).length, 1);
});

test('user/info: lists, scalars, digits and nulls; strangers’ accounts and e-mails are not told', async (t) => {
  const { server, alice, bob } = await pair(t);
  const uids = async (input: unknown): Promise<readonly unknown[]> =>
    column(await server.value('user/info', input, alice.token), 'Uid');
  assert.deepEqual(await uids({ Uid: [bob.uid, null, NOBODY] }), [bob.uid]);
  assert.deepEqual(await uids({ Uid: [String(bob.uid), bob.uid] }), [bob.uid]);
  assert.deepEqual(await uids({ Uid: bob.uid }), [bob.uid]);
  for (const input of [{ Uid: [null] }, { Uid: [] }, { Uid: null }, {}])
    assert.deepEqual(await uids(input), []);
  const [info] = rows(await server.value('user/info', { uid: bob.uid }, alice.token));
  assert.deepEqual([info?.['Account'], info?.['account'], info?.['email']], ['', '', undefined]);
  assert.equal((await server.call('user/info', { uid: NOBODY }, alice.token)).code, 2002);
  const many = Array.from({ length: 501 }, (_, i) => i + 1);
  assert.equal((await server.call('user/info', { uid: many }, alice.token)).code, 300);
});

test('user/find: the exact account or e-mail, in any case, and nothing about the account', async (t) => {
  const { server, alice, bob } = await pair(t);
  const person = { account: 'findme', nickname: 'F', avatar: '', email: 'f@example.org', passwordHash: '' };
  const [made] = await server.stores.users.create([person]);
  const find = (account: unknown): ReturnType<ApiServer['call']> =>
    server.call('user/find', { Account: account }, alice.token);
  for (const name of ['findme', 'FindMe', 'F@example.org']) {
    const data = asObject((await find(name)).data);
    assert.deepEqual([data['Uid'], data['uid'], data['nick_name']], [made?.uid, made?.uid, 'F'], name);
    assert.deepEqual([data['Account'] ?? '', data['email'] ?? ''], ['', '']);
  }
  for (const name of ['findm', 'find%', 'findme ', 'x']) assert.equal((await find(name)).code, 2002, name);
  for (const name of ['', null, undefined, 5, ['findme']]) assert.equal((await find(name)).code, 300);
  assert.equal(asObject((await find(bob.account)).data)['Uid'], bob.uid);
});

test('msg/id: never the same twice, also for many at once, and both casings', async (t) => {
  const { server, alice, bob } = await pair(t);
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => server.data('msg/id', {}, i % 2 === 0 ? alice.token : bob.token)),
  );
  assert.equal(new Set(answers.map(({ Mid: mid }) => mid)).size, 100);
  for (const { Mid: pascal, mid } of answers) assert.equal(pascal, mid);
});

test('history: newest first, 20 a page, before a mid, PascalCase and seconds; a stranger’s mid is no cursor', async (t) => {
  const { server, alice, bob } = await pair(t);
  const carol = await server.somebody();
  const mids: number[] = [];
  for (let i = 1; i <= 25; i++)
    mids.push(await server.say(i % 2 === 0 ? bob : alice, i % 2 === 0 ? alice : bob, `m${i}`));
  const secret = await server.say(carol, bob, 'not for alice');
  const history = (input: unknown, by = alice): Promise<unknown> =>
    server.value('msg/chat/history', input, by.token);
  const first = await history({ Uid: bob.uid, BeforeMid: 0 });
  assert.deepEqual(column(first, 'Mid'), mids.slice(5).reverse());
  assert.deepEqual(
    column(await history({ Uid: bob.uid, BeforeMid: mids[5] }), 'Mid'),
    mids.slice(0, 5).reverse(),
  );
  assert.deepEqual(column(await history({ Uid: bob.uid, Before: mids[1] }), 'Mid'), mids.slice(0, 1));
  assert.deepEqual(await history({ Uid: bob.uid, BeforeMid: secret }), []);
  assert.deepEqual(await history({ Uid: bob.uid, BeforeMid: 2 ** 50 }), [], 'gone: not the newest again');
  assert.deepEqual(column(await history({ uid: String(alice.uid) }, bob), 'Mid'), column(first, 'Mid'));
  const [newest] = rows(first);
  assert.deepEqual(
    [newest?.['From'], newest?.['To'], newest?.['CliSeq'], newest?.['SendAt'], newest?.['Status']],
    [alice.uid, bob.uid, 25, 1_700_000_000, 0],
  );
  assert.ok(Number(newest?.['CreateAt']) < 10_000_000_000);
  assert.deepEqual(await history({ uid: alice.uid }), [], 'no notes to herself');
  assert.deepEqual(await history({ uid: NOBODY }), []);
  for (const input of [{}, { uid: 'x' }, { uid: 0 }, { uid: bob.uid, beforeMid: -1 }])
    assert.equal((await server.call('msg/chat/history', input, alice.token)).code, 300);
});

test('offline: each device its own, until it acks; mids of others in an ack change nothing', async (t) => {
  const { server, alice, bob } = await pair(t);
  const tablet = await server.signedIn(bob.uid, bob.account, 2);
  const mids = [await server.say(alice, bob, 'one'), await server.say(alice, bob, 'two')];
  const carol = await server.somebody();
  const offline = async (who: Somebody): Promise<readonly unknown[]> =>
    column(await server.value('msg/chat/offline', {}, who.token), 'Mid');
  const ack = (mid: unknown, who: Somebody): Promise<number> =>
    server.call('msg/chat/offline/ack', { Mid: mid }, who.token).then(({ code }) => code);
  assert.deepEqual([await offline(bob), await offline(tablet), await offline(alice)], [mids, mids, []]);
  assert.equal(await ack(mids, carol), 100);
  assert.deepEqual(await offline(bob), mids);
  assert.equal(await ack([mids[0], null, String(mids[0])], bob), 100);
  assert.deepEqual([await offline(bob), await offline(tablet)], [mids.slice(1), mids]);
  assert.equal(await ack(mids[1], bob), 100, 'one alone, without a list');
  assert.deepEqual(await offline(bob), []);
  for (const wrong of [[], null, undefined, [0], ['x'], [{}], Array.from({ length: 5001 }, (_, i) => i + 1)])
    assert.equal(await ack(wrong, bob), 300, typeof wrong);
});

test('session/get opens, session/update reads up to a seq and tells the peer, neither for somebody unknown', async (t) => {
  const { server, alice, bob } = await pair(t);
  const opened = await server.data('session/get', { To: bob.uid }, alice.token);
  assert.deepEqual(
    [opened['To'], opened['Uid1'], opened['Uid2'], opened['Unread'], opened['LastMid']],
    [bob.uid, Math.min(alice.uid, bob.uid), Math.max(alice.uid, bob.uid), 0, 0],
  );
  for (const text of ['one', 'two', 'three']) await server.say(bob, alice, text);
  const before = await server.data('session/get', { to: bob.uid }, alice.token);
  assert.deepEqual([before['Unread'], before['LastSeq'], before['ReadSeq']], [3, 3, 0]);
  await server.value('session/update', { to: bob.uid, readSeq: 2 }, alice.token);
  await server.marks.flush();
  const after = await server.data('session/get', { to: bob.uid }, alice.token);
  assert.deepEqual([after['Unread'], after['ReadSeq']], [1, 2]);
  assert.ok(server.deliveries.some(({ recipients }) => recipients.some(({ uid }) => uid === bob.uid)));
  server.deliveries.length = 0;
  await server.value('session/update', { to: bob.uid, readSeq: 1 }, alice.token);
  await server.value('session/update', { to: bob.uid }, alice.token);
  assert.deepEqual(server.deliveries, [], 'nothing new was read');
  await server.value('session/update', { to: bob.uid, readSeq: 2 ** 52 }, alice.token);
  await server.marks.flush();
  assert.equal((await server.data('session/get', { to: bob.uid }, alice.token))['ReadSeq'], 3);
  for (const path of ['session/get', 'session/update']) {
    assert.equal((await server.call(path, { to: NOBODY }, alice.token)).code, 2002);
    assert.equal((await server.call(path, {}, alice.token)).code, 300);
  }
  assert.equal((await server.call('session/update', { to: bob.uid, readSeq: -1 }, alice.token)).code, 300);
});

test('session/ticket: the same for a sender and a recipient, another for everybody else, none for nobody', async (t) => {
  const { server, alice, bob } = await pair(t);
  const ticket = async (by: Somebody, to: unknown): Promise<unknown> => {
    const { Ticket: pascal, ticket: camel } = await server.data('session/ticket', { To: to }, by.token);
    assert.equal(pascal, camel);
    return camel;
  };
  const given = await ticket(alice, String(bob.uid));
  assert.match(String(given), /^[\w-]{43}$/);
  assert.equal(await ticket(alice, bob.uid), given);
  assert.notEqual(await ticket(bob, alice.uid), given);
  assert.notEqual(await ticket(alice, alice.uid), given);
  assert.equal((await server.call('session/ticket', { to: NOBODY }, alice.token)).code, 2002);
  for (const to of [undefined, 'a_channel', 0])
    assert.equal((await server.call('session/ticket', { to }, alice.token)).code, 300);
});

test('only members read a conversation: range and every other door', async (t) => {
  const { server, alice, bob } = await pair(t);
  const carol = await server.somebody();
  const mid = await server.say(alice, bob, 'private words');
  const conv = chatConversation(alice.uid, bob.uid);
  const answers = [
    await server.call('msg/range', { conv, from: 1, to: 1 }, carol.token),
    await server.call('msg/chat/history', { uid: bob.uid, beforeMid: mid + 1 }, carol.token),
    await server.call('msg/chat/offline', {}, carol.token),
    await server.call('session/recent', {}, carol.token),
    await server.call('sync', { after: conv }, carol.token),
    await server.call('sync', {}, carol.token),
  ];
  assert.deepEqual(
    answers.map(({ code }) => code),
    [3001, 100, 100, 100, 100, 100],
  );
  for (const { text } of answers) assert.ok(!text.includes('private words') && !text.includes(conv), text);
  assert.equal((await server.call('msg/range', { conv, from: 1, to: 1 }, bob.token)).code, 100);
});

test('msg/range: 200 events a page, more, the covered interval, and nothing where nothing is', async (t) => {
  const { server, alice, bob } = await pair(t);
  const conv = chatConversation(alice.uid, bob.uid);
  await Promise.all(Array.from({ length: 230 }, (_, i) => server.say(alice, bob, `m${i}`)));
  const range = (from: number, to: number): Promise<Json> =>
    server.data('msg/range', { conv, from, to }, bob.token);
  const page = await range(1, 1000);
  const seqs = column(page['events'], 'seq');
  assert.deepEqual(
    seqs,
    Array.from({ length: 200 }, (_, i) => i + 1),
  );
  assert.deepEqual([page['from'], page['to'], page['more'], page['floor']], [1, 200, true, 1]);
  const rest = await range(201, 1000);
  assert.deepEqual([column(rest['events'], 'seq').length, rest['to'], rest['more']], [30, 230, false]);
  const [event] = rows(rest['events']);
  assert.deepEqual(
    [event?.['from'], event?.['to'], event?.['sendAt'], event?.['conv'], typeof event?.['cliMid']],
    [String(alice.uid), String(bob.uid), 1_700_000_000_123, conv, 'string'],
  );
  const beyond = await range(231, 240);
  assert.deepEqual([beyond['events'], beyond['more']], [[], false]);
  const never = chatConversation(alice.uid, NOBODY);
  assert.deepEqual(
    (await server.data('msg/range', { conv: never, from: 1, to: 9 }, alice.token))['events'],
    [],
  );
});

test('msg/range: 128 kB a page, and always at least one event', async (t) => {
  const { server, alice, bob } = await pair(t);
  const conv = chatConversation(alice.uid, bob.uid);
  for (const size of [60_000, 60_000, 20_000, 200_000, 5]) await server.say(alice, bob, 'x'.repeat(size));
  const pages: (readonly unknown[])[] = [];
  for (let from = 1; from <= 5;) {
    const page = await server.data('msg/range', { conv, from, to: 5 }, bob.token);
    pages.push(column(page['events'], 'seq'));
    assert.equal(page['more'], page['to'] !== 5);
    from = Number(page['to']) + 1;
  }
  assert.deepEqual(pages, [[1, 2], [3], [4], [5]]);
});

test('msg/range: bad intervals and names are refused', async (t) => {
  const { server, alice, bob } = await pair(t);
  const conv = chatConversation(alice.uid, bob.uid);
  for (const input of [
    {},
    { conv, from: 0, to: 1 },
    { conv, from: 2, to: 1 },
    { conv, from: 1 },
    { conv, from: 1, to: 2 ** 53 },
    { conv, from: [1], to: 1 },
    { conv: `u${bob.uid}_x`, from: 1, to: 1 },
    { conv: 'u1_1_1', from: 1, to: 1 },
    { conv: 'u01_2', from: 1, to: 1 },
    { conv: [conv], from: 1, to: 1 },
  ])
    assert.equal((await server.call('msg/range', input, alice.token)).code, 300, JSON.stringify(input));
});

test('msg/range below the floor is EXPIRED; across it, it begins at the floor', async (t) => {
  const options = temporaryOptions(t);
  const server = await ApiServer.start(t, { store: options });
  const [alice, bob] = [await server.somebody(), await server.somebody()];
  const conv = chatConversation(alice.uid, bob.uid);
  for (let i = 1; i <= 6; i++) await server.say(alice, bob, `m${i}`);
  withDatabase(options, (db) => {
    const floor = known(toSeq(4));
    const id = Number(db.prepare('SELECT id FROM conversation WHERE name = ?').first(conv)?.[0]);
    db.prepare('UPDATE conversation SET first_seq = ? WHERE id = ?').run(floor, id);
    db.prepare('DELETE FROM message WHERE conv = ? AND seq < ?').run(id, floor);
  });
  const expired = await server.call('msg/range', { conv, from: 1, to: 3 }, bob.token);
  assert.deepEqual([expired.status, expired.code], [200, 6301]);
  const page = await server.data('msg/range', { conv, from: 1, to: 6 }, bob.token);
  assert.deepEqual([page['from'], page['to'], page['floor']], [4, 6, 4]);
  assert.deepEqual(column(page['events'], 'seq'), [4, 5, 6]);
});

test('sync: pages by limit and after, with count and sum of all and the next page’s name', async (t) => {
  const server = await ApiServer.start(t);
  const alice = await server.somebody();
  const peers = [];
  for (let i = 0; i < 5; i++) {
    const peer = await server.somebody();
    peers.push(peer);
    for (let n = 0; n <= i; n++) await server.say(peer, alice, 'hi');
  }
  const seen: unknown[] = [];
  let after: unknown = '';
  for (let pages = 1; ; pages++) {
    const page = await server.data('sync', { since: 0, after, limit: 2 }, alice.token);
    assert.deepEqual([page['count'], page['sum']], [5, 15], 'of all, on every page');
    assert.equal(page['epoch'], 1);
    const convs = column(page['conversations'], 'conv');
    seen.push(...convs);
    if (page['more'] !== true) {
      assert.deepEqual([pages, page['next']], [3, '']);
      break;
    }
    assert.equal(convs.length, 2);
    assert.equal(page['next'], convs.at(-1));
    after = page['next'];
  }
  assert.deepEqual(new Set(seen), new Set(peers.map(({ uid }) => chatConversation(alice.uid, uid))));
  assert.equal(seen.length, 5);
  const [row] = rows((await server.data('sync', {}, alice.token))['conversations']);
  assert.deepEqual([typeof row?.['peer'], row?.['firstSeq'], row?.['readSeq']], ['string', 1, 0]);
  for (const input of [
    { limit: 0 },
    { limit: 501 },
    { since: -1 },
    { since: 1.5 },
    { after: 'x' },
    { limit: [] },
  ])
    assert.equal((await server.call('sync', input, alice.token)).code, 300, JSON.stringify(input));
});

test('sync: a cursor looks a minute further back, because commits may be older than they are visible', async (t) => {
  const server = await ApiServer.start(t, { api: { syncOverlapMs: 60_000 } });
  const [alice, bob] = [await server.somebody(), await server.somebody()];
  await server.say(bob, alice, 'hi');
  const first = await server.data('sync', { since: 0 }, alice.token);
  const cursor = Number(first['cursor']);
  const since = async (ms: number): Promise<number> =>
    rows((await server.data('sync', { since: ms }, alice.token))['conversations']).length;
  assert.deepEqual(
    [await since(cursor), await since(cursor + 59_000), await since(cursor + 120_000)],
    [1, 1, 0],
  );
  const later = await server.data('sync', { since: cursor + 120_000 }, alice.token);
  assert.deepEqual([later['count'], later['sum']], [1, 1]);
});
