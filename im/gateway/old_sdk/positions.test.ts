import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toConversation, type ConversationName } from '../../message/conversation.js';
import { known, toSeq } from '../../message/ids.js';
import { Positions } from './positions.js';

const conv = (n: number): ConversationName => known(toConversation(`u1_${n}`));
const first = known(toSeq(1));

test('busy conversations are kept beyond the limit until they are quiet and acknowledged', () => {
  const positions = new Positions(2, 10);
  for (let n = 2; n < 8; n++) positions.pushed(conv(n), first);
  const nowMs = performance.now();
  positions.trim(nowMs, new Set());
  assert.deepEqual([positions.count, positions.isOver], [6, true]);
  positions.trim(nowMs + 60_000, new Set([2, 3, 4].map(conv)));
  assert.deepEqual([positions.count, positions.isOver], [3, true]);
  positions.trim(nowMs + 60_000, new Set());
  assert.deepEqual([positions.count, positions.isOver], [2, false]);
});

test('never more than the busy limit, and what is behind is never forgotten', () => {
  const positions = new Positions(2, 3);
  for (let n = 2; n < 5; n++) assert.ok(positions.missed(conv(n), first));
  assert.equal(positions.missed(conv(9), first), false);
  positions.trim(performance.now() + 60_000, new Set());
  assert.equal(positions.count, 3);
  positions.pushed(conv(2), first);
  assert.ok(positions.missed(conv(9), first));
  assert.equal(positions.pushedTo(conv(2)), undefined);
});
