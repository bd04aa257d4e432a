import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chatConversation, chatMembers, chatPeer, toConversation } from './conversation.js';
import { known, toDevice, toMid, toUid, UID_LIMIT, type Uid } from './ids.js';
import { fromWireTime } from './wire_time.js';

const uids = fc.integer({ min: 1, max: UID_LIMIT - 1 }).map((value) => known(toUid(value)));

test('ids are safe integers in their range, quoted or not', () => {
  assert.equal(toUid('543844'), 543844);
  assert.equal(toUid(UID_LIMIT), undefined);
  assert.equal(toMid(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  for (const value of [0, -1, 1.5, NaN, Infinity, '', ' 1', '0x1', '1e3', 2 ** 53, null, [], {}])
    assert.equal(toMid(value), undefined);
  assert.equal(toDevice(1024), undefined);
});

test('both sides derive the same name, and it gives both back', () => {
  fc.assert(
    fc.property(uids, uids, (one: Uid, other: Uid) => {
      const name = chatConversation(one, other);
      assert.equal(name, chatConversation(other, one));
      assert.equal(toConversation(name), name);
      assert.deepEqual(chatMembers(name), [Math.min(one, other), Math.max(one, other)]);
      assert.equal(chatPeer(name, one), other);
      assert.equal(chatPeer(name, other), one);
    }),
  );
});

test('there is one spelling of a name', () => {
  for (const name of ['u2_1', 'u01_2', 'u1_2 ', 'U1_2', 'u1_', 'u1_1073741824', 'g5', '', 5])
    assert.equal(toConversation(name), undefined);
  const stranger = known(toUid(3));
  assert.equal(chatPeer('u1_2', stranger), undefined);
});

test('times are read in seconds or milliseconds', () => {
  assert.equal(fromWireTime(1_700_000_000), 1_700_000_000_000);
  assert.equal(fromWireTime('1700000000000'), 1_700_000_000_000);
  assert.equal(fromWireTime(1_700_000_000_000.7), 1_700_000_000_000);
  for (const value of ['yesterday', -1, 2 ** 60, {}]) assert.equal(fromWireTime(value), undefined);
});
