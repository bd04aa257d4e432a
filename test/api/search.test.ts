/** Search over the real store, filled by the job: own conversations only, words and pairs of characters, pages. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { SEARCH_OPTIONS, SearchIndexer } from '../../im/search/search_indexer.js';
import { defaultsOf } from '../../pkg/config/option.js';
import { ApiServer, type Somebody } from '../support/api_server.js';
import { asObject, type Json } from '../support/raw_client.js';
import { SILENT_LOGGER } from '../support/silent_logger.js';
import { waitUntil } from '../support/wait.js';

async function scene(t: TestContext) {
  const server = await ApiServer.start(t);
  const indexer = new SearchIndexer(
    { ...defaultsOf(SEARCH_OPTIONS), searchIntervalMs: 10, searchPauseMs: 0, searchBatchCount: 7 },
    {
      store: server.stores.search,
      isBusy: () => false,
      logger: SILENT_LOGGER,
      nowMs: () => performance.now(),
    },
  );
  indexer.start();
  t.after(() => indexer.close());
  const [alice, bob, carol] = [await server.somebody(), await server.somebody(), await server.somebody()];
  const search = async (who: Somebody, input: Json): Promise<{ texts: readonly unknown[]; next: number }> => {
    const { events, next } = await server.data('msg/search', input, who.token);
    assert.ok(Array.isArray(events));
    return { texts: events.map((event) => asObject(event)['content']), next: Number(next) };
  };
  /** Once the index has it. */
  const found = (who: Somebody, input: Json, count: number): Promise<readonly unknown[]> =>
    waitUntil(`${count} found for ${JSON.stringify(input)}`, async () => {
      const { texts } = await search(who, input);
      return texts.length === count && texts;
    });
  return { server, alice, bob, carol, search, found };
}

test('words in any order and case, Chinese by its characters; nobody finds what is not his', async (t) => {
  const { server, alice, bob, carol, search, found } = await scene(t);
  await server.say(alice, bob, 'Lunch at the Golden Dragon');
  await server.say(bob, alice, '我说你好,世界');
  await server.say(alice, carol, 'a dragon of another kind');
  assert.deepEqual(await found(bob, { text: 'dragon lunch' }, 1), ['Lunch at the Golden Dragon']);
  assert.deepEqual(await found(alice, { text: '你好' }, 1), ['我说你好,世界']);
  assert.deepEqual(await found(alice, { text: 'DRAGON' }, 2), [
    'a dragon of another kind',
    'Lunch at the Golden Dragon',
  ]);
  assert.deepEqual((await search(carol, { text: 'lunch' })).texts, []);
  assert.deepEqual((await search(carol, { text: '你好' })).texts, []);
  assert.deepEqual((await search(alice, { text: 'dragon', uid: bob.uid })).texts, []);
  const conv = `u${Math.min(alice.uid, carol.uid)}_${Math.max(alice.uid, carol.uid)}`;
  assert.deepEqual((await search(alice, { text: 'dragon', conv })).texts, ['a dragon of another kind']);
  assert.equal((await server.call('msg/search', { text: 'dragon', conv }, bob.token)).code, 3001, 'not his');
  for (const input of [
    { text: '' },
    { text: 'x'.repeat(257) },
    { text: 'a', limit: 51 },
    { text: 'a', from: 2e12, to: 1e12 },
  ])
    assert.equal((await server.call('msg/search', input, alice.token)).code, 300, JSON.stringify(input));
});

test('what was edited is found by what it says now, what was taken back not at all', async (t) => {
  const { server, alice, bob, search, found } = await scene(t);
  const mid = await server.say(alice, bob, 'the first wording');
  const gone = await server.say(alice, bob, 'a wording to regret');
  await found(bob, { text: 'wording' }, 2);
  const conv = `u${Math.min(alice.uid, bob.uid)}_${Math.max(alice.uid, bob.uid)}`;
  await server.value('msg/edit', { conv, mid, content: 'the second version', cliMid: 'e' }, alice.token);
  await server.value('message/recall', { to: bob.uid, mid: gone }, alice.token);
  assert.deepEqual(await found(bob, { text: 'version' }, 1), ['the second version']);
  await found(bob, { text: 'wording' }, 0);
  assert.deepEqual((await search(alice, { text: 'regret' })).texts, []);
});

test('page after page, newest first, each message once', async (t) => {
  const { server, alice, bob, search, found } = await scene(t);
  for (let i = 0; i < 30; i++) await server.say(alice, bob, `apple number ${i}`);
  await found(bob, { text: 'apple', limit: 50 }, 30);
  const all: unknown[] = [];
  let before = 0;
  for (let pages = 0; pages < 30; pages++) {
    const page = await search(bob, { text: 'apple', limit: 7, before });
    all.push(...page.texts);
    before = page.next;
    if (before === 0) break;
  }
  assert.deepEqual(
    all,
    Array.from({ length: 30 }, (_, i) => `apple number ${29 - i}`),
  );
});
