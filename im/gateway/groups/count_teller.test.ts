/** What a count covers: where it begins, and that nothing of an earlier wish is in it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '../../../test/support/wait.js';
import { GroupScene, gidOf, turns, uidOf, type Watched } from './fake_groups.js';

const GROUP = gidOf(1);
const [ANN, BOB] = [uidOf(1), uidOf(2)];

function countsOf({ frames }: Watched): unknown[] {
  return frames.flatMap((frame) => {
    if (frame.kind !== 'count') return [];
    const { fromSeq, lastSeq, messages, mentions, recalledSeq } = frame;
    return [{ fromSeq, lastSeq, messages, mentions, recalledSeq }];
  });
}

async function counted(t: { after(close: () => void): void }): Promise<[GroupScene, Watched]> {
  const scene = new GroupScene({ groupCountMs: 60 });
  t.after(() => scene.index.close());
  scene.store.join(GROUP, ANN, BOB);
  scene.store.interests.set(`${BOB}/${GROUP}`, 'count');
  return [scene, await scene.signIn(BOB)];
}

void test('a count says where it begins: behind what the one before covered', async (t) => {
  const [scene, bob] = await counted(t);
  const { store } = scene;
  // Neither his own message nor a notice changes a number.
  await scene.deliver(store.say(GROUP, BOB), store.note(GROUP, ANN, { type: 'left', uids: [] }));
  await scene.deliver(store.say(GROUP, ANN), store.say(GROUP, BOB), store.say(GROUP, ANN));
  await waitUntil('a count', () => countsOf(bob).length === 1);
  const said = store.say(GROUP, ANN);
  await scene.deliver(store.say(GROUP, BOB), said, store.recall(GROUP, ANN, said.event));
  await waitUntil('another', () => countsOf(bob).length === 2);
  const nothing = { mentions: undefined, recalledSeq: undefined };
  assert.deepEqual(countsOf(bob), [
    { ...nothing, fromSeq: 4, lastSeq: 6, messages: 2 },
    { ...nothing, fromSeq: 7, lastSeq: 9, messages: 1, recalledSeq: 7 },
  ]);
});

void test('who wants everything for a moment is not told again what there was before, nor what was beside it', async (t) => {
  const [scene, bob] = await counted(t);
  const { index, store } = scene;
  const wants = (interest: 'count' | 'full'): void => index.setInterest([{ uid: BOB, gid: GROUP, interest }]);
  const before = store.say(GROUP, ANN, { mentions: [BOB] });
  await scene.deliver(before, store.recall(GROUP, ANN, before.event));
  await turns(2);
  wants('full');
  wants('count');
  await scene.deliver(store.say(GROUP, ANN));
  await waitUntil('a count', () => countsOf(bob).length === 1);
  assert.deepEqual(countsOf(bob), [
    { fromSeq: 4, lastSeq: 4, messages: 1, mentions: undefined, recalledSeq: undefined },
  ]);
});
