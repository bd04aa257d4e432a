import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Allowance } from './allowance.js';

test('a burst, then so much a second, never more than a burst saved up', () => {
  const allowance = new Allowance({ burst: 10, perSecond: 5, keyLimit: 10 });
  assert.ok(allowance.spend('a', 10, 0));
  assert.ok(!allowance.spend('a', 1, 0));
  assert.ok(!allowance.spend('a', 6, 1000), 'a refusal costs nothing');
  assert.ok(allowance.spend('a', 5, 1000));
  assert.ok(allowance.spend('b', 10, 1000), 'each key has its own');
  assert.ok(allowance.spend('a', 10, 60_000));
  assert.ok(!allowance.spend('a', 1, 60_000));
});

test('the key that spent longest ago is forgotten first', () => {
  const allowance = new Allowance({ burst: 1, perSecond: 0, keyLimit: 2 });
  for (const key of ['a', 'b', 'c']) assert.ok(allowance.spend(key, 1, 0));
  assert.ok(!allowance.spend('c', 1, 0));
  assert.ok(!allowance.spend('b', 1, 0));
  assert.ok(allowance.spend('a', 1, 0), 'forgotten, so it starts anew');
});
