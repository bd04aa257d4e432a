/** What is unread is exact, or says that it is not: then the server is asked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unread } from './unread.js';

/** Two were counted by an earlier run, or by the server; 5 and 6 were shown. */
function restored(): Unread {
  const unread = new Unread();
  unread.set(2, 0);
  unread.shown(5, false, false);
  unread.shown(6, false, false);
  return unread;
}

void test('reading a part of what is not all remembered is an estimate, reading the rest is not', () => {
  const unread = restored();
  assert.equal(unread.read(5, 1), false);
  assert.equal(unread.read(6, 0), true);
  assert.equal(unread.count, 0);
});

void test('reading a part of what is remembered is exact', () => {
  const unread = new Unread();
  for (const seq of [1, 2, 3]) unread.shown(seq, seq === 2, false);
  assert.equal(unread.read(1, 2), true);
  assert.deepEqual([unread.count, unread.mentions], [2, 1]);
});

void test('what is taken back and not remembered may be anybody’s', () => {
  assert.equal(restored().recalled(3, false, true), false);
  assert.equal(restored().recalled(3, false, false), false);
  assert.equal(restored().recalled(5, false, true), true);
  assert.equal(restored().recalled(3, true, true), true, 'a row has it');
  const all = new Unread();
  all.shown(5, false, false);
  assert.equal(all.recalled(3, false, true), true);
  assert.equal(all.count, 1, 'nothing else is unread, so it was read, or his own');
});
