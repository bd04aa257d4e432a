import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatConversation } from '../message/conversation.js';
import { known, toDevice, toSeq, toUid } from '../message/ids.js';
import { WaitingMarks } from './waiting_marks.js';

const [alice, bob, carol] = [known(toUid(1)), known(toUid(2)), known(toUid(3))];
const device = known(toDevice(1));
const seq = (n: number) => known(toSeq(n));

test('what is taken out concerns nobody any more, and leaves nothing behind', () => {
  const marks = new WaitingMarks(3);
  const add = (uid: typeof alice, peer: typeof alice, from: number): boolean =>
    marks.add(
      { uid, device, conv: chatConversation(uid, peer), read: false },
      { from: seq(from), to: seq(from) },
    );
  assert.ok(add(alice, bob, 1) && add(alice, bob, 3) && add(carol, alice, 7));
  assert.ok(!add(alice, bob, 9), 'no more than the limit');
  assert.ok(add(alice, bob, 4), 'but what touches one that waits');
  const taken = marks.take([bob, bob, known(toUid(9))]);
  assert.deepEqual([taken.count, marks.count], [2, 1]);
  assert.deepEqual(
    [alice, bob, carol].map((uid) => [taken.concerns([uid]), marks.concerns([uid])]),
    [
      [true, true],
      [true, false],
      [false, true],
    ],
  );
  assert.deepEqual([marks.take([carol]).count, marks.count, marks.isEmpty], [1, 0, true]);
  assert.ok(!marks.concerns([alice, bob, carol]));
  assert.ok(add(alice, bob, 9));
});
