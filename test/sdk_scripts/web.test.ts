/** The public TypeScript SDK against the real server: both ways to sign in, tickets, its late receipts, and a kick. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { register } from '../support/http.js';
import { asObject, type Json } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';
import { waitUntil } from '../support/wait.js';
import { WebSdk, type WebSdkOptions } from './web_sdk.js';

async function newBrowser(
  t: TestContext,
  server: TestServer,
  name: string,
  options: WebSdkOptions = {},
): Promise<WebSdk> {
  const { account, password } = await register(server.urls.http, name);
  const browser = new WebSdk(server.urls, options);
  t.after(() => browser.end());
  await browser.loginByPassword(account, password);
  return browser;
}

test('(b) the web flow with a credential and without one: chat both ways, receipts after 1.6 s', async (t) => {
  const server = await TestServer.start(t);
  const ann = await newBrowser(t, server, 'ann');
  const bob = await newBrowser(t, server, 'bob', { withCredential: false });
  const success = ann.heard('notify.success')[0]?.frame;
  assert.equal(success?.['seq'], 1, 'the answer echoes the seq');
  assert.equal(bob.heard('api.success')[0]?.frame['seq'], 1);

  for (const [from, to] of [
    [ann, bob],
    [bob, ann],
  ] as const) {
    const content = `from ${from.uid}`;
    const sent = await from.send(to.uid, content);
    const shown = await to.receive(content);
    const { cliMid, mid, seq, sendAt } = sent;
    assert.deepEqual(shown, {
      ...{ cliMid, mid, seq, content, sendAt, type: 1, status: 0 },
      ...{ from: String(from.uid), to: String(to.uid) },
    });
    const notify = await from.expectNotify(mid);
    assert.deepEqual(
      [notify['from'], notify['cliMid'], notify['state']],
      [String(to.uid), cliMid, 'received'],
    );
  }
  assert.deepEqual([ann.repeatedCount, bob.repeatedCount], [0, 0], 'a receipt after 1.6 s is no lost one');

  bob.logout();
  await waitUntil('the close to be answered', () => bob.socket.closedWith === 1000);
  const missed = await ann.send(bob.uid, 'are you there?');
  const { state } = await ann.expectNotify(missed.mid);
  assert.equal(state, 'offline');
  const again = new WebSdk(server.urls);
  t.after(() => again.end());
  await again.loginByToken(bob.token);
  await again.receive('are you there?');
  await waitUntil('the receipt', () => {
    const states = ann.heard('ack.notify').map(({ frame }) => asObject(frame['data']));
    return states.some((data) => data['mid'] === missed.mid && data['state'] === 'received');
  });
  assert.deepEqual(
    again.shown.map(({ content }) => content),
    ['are you there?'],
    'what was acknowledged before is not pushed again',
  );
});

test('an unknown recipient fails with the frame’s seq, and the page goes on', async (t) => {
  const server = await TestServer.start(t);
  const [ann, bob] = [await newBrowser(t, server, 'ann'), await newBrowser(t, server, 'bob')];
  await assert.rejects(ann.send(999_999, 'nobody'), /session\/ticket|refused/);
  await ann.send(bob.uid, 'somebody');
  await bob.receive('somebody');
});

test('a second sign-in in another browser: the first is told, logs out, and does not come back', async (t) => {
  const server = await TestServer.start(t);
  const { account, password } = await register(server.urls.http, 'ann');
  const [first, second] = [new WebSdk(server.urls), new WebSdk(server.urls)];
  t.after(() => [first, second].forEach((browser) => browser.end()));
  await first.loginByPassword(account, password);
  await second.loginByPassword(account, password);
  await waitUntil('the first to be logged out', () => first.isLoggedOut);
  const [kick] = first.heard('notify.kickout');
  assert.equal(asObject(kick?.frame['data'])['device_id'], '2');
  assert.equal(first.heard('notify.kickout').length, 1);
  const note = await second.send(second.uid, 'note');
  assert.ok(note.mid > 0);
  assert.ok(!second.isLoggedOut);
});

const changesOf = (browser: WebSdk, uid: number): readonly Json[] =>
  browser.userEvents.filter((data) => data['uid'] === String(uid));

test('presence: `api.user.state` of one user, and from then on `event.user.online` and `.offline` of him', async (t) => {
  const flags = { 'messaging-presence-debounce-ms': 50, 'messaging-presence-save-ms': 20 };
  const server = await TestServer.start(t, { flags });
  const ann = await newBrowser(t, server, 'ann');
  const [bob, eve] = [await newBrowser(t, server, 'bob'), await newBrowser(t, server, 'eve')];
  assert.deepEqual(await ann.stateOf(bob.uid), {
    ...{ uid: String(bob.uid), online: true, lastSeenAt: 0, onlineAt: 0 },
  });
  await ann.stateOf(eve.uid);
  bob.logout();
  const [gone] = await waitUntil('bob’s going', () => some(changesOf(ann, bob.uid)));
  const { onlineAt, ...rest } = asObject(gone);
  assert.deepEqual(rest, { uid: String(bob.uid), device: '', online: false });
  assert.ok(Math.abs(Number(onlineAt) - Date.now()) < 10_000, 'milliseconds');
  const again = new WebSdk(server.urls);
  t.after(() => again.end());
  await again.loginByToken(bob.token);
  await waitUntil('bob’s coming', () => changesOf(ann, bob.uid).length === 2);
  assert.deepEqual(changesOf(ann, bob.uid)[1], {
    ...{ uid: String(bob.uid), device: '', online: true, onlineAt: 0 },
  });
  eve.logout();
  await waitUntil('eve’s going', () => changesOf(ann, eve.uid).length === 1);
  assert.deepEqual(again.userEvents, [], 'who asked about nobody is told of nobody');
});

function some<Item>(items: readonly Item[]): readonly Item[] | undefined {
  return items.length > 0 ? items : undefined;
}
