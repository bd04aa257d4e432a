/** Peer offline, then syncs or pulls all, in order, once; and what happened to one's own messages meanwhile. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { LegacyActor } from '../support/actor.js';
import { Chat, DEVICE } from '../support/chat.js';
import { Person } from '../support/group_people.js';
import { callOk } from '../support/http.js';
import { asObject, type Json } from '../support/raw_client.js';
import { waitUntil } from '../support/wait.js';

const MISSED = Array.from({ length: 450 }, (_, index) => `missed ${index}`);

test('a phone that was away syncs all it missed, in order, once', async (t) => {
  const chat = await Chat.start(t);
  const [ann, bob, carol] = [await chat.person('ann'), await chat.person('bob'), await chat.person('carol')];
  const [annPhone, carolPhone] = [await chat.phone(ann), await chat.phone(carol)];
  const { token } = await chat.signIn(bob, DEVICE.tablet);
  const bobPhone = await chat.phoneWith(token, { name: 'bob' }).connect();
  annPhone.send(bob.uid, 'before');
  await bobPhone.expectMessage('before');
  await bobPhone.close();

  const sends = MISSED.map((content) => annPhone.send(bob.uid, content));
  const other = carolPhone.send(bob.uid, 'from carol');
  await carolPhone.expectState(other, 'offline');
  for (const send of sends.slice(-1)) await annPhone.expectState(send, 'offline');
  await bobPhone.connect();
  await waitUntil('all on the screen', () => bobPhone.shown.length === MISSED.length + 2);
  const fromAnn = bobPhone.shown.filter(({ from }) => from === ann.uid).map(({ content }) => content);
  assert.deepEqual(fromAnn, ['before', ...MISSED]);
  await bobPhone.expectNothing();
  for (const send of [...sends.slice(-1)]) await annPhone.expectState(send, 'received');
  await carolPhone.expectState(other, 'received');
  await chat.assertNothingWrong();
});

test('a phone that starts with no memory syncs what its device had not acked', async (t) => {
  const chat = await Chat.start(t);
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const annPhone = await chat.phone(ann);
  const { token } = await chat.signIn(bob, DEVICE.tablet);
  const first = await chat.phoneWith(token, { name: 'bob, first run' }).connect();
  const seen = annPhone.send(bob.uid, 'seen');
  await first.expectMessage('seen');
  await annPhone.expectState(seen, 'received');
  await first.close();
  for (const content of MISSED) annPhone.send(bob.uid, content);
  await waitUntil('all stored', () => annPhone.isAnswered);
  const second = await chat.phoneWith(token, { name: 'bob, second run' }).connect();
  await waitUntil('all on the screen', () => second.shown.length >= MISSED.length);
  assert.deepEqual(second.texts.slice(-MISSED.length), MISSED);
  assert.equal(new Set(second.shown.map(({ mid }) => mid)).size, second.shown.length, 'each once');
});

test('an old web client acknowledges what it is pushed at its sign-in by a list, and has nothing left', async (t) => {
  const chat = await Chat.start(t);
  const { urls } = chat.server;
  const ann = await chat.person('ann');
  const annPhone = await chat.phone(ann);
  const bob = await Person.enter(urls, 'web');
  await bob.close();
  const sends = ['one', 'two', 'three'].map((content) => annPhone.send(bob.uid, content));
  for (const send of sends) await annPhone.expectState(send, 'offline');
  const again = await Person.connect(urls, 'web', bob.account);
  await waitUntil('all pushed', () => again.client.heard('message.chat').length === 3);
  const mids = again.client.heard('message.chat').map(({ data }) => asObject(data)['mid']);
  again.client.say('ack.offline', { mid: [...mids.slice(0, 2), 123_456_789] });
  again.client.say('ack.offline', { mid: mids[2] });
  for (const send of sends) await annPhone.expectState(send, 'received');
  assert.deepEqual(
    again.client.frames.filter(({ action }) => /error|unknown/.test(action)),
    [],
  );
  await again.close();
  const last = annPhone.send(bob.uid, 'four');
  await annPhone.expectState(last, 'offline');
  // Marks are written behind, within a second.
  await waitUntil('only the new one to be left', async () => {
    const third = await Person.connect(urls, 'web', bob.account);
    await third.client.expect('message.chat', ({ content }) => content === 'four');
    const contents = third.client.heard('message.chat').map(({ data }) => asObject(data)['content']);
    await third.close();
    return contents.length === 1;
  });
});

test('an old client pulls all by HTTP, acknowledges, and has nothing left', async (t) => {
  const chat = await Chat.start(t);
  const { urls } = chat.server;
  const ann = await chat.person('ann');
  const annPhone = await chat.phone(ann);
  const bob = await LegacyActor.enter(urls, 'bob');
  await bob.close();
  const sends = MISSED.map((content) => annPhone.send(bob.uid, content));
  const last = sends.at(-1);
  assert.ok(last !== undefined);
  await annPhone.expectState(last, 'offline');

  const pull = async (): Promise<readonly Json[]> => {
    const data = await callOk(urls.http, 'msg/chat/offline', {}, bob.account.token);
    assert.ok(Array.isArray(data));
    return data.map(asObject);
  };
  const again = await LegacyActor.connect(urls, bob.account);
  const pulled = await pull();
  assert.deepEqual(
    pulled.map((message) => message['Content']),
    MISSED,
  );
  for (const key of ['Mid', 'From', 'To', 'Type', 'SendAt', 'CreateAt', 'Status']) {
    assert.equal(typeof pulled[0]?.[key], 'number', `${key} in ${JSON.stringify(pulled[0])}`);
  }
  assert.ok(Number(pulled[0]?.['SendAt']) < 1e10, 'seconds');
  assert.equal((await pull()).length, MISSED.length, 'a pull that is not acknowledged takes nothing away');
  const mids = pulled.map((message) => message['Mid']);
  assert.notEqual(await callOk(urls.http, 'msg/chat/offline/ack', { Mid: mids }, bob.account.token), null);
  await annPhone.expectState(last, 'received');
  // Marks are written behind, within a second.
  await waitUntil('nothing to be left', async () => (await pull()).length === 0);
  const live = annPhone.send(bob.uid, 'live');
  await again.receive('live');
  await annPhone.expectState(live, 'received');
  assert.equal(again.client.heard('message.chat').length, 1, 'and nothing of the old was pushed');
  await again.close();
});

test('the peer reads while the sender is offline: the tick is there at the next sync', async (t) => {
  const chat = await Chat.start(t);
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const [annPhone, bobPhone] = [await chat.phone(ann), await chat.phone(bob)];
  await bobPhone.close();
  const send = annPhone.send(bob.uid, 'read me');
  await annPhone.expectState(send, 'offline');
  await annPhone.close();
  await bobPhone.connect();
  const message = await bobPhone.expectMessage('read me');
  bobPhone.client.markRead(message.conv, message.seq);
  // Marks are written behind: the peer's own sync tells when they are there.
  const { token } = await chat.signIn(bob, DEVICE.desktop);
  await waitUntil('the mark to be written', async () => {
    const data = asObject(await callOk(chat.server.urls.http, 'sync', { since: 0 }, token));
    const rows = Array.isArray(data['conversations']) ? data['conversations'].map(asObject) : [];
    return rows.some((row) => row['readSeq'] === message.seq);
  });
  await annPhone.connect();
  await annPhone.expectState(send, 'read');
  assert.equal(annPhone.client.conversations.all()[0]?.peerReadSeq, message.seq);
  await chat.assertNothingWrong();
});
