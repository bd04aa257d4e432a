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

/** Bob wants nothing of the group, or everything again. */
async function want({ server, bob }: Stage, gid: number, interest: 'muted' | 'full'): Promise<void> {
  await callOk(server.urls.http, 'conversation/settings', { conv: `g${gid}`, interest }, bob.token);
}

function isOut({ socket, uid }: JavaSdk): boolean {
  return pushed(socket).some((one) => Array.isArray(one) && one.includes(uid));
}

test('who wants a group again while he is there is given what was withheld, before what comes, each once', async (t) => {
  const scene = await stage(t);
  const { ann, bob, gid } = scene;
  await reconnect(bob);
  for (const [first, second, live] of [
    ['one', 'two', 'three'],
    ['four', 'five', 'six'],
  ] as const) {
    const before = pushed(bob.socket).length;
    await want(scene, gid, 'muted');
    for (const text of [first, second]) assert.equal(await ann.sendToGroup(gid, text), 'received');
    await expectQuiet(300, () => (pushed(bob.socket).length > before ? 'pushed though muted' : undefined));
    await Promise.all([want(scene, gid, 'full'), ann.sendToGroup(gid, live)]);
    await waitUntil(live, () => pushed(bob.socket).includes(live));
  }
  assert.deepEqual(pushed(bob.socket), ['one', 'two', 'three', 'four', 'five', 'six']);
  await reconnect(bob);
  await bringsNothing(bob);
});

test('who is put out of a group of which he wants nothing is told that, and nothing else', async (t) => {
  // It remembers one group: of all others only the store knows what was pushed.
  const flags = { 'gateway-old-sdk-conversations': 1, 'gateway-old-sdk-busy-conversations': 1 };
  const scene = await stage(t, flags);
  const { ann, bob, gid } = scene;
  const other = await ann.createGroup('others');
  await ann.inviteToGroup(other, [bob.uid]);
  await ann.sendToGroup(other, 'elsewhere');
  await waitUntil('it', () => bob.groupShown.at(-1)?.content === 'elsewhere');
  await reconnect(bob);
  await ann.sendToGroup(gid, 'here');
  await ann.sendToGroup(other, 'there');
  await waitUntil('both', () => pushed(bob.socket).length === 2);
  await want(scene, gid, 'muted');
  await ann.sendToGroup(gid, 'withheld');
  await ann.removeFromGroup(gid, [bob.uid]);
  await waitUntil('the notice', () => isOut(bob));
  await ann.sendToGroup(other, 'last');
  await waitUntil('the last', () => pushed(bob.socket).includes('last'));
  await expectQuiet(300, () => undefined);
  assert.deepEqual(pushed(bob.socket), ['here', 'there', [bob.uid], 'last']);
  await reconnect(bob);
  await bringsNothing(bob);
});

test('who was put out of such a group and comes back is given first what was withheld', async (t) => {
  const scene = await stage(t);
  const { ann, bob, gid } = scene;
  await reconnect(bob);
  await want(scene, gid, 'muted');
  await ann.sendToGroup(gid, 'withheld');
  await ann.removeFromGroup(gid, [bob.uid]);
  await waitUntil('the notice', () => isOut(bob));
  await ann.inviteToGroup(gid, [bob.uid]);
  await ann.sendToGroup(gid, 'welcome');
  await waitUntil('the last', () => pushed(bob.socket).includes('welcome'));
  // Gone, and once more in its place: behind it he would be out.
  assert.deepEqual(pushed(bob.socket), [[bob.uid], 'withheld', [bob.uid], [bob.uid], 'welcome']);
  await reconnect(bob);
  await bringsNothing(bob);
});
