/** Two sign-ins on one device by two tokens: one survivor, one kick, and the loser can harm nobody afterwards. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { CLOSE_CODES } from '../../im/errors.js';
import { Chat, DEVICE } from '../support/chat.js';
import { call, callOk } from '../support/http.js';
import { asObject, LEGACY, RawClient, WEB, type Wording } from '../support/raw_client.js';
import { expectQuiet, waitUntil } from '../support/wait.js';

for (const wording of [LEGACY, WEB]) {
  test(`two sign-ins on one device, ${wording.name}: one survivor, one kick`, async (t) => {
    const chat = await Chat.start(t);
    const { http, ws } = chat.server.urls;
    const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
    const bobPhone = await chat.phone(bob);
    const connect = async (token: string): Promise<RawClient> => {
      const client = await RawClient.connect(ws, wording);
      t.after(() => client.terminate());
      await client.signIn(token);
      return client;
    };
    const old = await chat.signIn(ann, DEVICE.android);
    const loser = await connect(old.token);
    const fresh = await chat.signIn(ann, DEVICE.android);
    assert.notEqual(fresh.token, old.token);
    assert.equal((await loser.expectClose()).code, CLOSE_CODES.KICKED.code);
    assertKick(loser, wording);
    const winner = await connect(fresh.token);

    // What the public Java SDK does then: comes back with its old token, is refused, and logs out with it.
    const back = await RawClient.connect(ws, wording);
    const refusal = await back.ask('api.user.auth', { Token: old.token, Device: DEVICE.android });
    assert.equal(refusal.action, 'api.failed');
    assert.notEqual(refusal.data, null);
    assert.equal((await call(http, 'auth/logout', {}, old.token)).code, 100);
    back.terminate();

    await expectQuiet(300, () => (winner.closed === undefined ? undefined : 'the winner was closed'));
    assert.deepEqual(winner.heard('notify.kickout'), []);
    await callOk(http, 'user/profile', {}, fresh.token);
    const send = bobPhone.send(ann.uid, 'who is there?');
    await winner.expect('message.chat');
    await bobPhone.expectState(send, 'stored');
    const reborn = await connect(fresh.token);
    assert.equal((await winner.expectClose()).code, CLOSE_CODES.REPLACED.code, 'the same token takes over');
    assert.equal(reborn.closed, undefined);
  });
}

/** Told why, in the form of the profile, once. */
function assertKick(loser: RawClient, wording: Wording): void {
  const [kick, ...more] = loser.heard('notify.kickout');
  assert.ok(kick !== undefined && more.length === 0);
  if (wording.name === 'legacy') assert.equal(typeof kick.data, 'string');
  else assert.equal(asObject(kick.data)['device_id'], String(DEVICE.android));
}

test('racing sign-ins of one token leave exactly one connection', async (t) => {
  const chat = await Chat.start(t);
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const bobPhone = await chat.phone(bob);
  const { token } = await chat.signIn(ann, DEVICE.android);
  const rivals = await Promise.all(
    // As many as are no fight over the token yet.
    Array.from({ length: 4 }, async () => {
      const client = await RawClient.connect(chat.server.urls.ws, WEB);
      t.after(() => client.terminate());
      client.say('authenticate', { version: 1, credential: token }, 1);
      return client;
    }),
  );
  const alive = (): readonly RawClient[] => rivals.filter(({ closed }) => closed === undefined);
  await waitUntil('three to be closed', () => alive().length === 1);
  await expectQuiet(200, () => (alive().length === 1 ? undefined : 'nobody survived'));
  bobPhone.send(ann.uid, 'one of you');
  await alive()[0]?.expect('message.chat');
  const told = rivals.filter((rival) => rival.heard('message.chat').length > 0);
  assert.equal(told.length, 1);
});

test('the SDK says that it was kicked and does not come back; another device class is not touched', async (t) => {
  const chat = await Chat.start(t);
  const ann = await chat.person('ann');
  const [tablet, desktop] = [await chat.phone(ann, DEVICE.tablet), await chat.phone(ann, DEVICE.desktop)];
  await chat.signIn(ann, DEVICE.tablet);
  const ended = await tablet.expectConnection('ended');
  assert.equal('code' in ended && ended.code, CLOSE_CODES.KICKED.code);
  await expectQuiet(300, () => (tablet.client.state.name === 'ended' ? undefined : 'it came back'));
  assert.equal(desktop.client.state.name, 'online');
});

test('logging out ends the connection of that device and the token', async (t) => {
  const chat = await Chat.start(t);
  const { http, ws } = chat.server.urls;
  const ann = await chat.person('ann');
  const { token } = await chat.signIn(ann, DEVICE.web);
  const client = await RawClient.connect(ws, WEB);
  await client.signIn(token);
  await callOk(http, 'auth/logout', {}, token);
  assert.equal((await client.expectClose()).code, CLOSE_CODES.LOGGED_OUT.code);
  assert.equal((await call(http, 'user/profile', {}, token)).status, 401);
  const back = await RawClient.connect(ws, WEB);
  assert.equal((await back.ask('authenticate', { version: 1, credential: token })).action, 'notify.error');
  back.terminate();
});

test('changing the password ends every device', async (t) => {
  const chat = await Chat.start(t);
  const { http } = chat.server.urls;
  const ann = await chat.person('ann');
  const [tablet, desktop] = [await chat.phone(ann, DEVICE.tablet), await chat.phone(ann, DEVICE.desktop)];
  const { token } = await chat.signIn(ann, DEVICE.web);
  const wrong = { oldPassword: 'a guess', newPassword: 'quite another' };
  assert.equal((await call(http, 'auth/password', wrong, token)).code, 1002);
  const right = { oldPassword: ann.password, newPassword: 'quite another' };
  const fresh = String(asObject(await callOk(http, 'auth/password', right, token))['Token']);
  await callOk(http, 'user/profile', {}, fresh);
  assert.equal((await call(http, 'user/profile', {}, token)).status, 401);
  for (const phone of [tablet, desktop]) await phone.expectConnection('ended');
  assert.equal(
    (await call(http, 'auth/signin', { Account: ann.account, Password: ann.password, Device: 2 })).code,
    1002,
  );
  await chat.signIn({ ...ann, password: 'quite another' }, DEVICE.web);
});
