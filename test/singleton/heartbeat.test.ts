/** Signs of life on real sockets: no reply loop with clients that answer everything, dead peers closed in time. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { WebSocket } from 'ws';
import { CLOSE_CODES } from '../../im/errors.js';
import { Chat, DEVICE } from '../support/chat.js';
import { LEGACY, RawClient, WEB } from '../support/raw_client.js';
import { TcpPeer } from '../support/tcp_peer.js';
import { expectQuiet, waitUntil } from '../support/wait.js';

const PROBE_IDLE_MS = 150;
const FLAGS = {
  'gateway-probe-idle-ms': PROBE_IDLE_MS,
  'gateway-sweep-ms': 20,
  'gateway-close-ms': 500,
};

test('heartbeats', async (t) => {
  const chat = await Chat.start(t, { flags: FLAGS });
  const { ws } = chat.server.urls;
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const bobPhone = await chat.phone(bob);

  for (const wording of [LEGACY, WEB]) {
    await t.test(`a storm of ${wording.name} heartbeats is not answered at all`, async () => {
      const { token } = await chat.signIn(ann, DEVICE.android);
      const client = await RawClient.connect(ws, wording);
      await client.signIn(token);
      for (let n = 1; n <= 500; n++) client.say('heartbeat', wording === LEGACY ? '' : {}, n);
      // Behind them all: its answer proves that they have been read.
      await client.ask('api.user.info', { Uid: [bob.uid] });
      assert.deepEqual(client.heard('heartbeat'), []);
      await client.close();
    });

    await t.test(
      `a ${wording.name} client that answers every heartbeat gets probes only, and stays`,
      async () => {
        const { token } = await chat.signIn(ann, DEVICE.android);
        const client = await RawClient.connect(ws, wording);
        await client.signIn(token);
        const startMs = performance.now();
        let answered = 0;
        const echo = setInterval(() => {
          for (; answered < client.heard('heartbeat').length; answered++)
            client.say('heartbeat', wording === LEGACY ? '' : {});
        }, 5);
        t.after(() => clearInterval(echo));
        await waitUntil('some probes', () => client.heard('heartbeat').length >= 6);
        clearInterval(echo);
        const most = (performance.now() - startMs) / PROBE_IDLE_MS + 1;
        assert.ok(client.heard('heartbeat').length <= most, 'one for each time of silence, no more');
        assert.equal(client.closed, undefined);
        client.terminate();
      },
    );
  }

  await t.test(
    'a client that said nothing yet is asked in both casings; its answer says who it is',
    async () => {
      const client = await RawClient.connect(ws, LEGACY);
      const probe = await client.expect('heartbeat');
      const keys = Object.keys(JSON.parse(probe.text) as object);
      assert.ok(keys.includes('Action') && keys.includes('action'), probe.text);
      client.terminate();
    },
  );

  await t.test('a peer that has gone silent is closed after its probes, and is offline then', async () => {
    const { token } = await chat.signIn(ann, DEVICE.web);
    const peer = await TcpPeer.signIn(ws, token);
    t.after(() => peer.destroy());
    const before = bobPhone.send(ann.uid, 'are you there?');
    await bobPhone.expectState(before, 'stored');
    await waitUntil('the end of the socket', () => peer.isEnded);
    assert.ok(peer.silenceMs >= 4 * PROBE_IDLE_MS - 50, `after ${peer.silenceMs} ms`);
    assert.equal(peer.text.split('"heartbeat"').length - 1, 3);
    assert.ok(peer.text.includes(CLOSE_CODES.HEARTBEAT_LOST.text), peer.text);
    await bobPhone.expectState(bobPhone.send(ann.uid, 'gone'), 'offline');
  });

  await t.test('one that only pings stays', async () => {
    const { token } = await chat.signIn(ann, DEVICE.web);
    const socket = new WebSocket(ws);
    const ping = setInterval(() => {
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    }, 20);
    t.after(() => {
      clearInterval(ping);
      socket.terminate();
    });
    socket.on('open', () =>
      socket.send(JSON.stringify({ seq: 1, action: 'authenticate', data: { credential: token } })),
    );
    await waitUntil('an answer', () => socket.readyState === WebSocket.OPEN);
    await expectQuiet(6 * PROBE_IDLE_MS, () =>
      socket.readyState === WebSocket.OPEN ? undefined : 'it was closed',
    );
  });
});
