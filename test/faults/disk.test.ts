/** A store that takes no writes: senders get a code that says so, at once; what is stored can be read all along. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { DatabaseSync } from '@photostructure/sqlite';
import { ERRORS, type ErrorName } from '../../im/errors.js';
import { callOk, register, signIn, type SignedInAccount } from '../support/http.js';
import { asObject, RawClient, WEB, type Json } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';
import { databaseFile, readStoredLog } from '../support/stored_log.js';
import { waitUntil } from '../support/wait.js';

const LARGE = 'x'.repeat(20_000);
/** Writes that surely do not fit into the room left by the test. */
const ENOUGH_TO_FILL = 400;

interface World {
  readonly server: TestServer;
  readonly ann: SignedInAccount;
  readonly bob: SignedInAccount;
  readonly dataDir: string;
}

/** Two users with one message between them, on a server that has been stopped. */
async function prepare(t: TestContext): Promise<World> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sailplane-disk-'));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const server = await TestServer.start(t, { dataDir });
  const { http } = server.urls;
  const ann = await signIn(http, await register(http, 'ann'), 2);
  const bob = await signIn(http, await register(http, 'bob'), 2);
  const client = await connect(server, ann);
  assert.equal(await send(client, ann, bob, 'first'), 'acked');
  await client.close();
  await server.kill('SIGTERM');
  return { server, ann, bob, dataDir };
}

/** As our SDK says hello, so that refusals carry their code. */
async function connect(server: TestServer, who: SignedInAccount): Promise<RawClient> {
  const client = await RawClient.connect(server.urls.ws, WEB);
  const answer = await client.ask('authenticate', { version: 1, v: 1, caps: [], credential: who.token });
  assert.equal(answer.action, 'notify.success');
  return client;
}

/** 'acked', or the code of the refusal. */
async function send(
  client: RawClient,
  from: SignedInAccount,
  to: SignedInAccount,
  content: string,
): Promise<'acked' | number> {
  const clientId = crypto.randomUUID();
  client.chat({ from: from.uid, to: to.uid, content, mid: 0, clientId, atMs: Date.now() });
  const isIt = (frame: { readonly data: unknown }): boolean => asObject(frame.data)['cliMid'] === clientId;
  const answer = await waitUntil('an answer to a send', () =>
    client.frames.find((frame) => /^(ack\.message|message\.failed\.send)$/.test(frame.action) && isIt(frame)),
  );
  return answer.action === 'ack.message' ? 'acked' : Number(asObject(answer.data)['code']);
}

async function history(
  server: TestServer,
  reader: SignedInAccount,
  peer: SignedInAccount,
): Promise<readonly Json[]> {
  const data = await callOk(
    server.urls.http,
    'msg/chat/history',
    { Uid: peer.uid, BeforeMid: 0 },
    reader.token,
  );
  assert.ok(Array.isArray(data));
  return data.map(asObject);
}

async function assertRefused(world: World, expected: ErrorName): Promise<void> {
  const { server, ann, bob } = world;
  const client = await connect(server, ann);
  const before = await readStoredLog(server.dataDir);
  for (let attempt = 0; attempt < 3; attempt++) {
    assert.equal(await send(client, ann, bob, LARGE), ERRORS[expected].code);
  }
  assert.deepEqual(await readStoredLog(server.dataDir), before, 'what was refused is not stored');
  const readable = await history(server, bob, ann);
  assert.ok(readable.length > 0, 'reads go on');
  assert.equal(client.closed, undefined, 'and so does the connection');
  await client.close();
}

test('disk full: sends fail by code, reads go on, and room makes it well again', async (t) => {
  const world = await prepare(t);
  const { server, ann, bob, dataDir } = world;
  const database = new DatabaseSync(await databaseFile(dataDir));
  const pages = Number(asObject(database.prepare('PRAGMA page_count').get())['page_count']);
  database.close();
  await server.restart({ 'store-max-page-count': pages + 50 });
  const client = await connect(server, ann);
  let acked = 0;
  let answer: 'acked' | number = 'acked';
  for (; answer === 'acked' && acked < ENOUGH_TO_FILL; acked++) answer = await send(client, ann, bob, LARGE);
  assert.equal(answer, ERRORS.STORE_FULL.code);
  await assertRefused(world, 'STORE_FULL');
  await server.restart();
  const again = await connect(server, ann);
  assert.equal(await send(again, ann, bob, 'last'), 'acked');
  const seqs = (await readStoredLog(dataDir)).map(({ seq }) => seq).sort((one, other) => one - other);
  assert.deepEqual(
    seqs,
    seqs.map((_, index) => index + 1),
    'no refusal left a hole',
  );
});

test('read-only: sends fail by code, reads go on', async (t) => {
  const world = await prepare(t);
  await world.server.restart({ 'store-query-only': true });
  await assertRefused(world, 'STORE_READ_ONLY');
});
