/** Black and white lists over the real process: what the web client reads, and that they hold at once; bounds of lists. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { CONTACT_LIMIT } from '../../service/store/contact_table.js';
import { temporaryOptions, withDatabase } from '../../service/store/sqlite_factory.contract.js';
import { ApiServer, NOBODY, type Somebody } from '../support/api_server.js';
import { call, callGet, callOk, guest, type Guest } from '../support/http.js';
import { asObject, RawClient, WEB, type Json } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';
import { waitUntil } from '../support/wait.js';

interface Pair {
  readonly http: string;
  readonly alice: Guest;
  readonly bob: Guest;
  /** alice's, signed in. */
  readonly client: RawClient;
}

async function pair(t: TestContext, server: TestServer): Promise<Pair> {
  const { http, ws } = server.urls;
  const [alice, bob] = [await guest(http, 'alice'), await guest(http, 'bob')];
  const client = await RawClient.connect(ws, WEB);
  t.after(() => client.terminate());
  await client.signIn(alice.token);
  return { http, alice, bob, client };
}

/** 'stored', or why it was refused. */
async function send({ alice, bob, client }: Pair, clientId: string): Promise<string> {
  const seen = client.heard('notify.error').length;
  client.chat({ from: alice.uid, to: bob.uid, content: clientId, mid: 0, clientId, atMs: Date.now() });
  return waitUntil(`an answer to ${clientId}`, () => {
    if (client.heard('ack.message').some(({ data }) => asObject(data)['cliMid'] === clientId))
      return 'stored';
    const refusals = client.heard('notify.error');
    return refusals.length > seen ? String(refusals.at(-1)?.data) : undefined;
  });
}

function users(data: unknown): readonly Json[] {
  assert.ok(Array.isArray(data));
  return data.map((row) => asObject(asObject(row)['user_info']));
}

test('black and white lists', async (t) => {
  const server = await TestServer.start(t);

  for (const list of ['blacklist', 'whitelist'])
    await t.test(
      `${list}: an array by GET and by POST, also when empty, with the keys that the web client reads`,
      async () => {
        const { http, alice, bob } = await pair(t, server);
        const both = async (): Promise<readonly (readonly Json[])[]> => [
          users((await callGet(http, `session/${list}`, alice.token)).data),
          users(await callOk(http, `session/${list}`, {}, alice.token)),
        ];
        assert.deepEqual(await both(), [[], []]);
        // As that client sends it: digits, in a list.
        const added = await call(
          http,
          `session/${list}/add`,
          { relative_ids: [String(bob.uid)] },
          alice.token,
        );
        assert.deepEqual([added.code, added.data], [100, '']);
        for (const [user, ...more] of await both()) {
          assert.deepEqual(more, []);
          assert.deepEqual(
            [user?.['Uid'], user?.['Nickname'], user?.['Account'], user?.['email'], user?.['Avatar']],
            [bob.uid, 'bob', '', '', ''],
          );
          assert.deepEqual([user?.['uid'], user?.['nick_name'], user?.['avatar']], [bob.uid, 'bob', '']);
        }
        assert.deepEqual(
          users((await callGet(http, `session/${list}`, bob.token)).data),
          [],
          'his own is empty',
        );
        await callOk(http, `session/${list}/add`, { relative_ids: bob.uid }, alice.token);
        assert.equal((await both())[0]?.length, 1, 'twice is once');
        await callOk(http, `session/${list}/remove`, { relative_ids: [bob.uid, null] }, alice.token);
        assert.deepEqual(await both(), [[], []]);
        assert.equal(
          (await call(http, `session/${list}/remove`, { relative_ids: [bob.uid] }, alice.token)).code,
          100,
        );
        assert.equal((await callGet(http, `session/${list}`)).status, 401);
      },
    );

  await t.test('a black list holds for the very next message, and so does its end', async () => {
    const scene = await pair(t, server);
    const { http, alice, bob } = scene;
    assert.equal(await send(scene, 'one'), 'stored');
    await callOk(http, 'session/blacklist/add', { relative_ids: [alice.uid] }, bob.token);
    assert.match(await send(scene, 'two'), new RegExp(ERRORS.BLOCKED.text));
    const refused = await call(http, 'session/ticket', { To: String(bob.uid) }, alice.token);
    assert.deepEqual([refused.code, refused.data], [ERRORS.BLOCKED.code, null]);
    await callOk(http, 'session/blacklist/remove', { relative_ids: [alice.uid] }, bob.token);
    assert.equal(await send(scene, 'three'), 'stored');
    assert.equal((await call(http, 'session/ticket', { To: bob.uid }, alice.token)).code, 100);
  });

  await t.test(
    'a white list lets in where contacts only are heard, but nobody who is on the black list',
    async () => {
      const scene = await pair(t, server);
      const { http, alice, bob } = scene;
      await callOk(http, 'user/profile/update', { contactsOnly: true }, bob.token);
      assert.match(await send(scene, 'one'), new RegExp(ERRORS.CONTACTS_ONLY.text));
      await callOk(http, 'session/whitelist/add', { relative_ids: [alice.uid] }, bob.token);
      assert.equal(await send(scene, 'two'), 'stored');
      await callOk(http, 'session/blacklist/add', { relative_ids: [alice.uid] }, bob.token);
      assert.match(await send(scene, 'three'), new RegExp(ERRORS.BLOCKED.text));
      await callOk(http, 'session/blacklist/remove', { relative_ids: [alice.uid] }, bob.token);
      await callOk(http, 'session/whitelist/remove', { relative_ids: [alice.uid] }, bob.token);
      assert.match(await send(scene, 'four'), new RegExp(ERRORS.CONTACTS_ONLY.text));
    },
  );

  await t.test('nobody, oneself, and people who do not exist', async () => {
    const { http, alice, bob } = await pair(t, server);
    const add = async (ids: unknown): Promise<number> =>
      (await call(http, 'session/blacklist/add', { relative_ids: ids }, alice.token)).code;
    for (const ids of [undefined, null, [], [null], alice.uid, [bob.uid, alice.uid], ['x'], {}])
      assert.equal(await add(ids), 300, JSON.stringify(ids));
    assert.equal(await add(Array.from({ length: 101 }, (_, i) => bob.uid + i + 1)), 300);
    assert.equal(await add([NOBODY, bob.uid]), 2002);
    const listed = users((await callGet(http, 'session/blacklist', alice.token)).data);
    assert.deepEqual(
      listed.map((user) => user['Uid']),
      [bob.uid],
      'the one who exists is on it',
    );
  });
});

test('a list is bounded: the thousand-and-first is refused, those on it may be named again', async (t) => {
  const server = await ApiServer.start(t, { api: { strangerUserCount: 2000 } });
  const alice = await server.somebody();
  const wanted = Array.from({ length: 1001 }, (_, i) => ({
    ...{ account: `p${i}`, nickname: `p${i}`, avatar: '', email: '', passwordHash: '' },
  }));
  const uids = (await server.stores.users.create(wanted)).map((user) => user?.uid);
  const add = async (ids: unknown): Promise<number> =>
    (await server.call('session/blacklist/add', { relative_ids: ids }, alice.token)).code;
  for (let i = 0; i < 1000; i += 100) assert.equal(await add(uids.slice(i, i + 100)), 100);
  assert.equal(await add(uids[1000]), 300);
  assert.equal(await add(uids.slice(0, 100)), 100);
  const data = await server.value('session/blacklist', {}, alice.token);
  assert.equal(Array.isArray(data) && data.length, 1000);
});

test('contacts are bounded, on either side, and whoever is full may make room', async (t) => {
  const options = temporaryOptions(t);
  const server = await ApiServer.start(t, { store: options });
  const [alice, bob, carol] = [await server.somebody(), await server.somebody(), await server.somebody()];
  const add = async (who: Somebody, uid: unknown): Promise<number> =>
    (await server.call('contacts/add', { uid }, who.token)).code;
  assert.equal(await add(alice, carol.uid), 100);
  withDatabase(options, (db) => {
    db.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO contact (uid, peer, remark, added_at) SELECT ?, 20000000 + i, x'', 1 FROM n`,
    ).run(CONTACT_LIMIT - 1, alice.uid);
  });
  assert.deepEqual([await add(alice, bob.uid), await add(bob, alice.uid)], [2006, 2006]);
  assert.equal(await add(alice, carol.uid), 2003, 'who is one already is told so');
  await server.value('contacts/del', { uid: carol.uid }, alice.token);
  assert.equal(await add(bob, alice.uid), 100);
});
