/**
 * Frames that are passed on and kept nowhere: between each two kinds of client, to all devices of the recipient,
 * never in somebody else's name, past no block, and only from those who signed in.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { LegacyActor, SdkActor, WebActor, type Actor, type ActorKind } from '../support/actor.js';
import { Chat, DEVICE } from '../support/chat.js';
import { callOk, signIn } from '../support/http.js';
import type { Phone } from '../support/phone.js';
import { asObject, LEGACY, RawClient, WEB, type Json } from '../support/raw_client.js';
import { TestServer, type Urls } from '../support/server.js';
import { expectQuiet, waitUntil } from '../support/wait.js';

const KINDS: readonly ActorKind[] = ['legacy', 'web', 'sdk'];
const ENTER: Readonly<Record<ActorKind, (urls: Urls, name: string) => Promise<Actor>>> = {
  legacy: (urls, name) => LegacyActor.enter(urls, name),
  web: (urls, name) => WebActor.enter(urls, name),
  sdk: (urls, name) => SdkActor.enter(urls, name),
};
/** Somebody else's, which the server has to overwrite. */
const FORGED = 1;
const OFFER = 2007;

function pass(from: Actor, to: number, type: number, content: unknown): void {
  if (from instanceof LegacyActor) {
    from.client.say('message.cli', { From: FORGED, To: to, Type: type, Content: content });
  } else if (from instanceof WebActor) {
    const data = { from: String(FORGED), to: String(to), id: 'x1', type, content };
    const frame = { action: 'message.cli', data, seq: 77, to: String(to), extra: { a: 'b' }, sign: 'secret' };
    from.client.sendText(JSON.stringify(frame));
  } else {
    phoneOf(from).client.relay(to, type, content);
  }
}

function phoneOf(actor: Actor): Phone {
  assert.ok(actor instanceof SdkActor);
  return actor.phone;
}

/** Waits for it, checks its form, and gives its content. */
async function getPassed(reader: Actor, from: number, type: number): Promise<unknown> {
  if (reader instanceof LegacyActor) {
    const { text, data } = await reader.client.expect('message.cli', (heard) => heard['Type'] === type);
    const { From, To, Content } = asObject(data);
    assert.deepEqual([From, To], [from, reader.uid]);
    assert.deepEqual(Object.keys(JSON.parse(text) as Json), ['Ver', 'Seq', 'Action', 'Data', 'Extra']);
    return Content;
  }
  if (reader instanceof WebActor) {
    const { text, data } = await reader.client.expect('message.cli', (heard) => heard['type'] === type);
    const { from: sender, to, content } = asObject(data);
    assert.deepEqual([sender, to], [String(from), String(reader.uid)]);
    assert.deepEqual(Object.keys(JSON.parse(text) as Json), ['ver', 'seq', 'action', 'data']);
    return content;
  }
  const { relays } = phoneOf(reader);
  const relay = await waitUntil('a relay', () => relays.find((one) => one.type === type));
  assert.deepEqual([relay.from, relay.to], [from, reader.uid]);
  return relay.content;
}

test('each pairing: verbatim, in the sender’s real name, in the reader’s own form', async (t) => {
  const { urls } = await TestServer.start(t);
  for (const one of KINDS) {
    for (const other of KINDS) {
      await t.test(`${one} → ${other}`, async () => {
        const from = await ENTER[one](urls, `${one}_1`);
        const to = await ENTER[other](urls, `${other}_2`);
        const offer = { peerId: 'p', sdp: 'v=0\r\n"', Deep: [{ Mid: 1 }, null] };
        pass(from, to.uid, OFFER, offer);
        pass(from, to.uid, 10_021, 'a text 🛶');
        assert.deepEqual(await getPassed(to, from.uid, OFFER), offer);
        assert.equal(await getPassed(to, from.uid, 10_021), 'a text 🛶');
        await from.close();
        await to.close();
      });
    }
  }

  await t.test('customer service goes to CsId, and is no base64', async () => {
    const customer = await LegacyActor.enter(urls, 'customer');
    const service = await WebActor.enter(urls, 'service');
    const data = { Sender: FORGED, Receiver: FORGED, CsId: service.uid, ChatId: 5, MessageType: 1 };
    customer.client.say('message.cs', { ...data, Message: 'help', SendAt: 1_700_000_000 });
    const heard = asObject((await service.client.expect('message.cs')).data);
    const { sender, csId, message, chatId } = heard;
    assert.deepEqual(
      { sender, csId, message, chatId },
      {
        ...{ sender: String(customer.uid), csId: String(service.uid), message: 'help', chatId: 5 },
      },
    );
    for (const actor of [customer, service]) await actor.close();
  });
});

test('to all devices that are there, in order, and to nobody later', async (t) => {
  const chat = await Chat.start(t);
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const annPhone = await chat.phone(ann);
  annPhone.client.relay(bob.uid, 1001, 'while away');
  const phones = [await chat.phone(bob), await chat.phone(bob, DEVICE.desktop)];
  const texts = Array.from({ length: 50 }, (_, index) => `part ${index}`);
  for (const text of texts) assert.ok(annPhone.client.relay(bob.uid, 1001, text));
  annPhone.client.typing(bob.uid);
  for (const phone of phones) {
    await waitUntil('the typing behind them', () => phone.typing.length === 1);
    assert.deepEqual(
      phone.relays.map(({ content }) => content),
      texts,
    );
    assert.deepEqual([phone.typing, phone.shown], [[ann.uid], []]);
  }
  assert.equal(annPhone.relays.length, 0);
  await annPhone.close();
  assert.equal(annPhone.client.relay(bob.uid, 1001, 'lost'), false, 'there is no connection');
});

test('not from whoever was blocked, nor from strangers to whom nobody may write', async (t) => {
  const { urls } = await TestServer.start(t, { flags: { 'messaging-relay-rights-ms': 50 } });
  const [ann, eve] = [await WebActor.enter(urls, 'ann'), await WebActor.enter(urls, 'eve')];
  pass(eve, ann.uid, 1001, 'hello');
  await getPassed(ann, eve.uid, 1001);
  await callOk(urls.http, 'session/blacklist/add', { relative_ids: [String(eve.uid)] }, ann.account.token);
  await waitUntil('the block to take hold', () => {
    pass(eve, ann.uid, 1002, 'still there?');
    return eve.client.heard('notify.error').find(({ seq }) => seq === 77);
  });
  const before = ann.client.frames.length;
  pass(eve, ann.uid, 1004, 'blocked');
  await expectQuiet(200, () => ann.client.frames[before]?.text);

  const shy = await WebActor.enter(urls, 'shy');
  await callOk(urls.http, 'user/profile/update', { contactsOnly: true }, shy.account.token);
  eve.client.say('message.cli', { to: String(shy.uid), type: 1, content: 'hello' }, 78);
  const refusal = await waitUntil('a refusal', () => eve.client.frames.find(({ seq }) => seq === 78));
  assert.deepEqual([refusal.action, refusal.data], ['notify.error', ERRORS.CONTACTS_ONLY.text]);
  for (const actor of [ann, eve, shy]) await actor.close();
});

test('refused: too large, to nobody, with a wrong ticket, before the sign-in', async (t) => {
  const { urls } = await TestServer.start(t, { flags: { 'messaging-relay-bytes': 1000 } });
  const [ann, bob] = [await WebActor.enter(urls, 'ann'), await LegacyActor.enter(urls, 'bob')];
  const data = { to: String(bob.uid), type: 1, content: '' };
  const fits = { ...data, content: 'x'.repeat(900) };
  ann.client.say('message.cli', fits, 50);
  await bob.client.expect('message.cli');
  ann.client.say('message.cli', { ...data, content: 'x'.repeat(1000) }, 51);
  ann.client.say('message.cli', { type: 1 }, 52);
  ann.client.say('message.cli', { ...data, to: '999999' }, 53);
  ann.client.sendText(JSON.stringify({ action: 'message.cli', seq: 54, ticket: 'no', data }));
  for (const [seq, action] of [
    [51, 'notify.error'],
    [52, 'notify.error'],
    [53, 'notify.error'],
    [54, 'notify.forbidden'],
  ] as const) {
    const answer = await waitUntil(`${seq}`, () => ann.client.frames.find((frame) => frame.seq === seq));
    assert.equal(answer.action, action, answer.text);
  }
  for (const wording of [WEB, LEGACY]) {
    const stranger = await RawClient.connect(urls.ws, wording);
    const answer = await stranger.ask('message.cli', { To: bob.uid, Type: 1, Content: 'x' });
    assert.equal(answer.action, 'notify.error');
    await stranger.close();
  }
  await expectQuiet(200, () => bob.client.heard('message.cli')[1]?.text);
  for (const actor of [ann, bob]) await actor.close();
});

test('tickets: a wrong one is always refused, none only where they are enforced, and our SDK then fetches one', async (t) => {
  const { urls } = await TestServer.start(t, { flags: { 'messaging-enforce-tickets': true } });
  const [web, java, sdk] = [
    await WebActor.enter(urls, 'web'),
    await LegacyActor.enter(urls, 'java'),
    await SdkActor.enter(urls, 'sdk'),
  ];
  const chat = {
    from: web.uid,
    to: java.uid,
    content: 'hi',
    mid: 0,
    clientId: 'A1',
    atMs: 1_600_000_000_000,
  };
  web.client.chat(chat);
  const missing = await web.client.expect('notify.forbidden');
  web.client.chat({ ...chat, ticket: 'wrong' });
  await waitUntil('both to be refused', () => web.client.heard('notify.forbidden').length === 2);
  assert.ok(Number(missing.seq) > 0);
  await web.send(java.uid, 'with a ticket', 1_600_000_000_000);
  await java.receive('with a ticket');
  await java.send(web.uid, 'needs none', 1_600_000_000_000);
  const { mid } = await sdk.send(java.uid, 'fetched one');
  assert.ok(mid > 0);
  await java.receive('fetched one');
  for (const actor of [web, java, sdk]) await actor.close();

  const open = await TestServer.start(t);
  const plain = await WebActor.connect(open.urls, await signInNew(open.urls));
  plain.client.chat({ ...chat, to: plain.uid, clientId: 'B1' });
  await plain.client.expect('ack.message');
  plain.client.chat({ ...chat, to: plain.uid, clientId: 'B2', ticket: 'wrong' });
  await plain.client.expect('notify.forbidden');
  await plain.close();
});

async function signInNew(urls: Urls): Promise<WebActor['account']> {
  const actor = await WebActor.enter(urls, 'plain');
  await actor.close();
  return signIn(urls.http, actor.account, DEVICE.web);
}
