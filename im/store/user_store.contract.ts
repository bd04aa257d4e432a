/** Users, tokens, contacts and leased ids. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { known, toUid } from '../message/ids.js';
import type { NewUser } from './people_interface.js';
import { newUsers, PHONE, Scene, WEB, type StoreFactory } from './scene.contract.js';

const user = (account: string, email = ''): NewUser => ({
  account,
  email,
  nickname: `${account}\0😀`,
  avatar: 'a',
  passwordHash: `hash of ${account}`,
});

export function userStoreContract(name: string, factory: StoreFactory): void {
  test(`${name}: a user is found by uid, account and e-mail, and is what was created`, async (t) => {
    const { users } = (await factory(t)).stores;
    const [ann, bob] = await users.create([user('Ann', 'Ann@Example.org'), user('bob\0x')]);
    assert.ok(ann !== undefined && bob !== undefined && ann.uid > 10_000 && bob.uid === ann.uid + 1);
    const { uid, ...rest } = ann;
    const flags = { isBanned: false, approval: false, contactsOnly: false, privatePresence: false };
    const typedIn = { account: 'Ann', email: 'Ann@Example.org', nickname: 'Ann\0😀', avatar: 'a' };
    assert.deepEqual(rest, { ...typedIn, ...flags });
    assert.deepEqual(await users.byUids([bob.uid, known(toUid(5)), uid]), [bob, ann]);
    for (const typed of ['Ann', 'aNN', 'ann@example.ORG']) {
      assert.deepEqual(await users.byAccount(typed), { ...ann, passwordHash: 'hash of Ann' });
    }
    assert.equal(await users.byAccount('bob'), undefined, 'names are compared whole, beyond U+0000 too');
    assert.equal(await users.byAccount(''), undefined);
    assert.equal(await users.passwordHash(uid), 'hash of Ann');
    assert.equal(await users.passwordHash(known(toUid(5))), undefined);
  });

  test(`${name}: an account or e-mail is taken once, whatever its case, also within a batch`, async (t) => {
    const { users } = (await factory(t)).stores;
    const made = await users.create([
      user('ann', 'a@x.org'),
      user('ANN'),
      user('bob', 'A@X.org'),
      user('eve'),
    ]);
    assert.deepEqual(
      made.map((one) => one?.account),
      ['ann', undefined, undefined, 'eve'],
    );
    const later = await users.create([
      user('Eve'),
      user('a@x.org'),
      user('zoe', 'zoe'),
      user('é'),
      user('É'),
    ]);
    assert.deepEqual(
      later.map((one) => one?.account),
      [undefined, undefined, 'zoe', 'é', 'É'],
    );
  });

  test(`${name}: two creations of one account at once: one of them wins`, async (t) => {
    const { users } = (await factory(t)).stores;
    const made = (await Promise.all([1, 2, 3].map(() => users.create([user('ann')])))).flat();
    assert.equal(made.filter((one) => one !== undefined).length, 1);
  });

  test(`${name}: token versions are raised, revoked once, and told in order`, async (t) => {
    const { stores } = await factory(t);
    const { users } = stores;
    const [ann, bob] = await newUsers(stores, 2);
    const pairs = [ann, bob].map((uid) => ({ uid: known(uid), device: WEB }));
    const versions = async (): Promise<readonly number[]> =>
      (await users.tokenVersions(pairs)).map((token) => token.version);
    assert.deepEqual(await versions(), [0, 0]);
    const [first] = await users.issueTokens([known(pairs[1]), known(pairs[0])]);
    assert.deepEqual(first, { ...pairs[1], version: 1 });
    await users.issueTokens([known(pairs[0])]);
    assert.deepEqual(await versions(), [2, 1]);
    assert.equal(await users.revokeToken({ ...known(pairs[0]), version: 1 }), false);
    assert.equal(await users.revokeToken({ ...known(pairs[0]), version: 2 }), true);
    assert.equal(await users.revokeToken({ ...known(pairs[0]), version: 2 }), false);
    assert.deepEqual(await versions(), [3, 1]);
  });

  test(`${name}: a new password raises the version of every device of that user`, async (t) => {
    const { stores } = await factory(t);
    const { users } = stores;
    const [ann, bob] = (await newUsers(stores, 2)).map(known);
    const pairs = [
      { uid: known(ann), device: PHONE },
      { uid: known(ann), device: WEB },
      { uid: known(bob), device: WEB },
    ];
    await users.issueTokens(pairs);
    const raised = await users.changePassword(known(ann), 'new hash');
    assert.deepEqual(
      raised.map(({ uid, device, version }) => [uid, device, version]),
      [
        [ann, PHONE, 2],
        [ann, WEB, 2],
      ],
    );
    assert.equal(await users.passwordHash(known(ann)), 'new hash');
    assert.deepEqual(
      (await users.tokenVersions(pairs)).map((token) => token.version),
      [2, 2, 1],
    );
  });

  test(`${name}: contacts are of each other, with the caller's remark and a conversation`, async (t) => {
    const scene = await Scene.open((await factory(t)).stores, 3);
    const { contacts, messages } = scene.stores;
    const [ann, bob] = [scene.uid(0), scene.uid(1)];
    assert.equal(await contacts.add(ann, bob, 'my friend 😀'), 'added');
    assert.equal(await contacts.add(ann, bob, 'again'), 'exists');
    assert.equal(await contacts.add(bob, ann, 'again'), 'exists');
    assert.equal(await contacts.add(ann, ann, ''), 'self');
    assert.equal(await contacts.add(ann, known(toUid(2 ** 30 - 1)), ''), 'unknown');
    const listed = async (uid: typeof ann): Promise<readonly unknown[]> =>
      (await contacts.list(uid)).map(({ peer, remark }) => [peer.uid, remark]);
    assert.deepEqual(await listed(ann), [[bob, 'my friend 😀']]);
    assert.deepEqual(await listed(bob), [[ann, '']]);
    assert.deepEqual(await listed(scene.uid(2)), []);
    assert.equal((await messages.conversations(bob, WEB, 10))[0]?.peer, ann);
  });

  test(`${name}: leased mids never overlap, also after reopening`, async (t) => {
    const subject = await factory(t);
    const { ids } = subject.stores;
    const [ann] = (await newUsers(subject.stores, 1)).map(known);
    const leases = await Promise.all([
      ids.leaseMids(10),
      ids.leaseMids(1000),
      ids.leaseMidBlock(known(ann), 32),
      ids.leaseMids(1),
    ]);
    const again = await (await subject.reopen()).ids.leaseMids(5);
    const taken = [...leases, again].flatMap(({ first, count }) =>
      Array.from({ length: count }, (_, index) => first + index),
    );
    assert.equal(new Set(taken).size, 10 + 1000 + 32 + 1 + 5);
    assert.ok(Math.min(...taken) >= 1);
  });
}
