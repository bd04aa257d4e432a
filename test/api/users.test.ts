/** Profiles, search, password reset and bans over the real process. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { known, toUid } from '../../im/message/ids.js';
import { ApiServer } from '../support/api_server.js';
import { call, callOk, guest, register, signIn, type Guest } from '../support/http.js';
import { asObject, LEGACY, RawClient, WEB, type Json } from '../support/raw_client.js';
import { openForSeeding } from '../support/seed.js';
import { TestServer } from '../support/server.js';

const CODE = '11111';

test('users', async (t) => {
  const server = await TestServer.start(t);
  const { http, ws } = server.urls;
  const profile = async (who: Guest): Promise<Json> =>
    asObject(await callOk(http, 'user/profile', {}, who.token));

  for (const path of ['user/profile/update', 'profile/update'])
    await t.test(
      `${path}: without a body as Java, with the web client's, each field alone, nothing else`,
      async () => {
        const who = await guest(http, 'first');
        const before = await profile(who);
        const bodyless = await fetch(`${http}/${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${who.token}` },
        });
        const answer = asObject(await bodyless.json());
        assert.deepEqual([answer['Code'], answer['Data']], [100, before], 'the profile as it is');
        const update = async (body: unknown): Promise<Json> =>
          asObject(await callOk(http, path, body, who.token));
        const web = await update({ avatar: 'a.png', nick_name: 'Web Name' });
        assert.deepEqual(
          [web['Nickname'], web['nick_name'], web['Avatar']],
          ['Web Name', 'Web Name', 'a.png'],
        );
        assert.equal((await update({ Nickname: 'Second' }))['avatar'], 'a.png');
        for (const body of [
          {},
          { nickname: '' },
          { avatar: null, nick_name: null },
          { account: 'x', uid: 1, email: 'e@x' },
        ])
          assert.deepEqual(await update(body), { ...web, Nickname: 'Second', nick_name: 'Second' });
        const shy = await update({ approval: true, contactsOnly: true });
        assert.deepEqual([shy['approval'], shy['contactsOnly']], [true, true]);
        assert.deepEqual((await update({ approval: false }))['contactsOnly'], true);
        assert.deepEqual(await profile(who), { ...shy, approval: false });
        const whales = '🐋'.repeat(64);
        assert.equal((await update({ nickname: whales }))['Nickname'], whales, '64 characters, 256 bytes');
        for (const body of [
          { nickname: 'n'.repeat(65) },
          { nickname: `${whales}n` },
          { avatar: 'a'.repeat(1025) },
          { approval: 'yes' },
          { nickname: 5 },
        ])
          assert.equal((await call(http, path, body, who.token)).code, 300);
      },
    );

  await t.test('user/search: by the beginning of a nickname or account, in pages', async () => {
    const who = await guest(http, 'seeker');
    const people: Guest[] = [];
    for (const name of ['Zoë One', 'zoë two', 'ZOË three', 'Zoltan']) people.push(await guest(http, name));
    const search = async (body: unknown): Promise<Json> =>
      asObject(await callOk(http, 'user/search', body, who.token));
    const uids = ({ users }: Json): readonly unknown[] => {
      assert.ok(Array.isArray(users));
      return users.map((user) => asObject(user)['uid']);
    };
    const whole = await search({ prefix: 'zo' });
    assert.deepEqual([uids(whole), whole['more'], whole['next']], [people.map(({ uid }) => uid), false, 0]);
    assert.deepEqual(
      uids(await search({ Prefix: 'Zoë' })),
      people.slice(0, 2).map(({ uid }) => uid),
      'ASCII is folded',
    );
    const first = await search({ prefix: 'zo', limit: 3 });
    assert.deepEqual([uids(first).length, first['more'], first['next']], [3, true, people[2]?.uid]);
    const rest = await search({ prefix: 'zo', limit: 3, after: first['next'] });
    assert.deepEqual([uids(rest), rest['more']], [[people[3]?.uid], false]);
    const [row] = (await search({ prefix: 'zolt' }))['users'] as unknown[];
    assert.deepEqual([asObject(row)['Account'], asObject(row)['email']], ['', undefined]);
    for (const prefix of ['%', '_', 'oë', '*', "' OR 1"])
      assert.deepEqual(uids(await search({ prefix })), [], prefix);
    for (const body of [
      {},
      { prefix: '' },
      { prefix: 'z', limit: 0 },
      { prefix: 'z', limit: 51 },
      { prefix: ['z'] },
    ])
      assert.equal((await call(http, 'user/search', body, who.token)).code, 300);
  });

  await t.test('user/search does not read out e-mail addresses letter by letter', async () => {
    const who = await guest(http, 'seeker');
    const email = 'quentin@example.org';
    await callOk(http, 'auth/verifyCode', { email });
    await callOk(http, 'auth/register', { email, captcha: CODE, password: 'pw', nickname: 'Mister Q' });
    const found = async (prefix: string): Promise<number> =>
      (asObject(await callOk(http, 'user/search', { prefix }, who.token))['users'] as unknown[]).length;
    for (const prefix of ['q', 'quentin', 'quentin@', email]) assert.equal(await found(prefix), 0, prefix);
    assert.equal(await found('mister q'), 1);
  });

  await t.test(
    'auth/forget: a code and a new password; every token and connection of before is over',
    async () => {
      const email = 'Fay@example.org';
      await callOk(http, 'auth/verifyCode', { email, mode: 'register' });
      await callOk(http, 'auth/register', { email, captcha: CODE, password: 'first', nickname: 'Fay' });
      const enter = async (password: string, device: number): Promise<Json> =>
        asObject(
          (await call(http, 'auth/signin_v2', { Email: email, Password: password, Device: device })).data,
        );
      const [phone, web] = [await enter('first', 1), await enter('first', 2)];
      const client = await RawClient.connect(ws, LEGACY);
      await client.signIn(String(phone['Token']));
      const forget = async (body: Json): Promise<number> =>
        (await call(http, 'auth/forget', { email, password: 'second', ...body })).code;
      assert.equal(await forget({ captcha: CODE }), 1005, 'no code was asked for');
      await callOk(http, 'auth/verifyCode', { email, mode: 'forget' });
      assert.equal(await forget({ captcha: '0' }), 1005);
      assert.equal(await forget({ captcha: CODE, password: '' }), 300);
      assert.equal(await forget({ captcha: CODE, email: '' }), 300);
      assert.equal(
        await forget({ captcha: CODE, email: 'fAY@example.org' }),
        100,
        'as sign-in compares addresses',
      );
      await client.expectClose();
      assert.equal(client.heard('notify.kickout').length, 1);
      for (const token of [phone['Token'], web['token']])
        assert.equal((await call(http, 'user/profile', {}, String(token))).status, 401);
      assert.equal((await enter('first', 1))['Token'], undefined);
      assert.equal(typeof (await enter('second', 1))['Token'], 'string');
      assert.equal(await forget({ captcha: CODE }), 1005, 'a code is good once');
    },
  );

  await t.test(
    'auth/forget: an address without an account, and a name that only looks like one',
    async () => {
      const email = 'nobody@example.org';
      await callOk(http, 'auth/verifyCode', { email });
      assert.equal((await call(http, 'auth/forget', { email, captcha: CODE, password: 'x' })).code, 2002);
      const { account, password } = await register(http, 'plain');
      assert.equal(
        (await call(http, 'auth/forget', { email: account, captcha: CODE, password: 'x' })).code,
        300,
      );
      assert.ok((await signIn(http, { account, password }, 1)).uid > 0);
    },
  );
});

test('a banned user: sign-in says so, his tokens fail, he is not found, and comes back when the ban is lifted', async (t) => {
  const server = await TestServer.start(t);
  const { http, ws } = server.urls;
  const user = await register(http, 'eve');
  const eve = await signIn(http, user, 1);
  const other = await guest(http, 'other');
  const setBan = (on: boolean): Promise<void> =>
    server.whileStopped(async (dataDir) => {
      const stores = await openForSeeding(dataDir);
      await stores.users.ban(known(toUid(eve.uid)), on);
      await stores.close();
    });
  const enter = async (password: string): Promise<number> =>
    (await call(http, 'auth/signin', { Account: user.account, Password: password, Device: 1 })).code;
  await setBan(true);
  assert.equal(await enter(user.password), 1007);
  assert.equal(await enter('a guess'), 1002, 'a ban is told only to who knows the password');
  assert.equal((await call(http, 'user/profile', {}, eve.token)).status, 401);
  assert.ok([1001, 1007].includes((await call(http, 'auth/token', { Token: eve.token })).code));
  for (const wording of [LEGACY, WEB]) {
    const client = await RawClient.connect(ws, wording);
    const answer = await client.ask('api.user.auth', { Token: eve.token, Device: 1 });
    assert.equal(answer.action, 'api.failed');
    client.terminate();
  }
  assert.equal((await call(http, 'user/find', { account: user.account }, other.token)).code, 2002);
  const search = asObject(await callOk(http, 'user/search', { prefix: user.account }, other.token));
  assert.deepEqual(search['users'], []);
  assert.notEqual((await call(http, 'contacts/add', { Uid: eve.uid }, other.token)).code, 100);
  assert.notEqual((await call(http, 'session/ticket', { To: eve.uid }, other.token)).code, 100);
  await setBan(false);
  assert.equal(
    (await call(http, 'user/profile', {}, eve.token)).status,
    401,
    'the old token stays worthless',
  );
  assert.equal(await enter(user.password), 100);
});

test('a banned user’s password cannot be reset', async (t) => {
  const server = await ApiServer.start(t);
  const email = 'mal@example.org';
  await server.value('auth/verifyCode', { email });
  await server.value('auth/register', { email, captcha: CODE, password: 'pw' });
  const user = await server.stores.users.byAccount(email);
  assert.ok(user !== undefined);
  await server.stores.users.ban(user.uid, true);
  await server.value('auth/verifyCode', { email });
  assert.equal((await server.call('auth/forget', { email, captcha: CODE, password: 'new' })).code, 1007);
  await server.stores.users.ban(user.uid, false);
  assert.equal((await server.call('auth/signin', { account: email, password: 'pw' })).code, 100);
});
