/** SIGTERM under load: nothing acked is lost, every send is answered or sent again, and each is stored once. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { CLOSE_CODES } from '../../im/errors.js';
import { Chat, DEVICE } from '../support/chat.js';
import { RawClient, WEB } from '../support/raw_client.js';
import { readStoredLog } from '../support/stored_log.js';
import { waitUntil } from '../support/wait.js';

const SENDS = 300;

test('stop: clients are told to come back, acked messages are there, every send ends once', async (t) => {
  const chat = await Chat.start(t);
  const { server } = chat;
  const [ann, bob, web] = [await chat.person('ann'), await chat.person('bob'), await chat.person('web')];
  const [annPhone, bobPhone] = [await chat.phone(ann), await chat.phone(bob)];
  const raw = await RawClient.connect(server.urls.ws, WEB);
  const { token } = await chat.signIn(web, DEVICE.web);
  raw.sendText(WEB.envelope('api.auth', 1, { token }));
  await waitUntil('the web client to be in', () => raw.frames.length > 0);

  for (let n = 0; n < SENDS; n++) {
    annPhone.send(bob.uid, `from ann ${n}`);
    bobPhone.send(ann.uid, `from bob ${n}`);
  }
  const acked = (): number =>
    [...annPhone.sent(), ...bobPhone.sent()].filter(({ outcome }) => outcome === 'acked').length;
  await waitUntil('the first acks', () => acked() > 20);
  await server.kill('SIGTERM');
  const ackedBefore = [...annPhone.sent(), ...bobPhone.sent()].filter(({ outcome }) => outcome === 'acked');
  assert.ok(ackedBefore.length < 2 * SENDS, 'stopped in the middle');
  assert.equal((await raw.expectClose()).code, CLOSE_CODES.GOING_AWAY.code);
  const stored = await readStoredLog(server.dataDir);
  for (const { conv, seq, content } of ackedBefore)
    assert.equal(stored.find((row) => row.conv === conv && row.seq === seq)?.content, content);

  await server.restart();
  await waitUntil('every send to be answered', () => annPhone.isAnswered && bobPhone.isAnswered, 30_000);
  await waitUntil('all on both screens', () =>
    [annPhone, bobPhone].every(({ shown }) => shown.length >= 2 * SENDS),
  );
  assert.equal((await readStoredLog(server.dataDir)).length, 2 * SENDS, 'each once');
  await chat.assertNothingWrong();
});

test('stop: receipts of the last moment are written', async (t) => {
  // So long that only the stop can have written them.
  const chat = await Chat.start(t, { flags: { 'messaging-mark-delay-ms': 60_000 } });
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const { token } = await chat.signIn(bob, DEVICE.tablet);
  const annPhone = await chat.phone(ann);
  const bobPhone = await chat.phoneWith(token, { name: 'bob', tuning: { receiptIntervalMs: 20 } }).connect();
  const send = annPhone.send(bob.uid, 'got it?');
  await annPhone.expectState(send, 'received');
  await bobPhone.close();
  await chat.server.kill('SIGTERM');
  await chat.server.restart();
  const fresh = await chat.phoneWith(token, { name: 'bob, no memory' }).connect();
  await annPhone.sendAndWait(bob.uid, 'and this?');
  await fresh.expectMessage('and this?');
  assert.deepEqual(fresh.texts, ['and this?'], 'what was received is not offered again');
});

test('stop: nobody gets in any more while it is under way, and a second signal ends it at once', async (t) => {
  // A connection that never answers keeps the stop waiting.
  const chat = await Chat.start(t, {
    flags: { 'gateway-close-ms': 60_000, 'lifecycle-close-step-ms': 60_000, 'lifecycle-repeat-signal-ms': 0 },
  });
  const { server } = chat;
  const ann = await chat.person('ann');
  const { token } = await chat.signIn(ann, DEVICE.web);
  const stuck = await RawClient.connect(server.urls.ws, WEB);
  stuck.sendText(WEB.envelope('api.auth', 1, { token }));
  await waitUntil('the web client to be in', () => stuck.frames.length > 0);
  stuck.stopReading();
  const { hostname, port } = new URL(server.urls.ws);
  process.kill(server.pid, 'SIGTERM');
  await waitUntil('the door to be shut', async () => !(await isOpen(hostname, Number(port))));
  const startedAtMs = performance.now();
  await server.kill('SIGTERM');
  assert.ok(performance.now() - startedAtMs < 10_000);
  assert.match(server.log, /second signal: exit without finishing/);
  stuck.terminate();
});

function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
