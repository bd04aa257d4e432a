import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupConversation, toConversation, type ConversationName } from '../../message/conversation.js';
import { known, toGid, toSeq } from '../../message/ids.js';
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
  assert.ok(!positions.hasForgotten(conv(9)));
  assert.equal(positions.missed(conv(9), first), false);
  assert.ok(positions.hasForgotten(conv(9)), 'what comes next in it is no beginning');
  positions.trim(performance.now() + 60_000, new Set());
  assert.equal(positions.count, 3);
  positions.pushed(conv(2), first);
  assert.ok(positions.missed(conv(9), first));
  assert.equal(positions.pushedTo(conv(2)), undefined);
});

test('what came before a first push and was missed is not taken for passed by the next one', () => {
  const positions = new Positions(9, 9);
  const at = (n: number) => known(toSeq(n));
  assert.ok(positions.missed(conv(2), at(5)));
  assert.equal(positions.arrived(conv(2), at(6), at(5), at(5)), 'later');
  assert.equal(positions.pushedTo(conv(2)), undefined, 'only the store knows');
});

test('before the first event of a conversation nothing is missed', () => {
  const positions = new Positions(9, 9);
  assert.ok(positions.missed(conv(2), known(toSeq(0))));
  assert.deepEqual([positions.isBehind, positions.count], [false, 0]);
});

test('where something was withheld the store is asked: at its next event, or when it is missed', () => {
  const at = (n: number) => known(toSeq(n));
  for (const isMissed of [true, false]) {
    const positions = new Positions(9, 9);
    positions.pushed(conv(2), at(5));
    positions.withheld(conv(2));
    assert.equal(positions.pushedTo(conv(2)), 5, 'nothing else is for him yet');
    if (isMissed) assert.ok(positions.missed(conv(2), at(8)));
    else assert.equal(positions.arrived(conv(2), at(8), at(7), at(7)), 'later');
    assert.equal(positions.pushedTo(conv(2)), undefined);
    assert.ok(positions.missed(conv(2), at(8)));
    positions.pushed(conv(2), at(8));
    assert.equal(positions.arrived(conv(2), at(9), at(8), at(8)), 'next', 'once');
  }
  const full = new Positions(1, 1);
  assert.ok(full.missed(conv(2), first));
  const group = groupConversation(known(toGid(2 ** 30 + 1)));
  full.withheld(group);
  assert.ok(full.hasForgotten(group), 'what cannot be remembered the store knows');
});
