import assert from 'node:assert/strict';
import { test } from 'node:test';
import { known, toDevice, toUid } from '../message/ids.js';
import { OnlineUsers } from './online_users.js';

const alice = known(toUid(1));
const bob = known(toUid(2));
const [phone, web] = [known(toDevice(1)), known(toDevice(2))];
const at = (ms: number) => ({ atMs: 1_000_000 + ms, monotonicMs: ms });

test('there is who has a connection, and for a moment who had one', () => {
  const users = new OnlineUsers(3000);
  assert.equal(users.isOnline(alice), false);
  assert.equal(users.came(alice, phone), true);
  assert.equal(users.came(alice, web), false, 'he was there already');
  assert.equal(users.went(alice, phone, at(0)), true);
  assert.deepEqual([users.isOnline(alice), users.nextGoneMs(0)], [true, undefined]);
  assert.equal(users.went(alice, web, at(1000)), true);
  assert.deepEqual([users.isOnline(alice), users.onlineCount, users.leavingCount], [true, 0, 1]);
  assert.equal(users.nextGoneMs(1500), 2500);
  assert.deepEqual(users.takeGone(3999), []);
  assert.deepEqual(users.takeGone(4000), [{ uid: alice, atMs: 1_001_000 }]);
  assert.deepEqual(
    [users.isOnline(alice), users.leavingCount, users.nextGoneMs(4000)],
    [false, 0, undefined],
  );
});

test('coming back in time is no coming', () => {
  const users = new OnlineUsers(3000);
  users.came(alice, phone);
  users.went(alice, phone, at(0));
  assert.equal(users.came(alice, web), false);
  assert.deepEqual(users.takeGone(10_000), []);
  assert.equal(users.isOnline(alice), true);
});

test('a takeover, in either order of its two halves, leaves one connection', () => {
  for (const newFirst of [true, false]) {
    const users = new OnlineUsers(3000);
    users.came(alice, phone);
    if (newFirst) assert.equal(users.came(alice, phone), false);
    assert.equal(users.went(alice, phone, at(0)), !newFirst, 'the device is gone only without the new one');
    if (!newFirst) assert.equal(users.came(alice, phone), false);
    assert.ok(users.hasDevice(alice, phone));
    assert.equal(users.went(alice, phone, at(1)), true);
    assert.equal(users.went(alice, phone, at(2)), false, 'nobody goes twice');
  }
});

test('those who left first are gone first', () => {
  const users = new OnlineUsers(100);
  users.came(alice, phone);
  users.came(bob, phone);
  users.went(bob, phone, at(0));
  users.went(alice, phone, at(50));
  assert.deepEqual(
    users.takeGone(120).map(({ uid }) => uid),
    [bob],
  );
  assert.equal(users.nextGoneMs(120), 30);
  assert.deepEqual(
    users.takeGone(Infinity).map(({ uid }) => uid),
    [alice],
  );
});
