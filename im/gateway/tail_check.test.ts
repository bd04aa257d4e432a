import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { defaultsOf } from '../../pkg/config/option.js';
import type { Uid } from '../message/ids.js';
import type { DownFrame, SyncCursor } from '../message/message.js';
import type { Client } from './client.js';
import { fakeClient } from './fake_client.js';
import { TailCheck, TAIL_CHECK_OPTIONS, type TailCheckOptions } from './tail_check.js';

const silent = { error: () => 0, warn: () => 0, info: () => 0, debug: () => 0 } as never;

class Scene {
  readonly told: { readonly client: Client; readonly frame: DownFrame }[] = [];
  /** The uids of each query. */
  readonly queries: (readonly Uid[])[] = [];
  answer: () => Promise<SyncCursor> = () => Promise.resolve({ count: 2, sum: 10 });
  readonly check: TailCheck;

  constructor(t: TestContext, options: Partial<TailCheckOptions> = {}) {
    this.check = new TailCheck(
      { ...defaultsOf(TAIL_CHECK_OPTIONS), tailWaitMs: 1, ...options },
      {
        cursors: { cursors: (uids) => this.#cursors(uids) },
        logger: silent,
        send: (client, frame) => this.told.push({ client, frame }),
      },
    );
    t.after(() => this.check.stop());
  }

  async until(holds: () => boolean): Promise<void> {
    const endAtMs = performance.now() + 5000;
    while (!holds()) {
      assert.ok(performance.now() < endAtMs, 'waited too long');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async #cursors(uids: readonly Uid[]): Promise<readonly (SyncCursor & { readonly uid: Uid })[]> {
    this.queries.push(uids);
    const cursor = await this.answer();
    return uids.map((uid) => ({ uid, ...cursor }));
  }
}

test('many cursors are one query, and who has less is told what there is', async (t) => {
  const scene = new Scene(t, { tailWaitMs: 20 });
  const [low, few, equal, ahead, gone] = [1, 2, 3, 4, 5].map((uid) => fakeClient(uid)) as [
    Client,
    Client,
    Client,
    Client,
    Client,
  ];
  scene.check.enqueue(low, { count: 2, sum: 9 });
  scene.check.enqueue(few, { count: 1, sum: 10 });
  scene.check.enqueue(equal, { count: 0, sum: 0 });
  scene.check.enqueue(equal, { count: 2, sum: 10 });
  scene.check.enqueue(ahead, { count: 2, sum: 11 });
  scene.check.enqueue(gone, { count: 0, sum: 0 });
  gone.isClosed = true;
  await scene.until(() => scene.check.checkedCount === 5);
  assert.equal(scene.queries.length, 1);
  assert.deepEqual(
    scene.told.map(({ client }) => client.uid),
    [1, 2],
  );
  assert.deepEqual(scene.told[0]?.frame, { kind: 'sync', conversations: [], cursor: { count: 2, sum: 10 } });
  assert.equal(scene.check.foundCount, 2);
});

test('one query at a time; what does not fit waits, and beyond the limit is counted', async (t) => {
  const scene = new Scene(t, { tailBatchCount: 2, tailQueueCount: 3 });
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  scene.answer = () => held.then(() => ({ count: 0, sum: 0 }));
  for (const uid of [1, 2, 3, 4]) scene.check.enqueue(fakeClient(uid), { count: 0, sum: 0 });
  assert.equal(scene.check.droppedCount, 1);
  await scene.until(() => scene.queries.length === 1);
  assert.equal(scene.check.waitingCount, 1);
  scene.check.enqueue(fakeClient(5), { count: 0, sum: 0 });
  release();
  await scene.until(() => scene.check.checkedCount === 4);
  assert.deepEqual(scene.queries, [
    [1, 2],
    [3, 5],
  ]);
});

test('a store that cannot be asked costs one round', async (t) => {
  const scene = new Scene(t);
  scene.answer = () => Promise.reject(new Error('away'));
  scene.check.enqueue(fakeClient(1), { count: 0, sum: 0 });
  await scene.until(() => scene.check.droppedCount === 1);
  scene.answer = () => Promise.resolve({ count: 1, sum: 1 });
  scene.check.enqueue(fakeClient(1), { count: 0, sum: 0 });
  await scene.until(() => scene.told.length === 1);
});
