/**
 * 20,000 malformed bodies over every operation of the HTTP API: each gets an answer in the envelope that blames
 * the client, and the server goes on as if nothing had been.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { Chat } from '../support/chat.js';
import { residentBytes } from '../support/proc_stat.js';
import { SEED_ENV } from '../support/seed.js';
import { BodyStorm } from './body_storm.js';
import { Random, seedOfThisRun } from './random.js';
import { seedSpeakers } from './speakers.js';
import { assertStillServes, FUZZED_SERVER_FLAGS } from './still_serves.js';
import type { Speaker } from './valid_frames.js';

const BODIES = 20_000;
const SOCKETS = 16;
const BODY_BYTES = 65_536;
const SPEAKERS = 500;
const RESIDENT_LIMIT_BYTES = 400e6;
/** What docs/protocol.md promises besides 200; 4xx of the HTTP parser itself come with a closed connection. */
const STATUSES = new Set([200, 400, 401, 404, 408, 411, 413, 415, 429, 431, 503]);

test(`fuzz: ${BODIES} malformed bodies over every operation`, async (t) => {
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
  await phones[0].sendAndWait(bob.uid, 'before the storm');
  await phones[1].expectMessage('before the storm');
  const { pid } = server;

  const storm = new BodyStorm(
    { httpUrl: server.urls.http, bodyCount: BODIES, socketCount: SOCKETS, bodyBytes: BODY_BYTES, speakers },
    random,
  );
  const answers = await storm.run();
  const seen = new Map<string, number>();
  for (const { path, status, text } of answers) {
    assert.ok(STATUSES.has(status), `${seed}: ${path} answered ${status} ${text}`);
    const { Code: code } = JSON.parse(text) as { readonly Code: unknown };
    assert.equal(typeof code, 'number', `${seed}: ${path} answered ${text}`);
    assert.notEqual(code, ERRORS.INTERNAL.code, `${seed}: ${path} answered ${text}\n${server.log}`);
    seen.set(path, (seen.get(path) ?? 0) + 1);
  }
  assert.equal(answers.length + storm.cutCount, BODIES);
  // A body that is not what its head says costs its connection; nothing else may.
  assert.ok(storm.cutCount < BODIES / 100, `${seed}: ${storm.cutCount} requests without an answer`);
  assert.equal(seen.size, storm.paths.length, `${seed}: an operation was never asked`);
  const good = answers.filter(({ text }) => text.startsWith('{"Code":100,')).length;
  t.diagnostic(
    `${seed}: ${good} of ${answers.length} succeeded all the same, ${storm.cutCount} were cut off`,
  );

  await assertStillServes(chat, phones, seed);
  assert.equal(server.pid, pid);
  const bytes = await residentBytes(pid);
  t.diagnostic(`the server holds ${(bytes / 1e6).toFixed(0)} MB`);
  assert.ok(bytes < RESIDENT_LIMIT_BYTES, `${seed}: the server holds ${bytes} bytes`);
});
