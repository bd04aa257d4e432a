/** Who was connected when, and who keeps it to himself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { known, toUid } from '../message/ids.js';
import { Scene, type StoreFactory } from './scene.contract.js';

const NOBODY = known(toUid(2 ** 30 - 1));

export function presenceContract(name: string, factory: StoreFactory): void {
  test(`${name}: when somebody was last connected rises and never falls, and outlives the process`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores, 3);
    const { presence } = subject.stores;
    const [ann, bob, cat] = [scene.uid(0), scene.uid(1), scene.uid(2)];
    assert.deepEqual(await presence.lastSeen([ann, bob]), []);
    await presence.saw([]);
    await presence.saw([
      { uid: ann, atMs: 2000 },
      { uid: bob, atMs: 500 },
      { uid: NOBODY, atMs: 900 },
      { uid: ann, atMs: 1000 },
    ]);
    await presence.saw([{ uid: bob, atMs: 700 }]);
    const expected = [
      { uid: bob, atMs: 700 },
      { uid: ann, atMs: 2000 },
    ];
    assert.deepEqual(await presence.lastSeen([bob, cat, NOBODY, ann]), expected);
    const again = await subject.reopen();
    assert.deepEqual(await again.presence.lastSeen([bob, cat, NOBODY, ann]), expected);
  });

  test(`${name}: private presence is a part of the profile`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores, 2);
    const { users } = subject.stores;
    const uid = scene.uid(0);
    const [before] = await users.byUids([uid]);
    assert.equal(before?.privatePresence, false);
    const after = await users.update(uid, { privatePresence: true });
    assert.deepEqual(after, { ...known(before), privatePresence: true });
    assert.equal((await users.update(uid, { nickname: 'x' }))?.privatePresence, true);
    const again = (await subject.reopen()).users;
    const [first, second] = await again.byUids([uid, scene.uid(1)]);
    assert.deepEqual([first?.privatePresence, second?.privatePresence], [true, false]);
    assert.equal((await again.update(uid, { privatePresence: false }))?.privatePresence, false);
  });

  test(`${name}: a changed e-mail signs in, the one before does not, and nobody's is taken`, async (t) => {
    const subject = await factory(t);
    const { users } = subject.stores;
    const [ann, bob] = await users.create(
      ['ann', 'bob'].map((account) => {
        return { account, nickname: '', avatar: '', email: `${account}@x.org`, passwordHash: '' };
      }),
    );
    const uid = known(ann).uid;
    const whoIs = async (text: string) => (await users.byAccount(text))?.uid;
    assert.equal(await users.changeEmail(uid, 'BOB@x.org'), 'taken');
    assert.equal(await users.changeEmail(uid, 'bob'), 'taken');
    assert.equal(await users.changeEmail(NOBODY, 'n@x.org'), 'unknown');
    assert.deepEqual([await whoIs('ann@x.org'), await whoIs('n@x.org')], [uid, undefined]);
    assert.equal(await users.changeEmail(uid, 'Ann@X.org'), 'changed', 'his own in another spelling');
    assert.equal(await users.changeEmail(uid, 'new@x.org'), 'changed');
    assert.deepEqual(
      [await whoIs('ann@x.org'), await whoIs('NEW@x.org'), await whoIs('ann')],
      [undefined, uid, uid],
    );
    assert.equal(await users.changeEmail(known(bob).uid, 'ann@x.org'), 'changed', 'free again');
    assert.equal(await users.changeEmail(uid, 'ann'), 'changed', 'what he signs in by already');
    assert.equal(await users.changeEmail(uid, ''), 'changed');
    assert.deepEqual(
      [await whoIs('new@x.org'), await whoIs('ann'), await whoIs('')],
      [undefined, uid, undefined],
    );
    const [row] = await (await subject.reopen()).users.byUids([uid]);
    assert.equal(row?.email, '');
  });
}
