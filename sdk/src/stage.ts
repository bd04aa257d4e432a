/** What the SDK's tests share: a client with short intervals before the fake server, and ways to wait. */
import type { TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { SailplaneClient } from './client.js';
import { FakeServer } from './fake_server.js';
import type { ClientOptions, ClientTuning, Message, StateStore } from './types.js';

/** The conversation of the fake server's SELF and PEER. */
export const CONV = 'u1_2';

const QUICK: Partial<ClientTuning> = {
  reconnectMinMs: 5,
  reconnectMaxMs: 20,
  gapWaitMs: 10,
  receiptIntervalMs: 50,
  groupReceiptIntervalMs: 100,
  ackTimeoutMs: 60,
  fullSyncCheckMs: 30,
  recountMs: 20,
};

interface Stage {
  readonly server: FakeServer;
  readonly client: SailplaneClient;
  readonly shown: Message[];
}

const PATIENCE_MS = 10_000;

/** Resolves when `holds` does; rejects with `what` after ten seconds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export function makeClient(
  t: TestContext,
  server: FakeServer,
  more: { state?: StateStore; tuning?: Partial<ClientTuning>; token?: ClientOptions['token'] } = {},
): SailplaneClient {
  const client = new SailplaneClient({
    url: server.url,
    token: more.token ?? 'a token',
    webSocket: (url) => new WebSocket(url),
    ...(more.state && { state: more.state }),
    tuning: { ...QUICK, ...more.tuning },
  });
  t.after(() => client.close());
  return client;
}

/** Everything that the client shows from now on. */
export function watch(client: SailplaneClient): Message[] {
  const shown: Message[] = [];
  client.on('message', (message) => shown.push(message));
  return shown;
}

/** A client that has not connected yet. */
export async function stage(t: TestContext, tuning: Partial<ClientTuning> = {}): Promise<Stage> {
  const server = await FakeServer.start();
  t.after(() => server.close());
  const client = makeClient(t, server, { tuning });
  return { server, client, shown: watch(client) };
}

export function seqs(messages: readonly Message[]): number[] {
  return messages.map((message) => message.seq);
}

/** The receipts that the server got: [from, to, state]. */
export function intervalsOf(server: FakeServer): [number, number, string][] {
  return server.got('receipt').flatMap((receipt) => {
    return receipt.by === 'interval' ? [[receipt.from, receipt.to, receipt.state]] : [];
  });
}
