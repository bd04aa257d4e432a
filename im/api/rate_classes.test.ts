/** Which allowance an operation is paid from: what is stored and delivered is a message, under each of its names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rateClassOf } from '../message/api_class.js';
import { actionsOf } from './operation.js';
import { OPERATIONS } from './operations.js';

const READS = /^group\/(info|list|members|bans|requests|invite\/\w+)$/;
const MESSAGES = /^message\/recall$|^msg\/(edit|react|pin|unpin)$/;

test('rates: changes of groups, recalls, edits, reactions and pins are messages; what is read is not', () => {
  const seen = { message: 0, heavy: 0, api: 0 };
  for (const operation of OPERATIONS) {
    const { path, answer } = operation;
    const isStored = MESSAGES.test(path) || (path.startsWith('group/') && !READS.test(path));
    const expected = isStored ? 'message' : answer === 'heavy' ? 'heavy' : 'api';
    for (const action of actionsOf(operation)) assert.equal(rateClassOf(action, answer), expected, action);
    seen[expected]++;
  }
  assert.ok(seen.message >= 20 && seen.heavy >= 3 && seen.api > 50, JSON.stringify(seen));
});
