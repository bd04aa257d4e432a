/** What is found by what. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { indexTerms, queryTerms, TERM_LIMIT } from './terms.js';

/** As an index would answer. */
function finds(query: string, text: string): boolean {
  const terms = indexTerms(text);
  const wanted = queryTerms(query);
  return (
    wanted.length > 0 &&
    wanted.every(({ term, isPrefix }) =>
      terms.some((one) => (isPrefix ? one.startsWith(term) : one === term)),
    )
  );
}

const FOUND: readonly (readonly [query: string, text: string])[] = [
  ['hello', 'Hello, world!'],
  ['WORLD hello', 'hello world'],
  ['café', 'the CAFE is closed'],
  ['cafe', 'Café'],
  ['naive', 'nai\u0308ve'],
  ['Straße', 'straße 5'],
  ['ΟΔΟΣ', 'οδός'],
  ['ёлка', 'елка'],
  ['你好', '你好吗'],
  ['你好', '大家你好'],
  ['好', '大家你好'],
  ['大', '大家你好'],
  ['家你好', '大家你好'],
  ['ありがとう', 'どうもありがとうございます'],
  ['ガ', 'ｶﾞｲﾄﾞ'],
  ['サーバー', '新しいサーバーです'],
  ['안녕', '안녕하세요'],
  ['하', '안녕하세요'],
  ['第3章', '本の第3章を読む'],
  ['node20', 'on Node20 only'],
  ['ＡＢＣ', 'abc'],
  ['नमस्ते', 'नमस्ते दुनिया'],
  ['สวัสดี', 'สวัสดี'],
  ['👍', 'ok 👍🏽!'],
  ['👩', 'family 👩‍👩‍👧'],
  ['🇩🇪', 'from 🇩🇪'],
  ['ok 好', 'ok好'],
  ['a\0b', 'a b'],
];

test('terms: what is found by what', () => {
  for (const [query, text] of FOUND) assert.ok(finds(query, text), `${query} in ${text}`);
});

const NOT_FOUND: readonly (readonly [query: string, text: string])[] = [
  ['hell', 'hello'],
  ['hello there', 'hello'],
  ['你好', '你们好'],
  ['好你', '你好'],
  ['吗', '你好'],
  ['a', 'b'],
  ['नम', 'नमस्ते'],
  ['', 'anything'],
  ['  ,.!? \0', 'anything ,.!?'],
];

test('terms: what is not found by what', () => {
  for (const [query, text] of NOT_FOUND) assert.ok(!finds(query, text), `${query} in ${text}`);
});

test('terms: a term holds nothing that an index would take for a boundary', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200, size: 'max' }), (text) => {
      for (const term of indexTerms(text)) {
        // Not \p{Cn}: what is kept free for signs of later years is one already.
        const isOne = !/[\s\p{P}\p{Cc}\p{Cf}\p{Co}\p{Cs}":*()+^-]/u.test(term);
        assert.ok(term !== '' && isOne, JSON.stringify(term));
      }
    }),
  );
});

test('terms: every text is found by any part of it that is whole words', () => {
  const word = fc.string({
    unit: fc.constantFrom('a', 'É', '9', '你', '好', 'が', 'ー', '한', '😀', 'й'),
    minLength: 1,
    maxLength: 8,
    size: 'max',
  });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 6, size: 'max' }), fc.nat(), (words, at) => {
      assert.ok(finds(words[at % words.length] ?? '', words.join(' ')));
    }),
  );
});

test('terms: a long text has a bounded number of them, and a long word is cut alike on both sides', () => {
  const words = Array.from({ length: 20_000 }, (_, at) => `w${at}`).join(' ');
  assert.equal(indexTerms(words).length, TERM_LIMIT);
  const han = Array.from({ length: 20_000 }, (_, at) => String.fromCodePoint(0x4e00 + (at % 20_000))).join(
    '',
  );
  assert.equal(indexTerms(han).length, TERM_LIMIT);
  const long = 'x'.repeat(60_000);
  assert.ok(finds(`${long}yz`, long));
  assert.ok((indexTerms(long)[0] ?? '').length <= 40);
});

test('terms: marks upon marks cost no more than other text', () => {
  // In the wrong order, so that each has to be moved over all of its half: minutes, where nobody cuts them.
  for (const [one, other] of ['\u0301\u0316', '\uff9e\u0301', '\u3099\u0591'].map((pair) =>
    Array.from(pair),
  )) {
    const [high = '', low = ''] = [one, other];
    const text = `a${high.repeat(200_000)}${low.repeat(200_000)} b${`${high}${low}`.repeat(200_000)} word`;
    const startMs = performance.now();
    assert.ok(finds('word', text));
    assert.ok(performance.now() - startMs < 5000);
  }
  assert.ok(finds('a', `a${'\u0301'.repeat(9)}`));
});
