/** Reading back: history by mid and by time, recent, by user, and the operations of the younger web client. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { chatConversation } from '../../im/message/conversation.js';
import { ApiServer, NOBODY, type Somebody } from '../support/api_server.js';
import { temporaryOptions, withDatabase } from '../../service/store/sqlite_factory.contract.js';
import { asObject, type Json } from '../support/raw_client.js';

const DAY_MS = 24 * 3_600_000;

interface Scene {
  readonly server: ApiServer;
  readonly alice: Somebody;
  readonly bob: Somebody;
  /** As if `mid` had been stored at `atMs`. */
  readonly moveTo: (mid: number, atMs: number) => void;
}

async function scene(t: TestContext): Promise<Scene> {
  const options = temporaryOptions(t);
  const server = await ApiServer.start(t, { store: options });
  const moveTo = (mid: number, atMs: number): void =>
    withDatabase(options, (db) => {
      db.prepare('UPDATE message SET stored_at = ? WHERE mid = ?').run(atMs, mid);
      db.prepare(
        `UPDATE conversation SET last_at = (SELECT MAX(stored_at) FROM message WHERE conv = conversation.id)
         WHERE id = (SELECT conv FROM message WHERE mid = ?)`,
      ).run(mid);
    });
  return { server, alice: await server.somebody(), bob: await server.somebody(), moveTo };
}

function column(data: unknown, key: string): readonly unknown[] {
  assert.ok(Array.isArray(data));
  return data.map((row) => asObject(row)[key]);
}

test('history by time: from (inclusive) to (exclusive), ms or seconds, with and without a cursor', async (t) => {
  const { server, alice, bob, moveTo } = await scene(t);
  const base = server.clock.nowMs - DAY_MS;
  const mids: number[] = [];
  for (let i = 0; i < 10; i++) {
    const mid = await server.say(alice, bob, `m${i}`);
    mids.push(mid);
    moveTo(mid, base + i * 1000);
  }
  const history = async (input: Json): Promise<readonly unknown[]> =>
    column(await server.value('msg/chat/history', { Uid: bob.uid, ...input }, alice.token), 'Mid');
  const between = (from: number, to: number): readonly number[] => mids.slice(from, to).reverse();
  assert.deepEqual(await history({ from: base + 2000, to: base + 5000 }), between(2, 5));
  assert.deepEqual(await history({ From: String(base + 2001) }), between(3, 10));
  assert.deepEqual(await history({ to: base + 2001 }), between(0, 3));
  assert.deepEqual(await history({ from: base + 2000, to: base + 8000, PageSize: 2 }), between(6, 8));
  assert.deepEqual(
    await history({ from: base + 2000, to: base + 8000, PageSize: 9, BeforeMid: mids[6] }),
    between(2, 6),
    'the next page of an interval is asked for by cursor',
  );
  const wholeSecond = Math.ceil(base / 1000);
  const first = Math.ceil((wholeSecond * 1000 - base) / 1000);
  assert.deepEqual(await history({ from: wholeSecond }), between(first, 10), 'small numbers are seconds');
  assert.deepEqual(await history({ from: base + DAY_MS * 2 }), []);
  for (const input of [{ from: 5e12, to: 4e12 }, { from: 'x' }, { to: -1 }, { from: base + 1, to: base + 1 }])
    assert.equal((await server.call('msg/chat/history', { uid: bob.uid, ...input }, alice.token)).code, 300);
});

test('history takes a page size from 1 to 100, and nulls for «the default»', async (t) => {
  const { server, alice, bob } = await scene(t);
  const mids: number[] = [];
  for (let i = 0; i < 30; i++) mids.push(await server.say(bob, alice, `m${i}`));
  const count = async (input: Json): Promise<number> =>
    column(await server.value('msg/chat/history', { Uid: bob.uid, ...input }, alice.token), 'Mid').length;
  assert.deepEqual(
    [
      await count({}),
      await count({ PageSize: 1 }),
      await count({ pageSize: '25' }),
      await count({ PageSize: 100 }),
    ],
    [20, 1, 25, 30],
  );
  assert.equal(await count({ PageSize: null, BeforeMid: null, Before: null, From: null, To: null }), 20);
  for (const pageSize of [0, 101, -1, 1.5, 'x', []])
    assert.equal((await server.call('msg/chat/history', { uid: bob.uid, pageSize }, alice.token)).code, 300);
});

test('message/list: as the younger web client asks, before a mid; pages by number are refused', async (t) => {
  const { server, alice, bob } = await scene(t);
  const mids: number[] = [];
  for (let i = 0; i < 7; i++)
    mids.push(await server.say(i % 2 === 0 ? alice : bob, i % 2 === 0 ? bob : alice, 'x'));
  const list = async (input: Json): Promise<readonly unknown[]> =>
    column(await server.value('message/list', { to: String(bob.uid), ...input }, alice.token), 'Mid');
  assert.deepEqual(await list({ pageSize: 3, page: 1, end_mid: 0, start_mid: 0 }), mids.slice(4).reverse());
  assert.deepEqual(await list({ pageSize: 3, end_mid: mids[4] }), mids.slice(1, 4).reverse());
  assert.deepEqual(await list({}), [...mids].reverse());
  for (const input of [{ to: bob.uid, page: 2 }, {}, { to: 'a_channel' }])
    assert.equal((await server.call('message/list', input, alice.token)).code, 300);
});

test('message/list: from one mid on, and before another; a mid that is not of this conversation is refused', async (t) => {
  const { server, alice, bob } = await scene(t);
  const carol = await server.somebody();
  const mids: number[] = [];
  const foreign: number[] = [];
  for (let i = 0; i < 8; i++) {
    mids.push(await server.say(i % 2 === 0 ? alice : bob, i % 2 === 0 ? bob : alice, 'x'));
    // Numbers are of the whole server: those of a conversation have gaps.
    foreign.push(await server.say(alice, carol, 'elsewhere'));
  }
  const list = async (input: Json): Promise<readonly unknown[]> =>
    column(await server.value('message/list', { to: String(bob.uid), ...input }, alice.token), 'Mid');
  const between = (from: number, to: number): readonly number[] => mids.slice(from, to).reverse();
  assert.deepEqual(await list({ start_mid: mids[3] }), between(3, 8));
  assert.deepEqual(await list({ start_mid: String(mids[3]), end_mid: mids[6] }), between(3, 6));
  assert.deepEqual(await list({ start_mid: mids[2], pageSize: 2 }), between(6, 8), 'the newest of them');
  assert.deepEqual(await list({ start_mid: mids[2], end_mid: mids[6], pageSize: 3 }), between(3, 6));
  assert.deepEqual(
    await list({ start_mid: mids[2], end_mid: mids[3], pageSize: 3 }),
    between(2, 3),
    'and the rest',
  );
  assert.deepEqual(await list({ start_mid: mids[7] }), between(7, 8));
  assert.deepEqual(await list({ start_mid: mids[6], end_mid: mids[3] }), [], 'an interval turned round');
  for (const start_mid of [0, '0', '', null]) assert.deepEqual(await list({ start_mid }), between(0, 8));
  // Taking back makes newer events than there are messages: they end no page early, nor do they lengthen it.
  for (const mid of mids.slice(4, 7))
    await server.call(
      'message/recall',
      { to: bob.uid, mid, type: 1 },
      mid === mids[5] ? bob.token : alice.token,
    );
  assert.deepEqual(await list({ start_mid: mids[3], pageSize: 2 }), between(6, 8));
  assert.deepEqual(await list({ start_mid: mids[3], pageSize: 6 }), between(3, 8));

  const code = async (input: Json, who = alice, to = bob): Promise<number> =>
    (await server.call('message/list', { to: to.uid, ...input }, who.token)).code;
  const { NO_SUCH_MESSAGE, INVALID_PARAMETER } = ERRORS;
  const notHere = [foreign[2], (mids[7] ?? 0) + 1_000_000];
  for (const start_mid of notHere) assert.equal(await code({ start_mid }), NO_SUCH_MESSAGE.code);
  assert.equal(await code({ start_mid: mids[2] }, carol, alice), NO_SUCH_MESSAGE.code, 'not told of either');
  for (const start_mid of [-1, 1.5, 'x', [mids[2]], {}])
    assert.equal(await code({ start_mid }), INVALID_PARAMETER.code, JSON.stringify(start_mid));
});

test('message/read: everything of a session is read, however it is named; others’ sessions are nobody’s business', async (t) => {
  const { server, alice, bob } = await scene(t);
  const carol = await server.somebody();
  const names = [
    `${alice.uid}_${bob.uid}`,
    `${bob.uid}_${alice.uid}`,
    String(chatConversation(alice.uid, bob.uid)),
  ];
  for (const name of names) {
    await server.say(bob, alice, 'one');
    await server.say(bob, alice, 'two');
    const unread = async (): Promise<unknown> =>
      (await server.data('session/get', { to: bob.uid }, alice.token))['Unread'];
    assert.equal(await unread(), 2);
    server.deliveries.length = 0;
    assert.equal((await server.call('message/read', { session_id: name }, alice.token)).code, 100, name);
    await server.marks.flush();
    assert.equal(await unread(), 0, name);
    assert.ok(server.deliveries.some(({ recipients }) => recipients.some(({ uid }) => uid === bob.uid)));
    assert.equal((await server.call('message/read', { session_id: name }, carol.token)).code, 3001);
  }
  for (const name of [undefined, '', 'x', '1_', `${alice.uid}`, '1_2_3', 5, [names[0]]])
    assert.equal(
      (await server.call('message/read', { session_id: name }, alice.token)).code,
      300,
      String(name),
    );
});

test('msg/chat/user: the newest of each, in the order asked; unknown people have said nothing', async (t) => {
  const { server, alice, bob } = await scene(t);
  const carol = await server.somebody();
  const toBob = await server.say(alice, bob, 'to bob');
  const mids: number[] = [];
  for (let i = 0; i < 25; i++) mids.push(await server.say(carol, alice, `m${i}`));
  await server.say(carol, bob, 'not hers to read');
  const uids = [carol.uid, null, NOBODY, String(bob.uid)];
  const data = await server.value('msg/chat/user', { Uid: uids }, alice.token);
  assert.deepEqual(column(data, 'Uid'), [carol.uid, NOBODY, bob.uid]);
  assert.deepEqual(
    column(data, 'Messages').map((list) => column(list, 'Mid')),
    [mids.slice(5).reverse(), [], [toBob]],
  );
  assert.ok(!JSON.stringify(data).includes('not hers'));
  for (const uid of [undefined, null, [], [null]])
    assert.deepEqual(await server.value('msg/chat/user', { uid }, alice.token), []);
  const many = Array.from({ length: 101 }, (_, i) => i + 1);
  assert.equal((await server.call('msg/chat/user', { uid: many }, alice.token)).code, 300);
});

test('msg/chat/recent: three days and no more, over all conversations, newest first', async (t) => {
  const { server, alice, bob, moveTo } = await scene(t);
  const [carol, dave] = [await server.somebody(), await server.somebody()];
  const now = server.clock.nowMs;
  const old = await server.say(bob, alice, 'last week');
  const edge = await server.say(alice, bob, 'two days ago');
  const fresh = await server.say(carol, alice, 'an hour ago');
  const stale = await server.say(dave, alice, 'four days ago');
  await server.say(bob, carol, 'not hers to read');
  moveTo(old, now - 7 * DAY_MS);
  moveTo(edge, now - 2 * DAY_MS);
  moveTo(fresh, now - 3_600_000);
  moveTo(stale, now - 4 * DAY_MS);
  assert.deepEqual(column(await server.value('msg/chat/recent', {}, alice.token), 'Mid'), [fresh, edge]);
  assert.deepEqual(await server.value('msg/chat/recent', {}, (await server.somebody()).token), []);
});

test('history, list, recent and user leave recalls out: a message that was taken back says so itself', async (t) => {
  const { server, alice, bob } = await scene(t);
  const mids: number[] = [];
  for (let i = 0; i < 4; i++) mids.push(await server.say(alice, bob, `m${i}`));
  for (const mid of mids.slice(2)) await server.value('message/recall', { to: bob.uid, mid }, alice.token);
  const shown = [...mids].reverse();
  const uid = alice.uid;
  const answers = {
    history: await server.value('msg/chat/history', { uid }, bob.token),
    byTime: await server.value('msg/chat/history', { uid, from: 1 }, bob.token),
    list: await server.value('message/list', { to: uid }, bob.token),
    recent: await server.value('msg/chat/recent', {}, bob.token),
    user: column(await server.value('msg/chat/user', { uid }, bob.token), 'Messages')[0],
  };
  for (const [name, data] of Object.entries(answers)) {
    assert.deepEqual(new Set(column(data, 'Mid')), new Set(shown), name);
    const rows = data as readonly Json[];
    const taken = rows.filter((row) => mids.slice(2).includes(Number(row['Mid'])));
    assert.deepEqual(
      taken.map((row) => [row['Status'], row['Content']]),
      [
        [1, ''],
        [1, ''],
      ],
      name,
    );
  }
  const page = await server.value('msg/chat/history', { uid, pageSize: 3 }, bob.token);
  assert.deepEqual(column(page, 'Mid'), shown.slice(0, 3), 'recalls take no place in a page');
  const rest = await server.value('msg/chat/history', { uid, pageSize: 3, beforeMid: shown[2] }, bob.token);
  assert.deepEqual(column(rest, 'Mid'), shown.slice(3));
});

test('message/recall: one’s own and not too old; offline it is a message of type 100 as the Java client reads it', async (t) => {
  const { server, alice, bob, moveTo } = await scene(t);
  const carol = await server.somebody();
  const recall = async (who: Somebody, input: Json): Promise<number> =>
    (await server.call('message/recall', { type: 1, ...input }, who.token)).code;
  const mid = await server.say(alice, bob, 'a slip');
  const old = await server.say(alice, bob, 'long ago');
  moveTo(old, Date.now() - DAY_MS);
  assert.equal(await recall(bob, { to: alice.uid, mid }), 3001, 'not his');
  assert.ok([3001, 6008].includes(await recall(carol, { to: bob.uid, mid })), 'not even her conversation');
  assert.equal(await recall(alice, { to: bob.uid, mid: mid + 1_000_000 }), 6008);
  assert.equal(await recall(alice, { to: bob.uid, mid: old }), 6009);
  for (const input of [{ to: bob.uid }, { mid }, { to: bob.uid, mid, type: 2 }, { to: 'x', mid }])
    assert.equal(await recall(alice, input), 300);
  assert.equal(await recall(alice, { to: String(bob.uid), mid: String(mid) }), 100);
  assert.equal(await recall(alice, { to: bob.uid, mid }), 100, 'again is the same');
  const offline = await server.value('msg/chat/offline', {}, bob.token);
  assert.deepEqual(column(offline, 'Type'), [1, 1, 100]);
  assert.deepEqual(column(offline, 'Content').slice(0, 2), ['', 'long ago']);
  assert.deepEqual(JSON.parse(String(column(offline, 'Content')[2])), { ReCallBy: alice.uid, Mid: mid });
});
