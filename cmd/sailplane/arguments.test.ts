import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeOption } from './arguments.js';

test('arguments: an option is taken out, the others stay in order', () => {
  assert.deepEqual(takeOption(['--a', '1', '--account', 'x', '--b=2'], 'account'), {
    value: 'x',
    rest: ['--a', '1', '--b=2'],
  });
  assert.deepEqual(takeOption(['--account=a=b'], 'account'), { value: 'a=b', rest: [] });
  assert.deepEqual(takeOption(['--accounts', 'x'], 'account'), {
    value: undefined,
    rest: ['--accounts', 'x'],
  });
  assert.deepEqual(takeOption(['--account'], 'account'), { value: '', rest: [] });
});
