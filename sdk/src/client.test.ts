import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { SailplaneClient } from './client.js';
import { FakeServer, PEER, SELF } from './fake_server.js';
import type { ClientTuning, Message, StateStore } from './types.js';

const CONV = 'u1_2';
const QUICK: Partial<ClientTuning> = {
  reconnectMinMs: 5,
  reconnectMaxMs: 20,
  gapWaitMs: 10,
  receiptIntervalMs: 50,
  ackTimeoutMs: 60,
  fullSyncCheckMs: 30,
};

interface Stage {
  readonly server: FakeServer;
  readonly client: SailplaneClient;
  readonly shown: Message[];
}

/** Resolves when `holds` does; checked after every turn of the event loop that brings something. */
async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function makeClient(
  t: TestContext,
  server: FakeServer,
  more: { state?: StateStore; tuning?: Partial<ClientTuning> } = {},
) {
  const client = new SailplaneClient({
    url: server.url,
    token: 'a token',
    webSocket: (url) => new WebSocket(url),
    ...(more.state && { state: more.state }),
    tuning: { ...QUICK, ...more.tuning },
  });
  t.after(() => client.close());
  return client;
}

function watch(client: SailplaneClient): Message[] {
  const shown: Message[] = [];
  client.on('message', (message) => shown.push(message));
  return shown;
}

async function stage(t: TestContext, tuning: Partial<ClientTuning> = {}): Promise<Stage> {
  const server = await FakeServer.start();
  t.after(() => server.close());
  const client = makeClient(t, server, { tuning });
  const shown = watch(client);
  return { server, client, shown };
}

const seqs = (messages: readonly Message[]): number[] => messages.map((message) => message.seq);

void test('connects, sends, and shows the own message in its place', async (t) => {
  const { server, client, shown } = await stage(t);
  await client.connect();
  const sent = await client.sent(client.send(PEER, 'hello "you" ✓'));
  assert.equal(sent.state, 'stored');
  assert.equal(sent.conv, CONV);
  assert.equal(server.log(CONV)[0]?.content, 'hello "you" ✓');
  assert.deepEqual(
    shown.map((m) => [m.seq, m.own, m.content]),
    [[1, true, 'hello "you" ✓']],
  );
});

void test('shows a push once, acks at once, acks a repeat again, and gathers receipts of a burst', async (t) => {
  const { server, client, shown } = await stage(t);
  await client.connect();
  const first = server.append(PEER, SELF, 'a');
  server.push(first);
  await until(() => server.got('receipt').length === 1, 'the first receipt');
  for (const id of ['b', 'c', 'd']) server.push(server.append(PEER, SELF, id));
  await until(() => server.got('receipt').length === 2, 'the gathered receipt');
  server.push(first);
  await until(() => server.got('receipt').length === 3, 'the receipt of the repeat');
  const expected = [
    [1, 1],
    [2, 4],
    [1, 4],
  ];
  const got = server
    .got('receipt')
    .map((receipt) => (receipt.by === 'interval' ? [receipt.from, receipt.to] : []));
  assert.deepEqual(got, expected);
  assert.deepEqual(seqs(shown), [1, 2, 3, 4]);
});
