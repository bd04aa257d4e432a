import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultsOf } from '../../pkg/config/option.js';
import { imError } from '../errors.js';
import { SEARCH_OPTIONS, SearchIndexer, type SearchOptions } from './search_indexer.js';
import { waitUntil } from '../../test/support/wait.js';

interface Bench {
  readonly indexer: SearchIndexer;
  readonly warnings: string[];
  /** The limits that the store was asked with. */
  readonly asked: number[];
  left: number;
  isBusy: boolean;
  isBroken: boolean;
}

function bench(options: Partial<SearchOptions> = {}): Bench {
  const state = { left: 0, isBusy: false, isBroken: false };
  const warnings: string[] = [];
  const asked: number[] = [];
  const quiet = (): undefined => undefined;
  const indexer = new SearchIndexer(
    { ...defaultsOf(SEARCH_OPTIONS), searchIntervalMs: 10, searchPauseMs: 0, ...options },
    {
      store: {
        indexBehind: (limit) => {
          asked.push(limit);
          if (made.isBroken) return Promise.reject(imError('STORE_UNAVAILABLE'));
          const count = Math.min(limit, made.left);
          made.left -= count;
          return Promise.resolve(count);
        },
      },
      isBusy: () => made.isBusy,
      logger: { error: quiet, info: quiet, debug: quiet, warn: (_fields, text) => void warnings.push(text) },
      nowMs: () => performance.now(),
    },
  );
  const made: Bench = Object.assign(state, { indexer, warnings, asked });
  return made;
}

test('takes what is behind in batches, then looks again and again; stops when it is closed', async () => {
  const made = bench({ searchBatchCount: 10 });
  made.left = 25;
  made.indexer.start();
  await waitUntil('it to come', () => made.indexer.stats().indexedCount === 25);
  assert.deepEqual(made.asked.slice(0, 3), [10, 10, 10]);
  await waitUntil('it to come', () => made.asked.length >= 5);
  assert.equal(made.indexer.stats().behindMs, 0);
  made.left = 7;
  await waitUntil('it to come', () => made.indexer.stats().indexedCount === 32);
  await made.indexer.close();
  const { length } = made.asked;
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(made.asked.length, length);
});

test('gives way while messages wait, but not for ever', async () => {
  const made = bench();
  made.left = 1;
  made.isBusy = true;
  made.indexer.start();
  await waitUntil('it to come', () => made.indexer.stats().indexedCount === 1);
  assert.ok(made.indexer.stats().yieldCount >= 10, 'put off often');
  await made.indexer.close();
});

test('after a failure it tries again, later each time, says so once, and counts how far it is behind', async () => {
  const made = bench();
  made.isBroken = true;
  made.indexer.start();
  await waitUntil('it to come', () => made.indexer.stats().failureCount >= 3);
  assert.equal(made.warnings.length, 1);
  assert.ok(made.indexer.stats().behindMs > 0);
  made.isBroken = false;
  made.left = 1;
  await waitUntil('it to come', () => made.indexer.stats().indexedCount === 1);
  assert.equal(made.indexer.stats().behindMs, 0);
  await made.indexer.close();
});

test('switched off, it asks for nothing', async () => {
  const made = bench({ searchEnabled: false });
  made.indexer.start();
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.deepEqual(made.asked, []);
  await made.indexer.close();
});
