/** What the server holds after 10,000 connections came and went is what it held after 1,000. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openForSeeding, seedTokens, seedUsers, type SeededUser } from '../support/seed.js';
import { waitUntil } from '../support/wait.js';
import { ProbedServer, type Held } from './probed_server.js';
import { Visitors } from './visitors.js';

const USERS = 200;
/** Fills what is bounded: caches of tokens, compiled code, V8's own tables (0.8 MB more than after 1,000). */
const WARM_UP = 5000;
const FEW = 1000;
const MANY = 10_000;
/** V8 itself goes up and down by half of it; what is kept of a connection is a kilobyte, of a socket more. */
const BYTES_PER_CONNECTION = 100;
const GOODBYE_LIMIT_MS = 20_000;
const DEVICE = 5;

test(`leaks: heap and handles after ${FEW} and after ${MANY} connections`, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sailplane-leaks-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  let users: readonly SeededUser[] = [];
  const prepare = async (dataDir: string): Promise<void> => {
    const stores = await openForSeeding(dataDir);
    users = await seedTokens(stores, await seedUsers(stores, USERS), DEVICE);
    await stores.close();
  };
  const flags = { 'log-level': 'error', 'gateway-close-ms': 1000 };
  const probed = await ProbedServer.start(t, folder, prepare, flags);
  const { server } = probed;
  const nobody = await probed.held();
  const visitors = new Visitors(server.urls.ws, users);
  /** Cut sockets are noticed a moment later; nothing of them may stay. */
  const afterwards = async (count: number): Promise<Held> => {
    await visitors.until(count);
    let held = await probed.held();
    await waitUntil(
      () =>
        `no socket to be left; the server holds ${JSON.stringify(held)}, at first ${JSON.stringify(nobody)}`,
      async () => {
        held = await probed.held();
        return socketsOf(held) === socketsOf(nobody) && held.openFiles <= nobody.openFiles;
      },
      GOODBYE_LIMIT_MS,
    );
    return held;
  };

  await afterwards(WARM_UP);
  const few = await afterwards(WARM_UP + FEW);
  const many = await afterwards(WARM_UP + FEW + MANY);

  const perConnection = (one: number, other: number): number => (other - one) / MANY;
  const heap = perConnection(few.heapBytes, many.heapBytes);
  const external = perConnection(few.externalBytes, many.externalBytes);
  t.diagnostic(
    `${visitors.count} connections, ${visitors.signedInCount} signed in: ${heap.toFixed(1)} bytes of heap and ` +
      `${external.toFixed(1)} outside it each; heap ${(many.heapBytes / 1e6).toFixed(1)} MB`,
  );
  assert.ok(visitors.signedInCount > visitors.count / 3);
  assert.ok(heap < BYTES_PER_CONNECTION, `${heap} bytes of heap each\n${JSON.stringify([few, many])}`);
  assert.ok(external < BYTES_PER_CONNECTION, `${external} bytes outside the heap each`);
  // Timers and the like: those that a connection had must have ended with it.
  for (const [name, count] of Object.entries(many.resources))
    assert.ok(count <= (few.resources[name] ?? 0) + 2, `${count} × ${name}\n${JSON.stringify([few, many])}`);
});

function socketsOf({ resources }: Held): number {
  return resources['TCPSocketWrap'] ?? 0;
}
