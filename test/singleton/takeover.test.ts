/** The same token on several connections: a device whose network changes keeps it, two devices that share it do not. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { CLOSE_CODES } from '../../im/errors.js';
import { Chat, DEVICE } from '../support/chat.js';
import { call, callOk } from '../support/http.js';
import { asObject, RawClient, WEB } from '../support/raw_client.js';
import { TcpPeer } from '../support/tcp_peer.js';
import { expectQuiet, waitUntil } from '../support/wait.js';

const CLOSE_MS = 300;
const FLAGS = { 'gateway-close-ms': CLOSE_MS, 'gateway-sweep-ms': 20 };

test('half-open reconnects, six in a row: the old sockets never answer, and the token lives', async (t) => {
  const chat = await Chat.start(t, { flags: FLAGS });
  const { http, ws } = chat.server.urls;
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const bobPhone = await chat.phone(bob);
  const { token } = await chat.signIn(ann, DEVICE.android);
  const enter = async (): Promise<RawClient> => {
    const client = await RawClient.connect(ws, WEB);
    t.after(() => client.terminate());
    await client.signIn(token);
    return client;
  };
  for (let n = 0; n < 6; n++) {
    const client = await enter();
    // The network is gone: nothing that the server says arrives, its close frame neither.
    client.stopReading();
  }
  const last = await enter();
  await expectQuiet(CLOSE_MS * 3, () => (last.closed === undefined ? undefined : 'the last was closed'));
  await callOk(http, 'user/profile', {}, token);
  bobPhone.send(ann.uid, 'still you?');
  await last.expect('message.chat');
});

test('two devices that share one token are stopped within five rounds', async (t) => {
  const chat = await Chat.start(t, { flags: FLAGS });
  const { http, ws } = chat.server.urls;
  const ann = await chat.person('ann');
  const { token } = await chat.signIn(ann, DEVICE.android);
  let entered = 0;
  let refused = 0;
  const codes: number[] = [];
  /** As the public SDKs do: whatever ends the connection, it comes back with what it has. */
  const device = async (): Promise<void> => {
    for (;;) {
      const client = await RawClient.connect(ws, WEB);
      t.after(() => client.terminate());
      const answer = await client.ask('authenticate', { version: 1, credential: token });
      if (answer.action !== 'notify.success') {
        refused++;
        client.terminate();
        return;
      }
      entered++;
      codes.push((await client.expectClose()).code);
    }
  };
  await Promise.all([device(), device()]);
  assert.equal(refused, 2);
  assert.ok(entered >= 5 && entered <= 7, `${entered} sign-ins`);
  assert.ok(codes.includes(CLOSE_CODES.REPLACED.code));
  assert.ok(codes.includes(CLOSE_CODES.TOKEN_INVALID.code), codes.join());
  assert.equal((await call(http, 'user/profile', {}, token)).status, 401);
  const fresh = await chat.signIn(ann, DEVICE.android);
  await callOk(http, 'user/profile', {}, fresh.token);
});

test('a device that answers a close only by ending its socket is alive too', async (t) => {
  const chat = await Chat.start(t, { flags: FLAGS });
  const { http, ws } = chat.server.urls;
  const ann = await chat.person('ann');
  const { token } = await chat.signIn(ann, DEVICE.android);
  let last = await TcpPeer.signIn(ws, token);
  for (let n = 0; n < 4; n++) {
    const next = await TcpPeer.signIn(ws, token);
    t.after(() => next.destroy());
    const replaced = last;
    await waitUntil('the close frame', () => replaced.text.includes(CLOSE_CODES.REPLACED.text));
    replaced.end();
    await waitUntil('its end', () => replaced.isEnded);
    last = next;
  }
  await waitUntil('the revocation', () => last.text.includes(CLOSE_CODES.TOKEN_INVALID.text));
  assert.equal((await call(http, 'user/profile', {}, token)).status, 401);
});

test('a device that had closed by itself before it came back fights with nobody', async (t) => {
  const chat = await Chat.start(t, { flags: FLAGS });
  const { http, ws } = chat.server.urls;
  const ann = await chat.person('ann');
  const { token } = await chat.signIn(ann, DEVICE.android);
  let old: RawClient | undefined;
  for (let n = 0; n < 8; n++) {
    const client = await RawClient.connect(ws, WEB);
    t.after(() => client.terminate());
    // Its goodbye and the next sign-in cross on the way.
    const goodbye = old?.close();
    await client.signIn(token);
    await goodbye;
    old = client;
  }
  await callOk(http, 'user/profile', {}, token);
  assert.equal(old?.closed, undefined);
});

test('of two phones of ours with one token the later stays, and the earlier says so and rests', async (t) => {
  const chat = await Chat.start(t, { flags: FLAGS });
  const ann = await chat.person('ann');
  const { token } = await chat.signIn(ann, DEVICE.tablet);
  const first = await chat.phoneWith(token, { name: 'first' }).connect();
  const second = await chat.phoneWith(token, { name: 'second' }).connect();
  const ended = await first.expectConnection('ended');
  assert.equal('code' in ended && ended.code, CLOSE_CODES.REPLACED.code);
  await expectQuiet(500, () => (second.client.state.name === 'online' ? undefined : 'it fell out'));
  assert.equal(first.client.state.name, 'ended');
  assert.equal(second.states.filter(({ name }) => name === 'online').length, 1);
  await waitUntil('still in use', () => second.client.state.name === 'online');
});

test('an old browser that comes back is given what its dead socket never got', async (t) => {
  const chat = await Chat.start(t, { flags: FLAGS });
  const { ws } = chat.server.urls;
  const [ann, bob, cid] = [await chat.person('ann'), await chat.person('bob'), await chat.person('cid')];
  const [bobPhone, cidPhone] = [await chat.phone(bob), await chat.phone(cid)];
  const enter = async (token: string): Promise<RawClient> => {
    const client = await RawClient.connect(ws, WEB);
    t.after(() => client.terminate());
    await client.signIn(token);
    return client;
  };
  const shown = (client: RawClient): string =>
    client
      .heard('message.chat')
      .map(({ data }) => String(asObject(data)['content']))
      .sort()
      .join();
  const first = await chat.signIn(ann, DEVICE.web);
  const dead = await enter(first.token);
  dead.stopReading();
  await bobPhone.sendAndWait(ann.uid, 'b1');
  await cidPhone.sendAndWait(ann.uid, 'c1');
  const second = await enter(first.token);
  await waitUntil('both, with the same token', () => shown(second) === 'b1,c1');
  second.stopReading();
  await bobPhone.sendAndWait(ann.uid, 'b2');
  const newer = await chat.signIn(ann, DEVICE.web);
  const third = await enter(newer.token);
  await waitUntil('all, with a newer token', () => shown(third) === 'b1,b2,c1');
});
