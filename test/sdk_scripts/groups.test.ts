/** Groups by both public SDKs over real sockets: each in its own words, units and ids, online and when it comes back. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { DatabaseSync } from '@photostructure/sqlite';
import { call, register, type Account } from '../support/http.js';
import { asObject } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';
import { databaseFile } from '../support/stored_log.js';
import { expectQuiet, waitUntil } from '../support/wait.js';
import { JavaSdk } from './java_sdk.js';
import { WebSdk } from './web_sdk.js';

type Credentials = Omit<Account, 'uid'>;

/** Types of the public TypeScript SDK. */
const JOINED = 100;
const LEFT = 101;
const HEARTBEAT = '{"action":"heartbeat","data":{},"seq":7,"to":null,"extra":null}';

async function phoneOf(t: TestContext, server: TestServer, who: Credentials): Promise<JavaSdk> {
  const phone = new JavaSdk(server.urls.http, who);
  t.after(() => phone.end());
  await phone.login();
  return phone;
}

async function browserOf(t: TestContext, server: TestServer, who: Credentials): Promise<WebSdk> {
  const browser = new WebSdk(server.urls);
  t.after(() => browser.end());
  await browser.loginByPassword(who.account, who.password);
  return browser;
}

interface Stage {
  readonly server: TestServer;
  /** Of the owner. */
  readonly phone: JavaSdk;
  readonly browser: WebSdk;
  readonly gid: number;
}

/** A group that a phone made and brought a browser into. */
async function stage(t: TestContext): Promise<Stage> {
  const server = await TestServer.start(t);
  const phone = await phoneOf(t, server, await register(server.urls.http, 'java'));
  const browser = await browserOf(t, server, await register(server.urls.http, 'web'));
  const gid = await phone.createGroup('both of us');
  await phone.inviteToGroup(gid, [browser.uid]);
  await waitUntil('the browser to see itself come in', () =>
    joinsIn(browser, gid).includes(String(browser.uid)),
  );
  return { server, phone, browser, gid };
}

const noticesIn = (browser: WebSdk, gid: number, type: number): readonly string[] =>
  browser.shown
    .filter((shown) => shown.to === String(gid) && shown.type === type)
    .map(({ content }) => content);
const joinsIn = (browser: WebSdk, gid: number): readonly string[] => noticesIn(browser, gid, JOINED);

test('(a) Java: create, invite, chat both ways, receipts by the swapped action, history, sessions', async (t) => {
  const server = await TestServer.start(t);
  const owner = await phoneOf(t, server, await register(server.urls.http, 'owner'));
  const guest = await register(server.urls.http, 'guest');
  const other = await phoneOf(t, server, guest);
  const gid = await owner.createGroup('Java people');
  assert.ok(gid >= 2 ** 30 && gid < 2 ** 31, 'fits the 32-bit int, and is no uid');
  await owner.inviteToGroup(gid, [other.uid]);
  await waitUntil('the notice at both', () => owner.notices.length > 0 && other.notices.length > 0);
  assert.deepEqual(
    [other.notices[0]?.type, other.notices[0]?.uid, other.notices[0]?.gid],
    [1, other.uid, gid],
  );
  await waitUntil('a new contact at the invited', () => other.contacts.length === 1);
  assert.deepEqual(other.contacts, [{ id: gid, type: 2, from: owner.uid }]);
  const { name, members } = await other.loadGroup(gid);
  assert.equal(name, 'Java people');
  assert.deepEqual([...members].sort(), [owner.uid, other.uid].sort());

  assert.equal(await owner.sendToGroup(gid, 'hello all'), 'received', 'ack.notify ends the timer');
  assert.equal(await other.sendToGroup(gid, 'hi back'), 'received');
  await waitUntil(
    'both on both phones',
    () => owner.groupShown.length === 1 && other.groupShown.length === 1,
  );
  const [shown] = other.groupShown;
  assert.deepEqual([shown?.from, shown?.to, shown?.type, shown?.content], [owner.uid, gid, 1, 'hello all']);
  const laterSeq = owner.groupShown[0]?.seq ?? 0;
  assert.equal(laterSeq, (shown?.seq ?? 0) + 1, 'one number after the other');

  const history = await other.groupHistory(gid);
  const texts = history.filter(({ Type }) => Type === 1).map(({ Content }) => Content);
  assert.deepEqual(texts, ['hi back', 'hello all'], 'newest first');
  const below = await other.groupHistory(gid, laterSeq);
  assert.ok(
    below.every(({ Content }) => Content !== 'hi back'),
    'BeforeSeq is not in it',
  );
  await other.loadSessions();

  other.disconnect();
  assert.equal(await owner.sendToGroup(gid, 'while you were away'), 'received', 'a group is never offline');
  const back = await phoneOf(t, server, guest);
  await back.loadSessions();
  const missed = [...back.inbox.values(), ...back.groupShown].filter(
    ({ content }) => content === 'while you were away',
  );
  const inHistory = (await back.groupHistory(gid)).some(({ Content }) => Content === 'while you were away');
  assert.ok(missed.length <= 1 && inHistory, 'it is there once, in the history at least');
});

test('(c) a channel of both SDKs: seconds and milliseconds, numbers and strings, no Java type in the browser', async (t) => {
  const { phone, browser, gid } = await stage(t);
  assert.equal(await phone.sendToGroup(gid, 'from Java'), 'received');
  const shown = await browser.receive('from Java');
  assert.equal(shown.cliMid, `m${shown.mid}`);
  assert.deepEqual([shown.from, shown.to], [String(phone.uid), String(gid)]);
  assert.equal(shown.sendAt % 1000, 0, 'whole seconds, as milliseconds');

  const sent = await browser.sendToChannel(gid, 'from TypeScript');
  await waitUntil('it on the phone', () => phone.groupShown.some(({ mid }) => mid === sent.mid));
  const onPhone = phone.groupShown.find(({ mid }) => mid === sent.mid);
  assert.deepEqual(onPhone, {
    ...{ mid: sent.mid, seq: sent.seq, from: browser.uid, to: gid, type: 1, content: 'from TypeScript' },
    sendAt: Math.floor(sent.sendAt / 1000),
  });
  const notify = await browser.expectNotify(sent.mid);
  assert.equal(notify['state'], 'accepted');
  const acks = browser.heard('ack.message').map(({ atMs }) => atMs);
  const notifies = browser.heard('ack.notify').map(({ atMs }) => atMs);
  assert.ok((acks.at(-1) ?? 0) <= (notifies.at(-1) ?? 0), 'stored first, then accepted');
  await expectQuiet(2500, () =>
    phone.heard('ack.notify').length > 1 || browser.heard('ack.notify').length > 1
      ? 'a receipt of a group is told to nobody'
      : undefined,
  );
});

test('(c) joins and exits in each reader’s own words, with ids that the browser can keep', async (t) => {
  const { server, phone, browser, gid } = await stage(t);
  const third = await phoneOf(t, server, await register(server.urls.http, 'third'));
  await third.joinGroup(gid);
  await waitUntil('it in the browser', () => joinsIn(browser, gid).includes(String(third.uid)));
  await waitUntil('it on the phone', () =>
    phone.notices.some(({ uid, type }) => uid === third.uid && type === 1),
  );
  await phone.removeFromGroup(gid, [third.uid]);
  await waitUntil('him going, in the browser', () =>
    noticesIn(browser, gid, LEFT).includes(String(third.uid)),
  );
  await waitUntil('him going, at his own phone', () => third.notices.some(({ type }) => type === 2));
  const notices = browser.shown.filter(({ type }) => type === JOINED || type === LEFT);
  assert.equal(
    new Set(notices.map(({ cliMid }) => cliMid)).size,
    notices.length,
    'each has a cliMid of its own',
  );
  assert.ok(notices.every(({ mid }) => Number.isSafeInteger(mid) && mid > 0));
  assert.equal(phone.heard('message.group').length, 0, 'no notice is a message on the phone');

  await phone.sendToGroup(gid, 'without him');
  await browser.receive('without him');
  await expectQuiet(500, () => (third.groupShown.length > 0 ? 'a removed member gets messages' : undefined));
  const refused = await third.startGroupSend(gid, 'am I still there?');
  await waitUntil('the refusal', () => refused.state === 'failed');
});

test('(c) recalls in a group, both ways, each in the reader’s own words', async (t) => {
  const { phone, browser, gid } = await stage(t);
  await phone.sendToGroup(gid, 'a slip by Java');
  const slip = await browser.receive('a slip by Java');
  const recall = await phone.recallInGroup(gid, slip.mid);
  await waitUntil('the browser to take it back', () => slip.status === 3);
  const [taken] = browser.heard('message.group.recall');
  const data = asObject(taken?.frame['data']);
  assert.deepEqual([data['mid'], data['cliMid']], [slip.mid, slip.cliMid], 'named by its own ids');
  assert.equal(data['sendAt'], slip.sendAt, 'and in its place: the browser’s database is sorted by this');
  await waitUntil('its end', () => !['sending', 'stored'].includes(recall.state));
  assert.equal(recall.state, 'received');

  const wrong = await browser.sendToChannel(gid, 'a slip by TypeScript');
  await waitUntil('it on the phone', () => phone.groupShown.some(({ mid }) => mid === wrong.mid));
  await browser.recallInChannel(wrong);
  await waitUntil('the recall on the phone', () => phone.groupShown.some(({ type }) => type === 100));
  const told = phone.groupShown.find(({ type }) => type === 100);
  assert.deepEqual(JSON.parse(told?.content ?? ''), { ReCallBy: browser.uid, Mid: wrong.mid });
  assert.equal(told?.to, gid);
});

test('a browser that comes back is pushed what it missed of its channels, once', async (t) => {
  const { server, phone, browser, gid } = await stage(t);
  await phone.sendToGroup(gid, 'before');
  await browser.receive('before');
  browser.logout();
  await phone.sendToGroup(gid, 'meanwhile');
  const again = new WebSdk(server.urls);
  t.after(() => again.end());
  await again.loginByToken(browser.token);
  await again.receive('meanwhile');
  await phone.sendToGroup(gid, 'after');
  await again.receive('after');
  const texts = again.shown.filter(({ type }) => type === 1).map(({ content }) => content);
  assert.deepEqual(
    texts.filter((text) => text !== 'before'),
    ['meanwhile', 'after'],
  );
  assert.equal(again.repeatedCount, 0);
});

test('what a kernel took for a browser that never got it is pushed when it comes back, though its heartbeats came through', async (t) => {
  const { server, phone, browser, gid } = await stage(t);
  await phone.sendToGroup(gid, 'before');
  await browser.receive('before');
  browser.socket.stopReading();
  await phone.sendToGroup(gid, 'on its way');
  const beat = setInterval(() => browser.socket.send(HEARTBEAT), 200);
  t.after(() => clearInterval(beat));
  // Longer than a receipt takes to be made and written.
  await new Promise((resolve) => setTimeout(resolve, 4000));
  clearInterval(beat);
  browser.end();
  const again = new WebSdk(server.urls);
  t.after(() => again.end());
  await again.loginByToken(browser.token);
  await again.receive('on its way');
});

test('a browser that only reads is not pushed again what it got of its channels', async (t) => {
  const { server, phone, browser, gid } = await stage(t);
  for (const text of ['one', 'two', 'three']) await phone.sendToGroup(gid, text);
  await browser.receive('three');
  // One probe, its answer, and a write of the marks.
  await waitUntil('its mark to be stored', () => hasMarkedAll(server, gid, browser.uid));
  browser.end();
  const again = new WebSdk(server.urls);
  t.after(() => again.end());
  await again.loginByToken(browser.token);
  await phone.sendToGroup(gid, 'four');
  await again.receive('four');
  assert.deepEqual(
    again.shown.map(({ content }) => content),
    ['four'],
  );
});

test('the world channel: a browser comes in with its ticket and is heard by the others', async (t) => {
  const server = await TestServer.start(t);
  const one = await browserOf(t, server, await register(server.urls.http, 'one'));
  const two = await browserOf(t, server, await register(server.urls.http, 'two'));
  await one.sendToChannel('the_world_channel', 'hello world');
  await two.sendToChannel('the_world_channel', 'hello too');
  const heard = await one.receive('hello too');
  assert.equal(heard.to, 'the_world_channel', 'sessions are keyed by that name');
  assert.equal(heard.from, String(two.uid));
});

test('the world channel may be switched off', async (t) => {
  const server = await TestServer.start(t, { flags: { 'messaging-world-channel': false } });
  const one = await browserOf(t, server, await register(server.urls.http, 'one'));
  await assert.rejects(one.sendToChannel('the_world_channel', 'hello?'));
  const { code } = await call(server.urls.http, 'group/join', { Gid: 'the_world_channel' }, one.token);
  assert.notEqual(code, 100);
});

/** Whether the store has it that a device of `uid` has got everything of the group. */
async function hasMarkedAll({ dataDir }: TestServer, gid: number, uid: number): Promise<boolean> {
  const database = new DatabaseSync(await databaseFile(dataDir));
  try {
    const marked: unknown = database
      .prepare(
        'SELECT 1 FROM device_mark d JOIN conversation c ON c.id = d.conv WHERE c.name = ? AND d.uid = ? AND d.seq >= c.last_seq',
      )
      .get(`g${gid}`, uid);
    return marked !== undefined;
  } finally {
    database.close();
  }
}
