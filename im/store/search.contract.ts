/** Search: what is found, by whom, in which order, how much at a time; and that the index follows the log. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../errors.js';
import { editContent } from '../message/event_content.js';
import { known, type Uid } from '../message/ids.js';
import { EVENT_KIND } from '../message/message.js';
import { recallContent } from '../message/recall.js';
import { SEARCH_TERM_LIMIT, type SearchPage, type SearchRequest } from './event_interface.js';
import { GroupScene } from './group_scene.contract.js';
import type { AppendRequest, StoredNumbers } from './interface.js';
import type { Stores } from './stores_interface.js';
import {
  Scene,
  seq,
  stored,
  withCode,
  type FaultyStoreFactory,
  type StoreFactory,
} from './scene.contract.js';

const noPermission = withCode(ERRORS.NO_PERMISSION.code);
const invalid = withCode(ERRORS.INVALID_PARAMETER.code);

/** Until nothing is left. */
export async function indexAll(stores: Stores, limit = 1000): Promise<number> {
  let sum = 0;
  for (let count = limit; count >= limit; sum += count) count = await stores.search.indexBehind(limit);
  return sum;
}

export function ask(uid: Uid, text: string, more: Partial<SearchRequest> = {}): SearchRequest {
  return { uid, text, conv: '', from: undefined, fromMs: 0, toMs: 0, before: 0, limit: 100, ...more };
}

const contentsOf = (page: SearchPage): readonly string[] => page.events.map(({ content }) => content);

/** Page after page; each may be short, none out of order. */
export async function findAll(stores: Stores, request: SearchRequest): Promise<readonly string[]> {
  const found: string[] = [];
  let before = 0;
  do {
    const page = await stores.search.search({ ...request, before });
    assert.ok(page.events.length <= request.limit);
    assert.ok(before === 0 || page.next < before, 'the cursor goes down');
    found.push(...contentsOf(page));
    before = page.next;
  } while (before !== 0);
  return found;
}

function edit(scene: Scene, target: StoredNumbers, content: string): AppendRequest {
  const text = editContent({ ...target, clientId: 'x', content });
  const event = { kind: EVENT_KIND.edit, clientId: `edit ${content}`.slice(0, 40) };
  const change = { kind: 'edit', mid: target.mid, by: scene.uid(0), content, windowMs: 60_000 } as const;
  return { ...scene.message(0, 1, text, event), change };
}

function recall(scene: Scene, { mid, seq: at }: Pick<StoredNumbers, 'mid' | 'seq'>): AppendRequest {
  const request = scene.recall(0, 1, mid);
  const content = recallContent({ by: scene.uid(0), mid, clientId: 'x', seq: at });
  return { ...request, event: { ...known(request.event), content } };
}

export function searchContract(name: string, factory: StoreFactory): void {
  foundCases(name, factory);
  rightsCases(name, factory);
  boundsCases(name, factory);
  indexCases(name, factory);
}

function foundCases(name: string, factory: StoreFactory): void {
  test(`${name}: words, pairs of characters and signs are found in one's own conversations`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores, 4);
    await scene.say(0, 1, 'Hello, café!', '大家你好', 'nothing\0here 👍');
    await scene.say(2, 0, 'hello again', '你好吗');
    await scene.say(1, 2, 'hello between others', '你好');
    await scene.say(0, 0, 'a note of hello');
    assert.deepEqual(
      await findAll(subject.stores, ask(scene.uid(0), 'hello')),
      [],
      'not before it is indexed',
    );
    assert.equal(await indexAll(subject.stores), 8);
    const check = async (stores: Stores): Promise<void> => {
      const find = async (user: number, text: string) =>
        (await findAll(stores, ask(scene.uid(user), text))).toSorted();
      assert.deepEqual(await find(0, 'HELLO'), ['Hello, café!', 'a note of hello', 'hello again']);
      assert.deepEqual(await find(0, 'cafe hello'), ['Hello, café!']);
      assert.deepEqual(await find(0, '你好'), ['你好吗', '大家你好'].toSorted());
      assert.deepEqual(await find(0, '好'), ['你好吗', '大家你好'].toSorted());
      assert.deepEqual(await find(0, 'here'), ['nothing\0here 👍']);
      assert.deepEqual(await find(0, '👍'), ['nothing\0here 👍']);
      assert.deepEqual(await find(0, 'hello nowhere'), []);
      assert.deepEqual(await find(0, 'hell'), []);
      assert.deepEqual(await find(2, '你好'), ['你好', '你好吗'].toSorted());
      assert.deepEqual(await find(3, 'hello'), []);
      const quotes = await find(0, `"hello" OR (café*) NOT "x`);
      assert.deepEqual(quotes, [], 'what means something to the index is only text');
    };
    await check(subject.stores);
    await check(await subject.reopen());
  });

  test(`${name}: a search may be narrowed to a conversation, a sender and a time`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 3);
    await scene.say(0, 1, 'word a');
    await scene.say(1, 0, 'word b');
    await scene.say(2, 0, 'word c');
    await indexAll(scene.stores);
    const { search } = scene.stores;
    const uid = scene.uid(0);
    const find = async (more: Partial<SearchRequest>) =>
      contentsOf(await search.search(ask(uid, 'word', more))).toSorted();
    assert.deepEqual(await find({ conv: scene.conv() }), ['word a', 'word b']);
    assert.deepEqual(await find({ conv: scene.conv(), from: scene.uid(1) }), ['word b']);
    assert.deepEqual(await find({ from: scene.uid(2) }), ['word c']);
    assert.deepEqual(await find({ conv: scene.conv(1, 0), from: scene.uid(2) }), []);
    const times = (await search.search(ask(uid, 'word'))).events.map((event) => event.storedAtMs);
    const [first, last] = [Math.min(...times), Math.max(...times)];
    assert.equal((await find({ fromMs: first, toMs: last + 1 })).length, 3);
    assert.deepEqual(await find({ fromMs: last + 1 }), []);
    assert.deepEqual(await find({ toMs: first }), []);
    assert.deepEqual(await find({ fromMs: Number.MAX_SAFE_INTEGER }), []);
    await assert.rejects(search.search(ask(uid, 'word', { conv: scene.conv(1, 2) })), noPermission);
  });

  test(`${name}: nothing to look for, or more words than a person types, is refused`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores);
    const { search } = scene.stores;
    const words = (count: number) => Array.from({ length: count }, (_, at) => `w${at}`).join(' ');
    await scene.say(0, 1, words(SEARCH_TERM_LIMIT));
    await indexAll(scene.stores);
    for (const text of ['', ' \0 ', '?!…', words(SEARCH_TERM_LIMIT + 1)]) {
      await assert.rejects(search.search(ask(scene.uid(0), text)), invalid);
    }
    assert.equal((await search.search(ask(scene.uid(0), words(SEARCH_TERM_LIMIT)))).events.length, 1);
  });
}

function rightsCases(name: string, factory: StoreFactory): void {
  test(`${name}: of a group one finds what one may read of it now`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores, 5);
    const group = await GroupScene.create(scene, [1]);
    await group.say(0, 'word before');
    await group.add(2);
    await group.say(1, 'word inside');
    await group.remove(2);
    await group.say(1, 'word between');
    await group.add(2, 3);
    await group.say(0, 'word again');
    await group.remove(2);
    await group.say(0, 'word after');
    await indexAll(subject.stores);
    const check = async (stores: Stores): Promise<void> => {
      const find = async (user: number, more: Partial<SearchRequest> = {}) =>
        findAll(stores, ask(scene.uid(user), 'word', more));
      const all = ['word after', 'word again', 'word between', 'word inside', 'word before'];
      assert.deepEqual((await find(1)).toSorted(), all.toSorted());
      assert.deepEqual((await find(2)).toSorted(), ['word again', 'word inside']);
      assert.deepEqual((await find(2, { conv: group.conv })).toSorted(), ['word again', 'word inside']);
      assert.deepEqual((await find(3)).toSorted(), ['word after', 'word again']);
      assert.deepEqual(await find(4), []);
      await assert.rejects(find(4, { conv: group.conv }), noPermission);
    };
    await check(subject.stores);
    await check(await subject.reopen());
  });

  test(`${name}: what others find is nobody's page: a cursor ends where one's own messages do`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 4);
    await scene.say(2, 3, ...Array.from({ length: 600 }, (_, at) => `word of others ${at}`));
    await scene.say(0, 1, 'word of mine');
    await indexAll(scene.stores);
    const page = await scene.stores.search.search(ask(scene.uid(0), 'word'));
    assert.deepEqual([contentsOf(page), page.next], [['word of mine'], 0]);
  });
}

function boundsCases(name: string, factory: StoreFactory): void {
  test(`${name}: page after page gives everything once, newest first`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 90);
    const expected: { readonly content: string; readonly at: number }[] = [];
    const say = async (other: number, count: number): Promise<void> => {
      const contents = Array.from({ length: count }, (_, at) => `word ${other} ${at} ${expected.length}`);
      const sent = await scene.say(0, other, ...contents);
      sent.forEach(({ storedAtMs }, at) => expected.push({ content: contents[at] ?? '', at: storedAtMs }));
    };
    for (let other = 1; other < 90; other += 1) await say(other, 3);
    for (let other = 1; other < 90; other += 7) await say(other, 30);
    await indexAll(scene.stores);
    for (const limit of [7, 100]) {
      const found: string[] = [];
      let [before, last] = [0, Infinity];
      do {
        const page = await scene.stores.search.search(ask(scene.uid(0), 'word', { before, limit }));
        assert.ok(page.events.length <= limit);
        for (const event of page.events) {
          assert.ok(event.storedAtMs <= last);
          last = event.storedAtMs;
        }
        found.push(...contentsOf(page));
        before = page.next;
      } while (before !== 0);
      assert.deepEqual(found.toSorted(), expected.map(({ content }) => content).toSorted());
    }
  });

  test(`${name}: what was said long ago in one of very many conversations is found by many words`, async (t) => {
    const others = 151;
    const scene = await Scene.open((await factory(t)).stores, others + 1);
    await scene.say(0, 1, '今天晚上一起去吃饭吧', 'a b c d e f g h i j k l');
    for (let other = 2; other <= others; other += 1) await scene.say(0, other, '今天晚上', 'a b c');
    await indexAll(scene.stores);
    const find = (text: string) => findAll(scene.stores, ask(scene.uid(0), text));
    assert.deepEqual(await find('今天晚上一起去吃饭吧'), ['今天晚上一起去吃饭吧']);
    assert.deepEqual(await find('l k j i h g f e d c b a'), ['a b c d e f g h i j k l']);
    assert.equal((await find('今天晚上')).length, others);
    const first = await scene.stores.search.search(ask(scene.uid(0), '今天晚上', { limit: 9 }));
    assert.deepEqual([first.events.length, first.next > 0], [9, true]);
  });

  test(`${name}: where the filter takes all of many matches a page is empty and the next goes on`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores);
    await scene.say(0, 1, 'word of the other');
    await scene.say(1, 0, ...Array.from({ length: 700 }, (_, at) => `word ${at}`));
    await indexAll(scene.stores);
    const request = ask(scene.uid(0), 'word', { from: scene.uid(0) });
    const first = await scene.stores.search.search(request);
    assert.deepEqual([contentsOf(first).length, first.next > 0], [0, true], 'bounded work');
    assert.deepEqual(await findAll(scene.stores, request), ['word of the other']);
  });

  test(`${name}: large contents are indexed a few at a time and given a few at a time`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores);
    const han = Array.from({ length: 21_000 }, (_, at) => String.fromCodePoint(0x4e00 + (at % 20_000))).join(
      '',
    );
    const words = Array.from({ length: 9_000 }, (_, at) => `w${at}`).join(' ');
    const contents = Array.from({ length: 12 }, (_, at) => `word${at} ${at % 2 === 0 ? han : words}`);
    await scene.say(0, 1, ...contents);
    assert.equal(await indexAll(scene.stores, 1), 12);
    const all = await findAll(scene.stores, ask(scene.uid(1), 'w5'));
    assert.equal(all.length, 6);
    const page = await scene.stores.search.search(ask(scene.uid(1), '一'));
    assert.ok(page.events.length > 0 && page.events.length < 6 && page.next > 0);
    assert.equal((await findAll(scene.stores, ask(scene.uid(1), '一'))).length, 6);
    assert.deepEqual(await findAll(scene.stores, ask(scene.uid(1), 'word7')), [contents[7]]);
  });
}

function indexCases(name: string, factory: StoreFactory): void {
  test(`${name}: edits are found by what they say now, and what is recalled or erased by nothing`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores);
    const [a, b, c] = (await scene.say(0, 1, 'alpha one', 'beta two', 'gamma three')).map(known);
    await indexAll(subject.stores);
    const find = async (text: string, stores = subject.stores) => findAll(stores, ask(scene.uid(1), text));
    await scene.append(edit(scene, known(a), 'delta four'));
    await scene.append(recall(scene, known(b)));
    assert.deepEqual(await find('beta'), [], 'at once, also where the index does not know it yet');
    await indexAll(subject.stores);
    assert.deepEqual(
      [await find('alpha'), await find('delta'), await find('beta')],
      [[], ['delta four'], []],
    );
    await scene.append(
      edit(scene, known(c), 'epsilon'),
      recall(scene, known(c)),
      edit(scene, known(a), 'zeta'),
    );
    await indexAll(subject.stores);
    assert.deepEqual([await find('epsilon'), await find('gamma'), await find('delta')], [[], [], []]);
    assert.deepEqual(await find('zeta'), ['zeta']);
    await subject.stores.messages.expire(Date.now() + 1000, 1, 100);
    assert.deepEqual(await find('zeta'), []);
    await indexAll(subject.stores);
    const again = await subject.reopen();
    assert.deepEqual(await find('zeta', again), []);
    assert.equal(await indexAll(again), 0, 'nothing is left to do');
  });

  test(`${name}: a message is indexed once, whatever the limit, and by a new process what is left`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores, 20);
    for (let other = 1; other < 20; other += 1) await scene.say(0, other, 'word a', 'word b', 'word c');
    assert.equal(await subject.stores.search.indexBehind(7), 7);
    const before = (await findAll(subject.stores, ask(scene.uid(0), 'word'))).length;
    assert.equal(before, 7);
    const again = await subject.reopen();
    assert.equal(await indexAll(again, 5), 50);
    assert.equal((await findAll(again, ask(scene.uid(0), 'word'))).length, 57);
    assert.equal(await again.search.indexBehind(100), 0);
    const [numbers] = await again.messages.lastSeqs([scene.conv()]);
    assert.equal(numbers?.lastSeq, seq(3), 'the index takes no seq');
  });

  test(`${name}: appends go on while the index is filled, and both end well`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 3);
    await scene.say(0, 1, ...Array.from({ length: 300 }, (_, at) => `word ${at}`));
    const filling = indexAll(scene.stores);
    for (let at = 0; at < 20; at += 1) {
      stored((await scene.append(scene.message(2, 0, `word more ${at}`)))[0]);
    }
    await filling;
    await indexAll(scene.stores);
    assert.equal((await findAll(scene.stores, ask(scene.uid(0), 'word'))).length, 320);
  });
}

export function searchFaultContract(name: string, factory: FaultyStoreFactory): void {
  test(`${name}: indexing that fails at any statement is done by the next call, once`, async (t) => {
    for (let k = 1; ; k += 1) {
      const subject = await factory(t);
      const scene = await Scene.open(subject.stores);
      const [a, b] = (await scene.say(0, 1, 'word a', 'word b', 'word c')).map(known);
      await scene.append(edit(scene, known(a), 'word d'), recall(scene, known(b)));
      subject.failAtStatement(k);
      const isFailed = await indexAll(subject.stores).then(
        () => false,
        () => true,
      );
      const isDone = subject.statementCount() < k;
      subject.failAtStatement(0);
      assert.equal(isFailed, !isDone);
      await indexAll(subject.stores);
      const found = await findAll(subject.stores, ask(scene.uid(1), 'word'));
      assert.deepEqual(found, ['word c', 'word d']);
      if (isDone) {
        assert.ok(k > 10, 'reads, BEGIN, statements and COMMIT');
        break;
      }
    }
  });
}
