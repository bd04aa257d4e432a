/**
 * Whatever people do, on whatever networks: after quiet each device of theirs says what the server says. A seed fixes
 * what is done, not when the machine does it: so the seeds here are fixed, that what is still to be found does not fail
 * another's change. Whoever hunts plays PLAY_COUNT=n random ones, or PLAY_SEED=n alone, again and again; a failure tells
 * its seed and what was done.
 */
import test from 'node:test';
import { known } from '../../im/message/ids.js';
import { openForSeeding, seedTokens, seedUsers, SEED_ENV, type SeededUser } from '../support/seed.js';
import { TestServer } from '../support/server.js';
import { Play, type Cast } from './play.js';

/** Each of them once found something. */
const FOUND = [4, 7, 16, 50, 9062, 20028, 20072, 20164] as const;
const PEOPLE = 3;
/** Each one's, the last for beginning afresh. */
const DEVICES = [5, 6, 7] as const;
const STEPS = 40;
const MUCH = 1_000_000;

/** Nobody is to be refused: that is tested elsewhere, and makes what follows depend on the machine. */
const FLAGS = {
  'limits-auth-per-second': MUCH,
  'limits-auth-burst': MUCH,
  // A sync that looks back a minute would hide what it lacks.
  'api-sync-overlap-ms': 0,
  'gateway-tail-wait-ms': 20,
} as const;

function chosen(): readonly number[] {
  const [seed, count] = [Number(process.env['PLAY_SEED']), Number(process.env['PLAY_COUNT'])];
  if (seed > 0) return [seed];
  if (!(count > 0)) return FOUND;
  const first = Date.now() % 2 ** 31;
  return Array.from({ length: count }, (_, index) => first + index);
}

async function casts(dataDir: string, count: number): Promise<readonly (readonly Cast[])[]> {
  const stores = await openForSeeding(dataDir);
  try {
    const uids = await seedUsers(stores, count * PEOPLE);
    const byDevice: (readonly SeededUser[])[] = [];
    for (const device of DEVICES) byDevice.push(await seedTokens(stores, uids, device));
    const people = uids.map((_, index) => ({ devices: byDevice.map((users) => known(users[index])) }));
    return Array.from({ length: count }, (_, index) => people.slice(index * PEOPLE, (index + 1) * PEOPLE));
  } finally {
    await stores.close();
  }
}

test('after any play every device shows everything once and counts as the server does', async (t) => {
  const seeds = chosen();
  t.diagnostic(`seeds ${seeds.join(' ')}`);
  let people: readonly (readonly Cast[])[] = [];
  const server = await TestServer.start(t, {
    env: SEED_ENV,
    flags: FLAGS,
    prepare: async (dataDir) => {
      people = await casts(dataDir, seeds.length);
    },
  });
  const { urls } = server;
  const plays = seeds.map((seed, index) =>
    new Play({ seed, people: known(people[index]), urls, steps: STEPS, rounds: 1 }).run(),
  );
  await Promise.all(plays);
});
