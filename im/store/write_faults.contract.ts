/**
 * What a failed write leaves behind: nothing, in the data and in what the store remembers of it. Every write of
 * the ports fails at each of its statements, COMMIT too; then old and new conversations must take messages.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { known } from '../message/ids.js';
import { Marks } from './events.contract.js';
import { Scene, seq, WEB, WIDE, type FaultyStoreFactory } from './scene.contract.js';

/** By the names of the ports. User 0 and user 1 have talked, user 0 and user 2 have not. */
const WRITES: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  append: (scene) => scene.stores.messages.append([scene.message(0, 1, 'x'), scene.message(0, 2, 'x')]),
  recall: async (scene) => {
    const [before] = await scene.stores.messages.history(scene.uid(0), scene.conv(), 0, WIDE);
    return scene.stores.messages.append([scene.recall(0, 1, known(before).mid)]);
  },
  edit: async (scene) =>
    scene.stores.messages.append([new Marks(scene).edit(0, 1, await first(scene), 'edited')]),
  reaction: async (scene) =>
    scene.stores.messages.append([new Marks(scene).react(1, 0, (await first(scene)).mid, 'x')]),
  pin: async (scene) => scene.stores.messages.append([new Marks(scene).pin(1, 0, (await first(scene)).mid)]),
  setSettings: (scene) => scene.stores.events.setSettings(scene.uid(0), scene.conv(), { draft: 'x' }),
  saw: (scene) => scene.stores.presence.saw([{ uid: scene.uid(0), atMs: 1 }]),
  relation: (scene) => scene.stores.messages.append([scene.relation(2, 0, 'black')]),
  mark: (scene) => scene.stores.messages.mark([markOf(scene)]),
  openConversation: (scene) => scene.stores.messages.openConversation(scene.uid(0), scene.uid(2)),
  addContact: (scene) => scene.stores.contacts.add(scene.uid(0), scene.uid(2), 'remark'),
  askContact: (scene) => scene.stores.contacts.add(scene.uid(1), scene.uid(3), 'may I?'),
  answerRequest: (scene) => scene.stores.contacts.answerRequest(scene.uid(3), scene.uid(1), true),
  setRemark: (scene) => scene.stores.contacts.setRemark(scene.uid(0), scene.uid(1), 'remark'),
  removeContacts: (scene) => scene.stores.contacts.remove(scene.uid(0), [scene.uid(1), scene.uid(2)]),
  create: (scene) => scene.stores.users.create([newUser()]),
  changePassword: (scene) => scene.stores.users.changePassword(scene.uid(0), 'hash'),
  changeEmail: (scene) => scene.stores.users.changeEmail(scene.uid(0), `${randomUUID()}@x.org`),
  updateUser: (scene) => scene.stores.users.update(scene.uid(1), { contactsOnly: true }),
  ban: (scene) => scene.stores.users.ban(scene.uid(1), true),
  issueTokens: (scene) => scene.stores.users.issueTokens([{ uid: scene.uid(0), device: WEB }]),
  revokeToken: (scene) => scene.stores.users.revokeToken({ uid: scene.uid(0), device: WEB, version: 0 }),
  leaseMids: (scene) => scene.stores.ids.leaseMids(10),
  leaseMidBlock: (scene) => scene.stores.ids.leaseMidBlock(scene.uid(0), 10),
};

/** What has to be there for the write to have all its statements. */
const PREPARATIONS: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  askContact: (scene) => scene.stores.users.update(scene.uid(3), { approval: true }),
  answerRequest: async (scene) => {
    await scene.stores.users.update(scene.uid(3), { approval: true });
    await scene.stores.contacts.add(scene.uid(1), scene.uid(3), 'may I?');
  },
};

export function writeFaultContract(name: string, factory: FaultyStoreFactory): void {
  for (const [call, write] of Object.entries(WRITES)) {
    test(`${name}: after ${call} failed at any statement every conversation takes messages`, async (t) => {
      const subject = await factory(t);
      const scenes: Scene[] = [];
      for (let k = 1; ; k += 1) {
        const scene = await Scene.open(subject.stores, 4);
        await scene.say(0, 1, 'before');
        await PREPARATIONS[call]?.(scene);
        subject.failAtStatement(k);
        const failed = await write(scene).then(hasRefused, () => true);
        const isDone = subject.statementCount() < k;
        subject.failAtStatement(0);
        if (isDone) break;
        assert.ok(failed, `statement ${k} was made to fail and the call did not`);
        scenes.push(scene);
        await talk(scene);
        await assertReadable(scene, scene.stores);
      }
      assert.ok(scenes.length >= 3, 'BEGIN, a statement and COMMIT');
      const reopened = await subject.reopen();
      for (const scene of scenes) await assertReadable(scene, reopened);
    });
  }
}

/** A refused batch is an answer, not a rejection. */
function hasRefused(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'refused' in result;
}

/** In each conversation alone, first the one that may have been opened, then in all of them at once. */
async function talk(scene: Scene): Promise<void> {
  await scene.say(2, 0, 'first');
  await scene.say(3, 2, 'first');
  await scene.say(0, 1, 'first');
  const pairs = [
    [1, 0],
    [0, 2],
    [3, 0],
    [2, 3],
  ] as const;
  const results = await scene.append(...pairs.map(([from, to]) => scene.message(from, to, `second`)));
  assert.deepEqual(new Set(results.map(({ outcome }) => outcome)), new Set(['stored']));
}

async function assertReadable(scene: Scene, stores: Scene['stores']): Promise<void> {
  const logs: readonly (readonly [number, number, readonly string[]])[] = [
    [0, 1, ['before', 'first', 'second']],
    [0, 2, ['first', 'second']],
    [2, 3, ['first', 'second']],
    [0, 3, ['second']],
  ];
  for (const [one, other, expected] of logs) {
    for (const log of [await scene.log(one, other, stores), await scene.log(other, one, stores)]) {
      assert.deepEqual(
        log.map((event) => event.content),
        expected,
      );
    }
  }
  for (const [index, count] of [3, 1, 2, 2].entries()) {
    const states = await stores.messages.conversations(scene.uid(index), WEB, 10);
    assert.equal(states.length, count, `conversations of user ${index}`);
  }
}

async function first(scene: Scene) {
  const [before] = await scene.stores.messages.history(scene.uid(0), scene.conv(), 0, WIDE);
  return known(before);
}

function markOf(scene: Scene) {
  return { uid: scene.uid(1), device: WEB, conv: scene.conv(), from: seq(1), to: seq(1), read: true };
}

function newUser() {
  return { account: randomUUID(), nickname: 'new', avatar: '', email: '', passwordHash: '' };
}
