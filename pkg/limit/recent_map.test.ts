import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentMap } from './recent_map.js';

test('never larger than its limit, and what was used longest ago goes first', () => {
  const map = new RecentMap<string, number>(2);
  let made = 0;
  const use = (key: string) => map.use(key, () => ++made);
  assert.deepEqual(use('a'), { value: 1, forgotten: undefined });
  assert.deepEqual(use('b'), { value: 2, forgotten: undefined });
  assert.deepEqual(use('a'), { value: 1, forgotten: undefined }, 'the same value as before');
  assert.deepEqual(use('c'), { value: 3, forgotten: 'b' });
  assert.equal(map.size, 2);
  map.delete('a');
  assert.deepEqual(use('a'), { value: 4, forgotten: undefined });
});
