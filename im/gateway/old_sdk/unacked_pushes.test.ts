import assert from 'node:assert/strict';
import { test } from 'node:test';
import { known, toMid, toUid, type Mid } from '../../message/ids.js';
import { FakeLog } from './fake_old_client.js';
import { UnackedPushes, type UnackedTotal } from './unacked_pushes.js';

const peer = known(toUid(2));
const other = known(toUid(3));

interface Bench {
  readonly total: UnackedTotal;
  readonly one: UnackedPushes;
  readonly two: UnackedPushes;
  readonly push: (list: UnackedPushes, nowMs?: number, from?: typeof peer, ackedAs?: Mid) => Mid;
}

function bench(count: number, totalCount: number): Bench {
  const log = new FakeLog();
  const total = { count: 0, forgottenCount: 0 };
  const options = { count, totalCount, againAfterMs: [10, 20], forgotten: () => undefined };
  return {
    total,
    one: new UnackedPushes(options, total),
    two: new UnackedPushes(options, total),
    push: (list, nowMs = 0, from = peer, ackedAs) => {
      const event = log.say(from);
      list.add(event, { ackedAs: ackedAs ?? event.mid, isTold: false, nowMs });
      return event.mid;
    },
  };
}

test('too many of one client: its oldest is forgotten, and counted', () => {
  const { one, total, push } = bench(3, 100);
  const mids = Array.from({ length: 5 }, () => push(one));
  assert.deepEqual([one.count, total.count, total.forgottenCount], [3, 3, 2]);
  assert.deepEqual(
    mids.map((mid) => one.wasPushed(mid)),
    [false, false, true, true, true],
  );
});

test('too many of all: whoever adds pays, and nobody else', () => {
  const { one, two, total, push } = bench(10, 4);
  const first = [push(one), push(one)];
  for (let n = 0; n < 6; n++) push(two);
  assert.deepEqual([one.count, two.count, total.count], [2, 2, 4]);
  assert.ok(first.every((mid) => one.wasPushed(mid)));
  two.discard();
  assert.equal(total.count, 2);
});

test('due after the first pause and the second, one conversation at a time, then never', () => {
  const { one, push } = bench(10, 10);
  const mids = [push(one, 0), push(one, 0, other), push(one, 5)];
  const due = (nowMs: number): readonly Mid[] => one.due(nowMs).map(({ mid }) => mid);
  assert.deepEqual(due(9), []);
  assert.deepEqual(due(10), [mids[0]]);
  for (const push of one.due(10)) one.pushedAgain(push, 10);
  assert.deepEqual(due(10), [mids[1]]);
  for (const push of one.due(10)) one.giveUp(push);
  assert.deepEqual(due(10), []);
  assert.deepEqual(due(30), [mids[0], mids[2]]);
  for (const push of one.due(30)) one.pushedAgain(push, 30);
  assert.deepEqual(due(1e6), [mids[2]]);
  for (const push of one.due(1e6)) one.pushedAgain(push, 1e6);
  assert.deepEqual(due(1e9), []);
  assert.equal(one.count, 3, 'still known by its mid');
});

test('a message and its recall under the same mid: the first receipt is for the message, the next for the recall', () => {
  const { one, push } = bench(10, 10);
  const target = push(one);
  const recall = push(one, 0, peer, target);
  assert.equal(one.acked(target)?.mid, target);
  assert.ok(one.wasPushed(recall), 'it may still be on its way, and is repeated');
  assert.equal(one.acked(target)?.mid, recall);
  assert.deepEqual([one.count, one.acked(target), one.acked(known(toMid(99)))], [0, undefined, undefined]);
});
