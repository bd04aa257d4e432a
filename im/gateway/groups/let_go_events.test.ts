/** What is remembered of events that were let go: little, and not of any number. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { known, toDevice } from '../../message/ids.js';
import { FakeGroupStore, gidOf, uidOf } from './fake_groups.js';
import { groupEvent, type GroupEvent } from './group_event.js';
import { LetGoEvents } from './let_go_events.js';
import { WaitingEvents } from './waiting_events.js';

const [GROUP, ANN] = [gidOf(1), uidOf(1)];

function events(count: number): readonly GroupEvent[] {
  const store = new FakeGroupStore();
  const except = { uid: ANN, device: known(toDevice(7)) };
  return Array.from({ length: count }, () => groupEvent({ ...store.say(GROUP, ANN), except }));
}

test('all groups together remember so many; what came back, or went with its group, makes room', () => {
  const waiting = new WaitingEvents({ groupWaitingEvents: 16, groupWaitingBytes: 65_536 });
  const [one, other] = [new LetGoEvents(waiting), new LetGoEvents(waiting)];
  const all = events(400);
  for (const event of all) one.add(event);
  const bound = waiting.letGoCount;
  assert.equal(bound, 256);
  const [first, last] = [known(all[0]), known(all.at(-1))];
  other.add(first);
  assert.equal(other.take(1), undefined);
  assert.equal(one.take(last.event.seq), undefined, 'one too many');
  assert.deepEqual(one.take(1), { audience: 'members', except: first.except });
  assert.equal(one.take(1), undefined);
  other.add(first);
  other.add(first);
  assert.equal(waiting.letGoCount, bound);
  one.discard();
  assert.equal(waiting.letGoCount, 1);
  other.discard();
  assert.equal(waiting.letGoCount, 0);
});

test('what is for all members is read as that without being remembered', () => {
  const waiting = new WaitingEvents({ groupWaitingEvents: 16, groupWaitingBytes: 65_536 });
  const letGo = new LetGoEvents(waiting);
  for (const event of events(3)) letGo.add({ ...event, except: undefined });
  assert.equal(waiting.letGoCount, 0);
});
