/** What old clients missed: thousands of messages for a page that was away, a second device, a socket that was full. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { chatConversation } from '../../im/message/conversation.js';
import { known, toDevice, toMid, type Uid } from '../../im/message/ids.js';
import { EVENT_KIND } from '../../im/message/message.js';
import type { SqliteStores } from '../../service/store/sqlite_stores.js';
import { callOk } from '../support/http.js';
import { asObject } from '../support/raw_client.js';
import { openForSeeding, SEED_ENV, seedTokens, seedUsers, type SeededUser } from '../support/seed.js';
import { TestServer, type ServerOptions } from '../support/server.js';
import { waitUntil } from '../support/wait.js';
import { ScriptSocket } from './script_socket.js';
import { WebSdk } from './web_sdk.js';

const PHONE = 1;
const WEB = 2;
const MISSED_COUNT = 3000;
const SENDER_COUNT = 20;
const BATCH_COUNT = 500;

interface Scene {
  readonly server: TestServer;
  /** The reader's token for each device class. */
  readonly web: SeededUser;
  readonly phone: SeededUser;
  readonly senders: readonly SeededUser[];
}

/** A reader for whom `count` messages of `bytes` each were stored by twenty people before the server started. */
async function missed(
  t: TestContext,
  count: number,
  bytes: number,
  flags: ServerOptions['flags'] = {},
): Promise<Scene> {
  const made: Partial<{ web: SeededUser; phone: SeededUser; senders: readonly SeededUser[] }> = {};
  const server = await TestServer.start(t, {
    env: SEED_ENV,
    flags,
    prepare: async (dataDir) => {
      const stores = await openForSeeding(dataDir);
      try {
        const [reader, ...senders] = await seedUsers(stores, SENDER_COUNT + 1);
        made.senders = await seedTokens(stores, senders, PHONE);
        made.web = known((await seedTokens(stores, [known(reader)], WEB))[0]);
        made.phone = known((await seedTokens(stores, [known(reader)], PHONE))[0]);
        await store(stores, known(reader), senders, count, bytes);
      } finally {
        await stores.close();
      }
    },
  });
  return { server, web: known(made.web), phone: known(made.phone), senders: known(made.senders) };
}

async function store(
  stores: SqliteStores,
  to: Uid,
  senders: readonly Uid[],
  count: number,
  bytes: number,
): Promise<void> {
  if (count === 0) return;
  const { first } = await stores.ids.leaseMids(count);
  for (const peer of senders) await stores.messages.openConversation(peer, to);
  for (let start = 0; start < count; start += BATCH_COUNT) {
    const batch = Array.from({ length: Math.min(BATCH_COUNT, count - start) }, (_, n) => {
      const from = known(senders[(start + n) % senders.length]);
      const content = `${start + n} `.padEnd(bytes, 'm');
      const mid = known(toMid(first + start + n));
      const ids = { from, to, mid, midIsClaimed: false, clientId: `m${mid}`, device: known(toDevice(PHONE)) };
      const event = { kind: EVENT_KIND.message, ...ids, type: 1, content, sentAtMs: 0 };
      return { conv: chatConversation(from, to), event };
    });
    const results = await stores.messages.append(batch);
    assert.ok(!('refused' in results) && results.every(({ outcome }) => outcome === 'stored'));
  }
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

/** One number of /metrics. */
async function metric(server: TestServer, name: string): Promise<number> {
  const page = await (await fetch(new URL('/metrics', server.urls.http))).text();
  const value = new RegExp(`^sailplane_${name} (\\S+)$`, 'm').exec(page)?.[1];
  assert.ok(value !== undefined, `no ${name}`);
  return Number(value);
}

/** Each once, and those of one sender in order; between senders time decides, and a batch is one moment. */
function assertAllInOrder(numbers: readonly number[], count: number, senderCount = SENDER_COUNT): void {
  assert.equal(numbers.length, count);
  assert.equal(new Set(numbers).size, count, 'each once');
  const last = new Map<number, number>();
  for (const number of numbers) {
    const sender = number % senderCount;
    assert.ok(number > (last.get(sender) ?? -1), `${number} comes after ${last.get(sender) ?? -1}`);
    assert.ok(number < count, `${number} is none of them`);
    last.set(sender, number);
  }
}

function numbers(sdk: WebSdk): readonly number[] {
  return sdk.shown.map(({ content }) => Number.parseInt(content, 10));
}

test('3,000 missed messages are pushed to an old browser: in order, once each, and it acknowledges them', async (t) => {
  const { server, web, phone, senders } = await missed(t, MISSED_COUNT, 200);
  const browser = new WebSdk(server.urls);
  t.after(() => browser.end());
  await browser.loginByToken(web.token);
  await waitUntil('all of them', () => browser.shown.length === MISSED_COUNT, 20_000);
  assertAllInOrder(numbers(browser), MISSED_COUNT);
  assert.equal(browser.repeatedCount, 0, 'once each, also on the wire');
  const [answer, first] = browser.socket.lines.filter(({ way }) => way === 'down');
  assert.deepEqual([answer?.frame['action'], first?.frame['action']], ['notify.success', 'message.chat']);

  const sender = new WebSdk(server.urls);
  t.after(() => sender.end());
  await waitUntil(
    'all receipts',
    () =>
      browser.socket.lines.filter(({ frame }) => frame['action'] === 'ack.request').length === MISSED_COUNT,
  );
  const pull = async (token: string): Promise<number> => {
    const rows = await callOk(server.urls.http, 'msg/chat/offline', {}, token);
    assert.ok(Array.isArray(rows));
    return rows.length;
  };
  await waitUntil('the marks to be written', async () => (await pull(web.token)) === 0);
  assert.equal(await pull(phone.token), MISSED_COUNT, 'a phone that comes later still gets all of it');
  browser.logout();

  const again = new WebSdk(server.urls);
  t.after(() => again.end());
  await again.loginByToken(web.token);
  await sender.loginByToken(known(senders[0]).token);
  await sender.send(web.uid, 'after all that');
  await again.receive('after all that');
  assert.equal(again.shown.length, 1, 'what was acknowledged does not come again');
  await waitUntil('its repetition or its receipt', () => sender.heard('ack.notify').length > 0);
});

test('a browser that does not read costs the server a page or two, and still gets everything', async (t) => {
  const bytes = 20_000;
  // What is measured is the connection: not the index of all that was seeded, nor the reader's cache of pages, which
  // whoever reads first fills to its bound. Measured: 21 MB, of which 9 are any first client's; 29 with that cache.
  const flags = { 'store-search-enabled': false, 'store-reader-cache-bytes': 1 << 20 };
  const { server, web } = await missed(t, MISSED_COUNT, bytes, flags);
  const url = server.urls.ws;
  const before = await residentBytes(server.pid);
  const heard: number[] = [];
  const socket = await ScriptSocket.connect(
    url,
    {},
    {
      heard: ({ frame }) => {
        if (frame['action'] === 'message.chat')
          heard.push(Number.parseInt(String(asObject(frame['data'])['content']), 10));
      },
      closed: () => undefined,
    },
    5000,
  );
  t.after(() => socket.cut());
  socket.stopReading();
  socket.send(
    `{"action":"authenticate","data":{"version":1,"credential":"${web.token}"},"seq":1,"to":null,"extra":null}`,
  );
  // Long enough for all of it to have been read, were it not for the socket that takes nothing.
  const endAtMs = performance.now() + 3000;
  let most = before;
  await waitUntil('three seconds', async () => {
    most = Math.max(most, await residentBytes(server.pid));
    return performance.now() > endAtMs;
  });
  const all = MISSED_COUNT * bytes;
  assert.ok(most - before < all / 2, `the server grew by ${most - before} of ${all} bytes`);
  const paged = await metric(server, 'old_sdk_paged_total');
  assert.ok(paged > 0 && paged < MISSED_COUNT, `${paged} were read for it`);
  socket.goOnReading();
  await waitUntil('all of them', () => heard.length >= MISSED_COUNT, 30_000);
  assertAllInOrder([...new Set(heard)], MISSED_COUNT);
});

test('pushes that did not fit into a full queue come when there is room, and the browser is not sent away', async (t) => {
  const count = 800;
  const { server, web, senders } = await missed(t, 0, 0, { 'gateway-queue-bytes': 65_536 });
  const browser = new WebSdk(server.urls);
  t.after(() => browser.end());
  await browser.loginByToken(web.token);
  const sender = new WebSdk(server.urls);
  t.after(() => sender.end());
  await sender.loginByToken(known(senders[0]).token);
  browser.socket.stopReading();
  const body = 'q'.repeat(30_000);
  for (let n = 0; n < count; n++) await sender.send(web.uid, `${n} ${body}`);
  assert.ok((await metric(server, 'gateway_pushes_let_go_total')) > 0, 'the queue was full');
  browser.socket.goOnReading();
  await waitUntil('all of them', () => browser.shown.length === count, 30_000);
  assertAllInOrder(numbers(browser), count, 1);
  assert.equal(browser.socket.closedWith, undefined);
  assert.equal(await metric(server, 'gateway_undetected_drops_total'), 0);
});
