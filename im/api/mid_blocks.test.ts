/** Blocks of message ids: never the same id twice, one lease at a time for a user, a bounded memory. */
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { known, toMid, toUid, type Uid } from '../message/ids.js';
import { MidBlocks, type MidBlockOptions } from './mid_blocks.js';

const user = (uid: number): Uid => known(toUid(uid));

function scene(options: MidBlockOptions) {
  const leases: { uid: Uid; first: number; count: number }[] = [];
  const faults: Error[] = [];
  let first = 1;
  const ids = {
    leaseMidBlock: async (uid: Uid, count: number) => {
      await nextTurn();
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
      const lease = { first: known(toMid(first)), count };
      first += count;
      leases.push({ uid, ...lease });
      return lease;
    },
  };
  return { blocks: new MidBlocks(options, { ids }), leases, faults };
}

test('a block is used up before the next one is leased', async () => {
  const { blocks, leases } = scene({ midBlockSize: 3, midBlockUserCount: 10 });
  const mids: number[] = [];
  for (let i = 0; i < 7; i++) mids.push(await blocks.next(user(1)));
  assert.deepEqual(mids, [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(leases.length, 3);
});

test('many at once: never the same mid twice, every mid from a block of its user, no lease too many', async () => {
  const { blocks, leases } = scene({ midBlockSize: 8, midBlockUserCount: 10 });
  const asked = Array.from({ length: 300 }, (_, i) => user((i % 3) + 1));
  const mids = await Promise.all(asked.map((uid) => blocks.next(uid)));
  assert.equal(new Set(mids).size, 300);
  for (const [index, mid] of mids.entries()) {
    const lease = leases.find(({ first, count }) => mid >= first && mid < first + count);
    assert.equal(lease?.uid, asked[index]);
  }
  assert.equal(leases.length, 3 * Math.ceil(100 / 8));
});

test('the memory is bounded: who drew longest ago is forgotten, and gets a new block', async () => {
  const { blocks, leases } = scene({ midBlockSize: 10, midBlockUserCount: 2 });
  const draw = (uid: number): Promise<number> => blocks.next(user(uid));
  assert.deepEqual([await draw(1), await draw(2), await draw(1), await draw(3)], [1, 11, 2, 21]);
  assert.deepEqual([await draw(1), await draw(3)], [3, 22], 'both are still known');
  assert.equal(await draw(2), 31, 'the one that was forgotten');
  assert.equal(leases.length, 4);
});

test('more users at once than are remembered: all are answered, none with the mid of another', async () => {
  const { blocks } = scene({ midBlockSize: 2, midBlockUserCount: 1 });
  const mids = await Promise.all(Array.from({ length: 60 }, (_, i) => blocks.next(user((i % 20) + 1))));
  assert.equal(new Set(mids).size, 60);
});

test('a lease that fails is told to all who waited for it, and the next call leases again', async () => {
  const { blocks, faults } = scene({ midBlockSize: 4, midBlockUserCount: 10 });
  faults.push(new Error('store away'));
  const both = await Promise.allSettled([blocks.next(user(1)), blocks.next(user(1))]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal(await blocks.next(user(1)), 1);
});
