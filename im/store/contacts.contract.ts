/** Contact requests, remarks, removal and the two lists. Plain adding: user_store.contract.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupConversation } from '../message/conversation.js';
import { WORLD_GID } from '../message/group.js';
import { known, toUid, type Uid } from '../message/ids.js';
import { GroupScene } from './group_scene.contract.js';
import { newUsers, outcomes, Scene, WEB, type StoreFactory } from './scene.contract.js';

/** What the port promises to keep for one user. */
const REQUEST_LIMIT = 1000;

export function contactsContract(name: string, factory: StoreFactory): void {
  const open = async (t: Parameters<StoreFactory>[0], users = 3): Promise<Scene> =>
    Scene.open((await factory(t)).stores, users);
  const peers = async (scene: Scene, index: number): Promise<readonly unknown[]> =>
    (await scene.stores.contacts.list(scene.uid(index))).map(({ peer, remark }) => [peer.uid, remark]);
  const asking = async (scene: Scene, index: number): Promise<readonly unknown[]> =>
    (await scene.stores.contacts.requests(scene.uid(index))).map(({ from, comment }) => [from.uid, comment]);

  test(`${name}: who wants to be asked is asked, and nothing else happens before his answer`, async (t) => {
    const scene = await open(t);
    const { contacts, users, messages } = scene.stores;
    const [ann, bob] = [scene.uid(0), scene.uid(1)];
    await users.update(bob, { approval: true });
    const beforeMs = Date.now();
    assert.equal(await contacts.add(ann, bob, 'it is me, Ann'), 'asked');
    const [request] = await contacts.requests(bob);
    assert.deepEqual([request?.from.uid, request?.comment], [ann, 'it is me, Ann']);
    assert.ok(request !== undefined && request.askedAtMs >= beforeMs && request.askedAtMs <= Date.now());
    assert.deepEqual(await contacts.requests(ann), []);
    assert.deepEqual([await peers(scene, 0), await peers(scene, 1)], [[], []]);
    assert.deepEqual(await messages.conversations(bob, WEB, 10), []);
    assert.equal(await contacts.answerRequest(bob, ann, true), 'added');
    assert.deepEqual([await peers(scene, 0), await peers(scene, 1)], [[[bob, '']], [[ann, '']]]);
    assert.equal((await messages.conversations(ann, WEB, 10))[0]?.peer, bob);
    assert.deepEqual(await contacts.requests(bob), []);
    assert.equal(await contacts.answerRequest(bob, ann, true), 'exists');
    assert.equal(await contacts.add(ann, bob, ''), 'exists');
  });

  test(`${name}: a request is denied once; nobody agrees where nobody asked`, async (t) => {
    const scene = await open(t);
    const { contacts, users } = scene.stores;
    const [ann, bob] = [scene.uid(0), scene.uid(1)];
    await users.update(bob, { approval: true });
    await contacts.add(ann, bob, '');
    assert.equal(await contacts.answerRequest(ann, bob, true), 'none', 'not by him who asked');
    assert.equal(await contacts.answerRequest(bob, ann, false), 'denied');
    assert.equal(await contacts.answerRequest(bob, ann, true), 'none');
    assert.equal(await contacts.answerRequest(bob, known(toUid(2 ** 30 - 1)), true), 'none');
    assert.deepEqual(await peers(scene, 0), []);
  });

  test(`${name}: who asks again is asked once, as the newest, with what he says now`, async (t) => {
    const scene = await open(t);
    const { contacts, users } = scene.stores;
    await users.update(scene.uid(0), { approval: true });
    for (const [from, comment] of [
      [1, 'first'],
      [2, 'second'],
      [1, 'again'],
    ] as const)
      assert.equal(await contacts.add(scene.uid(from), scene.uid(0), comment), 'asked');
    assert.deepEqual(await asking(scene, 0), [
      [scene.uid(2), 'second'],
      [scene.uid(1), 'again'],
    ]);
    await users.ban(scene.uid(2), true);
    assert.deepEqual(await asking(scene, 0), [[scene.uid(1), 'again']], 'nobody banned asks');
    assert.equal(await contacts.answerRequest(scene.uid(0), scene.uid(2), true), 'none');
  });

  test(`${name}: who refuses another neither is asked by him nor agrees, and drops what is open`, async (t) => {
    const scene = await open(t);
    const { contacts, users } = scene.stores;
    const [ann, bob, eve] = [scene.uid(0), scene.uid(1), scene.uid(2)];
    for (const uid of [ann, bob]) await users.update(uid, { approval: true });
    for (const other of [bob, eve]) assert.equal(await contacts.add(other, ann, 'hi'), 'asked');
    await scene.append(scene.relation(0, 1, 'black'));
    assert.deepEqual(await asking(scene, 0), [[eve, 'hi']], 'only what those two had open');
    assert.equal(await contacts.add(bob, ann, 'hi again'), 'blocked');
    assert.equal(await contacts.add(ann, bob, ''), 'blocked');
    assert.equal(await contacts.answerRequest(ann, bob, true), 'blocked');
    assert.equal(await contacts.answerRequest(bob, ann, true), 'blocked');
    assert.equal(await contacts.answerRequest(ann, bob, false), 'none');
    await scene.append(scene.relation(2, 0, 'black'));
    assert.deepEqual(await asking(scene, 0), []);
    assert.equal(await contacts.answerRequest(ann, eve, true), 'blocked');
    await scene.append(scene.relation(0, 1, 'black', false));
    assert.equal(await contacts.answerRequest(ann, bob, true), 'none', 'dropped is not only hidden');
    assert.equal(await contacts.add(bob, ann, ''), 'asked');
  });

  test(`${name}: strangers are those with whom a user has nothing to do`, async (t) => {
    const scene = await open(t, 8);
    const { contacts, users, messages } = scene.stores;
    const nobody = known(toUid(2 ** 30 - 1));
    const everybody = [...Array.from({ length: 8 }, (_, index) => scene.uid(index)), nobody];
    const strangers = async (index: number): Promise<readonly number[]> =>
      (await contacts.strangers(scene.uid(index), everybody)).map((uid) => everybody.indexOf(uid));
    assert.deepEqual(await strangers(0), [1, 2, 3, 4, 5, 6, 7, 8]);
    await contacts.add(scene.uid(0), scene.uid(1), '');
    await scene.say(2, 0, 'hello');
    await scene.append(scene.relation(0, 3, 'black'), scene.relation(4, 0, 'black'));
    await users.update(scene.uid(0), { approval: true });
    await contacts.add(scene.uid(5), scene.uid(0), '');
    await messages.openConversation(scene.uid(0), scene.uid(6));
    await messages.openConversation(scene.uid(7), scene.uid(0));
    assert.deepEqual(await strangers(0), [4, 7, 8]);
    assert.deepEqual(await strangers(6), [0, 1, 2, 3, 4, 5, 7, 8], 'he does not have that conversation');
  });

  test(`${name}: members of one group are no strangers to each other; of the group of everybody they are`, async (t) => {
    const scene = await open(t, 4);
    const [owner, member, left, outsider] = [scene.uid(0), scene.uid(1), scene.uid(2), scene.uid(3)];
    const group = await GroupScene.create(scene, [1, 2]);
    await group.exit(2);
    const { contacts } = scene.stores;
    assert.deepEqual(await contacts.strangers(owner, [member, left, outsider]), [left, outsider]);
    assert.deepEqual(await contacts.strangers(left, [owner, member]), [owner, member]);
    for (const by of [0, 3]) {
      const uids = [scene.uid(by)];
      const joining = group.request(by, { do: 'add', uids, how: 'open', code: '', groupLimit: 1000 });
      assert.ok(joining.event !== undefined);
      const conv = groupConversation(WORLD_GID);
      const [joined] = await scene.append({ ...joining, conv, event: { ...joining.event, to: WORLD_GID } });
      assert.equal(joined?.outcome, 'stored');
    }
    assert.deepEqual(await contacts.strangers(owner, [outsider]), [outsider]);
    await group.dissolve();
    assert.deepEqual(await contacts.strangers(owner, [member]), [member]);
  });

  test(`${name}: two who ask each other are contacts`, async (t) => {
    const scene = await open(t);
    const { contacts, users } = scene.stores;
    for (const index of [0, 1]) await users.update(scene.uid(index), { approval: true });
    assert.equal(await contacts.add(scene.uid(0), scene.uid(1), ''), 'asked');
    assert.equal(await contacts.add(scene.uid(1), scene.uid(0), 'Ann'), 'added');
    assert.deepEqual(await peers(scene, 1), [[scene.uid(0), 'Ann']]);
    assert.deepEqual([await asking(scene, 0), await asking(scene, 1)], [[], []]);
  });

  test(`${name}: a user has a bounded number of requests; the oldest makes room`, async (t) => {
    const scene = await open(t, 1);
    const { contacts, users } = scene.stores;
    const uid = scene.uid(0);
    await users.update(uid, { approval: true });
    const others: readonly Uid[] = await newUsers(scene.stores, REQUEST_LIMIT + 2);
    for (const other of others) assert.equal(await contacts.add(other, uid, ''), 'asked');
    const from = (await contacts.requests(uid)).map((request) => request.from.uid);
    assert.deepEqual(from, others.slice(2));
  });

  test(`${name}: a remark is the owner's alone`, async (t) => {
    const scene = await open(t);
    const { contacts } = scene.stores;
    await contacts.add(scene.uid(0), scene.uid(1), 'old');
    assert.equal(await contacts.setRemark(scene.uid(0), scene.uid(1), 'new\0😀'), true);
    assert.equal(await contacts.setRemark(scene.uid(0), scene.uid(2), 'x'), false);
    assert.deepEqual(await peers(scene, 0), [[scene.uid(1), 'new\0😀']]);
    assert.deepEqual(await peers(scene, 1), [[scene.uid(0), '']]);
  });

  test(`${name}: removed contacts are none on both sides; their conversation stays`, async (t) => {
    const scene = await open(t, 4);
    const { contacts, users, messages } = scene.stores;
    await users.update(scene.uid(0), { contactsOnly: true });
    for (const index of [1, 2]) await contacts.add(scene.uid(0), scene.uid(index), '');
    await scene.say(1, 0, 'a');
    const removed = await contacts.remove(scene.uid(0), [scene.uid(3), scene.uid(1)]);
    assert.deepEqual(removed, [scene.uid(1)]);
    assert.deepEqual(await peers(scene, 0), [[scene.uid(2), '']]);
    assert.deepEqual(await peers(scene, 1), []);
    assert.equal((await messages.conversations(scene.uid(1), WEB, 10)).length, 1);
    const after = await scene.append(scene.message(1, 0, 'b'), scene.message(2, 0, 'c'));
    assert.deepEqual(outcomes(after), ['CONTACTS_ONLY', 'stored'], 'a right that ended with it');
    assert.equal(await contacts.add(scene.uid(0), scene.uid(1), ''), 'added', 'and may begin again');
  });

  test(`${name}: who hears contacts only is asked before somebody is one`, async (t) => {
    const scene = await open(t);
    const { contacts, users } = scene.stores;
    await users.update(scene.uid(0), { contactsOnly: true });
    assert.equal(await contacts.add(scene.uid(1), scene.uid(0), ''), 'asked');
    assert.deepEqual(outcomes(await scene.append(scene.message(1, 0, 'a'))), ['CONTACTS_ONLY']);
    assert.equal(await contacts.add(scene.uid(0), scene.uid(1), ''), 'added', 'he wants it too');
    assert.deepEqual(outcomes(await scene.append(scene.message(1, 0, 'b'))), ['stored']);
  });

  test(`${name}: the lists are what the changes made them`, async (t) => {
    const scene = await open(t, 4);
    const related = async (list: 'black' | 'white'): Promise<readonly Uid[]> =>
      (await scene.stores.contacts.related(scene.uid(0), list)).map(({ uid }) => uid);
    await scene.append(
      scene.relation(0, 2, 'black'),
      scene.relation(0, 1, 'black'),
      scene.relation(0, 3, 'white'),
      scene.relation(0, 1, 'white'),
      scene.relation(2, 0, 'black'),
      scene.relation(0, 2, 'black', false),
    );
    assert.deepEqual(await related('black'), [scene.uid(1)]);
    assert.deepEqual(await related('white'), [scene.uid(1), scene.uid(3)]);
  });
}
