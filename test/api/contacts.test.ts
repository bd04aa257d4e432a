/** Contacts over the real process: asking, approving, removing, remarks, in the bodies of both public clients. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, callOk, guest, type Guest } from '../support/http.js';
import { Phone } from '../support/phone.js';
import { asObject, LEGACY, RawClient, WEB, type Json, type Wording } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';
import { waitUntil } from '../support/wait.js';

function rows(data: unknown): readonly Json[] {
  assert.ok(Array.isArray(data));
  return data.map(asObject);
}

test('contacts', async (t) => {
  const server = await TestServer.start(t);
  const { http, ws } = server.urls;

  const code = async (path: string, body: unknown, who: Guest): Promise<number> =>
    (await call(http, path, body, who.token)).code;
  const contacts = async (who: Guest): Promise<readonly number[]> =>
    rows(await callOk(http, 'contacts/list', {}, who.token)).map((row) => Number(row['Id']));
  const requests = async (who: Guest): Promise<readonly unknown[]> =>
    rows(await callOk(http, 'contacts/requests', {}, who.token)).map((row) => row['Uid']);
  const connected = async (who: Guest, wording: Wording): Promise<RawClient> => {
    const client = await RawClient.connect(ws, wording);
    t.after(() => client.terminate());
    await client.signIn(who.token);
    return client;
  };
  /** Somebody who wants to be asked. */
  const shy = async (nickname: string): Promise<Guest> => {
    const who = await guest(http, nickname);
    await callOk(http, 'user/profile/update', { approval: true }, who.token);
    return who;
  };

  await t.test('who wants to be asked is asked: Code 100, a request instead of a contact', async () => {
    const [alice, bob] = [await guest(http, 'alice'), await shy('bob')];
    const answer = await call(
      http,
      'contacts/add',
      { Uid: String(bob.uid), Remark: 'it is me' },
      alice.token,
    );
    assert.deepEqual([answer.code, answer.data], [100, 'asked']);
    assert.deepEqual([await contacts(alice), await contacts(bob)], [[], []]);
    const [request, ...more] = rows(await callOk(http, 'contacts/requests', {}, bob.token));
    assert.deepEqual(more, []);
    assert.deepEqual(
      [request?.['Uid'], request?.['uid'], request?.['Nickname'], request?.['nick_name']],
      [alice.uid, alice.uid, 'alice', 'alice'],
    );
    assert.deepEqual(
      [request?.['Comment'], request?.['comment'], request?.['Account']],
      ['it is me', 'it is me', ''],
    );
    assert.equal(request?.['AskedAt'], Math.floor(Number(request?.['askedAt']) / 1000));
    assert.deepEqual(await requests(alice), []);
    assert.equal(await code('contacts/add', { Uid: bob.uid }, alice), 100, 'asking again is no error');
    assert.deepEqual(await requests(bob), [alice.uid], 'and no second request');
  });

  for (const wording of [LEGACY, WEB])
    await t.test(`the asked one is told, and not that there is a contact: ${wording.name}`, async () => {
      const [alice, bob] = [await guest(http, 'alice'), await shy('bob')];
      const client = await connected(bob, wording);
      await callOk(http, 'contacts/add', { Uid: bob.uid, Remark: 'say "yes"' }, alice.token);
      const { data } = await client.expect('notify.contact.request');
      const keys = wording === WEB ? ['from', 'comment'] : ['From', 'Comment'];
      assert.deepEqual(
        keys.map((key) => asObject(data)[key]),
        [wording === WEB ? String(alice.uid) : alice.uid, 'say "yes"'],
      );
      assert.deepEqual(client.heard('notify.contact'), []);
    });

  await t.test('the asked one is told: our SDK', async () => {
    const [alice, bob] = [await guest(http, 'alice'), await shy('bob')];
    const phone = await new Phone({ name: 'bob', url: ws, token: bob.token }).connect();
    t.after(() => phone.close());
    const heard: unknown[] = [];
    phone.client.on('contactRequest', (request) => heard.push(request));
    await callOk(http, 'contacts/add', { Uid: bob.uid, Remark: 'please' }, alice.token);
    await waitUntil('the request', () => heard.length > 0);
    assert.deepEqual(heard, [{ from: alice.uid, comment: 'please' }]);
  });

  await t.test(
    'agreeing as the Java client does makes both contacts, tells the asker, and is 100 again',
    async () => {
      const [alice, bob] = [await guest(http, 'alice'), await shy('bob')];
      const asker = await connected(alice, LEGACY);
      await callOk(http, 'contacts/add', { Uid: bob.uid, Remark: '' }, alice.token);
      const body = { Uid: alice.uid, Agree: true, Deny: false, Comment: 'welcome' };
      const answer = await call(http, 'contacts/approval', body, bob.token);
      assert.deepEqual([answer.code, answer.data], [100, '']);
      assert.deepEqual([await contacts(alice), await contacts(bob)], [[bob.uid], [alice.uid]]);
      const { data } = await asker.expect('notify.contact');
      assert.deepEqual([asObject(data)['Id'], asObject(data)['FromId']], [bob.uid, bob.uid]);
      assert.deepEqual(await requests(bob), []);
      assert.equal(await code('contacts/approval', body, bob), 100, 'of an existing contact');
      assert.equal(await code('contacts/add', { Uid: bob.uid }, alice), 2003);
      const sessions = rows(await callOk(http, 'session/recent', {}, alice.token));
      assert.deepEqual(
        sessions.map((row) => row['To']),
        [bob.uid],
      );
    },
  );

  await t.test('denying makes nothing, and whoever was denied may ask again', async () => {
    const [alice, bob] = [await guest(http, 'alice'), await shy('bob')];
    for (const body of [{ Agree: false, Deny: true }, { agree: false }, { deny: true }]) {
      await callOk(http, 'contacts/add', { Uid: bob.uid }, alice.token);
      assert.equal(await code('contacts/approval', { Uid: alice.uid, ...body }, bob), 100);
      assert.deepEqual([await contacts(alice), await contacts(bob), await requests(bob)], [[], [], []]);
      assert.equal(await code('contacts/approval', { Uid: alice.uid, ...body }, bob), 2004);
    }
  });

  await t.test('one answer for many: arrays, digits and nulls; those who never asked are named', async () => {
    const bob = await shy('bob');
    const askers = [await guest(http, 'a'), await guest(http, 'b'), await guest(http, 'c')];
    for (const asker of askers.slice(0, 2)) await callOk(http, 'contacts/add', { Uid: bob.uid }, asker.token);
    const uids = [String(askers[0]?.uid), null, askers[1]?.uid, askers[2]?.uid];
    const answer = await call(http, 'contacts/approval', { Uid: uids, Agree: true }, bob.token);
    assert.equal(answer.code, 2004);
    assert.match(answer.message, new RegExp(`: ${askers[2]?.uid}$`));
    assert.deepEqual(
      await contacts(bob),
      askers.slice(0, 2).map(({ uid }) => uid),
    );
  });

  await t.test('an answer that says neither, both, or of nobody is refused', async () => {
    const [alice, bob] = [await guest(http, 'alice'), await shy('bob')];
    await callOk(http, 'contacts/add', { Uid: bob.uid }, alice.token);
    for (const body of [
      { Uid: alice.uid },
      { Uid: alice.uid, Deny: false },
      { Uid: alice.uid, Agree: true, Deny: true },
      { Uid: alice.uid, Agree: 'yes' },
      { Agree: true },
      { Uid: [], Agree: true },
      { Uid: [null], Agree: true },
      { Uid: Array.from({ length: 101 }, (_, i) => i + 1), Agree: true },
      { Uid: alice.uid, Agree: true, Comment: 'x'.repeat(257) },
    ])
      assert.equal(await code('contacts/approval', body, bob), 300, JSON.stringify(body).slice(0, 80));
    assert.equal(
      await code('contacts/approval', { Uid: bob.uid, Agree: true }, alice),
      2004,
      'not hers to answer',
    );
    assert.deepEqual(await requests(bob), [alice.uid], 'it still waits');
  });

  await t.test(
    'contacts/del: a scalar as the Java client sends it, lists, both sides; conversations stay',
    async () => {
      const alice = await guest(http, 'alice');
      const others = [await guest(http, 'b'), await guest(http, 'c'), await guest(http, 'd')];
      for (const { uid } of others) await callOk(http, 'contacts/add', { Uid: uid }, alice.token);
      const [bob, carol, dave] = others;
      assert.equal(await code('contacts/del', { Uid: bob?.uid }, alice), 100);
      assert.deepEqual(await contacts(alice), [carol?.uid, dave?.uid]);
      assert.deepEqual(bob && (await contacts(bob)), []);
      assert.equal(await code('contacts/del', { Uid: bob?.uid }, alice), 2005);
      assert.equal(
        await code('contacts/del', { uid: [String(carol?.uid), null, dave?.uid, bob?.uid] }, alice),
        100,
      );
      assert.deepEqual(await contacts(alice), []);
      assert.equal(rows(await callOk(http, 'session/recent', {}, alice.token)).length, 3);
      for (const uid of [undefined, null, [], [null], 'x', 0, {}])
        assert.equal(await code('contacts/del', { uid }, alice), 300);
      assert.equal(await code('contacts/add', { Uid: bob?.uid }, alice), 100, 'and may be added again');
    },
  );

  for (const path of ['contacts/update', 'contacts/update/remark'])
    await t.test(`${path}: a remark of one's own, also an empty one`, async () => {
      const [alice, bob] = [await guest(http, 'alice'), await guest(http, 'bob')];
      await callOk(http, 'contacts/add', { Uid: bob.uid, Remark: 'first' }, alice.token);
      const remark = async (who: Guest): Promise<unknown> =>
        rows(await callOk(http, 'contacts/list', {}, who.token))[0]?.['Remark'];
      assert.equal(await remark(alice), 'first');
      for (const text of ['Bobby', 'ü'.repeat(64), '']) {
        assert.equal(await code(path, { Uid: String(bob.uid), Remark: text }, alice), 100);
        assert.deepEqual([await remark(alice), await remark(bob)], [text, '']);
      }
      assert.equal(await code(path, { Uid: alice.uid + 1_000_000, Remark: 'x' }, alice), 2005);
      assert.equal(await code(path, { Uid: bob.uid, Remark: 'r'.repeat(65) }, alice), 300);
      assert.equal(await code(path, { Remark: 'x' }, alice), 300);
    });

  await t.test('whoever is on the black list can neither become a contact nor ask', async () => {
    for (const approval of [false, true]) {
      const [alice, bob] = [await guest(http, 'alice'), await guest(http, 'bob')];
      await callOk(http, 'user/profile/update', { approval }, bob.token);
      await callOk(http, 'session/blacklist/add', { relative_ids: [alice.uid] }, bob.token);
      assert.equal(await code('contacts/add', { Uid: bob.uid }, alice), 6001);
      assert.deepEqual([await contacts(bob), await requests(bob)], [[], []]);
      await callOk(http, 'session/blacklist/remove', { relative_ids: [alice.uid] }, bob.token);
      assert.equal(await code('contacts/add', { Uid: bob.uid }, alice), 100);
    }
  });

  await t.test('whoever hears contacts only is asked first', async () => {
    const [alice, bob] = [await guest(http, 'alice'), await guest(http, 'bob')];
    await callOk(http, 'user/profile/update', { contactsOnly: true }, bob.token);
    assert.equal(await code('session/ticket', { To: bob.uid }, alice), 6002);
    assert.equal(await code('contacts/add', { Uid: bob.uid }, alice), 100);
    assert.equal(
      await code('session/ticket', { To: bob.uid }, alice),
      6002,
      'a stranger adds himself to nobody',
    );
    assert.equal(await code('contacts/approval', { Uid: alice.uid, agree: true }, bob), 100);
    assert.equal(await code('session/ticket', { To: bob.uid }, alice), 100);
  });
});
