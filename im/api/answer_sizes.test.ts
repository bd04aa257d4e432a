/** The classes of answers: what may be large says so, under each of its actions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANSWER_BYTES } from '../message/answer_size.js';
import { OFFLINE_LIMITS } from './message_api.js';
import { actionsOf } from './operation.js';
import { answerSizeOf, OPERATIONS } from './operations.js';

test('answers: each action of an operation has its class, an unknown one is small', () => {
  for (const operation of OPERATIONS)
    for (const action of actionsOf(operation)) assert.equal(answerSizeOf(action), operation.answer, action);
  assert.equal(answerSizeOf('api.no.such'), 'small');
});

test('answers: what may be large says so', () => {
  for (const action of ['api.msg.chat.offline', 'api.msg.chat.recent', 'api.msg.chat.user'])
    assert.equal(answerSizeOf(action), 'heavy', action);
  assert.equal(answerSizeOf('api.contacts.get'), 'large');
  for (const action of ['api.msg.chat.history', 'api.message.list'])
    assert.equal(answerSizeOf(action), 'page');
  for (const action of ['api.sync', 'api.msg.range']) assert.equal(answerSizeOf(action), 'list');
  assert.ok(ANSWER_BYTES.heavy >= OFFLINE_LIMITS.bytes);
});
