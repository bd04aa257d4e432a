/** The real argon2id: what it makes, how many at once, and what waits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isError } from '../../im/errors.js';
import { Argon2Hasher } from './argon2_hasher.js';

const CHEAP = { hashConcurrency: 2, hashQueueCount: 64, hashMemoryKib: 8192, hashPasses: 1 };
const busy = (error: unknown): boolean => isError(error, 'TOO_BUSY') && error.retryAfterMs === 1000;

test('argon2id with the configured cost, salted, and right only for its password', async () => {
  const hasher = new Argon2Hasher(CHEAP);
  const [one, other] = [await hasher.hash('päss'), await hasher.hash('päss')];
  assert.match(one, /^\$argon2id\$v=19\$m=8192,t=1,p=1\$/);
  assert.notEqual(one, other);
  assert.equal(await hasher.verify(one, 'päss'), true);
  assert.equal(await hasher.verify(one, 'pass'), false);
  assert.equal(await hasher.verify(one, ''), false);
});

test('an empty hash is opened by no password, the empty one included', async () => {
  const hasher = new Argon2Hasher(CHEAP);
  for (const password of ['', 'x']) assert.equal(await hasher.verify('', password), false);
});

test('two at a time and none waiting: the third is TOO_BUSY; a place that comes free is given again', async () => {
  const hasher = new Argon2Hasher({ ...CHEAP, hashQueueCount: 0 });
  const running = [hasher.hash('a'), hasher.verify('', 'b')];
  await assert.rejects(hasher.hash('c'), busy);
  await assert.rejects(hasher.burn('c'), busy);
  await assert.rejects(hasher.verify('', 'c'), busy);
  await Promise.all(running);
  await hasher.burn('c');
});

test('the queue is bounded, and everybody in it is served', async () => {
  const hasher = new Argon2Hasher({ ...CHEAP, hashQueueCount: 3 });
  const all = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => hasher.hash(`p${i}`)));
  assert.deepEqual(
    all.map(({ status }) => status),
    [...Array<string>(5).fill('fulfilled'), ...Array<string>(3).fill('rejected')],
  );
});

test('a hash that cannot be read is an error and gives its place back', async () => {
  const hasher = new Argon2Hasher({ ...CHEAP, hashConcurrency: 1, hashQueueCount: 0 });
  await assert.rejects(hasher.verify('not a hash', 'x'));
  await hasher.hash('x');
});
