/** Profiles, search and bans. Creation, passwords and tokens: user_store.contract.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { known, toUid, type Uid } from '../message/ids.js';
import type { NewUser, UserStore } from './people_interface.js';
import { outcomes, PHONE, Scene, WEB, type StoreFactory } from './scene.contract.js';

const NOBODY = known(toUid(2 ** 30 - 1));

const user = (account: string, nickname = ''): NewUser => ({
  account,
  nickname,
  email: '',
  avatar: '',
  passwordHash: '',
});

async function made(users: UserStore, ...list: readonly NewUser[]): Promise<readonly Uid[]> {
  return (await users.create(list)).map((one) => known(one?.uid));
}

export function usersContract(name: string, factory: StoreFactory): void {
  test(`${name}: a profile changes in what is said, and only there`, async (t) => {
    const { users } = (await factory(t)).stores;
    const [ann] = await made(users, user('ann', 'Ann'));
    const uid = known(ann);
    const before = known((await users.byUids([uid]))[0]);
    assert.deepEqual(await users.update(uid, {}), before);
    const named = await users.update(uid, { nickname: 'Anna\0😀', avatar: 'a.png' });
    assert.deepEqual(named, { ...before, nickname: 'Anna\0😀', avatar: 'a.png' });
    const asked = await users.update(uid, { approval: true, contactsOnly: true });
    assert.deepEqual(asked, { ...named, approval: true, contactsOnly: true });
    const back = await users.update(uid, { approval: false });
    assert.deepEqual(await users.byUids([uid]), [back]);
    assert.deepEqual(back, { ...asked, approval: false });
    assert.equal(await users.update(NOBODY, { nickname: 'x' }), undefined);
  });

  test(`${name}: search finds accounts and nicknames by their beginning, each user once, page by page`, async (t) => {
    const { users } = (await factory(t)).stores;
    const list = [
      user('Mary', 'Marx'),
      user('bob', 'mArk\0x'),
      user('amar', 'x mar'),
      user('mAs'),
      user('mar'),
      user('äpfel', 'Ärger'),
    ];
    const uids = await made(users, ...list, user('100%_', '_'));
    const search = async (prefix: string, after = 0, limit = 10): Promise<readonly number[]> =>
      (await users.search(prefix, after, limit)).map(({ uid }) => uids.indexOf(uid));
    assert.deepEqual(await search('MAR'), [0, 1, 4]);
    assert.deepEqual(await search('mark\0'), [1]);
    assert.deepEqual(await search('mark\0y'), []);
    assert.deepEqual(await search('ma', 0, 2), [0, 1]);
    assert.deepEqual(await search('ma', uids[1], 2), [3, 4]);
    assert.deepEqual(await search('ä'), [5]);
    assert.deepEqual(await search('Ä'), [5], 'the nickname: only ASCII letters are folded');
    assert.deepEqual(await search('är'), []);
    const mail = 'mark@example.org';
    const [byMail] = await made(users, user(mail, 'Post'));
    for (const prefix of ['mark@', mail]) assert.deepEqual(await users.search(prefix, 0, 1), [], prefix);
    assert.deepEqual(
      (await users.search('ma', known(uids[4]), 1)).map(({ uid }) => uid),
      [],
      'no page is full of what is not shown',
    );
    assert.deepEqual(
      (await users.search('post', 0, 9)).map(({ uid }) => uid),
      [byMail],
    );
    assert.deepEqual(await search('%'), []);
    assert.deepEqual(await search('100%'), [6]);
    await users.update(known(uids[0]), { nickname: 'Zoe' });
    assert.deepEqual(await search('marx'), []);
    assert.deepEqual(await search('zo'), [0]);
    await users.ban(known(uids[0]), true);
    assert.deepEqual(await search('zo'), []);
  });

  test(`${name}: a ban ends every token and is lifted without giving them back`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 2);
    const { users } = scene.stores;
    const [ann, bob] = [scene.uid(0), scene.uid(1)];
    const pairs = [PHONE, WEB].map((device) => ({ uid: ann, device }));
    const isGood = async (version: number): Promise<readonly boolean[]> =>
      (await users.tokenVersions(pairs)).map((current) => version >= current.version);
    await users.issueTokens([...pairs, { uid: bob, device: WEB }]);
    assert.deepEqual(await isGood(1), [true, true]);
    const raised = [
      { uid: ann, device: PHONE, version: 2 },
      { uid: ann, device: WEB, version: 2 },
    ];
    assert.deepEqual(await users.ban(ann, true), raised);
    assert.equal((await users.byUids([ann]))[0]?.isBanned, true);
    const [late] = await users.issueTokens(pairs);
    assert.deepEqual(await isGood(known(late).version), [false, false], 'a sign-in that overtook the ban');
    assert.deepEqual(await users.tokenVersions([{ uid: bob, device: WEB }]), [
      { uid: bob, device: WEB, version: 1 },
    ]);
    assert.deepEqual(await users.ban(ann, false), []);
    assert.deepEqual(await isGood(1), [false, false]);
    assert.equal((await users.byUids([ann]))[0]?.isBanned, false);
    assert.equal(await users.ban(NOBODY, true), undefined);
  });

  test(`${name}: nobody writes for or to somebody banned, from the next append on`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores, 3);
    const { users, messages, contacts } = scene.stores;
    const sent = scene.message(0, 1, 'a');
    await scene.append(sent, scene.message(1, 0, 'b'));
    await users.ban(scene.uid(0), true);
    const results = await scene.append(
      scene.message(0, 1, 'c'),
      scene.message(1, 0, 'd'),
      scene.message(0, 0, 'note'),
      scene.message(2, 0, 'first'),
      scene.message(2, 1, 'e'),
      sent,
    );
    const expected = ['BANNED', 'NO_SUCH_USER', 'BANNED', 'NO_SUCH_USER', 'stored', 'duplicate'];
    assert.deepEqual(outcomes(results), expected);
    assert.deepEqual(await messages.lastSeqs([scene.conv(0, 2), scene.conv(0, 0)]), []);
    assert.equal(await contacts.add(scene.uid(2), scene.uid(0), ''), 'unknown');
    assert.deepEqual(await scene.contents(1, 0), ['a', 'b'], 'what was said stays');
    await users.ban(scene.uid(0), false);
    assert.deepEqual(outcomes(await scene.append(scene.message(0, 1, 'c'), scene.message(1, 0, 'd'))), [
      'stored',
      'stored',
    ]);
  });

  test(`${name}: who may write to whom can be asked without writing, and is what the append says`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 5);
    const { users, messages, contacts } = scene.stores;
    const uid = (index: number): Uid => (index === 9 ? NOBODY : scene.uid(index));
    await users.ban(uid(4), true);
    await scene.append(scene.relation(1, 0, 'black'));
    await users.update(uid(2), { contactsOnly: true });
    await contacts.add(uid(2), uid(3), '');
    const cases = [
      [0, 1, 'BLOCKED'],
      [1, 0, undefined],
      [0, 2, 'CONTACTS_ONLY'],
      [3, 2, undefined],
      [2, 2, undefined],
      [0, 4, 'NO_SUCH_USER'],
      [4, 0, 'BANNED'],
      [4, 4, 'BANNED'],
      [0, 9, 'NO_SUCH_USER'],
    ] as const;
    const answers = await messages.mayWrite(cases.map(([from, to]) => ({ from: uid(from), to: uid(to) })));
    assert.deepEqual(
      answers,
      cases.map(([, , expected]) => expected),
    );
    const existing = cases.filter(([, to]) => to !== 9);
    const results = await scene.append(...existing.map(([from, to]) => scene.message(from, to, 'x')));
    assert.deepEqual(
      outcomes(results),
      existing.map(([, , expected]) => expected ?? 'stored'),
    );
  });
}
