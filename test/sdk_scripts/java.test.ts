/** The public Java SDK against the real server: its whole flow, its reconnect, its receipts, and nobody's loop. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { call, register } from '../support/http.js';
import { asObject } from '../support/raw_client.js';
import { TestServer, type ServerOptions } from '../support/server.js';
import { expectQuiet, waitUntil } from '../support/wait.js';
import { JavaSdk } from './java_sdk.js';
import { WebSdk } from './web_sdk.js';

const REPUSH = { 'gateway-old-sdk-first-repush-ms': 200, 'gateway-old-sdk-second-repush-ms': 400 };

async function serve(t: TestContext, flags: ServerOptions['flags'] = {}): Promise<TestServer> {
  return TestServer.start(t, { flags });
}

async function newPhone(t: TestContext, server: TestServer, name: string): Promise<JavaSdk> {
  const { http } = server.urls;
  const phone = new JavaSdk(http, await register(http, name));
  t.after(() => phone.end());
  await phone.login();
  return phone;
}

async function shows(phone: JavaSdk, content: string): Promise<void> {
  await waitUntil(`«${content}» on the phone`, () =>
    phone.shown.some((message) => message.content === content),
  );
}

test('(a) Java to Java: sign in, chat, receipt under the wrong action, disconnect, offline pull, reconnect', async (t) => {
  const server = await serve(t);
  const [ann, bob] = [await newPhone(t, server, 'ann'), await newPhone(t, server, 'bob')];
  assert.deepEqual(await ann.loadSessions(), []);

  assert.equal(await ann.send(bob.uid, 'hello b1'), 'received');
  await shows(bob, 'hello b1');
  const [chat] = bob.heard('message.chat');
  const [{ mid, cTime } = { mid: 0, cTime: 0 }] = bob.shown;
  assert.equal(
    chat?.text,
    `{"Ver":0,"Seq":0,"Action":"message.chat","Data":{"Mid":${mid},"CSeq":1,"Seq":1,"From":${ann.uid},"To":${bob.uid},"Type":1,"Content":"hello b1","CTime":${cTime},"SendAt":${cTime},"Status":0},"Extra":null}`,
  );
  assert.deepEqual(
    [ann.heard('ack.message'), ann.heard('ack.notify')].map(([line]) => line?.text),
    [
      `{"Ver":0,"Seq":0,"Action":"ack.message","Data":{"Mid":${mid},"Seq":1},"Extra":null}`,
      `{"Ver":0,"Seq":0,"Action":"ack.notify","Data":{"Seq":1,"Mid":${mid},"From":${bob.uid}},"Extra":null}`,
    ],
  );
  assert.equal(await bob.send(ann.uid, 'hello a2', 2), 'received');
  assert.equal((await bob.loadSessions()).length, 1);

  // The original answers no close frame, and acknowledges and loses the first message after it.
  bob.disconnect();
  await waitUntil('the close to be answered', () => bob.socket.closedWith !== undefined, 1000);
  assert.equal(bob.socket.closedWith, 1000);
  assert.equal(await ann.send(bob.uid, 'while you were out'), 'received', 'nobody there ends its timer too');
  assert.equal(bob.heard('message.chat').length, 1);
  await bob.connect();
  await shows(bob, 'while you were out');
  assert.equal(await ann.send(bob.uid, 'back again'), 'received');
  assert.deepEqual(
    bob.shown.map(({ content }) => content),
    ['hello b1', 'while you were out', 'back again'],
  );
  assert.equal(bob.heard('message.chat').length, 2, 'what was pulled was never pushed');

  await server.restart();
  await waitUntil('both to come back', () => ann.sockets.length > 1 && bob.sockets.length > 2, 15_000);
  await waitUntil('both to be signed in', () =>
    [ann, bob].every((phone) => phone.heard('api.success').length > 1),
  );
  assert.equal(await ann.send(bob.uid, 'after the restart'), 'received');
  await shows(bob, 'after the restart');
});

test('a network that breaks without a word: the phone comes back by itself and misses nothing', async (t) => {
  const server = await serve(t);
  const [ann, bob] = [await newPhone(t, server, 'ann'), await newPhone(t, server, 'bob')];
  const expected: string[] = [];
  for (let round = 0; round < 3; round++) {
    const before = bob.sockets.length;
    bob.socket.cut();
    for (let n = 0; n < 5; n++) {
      expected.push(`${round}.${n}`);
      await ann.startSend(bob.uid, `${round}.${n}`);
    }
    await waitUntil('the phone to be back', () => bob.sockets.length > before);
  }
  await waitUntil('all of it', () => bob.shown.length === expected.length);
  assert.deepEqual(bob.shown.map(({ content }) => content).sort(), expected);
});

test('what was received over the socket is not in a pull right after it, which a reconnect is', async (t) => {
  const server = await serve(t);
  const [ann, bob] = [await newPhone(t, server, 'ann'), await newPhone(t, server, 'bob')];
  assert.equal(await ann.send(bob.uid, 'once'), 'received');
  const pull = await call(server.urls.http, 'msg/chat/offline', {}, bob.token);
  // The phone would count it as unread once more.
  assert.deepEqual([pull.code, pull.data], [100, []]);
});

test('a receipt that gets lost: pushed again twice, shown once; gone without one, the sender is told', async (t) => {
  const server = await serve(t, REPUSH);
  const [ann, bob] = [await newPhone(t, server, 'ann'), await newPhone(t, server, 'bob')];
  bob.swallowsReceipts = true;
  const lost = await ann.startSend(bob.uid, 'lost receipt');
  await waitUntil('two repetitions', () => bob.heard('message.chat').length === 3);
  await expectQuiet(1000, () => (bob.heard('message.chat').length > 3 ? 'a third repetition' : undefined));
  assert.equal(bob.shown.length, 1);
  assert.equal(lost.state, 'stored', 'no delivery is made up');
  assert.equal(
    new Set(bob.heard('message.chat').map(({ text }) => text)).size,
    1,
    'the same bytes each time',
  );
  bob.disconnect();
  await waitUntil('the sender to be told', () => lost.state === 'received');
  bob.swallowsReceipts = false;
  await bob.connect();
  assert.equal(bob.shown.length, 1, 'pulled again, shown once');
  await waitUntil('the receipt of the pull', () => ann.heard('ack.notify').length > 1);
  assert.equal(ann.heard('ack.notify').length, 2, '«offline» once before it');
});

test('what is sent again after it was received ends its timer again; shown once', async (t) => {
  const server = await serve(t);
  const [ann, bob] = [await newPhone(t, server, 'ann'), await newPhone(t, server, 'bob')];
  const sent = await ann.startSend(bob.uid, 'once');
  await waitUntil('its receipt', () => sent.state === 'received');
  for (const action of ['message.chat.resend', 'message.chat.retry']) {
    const again = ann.resend(bob.uid, sent, 'once', action);
    await waitUntil('its receipt again', () => again.state === 'received');
  }
  const notifies = ann.heard('ack.notify').map(({ text }) => text);
  assert.equal(notifies.length, 3);
  assert.equal(new Set(notifies).size, 1, 'the same bytes each time');
  assert.equal(bob.heard('message.chat').length, 1);
});

test('what the browser wrote while the phone was away is pulled, though a message of now is acknowledged before', async (t) => {
  const server = await serve(t);
  const bobs = await register(server.urls.http, 'bob');
  const [ann, bob] = [await newPhone(t, server, 'ann'), new JavaSdk(server.urls.http, bobs)];
  const browser = new WebSdk(server.urls);
  t.after(() => {
    bob.end();
    browser.end();
  });
  await bob.login();
  await browser.loginByPassword(bobs.account, bobs.password);
  assert.equal(await ann.send(bob.uid, 'one'), 'received');
  bob.disconnect();
  await waitUntil('the phone to be gone', () => bob.socket.closedWith !== undefined);
  await browser.send(ann.uid, 'from the browser 1');
  await browser.send(ann.uid, 'from the browser 2');
  bob.beforeSync = async () => {
    assert.equal(await ann.send(bob.uid, 'live'), 'received');
  };
  await bob.connect();
  await shows(bob, 'from the browser 1');
  await shows(bob, 'from the browser 2');
});

test('(d) heartbeats: none is ever answered, and probes that are answered do not add up', async (t) => {
  const server = await serve(t, { 'gateway-probe-idle-ms': 1000, 'gateway-sweep-ms': 100 });
  const [ann, bob] = [await newPhone(t, server, 'ann'), await newPhone(t, server, 'bob')];
  const fromMs = performance.now();
  assert.equal(await ann.send(bob.uid, 'tick'), 'received');
  await expectQuiet(8000, () => ann.troubles[0] ?? bob.troubles[0]);
  for (const phone of [ann, bob]) {
    const seconds = (performance.now() - fromMs) / 1000;
    const down = phone.heard('heartbeat').length;
    const up = phone.socket.lines.filter(
      ({ way, frame }) => way === 'up' && frame['Action'] === 'heartbeat',
    ).length;
    assert.ok(down >= 3, `probed after each idle second: ${down}`);
    assert.ok(down <= seconds + 1, `one probe a second at most, not one an answer: ${down}`);
    assert.ok(up <= down + seconds / 3 + 2, `${up} up`);
    assert.equal(phone.sockets.length, 1, 'and the connection lives');
  }
});

test('(e) two sign-ins on one device: one kick, no ping-pong, and the winner stays', async (t) => {
  const server = await serve(t);
  const { http } = server.urls;
  const account = await register(http, 'ann');
  const [first, second] = [new JavaSdk(http, account), new JavaSdk(http, account)];
  t.after(() => [first, second].forEach((phone) => phone.end()));
  const bob = await newPhone(t, server, 'bob');
  await first.login();
  await second.login();
  await waitUntil('the kick', () => first.kickedCount === 1);
  // It reconnects with what it has, is refused, logs out with the superseded token, and stays outside.
  await waitUntil('the first to be refused', () => first.troubles.length > 0);
  await expectQuiet(7000, () => (second.kickedCount > 0 ? 'the winner was kicked' : undefined));
  assert.deepEqual([first.kickedCount, second.kickedCount, second.sockets.length], [1, 0, 1]);
  assert.ok(first.sockets.length <= 3, `${first.sockets.length} connections`);
  assert.equal(await bob.send(second.uid, 'to the winner'), 'received');
  await shows(second, 'to the winner');
  assert.equal(first.shown.length, 0);
  assert.equal(await second.send(bob.uid, 'still signed in'), 'received');
  assert.equal(asObject(second.socket.lines.at(-1)?.frame)['Action'] === 'notify.auth', false);
});
