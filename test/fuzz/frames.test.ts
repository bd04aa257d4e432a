/**
 * 100,000 malformed frames on the real server, which serves two ordinary users all the while: afterwards it is the
 * same process, they have not noticed, and everything that was acknowledged is there.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chat } from '../support/chat.js';
import { residentBytes } from '../support/proc_stat.js';
import { SEED_ENV } from '../support/seed.js';
import { FrameStorm } from './frame_storm.js';
import { Random, seedOfThisRun } from './random.js';
import { seedSpeakers } from './speakers.js';
import { assertStillServes, FUZZED_SERVER_FLAGS } from './still_serves.js';
import type { Speaker } from './valid_frames.js';

const FRAMES = 100_000;
const SOCKETS = 16;
const FRAME_BYTES = 65_536;
const SPEAKERS = 2000;
/** What the server may hold after all that. It takes 110 MB when it starts, and keeps what V8 does not give back. */
const RESIDENT_LIMIT_BYTES = 400e6;

test(`fuzz: ${FRAMES} malformed frames cost at most their connections`, async (t) => {
  const random = new Random(seedOfThisRun());
  const seed = `FUZZ_SEED=${random.seed}`;
  let speakers: readonly Speaker[] = [];
  const chat = await Chat.start(t, {
    env: SEED_ENV,
    flags: FUZZED_SERVER_FLAGS,
    prepare: async (dataDir) => {
      speakers = await seedSpeakers(dataDir, SPEAKERS);
    },
  });
  const { server } = chat;
  const [alice, bob] = [await chat.person('alice'), await chat.person('bob')];
  const phones = [await chat.phone(alice), await chat.phone(bob)] as const;
  const { pid } = server;

  const storming = { isOver: false };
  const talking = (async () => {
    for (let count = 0; !storming.isOver; count++) {
      const sent = await phones[count % 2 === 0 ? 0 : 1].sendAndWait(
        count % 2 === 0 ? bob.uid : alice.uid,
        `during the storm ${count}`,
      );
      assert.notEqual(sent.state, 'failed', `${seed}: ${sent.error?.message ?? ''}`);
    }
  })();
  const storm = new FrameStorm(
    { wsUrl: server.urls.ws, frameCount: FRAMES, socketCount: SOCKETS, frameBytes: FRAME_BYTES, speakers },
    random,
  );
  const result = await storm.run().catch((error: unknown) => {
    throw new Error(`${seed}\n${server.log}`, { cause: error });
  });
  storming.isOver = true;
  await talking;
  const closes = [...result.closes].map(([code, count]) => `${code}: ${count}`).join(', ');
  t.diagnostic(
    `${seed}: ${result.frames} frames on ${result.connections} connections, ${result.signedIn} signed in, ` +
      `${result.survived} answered at the end, closes ${closes}`,
  );

  assert.deepEqual(result.faults, [], `${seed}: the server blames itself\n${server.log}`);
  assert.ok(result.signedIn > result.connections / 3, `${seed}: hardly anybody was signed in`);
  assert.ok(result.survived > result.connections / 5, `${seed}: hardly a connection lived to its end`);
  for (const phone of phones) {
    const online = phone.states.filter(({ name }) => name === 'online');
    assert.equal(online.length, 1, `${seed}: ${phone.name} had to reconnect\n${server.log}`);
  }
  await assertStillServes(chat, phones, seed);
  assert.equal(server.pid, pid);
  const bytes = await residentBytes(pid);
  t.diagnostic(`the server holds ${(bytes / 1e6).toFixed(0)} MB`);
  assert.ok(bytes < RESIDENT_LIMIT_BYTES, `${seed}: the server holds ${bytes} bytes`);
});
