/** Syncs from cursor to cursor, with no overlap, while the clock jumps: nothing that changed may be left out. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { known, type Uid } from '../../im/message/ids.js';
import type { ConversationState } from '../../im/store/interface.js';
import type { Stores } from '../../im/store/stores_interface.js';
import { PHONE, Scene, seq, WEB } from '../../im/store/scene.contract.js';
import type { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import { plays } from '../../test/support/plays.js';
import { storesOnThread, temporaryOptions, withDatabase } from './sqlite_factory.contract.js';
import type { SqliteStoreOptions } from './sqlite_options.js';

const START_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;

/** One file, opened and opened again on one clock that the test sets. */
class Clocked {
  readonly options: SqliteStoreOptions;
  readonly #t: TestContext;
  nowMs = START_MS;

  constructor(t: TestContext) {
    this.#t = t;
    this.options = temporaryOptions(t);
  }

  open(): Stores {
    return storesOnThread(this.#t, this.options, { clock: () => this.nowMs });
  }
}

/** A device that asks for what changed since its last sync. */
class Follower {
  readonly #uid: Uid;
  readonly #rows = new Map<string, ConversationState>();
  cursorMs = 0;

  constructor(uid: Uid) {
    this.#uid = uid;
  }

  async sync({ messages }: Stores): Promise<number> {
    const all = { uid: this.#uid, device: PHONE, sinceMs: 0, afterConv: '', limit: 10 };
    const page = await messages.sync({ ...all, sinceMs: this.cursorMs });
    for (const row of page.conversations) this.#rows.set(row.conv, row);
    const full = await messages.sync(all);
    assert.deepEqual(
      [...this.#rows.values()].sort((one, other) => (one.conv < other.conv ? -1 : 1)),
      full.conversations,
    );
    assert.ok(page.nowMs >= this.cursorMs && page.nowMs > 0, 'a cursor never falls');
    assert.ok(full.conversations.every(({ lastAtMs }) => lastAtMs <= page.nowMs));
    this.cursorMs = page.nowMs;
    return page.conversations.length;
  }
}

const read = (scene: Scene, index: number, peer: number, to: number) => ({
  uid: scene.uid(index),
  device: WEB,
  conv: scene.conv(index, peer),
  from: seq(1),
  to: seq(to),
  read: true,
});

test('marks and messages after the clock was set back come with the next sync', async (t) => {
  const clocked = new Clocked(t);
  const stores = clocked.open();
  const scene = await Scene.open(stores, 3);
  const follower = new Follower(scene.uid(0));
  await scene.say(0, 1, 'a');
  clocked.nowMs += 600_000;
  await follower.sync(stores);
  clocked.nowMs -= HOUR_MS;
  await stores.messages.mark([read(scene, 1, 0, 1)]);
  assert.equal(await follower.sync(stores), 1);
  await scene.say(2, 0, 'b');
  await follower.sync(stores);
  await scene.say(1, 0, 'c');
  await follower.sync(stores);
});

test('what was stamped while the clock was an hour ahead is not overtaken, over a new start too', async (t) => {
  const clocked = new Clocked(t);
  const first = clocked.open();
  const scene = await Scene.open(first, 3);
  const follower = new Follower(scene.uid(0));
  await scene.say(0, 1, 'a');
  clocked.nowMs += HOUR_MS;
  await scene.say(0, 1, 'b');
  await follower.sync(first);
  clocked.nowMs -= HOUR_MS;
  const second = clocked.open();
  await second.messages.mark([read(scene, 1, 0, 2)]);
  await follower.sync(second);
  await second.messages.openConversation(scene.uid(0), scene.uid(2));
  await follower.sync(second);
});

test('what people see as the time of a message is the clock', async (t) => {
  const clocked = new Clocked(t);
  const scene = await Scene.open(clocked.open());
  await scene.say(0, 1, 'a');
  clocked.nowMs -= HOUR_MS;
  const [stored] = await scene.say(0, 1, 'b');
  assert.equal(known(stored).storedAtMs, clocked.nowMs);
});

test('a quiet user is not sent the same again for what others do', async (t) => {
  const clocked = new Clocked(t);
  const stores = clocked.open();
  const scene = await Scene.open(stores, 3);
  await scene.say(0, 1, 'a');
  clocked.nowMs += HOUR_MS;
  await scene.say(1, 2, 'b');
  const follower = new Follower(scene.uid(0));
  await follower.sync(stores);
  assert.ok(follower.cursorMs > START_MS + HOUR_MS - 10_000);
  assert.equal(await follower.sync(stores), 0);
});

test('the answer is stamped no lower than the newest mark in it', async (t) => {
  const clocked = new Clocked(t);
  const stores = clocked.open();
  const scene = await Scene.open(stores);
  await scene.say(0, 1, 'a');
  clocked.nowMs += 500;
  await stores.messages.mark([read(scene, 1, 0, 1)]);
  for (const index of [0, 1]) {
    const all = { uid: scene.uid(index), device: PHONE, sinceMs: 0, afterConv: '', limit: 10 };
    const { nowMs } = await stores.messages.sync(all);
    assert.equal(nowMs, clocked.nowMs);
    assert.deepEqual((await stores.messages.sync({ ...all, sinceMs: nowMs + 1 })).conversations, []);
  }
});

test('the highest stamp is written once a second at most, not with every batch', async (t) => {
  const clocked = new Clocked(t);
  const scene = await Scene.open(clocked.open());
  const limit = (): unknown =>
    withDatabase(clocked.options, (db: SqliteDatabase) =>
      db.prepare('SELECT stamp_limit FROM store_meta').first(),
    );
  await scene.say(0, 1, 'a');
  const before = limit();
  clocked.nowMs += 900;
  await scene.say(0, 1, 'b');
  assert.deepEqual(limit(), before);
  clocked.nowMs += 200;
  await scene.say(0, 1, 'c');
  assert.notDeepEqual(limit(), before);
});

test('syncs follow every change, whatever the clock does and whichever handle writes', async (t) => {
  const jump = fc.constantFrom(-HOUR_MS, HOUR_MS, -1, 1, 500, -500, 5_000);
  const step = fc.record({
    kind: fc.constantFrom('say', 'mark', 'sync', 'sync', 'jump', 'reopen', 'open'),
    handle: fc.nat(1),
    peer: fc.integer({ min: 1, max: 3 }),
    jumpMs: jump,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }), async (plan) => {
      const clocked = new Clocked(t);
      const handles = [clocked.open(), clocked.open()];
      const scene = await Scene.open(known(handles[0]), 4);
      const followers = [0, 1].map((index) => new Follower(scene.uid(index)));
      const talked = [0, 0, 0, 0];
      for (const { kind, handle, peer, jumpMs } of plan) {
        const stores = known(handles[handle]);
        if (kind === 'say') {
          await stores.messages.append([scene.message(0, peer, `${scene.newMid()}`)]);
          talked[peer] = (talked[peer] ?? 0) + 1;
        } else if (kind === 'mark') {
          await stores.messages.mark([read(scene, peer, 0, Math.max(1, talked[peer] ?? 0))]);
        } else if (kind === 'open') {
          await stores.messages.openConversation(scene.uid(0), scene.uid(peer));
        } else if (kind === 'jump') clocked.nowMs += jumpMs;
        else if (kind === 'reopen') handles[handle] = clocked.open();
        else for (const follower of followers) await follower.sync(stores);
      }
      for (const follower of followers) await follower.sync(known(handles[0]));
    }),
    plays(40),
  );
});
