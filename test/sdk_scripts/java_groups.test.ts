/** What the public Java SDK missed of its groups: it pulls chats only, and is pushed these when it is back, each once. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { callOk, register } from '../support/http.js';
import { asObject } from '../support/raw_client.js';
import { TestServer, type ServerOptions } from '../support/server.js';
import { expectQuiet, waitUntil } from '../support/wait.js';
import { JavaSdk } from './java_sdk.js';
import type { ScriptSocket } from './script_socket.js';
import { WebSdk } from './web_sdk.js';

interface Stage {
  readonly server: TestServer;
  readonly ann: JavaSdk;
  readonly bob: JavaSdk;
  readonly bobs: { readonly account: string; readonly password: string };
  readonly gid: number;
}

/** A group of two phones, both of which have everything. */
async function stage(t: TestContext, flags: ServerOptions['flags'] = {}): Promise<Stage> {
  const server = await TestServer.start(t, { flags });
  const { http } = server.urls;
  const [anns, bobs] = [await register(http, 'ann'), await register(http, 'bob')];
  const [ann, bob] = [new JavaSdk(http, anns), new JavaSdk(http, bobs)];
  t.after(() => [ann, bob].forEach((phone) => phone.end()));
  for (const phone of [ann, bob]) await phone.login();
  const gid = await ann.createGroup('crew');
  await ann.inviteToGroup(gid, [bob.uid]);
  await waitUntil('bob to be told', () => bob.notices.length === 1);
  assert.equal(await ann.sendToGroup(gid, 'before'), 'received');
  await waitUntil('bob to have it', () => bob.groupShown.length === 1);
  return { server, ann, bob, bobs, gid };
}

/** Somebody to bring in; his uid. */
async function newcomer(t: TestContext, server: TestServer): Promise<number> {
  const { http } = server.urls;
  const carol = new JavaSdk(http, await register(http, 'carol'));
  t.after(() => carol.end());
  await carol.login();
  return carol.uid;
}

/** What came of groups over this connection: the texts of messages, and whom notices are about. */
function pushed(socket: ScriptSocket): readonly unknown[] {
  return socket.lines.flatMap(({ way, frame }) => {
    if (way === 'up') return [];
    const { Action: action, Data: data } = frame;
    if (action === 'message.group') return [asObject(data)['Content']];
    return action === 'notify.group' ? [asObject(asObject(data)['Data'])['Uid']] : [];
  });
}

async function leave(phone: JavaSdk): Promise<void> {
  phone.disconnect();
  await waitUntil('the close to be answered', () => phone.socket.closedWith !== undefined);
}

async function reconnect(phone: JavaSdk): Promise<void> {
  await leave(phone);
  await phone.connect();
}

async function bringsNothing(phone: JavaSdk): Promise<void> {
  await expectQuiet(1000, () =>
    pushed(phone.socket).length > 0 ? `again: ${JSON.stringify(pushed(phone.socket))}` : undefined,
  );
}

test('what was written in a group meanwhile comes after the sign-in, in order, once; chats are pulled', async (t) => {
  const { server, ann, bob, gid } = await stage(t);
  const carol = await newcomer(t, server);
  await leave(bob);
  await ann.sendToGroup(gid, 'one');
  await ann.inviteToGroup(gid, [carol]);
  await ann.send(bob.uid, 'a chat');
  await ann.sendToGroup(gid, 'two');
  await bob.connect();
  await waitUntil('all of it', () => pushed(bob.socket).length >= 3);
  assert.deepEqual(
    bob.shown.map(({ content }) => content),
    ['a chat'],
  );
  // Back at once: the mark has passed the notice as well.
  await reconnect(bob);
  await bringsNothing(bob);
  const [first, second] = [bob.sockets.at(-2), bob.socket];
  assert.deepEqual(first && pushed(first), ['one', [carol], 'two']);
  for (const socket of [first, second])
    assert.ok(
      socket?.lines.every(({ frame }) => frame['Action'] !== 'message.chat'),
      'no chat is pushed',
    );
});

test('a second return brings nothing again: own messages between, of the phone and of another device, a notice last', async (t) => {
  const { server, ann, bob, bobs, gid } = await stage(t);
  const carol = await newcomer(t, server);
  const browser = new WebSdk(server.urls);
  t.after(() => browser.end());
  await browser.loginByPassword(bobs.account, bobs.password);
  await leave(bob);
  await browser.sendToChannel(gid, 'from the browser');
  await ann.sendToGroup(gid, 'one');
  await bob.connect();
  await waitUntil('both', () => pushed(bob.socket).length === 2);
  assert.deepEqual(pushed(bob.socket), ['from the browser', 'one']);
  await bob.sendToGroup(gid, 'from the phone');
  await ann.sendToGroup(gid, 'two');
  await bob.sendToGroup(gid, 'from the phone again');
  await waitUntil('it', () => pushed(bob.socket).includes('two'));
  await reconnect(bob);
  await bringsNothing(bob);

  await ann.inviteToGroup(gid, [carol]);
  await waitUntil('the notice', () => pushed(bob.socket).length === 1);
  // Nothing is acknowledged: it counts as received when the phone is heard of a while after it.
  const beatsOf = (): number =>
    bob.socket.lines.filter(({ way, frame }) => way === 'up' && frame['Action'] === 'heartbeat').length;
  const before = beatsOf();
  await waitUntil('two heartbeats', () => beatsOf() >= before + 2, 10_000);
  await expectQuiet(500, () => undefined);
  await reconnect(bob);
  await bringsNothing(bob);
});

test('a new phone is given what its user has not read', async (t) => {
  const { server, ann, gid } = await stage(t);
  const { http } = server.urls;
  const doras = await register(http, 'dora');
  const browser = new WebSdk(server.urls);
  t.after(() => browser.end());
  await browser.loginByPassword(doras.account, doras.password);
  await ann.inviteToGroup(gid, [browser.uid]);
  for (const text of ['one', 'two']) await ann.sendToGroup(gid, text);
  await browser.receive('two');
  await callOk(http, 'conversation/read', { conv: `g${gid}` }, browser.token);
  await ann.sendToGroup(gid, 'three');
  const phone = new JavaSdk(http, doras);
  t.after(() => phone.end());
  await phone.login();
  await waitUntil('what is new', () => pushed(phone.socket).length > 0);
  await expectQuiet(500, () => undefined);
  assert.deepEqual(pushed(phone.socket), ['three']);
});

test('page after page, with what is written meanwhile, in the order of the group and each once', async (t) => {
  const flags = { 'gateway-old-sdk-page-count': 7, 'gateway-old-sdk-unacked': 20 };
  const { ann, bob, gid } = await stage(t, flags);
  await leave(bob);
  const texts = Array.from({ length: 120 }, (_, n) => `${n}`);
  for (const text of texts.slice(0, 80)) await ann.startGroupSend(gid, text);
  await Promise.all([
    bob.connect(),
    (async () => {
      for (const text of texts.slice(80)) await ann.startGroupSend(gid, text);
    })(),
  ]);
  await waitUntil('all of them', () => pushed(bob.socket).length >= texts.length, 15_000);
  assert.deepEqual(pushed(bob.socket), texts);
  await reconnect(bob);
  await bringsNothing(bob);
});

test('a phone that acknowledges nothing is given all pages as well, a while after each other', async (t) => {
  const flags = { 'gateway-old-sdk-first-repush-ms': 300, 'gateway-old-sdk-unacked': 20 };
  const { ann, bob, gid } = await stage(t, flags);
  await leave(bob);
  for (let n = 0; n < 50; n++) await ann.startGroupSend(gid, `${n}`);
  bob.swallowsReceipts = true;
  await bob.connect();
  await waitUntil('all of them', () => bob.groupShown.length === 51, 15_000);
  assert.deepEqual(
    bob.groupShown.slice(1).map(({ content }) => content),
    Array.from({ length: 50 }, (_, n) => `${n}`),
  );
});
