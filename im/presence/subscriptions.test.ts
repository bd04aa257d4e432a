import assert from 'node:assert/strict';
import { test } from 'node:test';
import { known, toDevice, toUid, type Uid } from '../message/ids.js';
import { Subscriptions } from './subscriptions.js';

const uid = (n: number): Uid => known(toUid(n));
const device = known(toDevice(2));
const [alice, bob] = [
  { uid: uid(1), device },
  { uid: uid(2), device },
];

function uidsOf(subscriptions: Subscriptions, target: Uid): readonly Uid[] {
  return subscriptions.of(target).map((subscriber) => subscriber.uid);
}

test('a new list replaces the old one; none ends it; nothing is left behind', () => {
  const subscriptions = new Subscriptions({ presenceSubscriptionCount: 3, presenceSubscriptionTotal: 5 });
  assert.ok(subscriptions.replace(alice, [uid(7), uid(8)]));
  assert.ok(subscriptions.replace(bob, [uid(8), uid(8)]));
  assert.deepEqual([uidsOf(subscriptions, uid(7)), uidsOf(subscriptions, uid(8))], [[1], [1, 2]]);
  assert.ok(subscriptions.replace(alice, [uid(9)]));
  assert.deepEqual([subscriptions.has(uid(7)), uidsOf(subscriptions, uid(8))], [false, [2]]);
  assert.equal(subscriptions.count, 2);
  subscriptions.remove(bob, uid(8));
  subscriptions.remove(bob, uid(8));
  assert.ok(subscriptions.replace(alice, []));
  assert.deepEqual(
    [subscriptions.count, subscriptions.has(uid(8)), subscriptions.has(uid(9))],
    [0, false, false],
  );
});

test('one device may have so many, and all together so many; a refusal leaves what was', () => {
  const subscriptions = new Subscriptions({ presenceSubscriptionCount: 3, presenceSubscriptionTotal: 5 });
  assert.ok(subscriptions.replace(alice, [uid(7), uid(8), uid(9)]));
  assert.equal(subscriptions.replace(alice, [uid(4), uid(5), uid(6), uid(7)]), false);
  assert.equal(subscriptions.replace(bob, [uid(4), uid(5), uid(6)]), false);
  assert.deepEqual(
    [subscriptions.count, subscriptions.has(uid(7)), subscriptions.has(uid(4))],
    [3, true, false],
  );
  assert.ok(subscriptions.replace(alice, [uid(4), uid(5), uid(6)]), 'its own places are free for it');
  subscriptions.end(alice);
  assert.equal(subscriptions.count, 0);
});

test('one more is added to what there is, once, within the same limits', () => {
  const subscriptions = new Subscriptions({ presenceSubscriptionCount: 2, presenceSubscriptionTotal: 3 });
  assert.ok(subscriptions.add(alice, uid(7)));
  assert.ok(subscriptions.replace(alice, [uid(8)]), 'a list replaces what was added too');
  assert.ok(subscriptions.add(alice, uid(9)));
  assert.ok(subscriptions.add(alice, uid(9)));
  assert.deepEqual([subscriptions.count, subscriptions.has(uid(7))], [2, false]);
  assert.equal(subscriptions.add(alice, uid(7)), false, 'of the device');
  assert.ok(subscriptions.add(bob, uid(9)));
  assert.equal(subscriptions.add(bob, uid(8)), false, 'in all');
  assert.deepEqual([uidsOf(subscriptions, uid(9)), uidsOf(subscriptions, uid(8))], [[1, 2], [1]]);
  subscriptions.end(alice);
  subscriptions.remove(bob, uid(9));
  assert.deepEqual([subscriptions.count, subscriptions.has(uid(9))], [0, false]);
});
