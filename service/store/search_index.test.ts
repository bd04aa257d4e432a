/** The index of the search as a thing that may be lost: it is made again from the log. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexAll } from '../../im/store/search.contract.js';
import { Scene } from '../../im/store/scene.contract.js';
import { known } from '../../im/message/ids.js';
import type { Stores } from '../../im/store/stores_interface.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import { ChangedConversations } from './changed_conversations.js';
import { PLACE_LIMIT } from './search_cursor.js';
import { SearchSource } from './search_source.js';
import { openFor, temporaryOptions, withDatabase } from './sqlite_factory.contract.js';

async function find(stores: Stores, scene: Scene): Promise<readonly string[]> {
  const all = { conv: '', from: undefined, fromMs: 0, toMs: 0, before: 0, limit: 100 } as const;
  const { events, next } = await stores.search.search({ ...all, uid: scene.uid(1), text: 'word' });
  assert.equal(next, 0);
  return events.map(({ content }) => content).toSorted();
}

/** What may have happened to it, down to nothing being left of it. */
const LOSSES = [
  'DELETE FROM search_cursor',
  "DELETE FROM search_cursor; DELETE FROM search_doc; INSERT INTO search_term (search_term) VALUES ('delete-all')",
  'UPDATE search_cursor SET indexed_seq = 1',
];

test('search: an index that is lost or behind is filled again by itself', async (t) => {
  const options = temporaryOptions(t);
  let stores = await openFor(t, options);
  const scene = await Scene.open(stores, 3);
  await scene.say(0, 1, 'word a', 'word b', 'word c');
  await scene.say(2, 1, 'word d');
  await indexAll(stores);
  const expected = ['word a', 'word b', 'word c', 'word d'];
  assert.deepEqual(await find(stores, scene), expected);
  for (const loss of LOSSES) {
    await stores.close();
    withDatabase(options, (db) => db.exec(loss));
    stores = await openFor(t, options);
    assert.ok((await indexAll(stores)) > 0);
    assert.deepEqual(await find(stores, scene), expected);
    assert.equal(await indexAll(stores), 0);
  }
});

test('search: more messages of one moment than it has numbers for are all found', async (t) => {
  const options = temporaryOptions(t);
  const stores = await openFor(t, options);
  const scene = await Scene.open(stores, 2);
  const count = 1500;
  await scene.say(0, 1, ...Array.from({ length: count }, (_, at) => `word ${at}`));
  await indexAll(stores);
  const found = new Set<string>();
  let before = 0;
  do {
    const all = { conv: '', from: undefined, fromMs: 0, toMs: 0, limit: 100 } as const;
    const page = await stores.search.search({ ...all, uid: scene.uid(1), text: 'word', before });
    for (const { content } of page.events) found.add(content);
    before = page.next;
  } while (before !== 0);
  assert.equal(found.size, count);
});

test('search: of more conversations than one page looks at, the pages after it look at the others', async (t) => {
  const options = temporaryOptions(t);
  const stores = await openFor(t, options);
  const scene = await Scene.open(stores, 3);
  await scene.say(0, 1, ...Array.from({ length: 20 }, (_, at) => `oldest of all ${at}`));
  const uid = scene.uid(0);
  const count = PLACE_LIMIT + 50;
  withDatabase(options, (db) =>
    db.exec(`WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ${count})
      INSERT INTO conversation (name, created_at, last_seq, last_at)
        SELECT 'u${uid}_' || (5000000 + i), 0, 1, ${Date.now() * 2} FROM s;
      INSERT INTO conversation_member (uid, conv, peer)
        SELECT ${uid}, id, CAST(substr(name, instr(name, '_') + 1) AS INTEGER) FROM conversation
        WHERE name LIKE '%/_5______' ESCAPE '/'`),
  );
  await scene.say(0, 2, 'newest of all');
  await indexAll(stores);
  const found: string[] = [];
  let [before, pages] = [0, 0];
  do {
    const all = { conv: '', from: undefined, fromMs: 0, toMs: 0, limit: 7 } as const;
    const page = await stores.search.search({ ...all, uid, text: 'of all', before });
    found.push(...page.events.map(({ content }) => content));
    before = page.next;
    pages += 1;
    assert.ok(pages < 9);
  } while (before !== 0);
  assert.equal(found[0], 'newest of all');
  const expected = Array.from({ length: 20 }, (_, at) => `oldest of all ${19 - at}`);
  assert.deepEqual(found.slice(1), expected);
  assert.equal(pages, 4);
});

test('search: a batch that takes a reader long ends, and goes on where it ended', async (t) => {
  const options = temporaryOptions(t);
  const stores = await openFor(t, options);
  const scene = await Scene.open(stores, 2);
  await scene.say(0, 1, 'word a', 'word b', 'word c', 'word d');
  await stores.close();
  withDatabase(options, (db) => {
    const conv = integerAt(known(db.prepare('SELECT MAX(id) FROM conversation').first()), 0);
    let nowMs = 0;
    const slow = new SearchSource(db, () => (nowMs += 5));
    const batch = slow.termsBehind([conv], 100);
    assert.deepEqual([batch.count, batch.rest, batch.steps[0]?.indexedSeq], [2, [conv], 2]);
    const tooSlow = new SearchSource(db, () => (nowMs += 1000));
    assert.equal(tooSlow.termsBehind([conv], 100).count, 1, 'one at least');
    assert.equal(new SearchSource(db, () => nowMs).termsBehind([conv], 100).count, 4);
  });
});

test('search: the writer remembers each conversation once, and says when it could not', () => {
  const changed = new ChangedConversations();
  assert.deepEqual(changed.take(9), { ids: [], isLost: true }, 'what was before it');
  for (const id of [5, 6, 5, 7]) changed.note(id);
  assert.deepEqual(changed.take(2), { ids: [5, 6], isLost: false });
  assert.deepEqual(changed.take(9), { ids: [7], isLost: false });
  for (let id = 1; id <= 20_001; id += 1) changed.note(id);
  const { ids, isLost } = changed.take(30_000);
  assert.deepEqual([ids.length, isLost], [20_000, true]);
});
