/** Both public SDKs with each other, and both at once on one account: units, id types, recall, and one copy each. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { register, type Account } from '../support/http.js';
import { asObject } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';
import { expectQuiet, waitUntil } from '../support/wait.js';
import { JavaSdk } from './java_sdk.js';
import { WebSdk } from './web_sdk.js';

type Credentials = Omit<Account, 'uid'>;

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

test('(c) Java and TypeScript chat: seconds and milliseconds, numbers and strings, ids for both', async (t) => {
  const server = await TestServer.start(t);
  const phone = await phoneOf(t, server, await register(server.urls.http, 'java'));
  const browser = await browserOf(t, server, await register(server.urls.http, 'web'));

  assert.equal(
    await phone.send(browser.uid, 'from Java'),
    'received',
    'its timer waits for the late receipt',
  );
  const shown = await browser.receive('from Java');
  assert.equal(shown.cliMid, `m${shown.mid}`, 'a message without a client id gets one that stays');
  assert.deepEqual([shown.from, shown.to], [String(phone.uid), String(browser.uid)]);
  assert.equal(shown.sendAt % 1000, 0, 'whole seconds, as milliseconds');

  const sent = await browser.send(phone.uid, 'from TypeScript');
  await waitUntil('it on the phone', () => phone.shown.length === 1);
  assert.deepEqual(phone.shown[0], {
    ...{ mid: sent.mid, from: browser.uid, to: phone.uid, type: 1, content: 'from TypeScript' },
    cTime: Math.floor(sent.sendAt / 1000),
  });
  const notify = await browser.expectNotify(sent.mid);
  assert.deepEqual([notify['from'], notify['state']], [String(phone.uid), 'received']);
});

test('(c) recall in both directions, each in the reader’s own words', async (t) => {
  const server = await TestServer.start(t);
  const phone = await phoneOf(t, server, await register(server.urls.http, 'java'));
  const browser = await browserOf(t, server, await register(server.urls.http, 'web'));

  await phone.send(browser.uid, 'a slip by Java');
  const slip = await browser.receive('a slip by Java');
  const recall = await phone.recall(browser.uid, slip.mid);
  await waitUntil('the browser to take it back', () => slip.status === 3);
  const [taken] = browser.heard('message.chat.recall');
  const data = asObject(taken?.frame['data']);
  assert.deepEqual([data['mid'], data['cliMid']], [slip.mid, slip.cliMid], 'named by its own ids');
  assert.equal(data['sendAt'], slip.sendAt, 'and in its place: the browser’s database is sorted by this');
  await waitUntil('the ack of the recall', () => recall.state !== 'sending');
  assert.notEqual(recall.state, 'failed');

  const wrong = await browser.send(phone.uid, 'a slip by TypeScript');
  await waitUntil('it on the phone', () => phone.shown.some(({ mid }) => mid === wrong.mid));
  await browser.recall(wrong);
  await waitUntil('the recall on the phone', () => phone.shown.some(({ type }) => type === 100));
  const told = phone.shown.find(({ type }) => type === 100);
  assert.deepEqual(JSON.parse(told?.content ?? ''), { ReCallBy: browser.uid, Mid: wrong.mid });
  assert.deepEqual(
    browser.shown.filter(({ type }) => type === 100),
    [],
    'and no Java recall in the browser, where 100 means «joined»',
  );
});

test('a recall is acknowledged under the recalled message’s mid by one SDK: it is not pushed again', async (t) => {
  const server = await TestServer.start(t, { flags: { 'gateway-old-sdk-first-repush-ms': 2500 } });
  const phone = await phoneOf(t, server, await register(server.urls.http, 'java'));
  const browser = await browserOf(t, server, await register(server.urls.http, 'web'));
  await phone.send(browser.uid, 'slip');
  const slip = await browser.receive('slip');
  await phone.recall(browser.uid, slip.mid);
  await waitUntil('the browser to take it back', () => slip.status === 3);
  await expectQuiet(4500, () =>
    browser.heard('message.chat.recall').length > 1 ? 'pushed again' : undefined,
  );
  browser.logout();
  const again = new WebSdk(server.urls);
  t.after(() => again.end());
  await again.loginByToken(browser.token);
  await phone.send(again.uid, 'next');
  await again.receive('next');
  assert.deepEqual(
    again.socket.lines.filter(({ frame }) => String(frame['action']).startsWith('message.')).length,
    1,
    'and its mark has passed the recall',
  );
});

test('both SDKs at once on one account: each gets everything once, one’s own messages too, nobody is kicked', async (t) => {
  const server = await TestServer.start(t);
  const ann = await register(server.urls.http, 'ann');
  const [phone, browser] = [await phoneOf(t, server, ann), await browserOf(t, server, ann)];
  const bob = await phoneOf(t, server, await register(server.urls.http, 'bob'));
  const expected: string[] = [];
  for (let n = 0; n < 10; n++) {
    expected.push(`bob ${n}`, `phone ${n}`, `browser ${n}`);
    await bob.startSend(phone.uid, `bob ${n}`);
    await phone.startSend(bob.uid, `phone ${n}`);
    await browser.send(bob.uid, `browser ${n}`);
  }
  const others = (own: string): readonly string[] => expected.filter((text) => !text.startsWith(own)).sort();
  const seen = (shown: readonly { readonly content: string }[]): readonly string[] =>
    shown.map(({ content }) => content).sort();
  await waitUntil('all on the phone', () => phone.shown.length === 20);
  await waitUntil('all in the browser', () => browser.shown.length === 20);
  await waitUntil('all at Bob’s', () => bob.shown.length === 20);
  assert.deepEqual(seen(phone.shown), others('phone'));
  assert.deepEqual(seen(browser.shown), others('browser'));
  assert.deepEqual(seen(bob.shown), others('bob'));
  const pushes = [phone.heard('message.chat'), browser.heard('message.chat'), bob.heard('message.chat')];
  assert.deepEqual(
    pushes.map(({ length }) => length),
    [20, 20, 20],
    'once each on the wire',
  );
  for (const lines of pushes) {
    const seqs = lines
      .map(({ frame }) => asObject(frame['Data'] ?? frame['data']))
      .map((data) => data['CSeq'] ?? data['seq']);
    assert.deepEqual(
      seqs,
      [...seqs].sort((one, other) => Number(one) - Number(other)),
      'in order',
    );
  }
  assert.deepEqual([phone.kickedCount, browser.isLoggedOut], [0, false]);
});
