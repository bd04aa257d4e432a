/** The contract of what sync tells where a log has lost something: whom, of what, and nobody else. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { known } from '../message/ids.js';
import { EVENT_KIND } from '../message/message.js';
import { RECALL_TYPE, recallClientId } from '../message/recall.js';
import { GroupScene } from './group_scene.contract.js';
import type { ConversationState, StoredNumbers } from './interface.js';
import { Scene, seq, stored, WEB, type TimedStoreFactory } from './scene.contract.js';

const DAY_MS = 86_400_000;
/** After so long no stamp is held back. */
const LONG_MS = 5000;

/** People whose time passes when a test says so. */
class Times {
  nowMs = 1_700_000_000_000;
  #scene: Scene | undefined;

  async open(t: TestContext, factory: TimedStoreFactory, count: number): Promise<Scene> {
    return (this.#scene = await Scene.open(await factory(t, () => this.nowMs), count + 1));
  }

  /** The store knows what time it is by what is written: somebody talks to himself. */
  async pass(ms = LONG_MS): Promise<void> {
    this.nowMs += ms;
    const scene = known(this.#scene);
    await scene.append(scene.message(scene.count - 1, scene.count - 1, `at ${this.nowMs}`));
  }
}

/** A client that asks for what has changed: what of each conversation it is told, since it asked last. */
class Client {
  readonly #scene: Scene;
  readonly #user: number;
  #sinceMs = 0;

  constructor(scene: Scene, user: number) {
    this.#scene = scene;
    this.#user = user;
  }

  async told(): Promise<readonly ConversationState[]> {
    const request = { uid: this.#scene.uid(this.#user), device: WEB, sinceMs: this.#sinceMs };
    const page = await this.#scene.stores.messages.sync({ ...request, afterConv: '', limit: 9 });
    this.#sinceMs = page.nowMs;
    return page.conversations;
  }
}

async function recall(group: GroupScene, { mid }: StoredNumbers): Promise<void> {
  const event = { kind: EVENT_KIND.recall, type: RECALL_TYPE, clientId: recallClientId(mid) };
  const change = { kind: 'recall', mid, by: group.uid(0), windowMs: 1e12 } as const;
  stored((await group.append({ ...group.message(0, '{}', event), change }))[0]);
}

export function groupLossesContract(name: string, factory: TimedStoreFactory): void {
  test(`${name}: who has left hears at his next sync that something of his time was taken back`, async (t) => {
    const times = new Times();
    const scene = await times.open(t, factory, 4);
    const group = await GroupScene.create(scene, [1, 2, 3]);
    const [early] = await group.append(group.message(0, 'early'));
    await group.exit(2);
    const [late, later] = await group.append(group.message(0, 'late'), group.message(0, 'later'));
    await group.exit(1);
    await group.exit(3);
    const [first, second, third] = [1, 2, 3].map((user) => new Client(scene, user));
    const unread = async (client?: Client) => (await client?.told())?.map((row) => row.unread);
    await times.pass();
    await group.say(0, 'since');
    assert.deepEqual([await unread(first), await unread(second), await unread(third)], [[3], [1], [3]]);
    await times.pass();
    await recall(group, stored((await group.append(group.message(0, 'of nobody who has left')))[0]));
    assert.deepEqual([await unread(first), await unread(second)], [[], []], 'nothing of what is said since');
    await times.pass();
    await recall(group, stored(later));
    await times.pass();
    assert.deepEqual([await unread(first), await unread(second)], [[2], []], 'of his own time alone');
    await recall(group, stored(early));
    await times.pass();
    await recall(group, stored(late));
    await times.pass();
    assert.deepEqual([await unread(first), await unread(second), await unread(third)], [[0], [0], [0]]);
    await times.pass();
    assert.deepEqual([await unread(first), await unread(second)], [[], []], 'once');
  });

  test(`${name}: what retention has erased is told at the next sync, to whomever it changes something for`, async (t) => {
    const times = new Times();
    const scene = await times.open(t, factory, 3);
    const { messages } = scene.stores;
    const group = await GroupScene.create(scene, [1, 2]);
    await group.say(0, 'old');
    const left = await group.exit(1);
    await scene.say(0, 2, 'old', 'older');
    const [gone, member] = [new Client(scene, 1), new Client(scene, 2)];
    const ends = async (client: Client) =>
      (await client.told()).map((row) => [row.firstSeq, row.lastMid > 0, row.unread]).sort();
    await times.pass();
    assert.deepEqual(await ends(gone), [[1, true, 1]]);
    assert.deepEqual((await ends(member)).length, 2);
    await times.pass();
    assert.deepEqual([await ends(gone), await ends(member)], [[], []]);
    await messages.expire(times.nowMs + 1, 1, 1000);
    await times.pass();
    assert.deepEqual(await ends(gone), [[seq(left), true, 0]]);
    assert.deepEqual(await ends(member), [
      [2, true, 1],
      [seq(left), true, 0],
    ]);
    await times.pass();
    assert.deepEqual([await ends(gone), await ends(member)], [[], []], 'once');
    await messages.expire(times.nowMs + DAY_MS, 0, 1000);
    await times.pass(31 * DAY_MS);
    await ends(gone);
    await messages.expire(times.nowMs + DAY_MS, 0, 1000);
    await times.pass();
    assert.deepEqual(await ends(gone), [[left + 1, false, 0]], 'the row of his last event too');
  });

  test(`${name}: a group shown again by a message before he left stays in his list when nothing of it is left`, async (t) => {
    const times = new Times();
    const scene = await times.open(t, factory, 3);
    const { messages, events } = scene.stores;
    const group = await GroupScene.create(scene, [1, 2]);
    await group.say(0, 'a');
    for (const user of [1, 2]) await events.setSettings(scene.uid(user), group.conv, { hidden: true });
    await group.exit(2);
    await events.setSettings(scene.uid(1), group.conv, { draft: 'a \0 "draft"', muted: true });
    await group.say(0, 'b');
    await group.exit(1);
    const settings = async (user: number) =>
      (await messages.conversations(scene.uid(user), WEB, 9)).map((row) => row.settings);
    const [before] = await settings(1);
    assert.deepEqual([before?.hidden, before?.draft, before?.muted], [false, 'a \0 "draft"', true]);
    for (const days of [1, 31]) await messages.expire(times.nowMs + days * DAY_MS, 0, 1000);
    assert.deepEqual(await settings(1), [before]);
    assert.deepEqual(
      (await settings(2)).map(({ hidden }) => hidden),
      [true],
      'he went while it was hidden',
    );
  });
}
