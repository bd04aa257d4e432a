/** Who may send to whom, decided under the lock, and what a change between messages does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatConversation } from '../message/conversation.js';
import { known, toUid } from '../message/ids.js';
import {
  answered,
  duplicate,
  mid,
  outcomes,
  PHONE,
  Scene,
  stored,
  type StoreFactory,
} from './scene.contract.js';

export function appendRightsContract(name: string, factory: StoreFactory): void {
  const open = async (t: Parameters<StoreFactory>[0], users = 2): Promise<Scene> =>
    Scene.open((await factory(t)).stores, users);

  test(`${name}: an unknown recipient or sender is refused and leaves no conversation`, async (t) => {
    const scene = await open(t);
    const nobody = known(toUid(2 ** 30 - 1));
    const conv = chatConversation(scene.uid(0), nobody);
    const requests = [
      { ...scene.message(0, 1, 'a', { to: nobody }), conv },
      { ...scene.message(0, 1, 'b', { from: nobody, to: scene.uid(0) }), conv },
    ];
    const change = { kind: 'relation', uid: scene.uid(0), peer: nobody, list: 'black', on: true } as const;
    const results = await scene.append(...requests, { conv, change });
    assert.deepEqual(outcomes(results), ['NO_SUCH_USER', 'NO_SUCH_USER', 'NO_SUCH_USER']);
    assert.deepEqual(await scene.stores.messages.conversations(scene.uid(0), PHONE, 10), []);
  });

  test(`${name}: a request must be of the two members of the conversation that it names`, async (t) => {
    const scene = await open(t, 3);
    const wrong = { ...scene.message(0, 1, 'a'), conv: scene.conv(1, 2) };
    const change = { ...scene.relation(0, 1, 'black'), conv: scene.conv(1, 2) };
    assert.deepEqual(outcomes(await scene.append(wrong, change)), ['INVALID_PARAMETER', 'INVALID_PARAMETER']);
    assert.deepEqual(await scene.contents(1, 2), []);
  });

  test(`${name}: a note to oneself is one conversation with one member`, async (t) => {
    const scene = await open(t);
    await scene.stores.users.update(scene.uid(0), { contactsOnly: true });
    assert.equal((await scene.say(0, 0, 'note', 'again'))[1]?.seq, 2);
    assert.deepEqual(await scene.contents(0, 0), ['note', 'again']);
    const [state] = await scene.stores.messages.conversations(scene.uid(0), PHONE, 10);
    assert.deepEqual([state?.peer, state?.lastSeq, state?.unread], [scene.uid(0), 2, 0]);
  });

  test(`${name}: whom the recipient has blocked is refused, and takes no seq; the other way is open`, async (t) => {
    const scene = await open(t);
    const results = await scene.append(
      scene.message(0, 1, 'a'),
      scene.relation(1, 0, 'black'),
      scene.message(0, 1, 'b'),
      scene.message(1, 0, 'c'),
      scene.relation(1, 0, 'black', false),
      scene.message(0, 1, 'd'),
    );
    assert.deepEqual(outcomes(results), ['stored', 'changed', 'BLOCKED', 'stored', 'changed', 'stored']);
    assert.deepEqual(await scene.contents(), ['a', 'c', 'd']);
  });

  test(`${name}: a change in the middle of a batch concerns only what comes after it`, async (t) => {
    const scene = await open(t, 3);
    await scene.say(0, 1, 'before');
    const results = await scene.append(
      scene.message(0, 1, 'a'),
      scene.message(2, 1, 'x'),
      scene.relation(1, 0, 'black'),
      scene.message(0, 1, 'b'),
      scene.message(2, 1, 'y'),
    );
    assert.deepEqual(outcomes(results), ['stored', 'stored', 'changed', 'BLOCKED', 'stored']);
    assert.deepEqual(await scene.contents(0, 1), ['before', 'a']);
    assert.deepEqual(await scene.contents(2, 1), ['x', 'y']);
    assert.deepEqual(outcomes(await scene.append(scene.message(0, 1, 'c'))), ['BLOCKED']);
  });

  test(`${name}: event and change in one request: the event is judged first`, async (t) => {
    const scene = await open(t);
    const { change } = scene.relation(1, 0, 'black');
    const both = { ...scene.message(0, 1, 'a'), change: known(change) };
    assert.deepEqual(outcomes(await scene.append(both, scene.message(0, 1, 'b'))), ['stored', 'BLOCKED']);
  });

  test(`${name}: a change in a conversation without messages makes no conversation`, async (t) => {
    const scene = await open(t);
    assert.deepEqual(outcomes(await scene.append(scene.relation(1, 0, 'black'))), ['changed']);
    assert.deepEqual(outcomes(await scene.append(scene.message(0, 1, 'a'))), ['BLOCKED']);
    assert.deepEqual(await scene.stores.messages.lastSeqs([scene.conv()]), []);
  });

  test(`${name}: a duplicate is answered as such though its sender has lost the right since`, async (t) => {
    const scene = await open(t);
    const request = scene.message(0, 1, 'a');
    await scene.append(request, scene.relation(1, 0, 'black'));
    const results = await scene.append(scene.message(0, 1, 'b'), request);
    assert.deepEqual(outcomes(results), ['BLOCKED', 'duplicate']);
    assert.equal(duplicate(results[1]).seq, 1);
  });

  test(`${name}: contacts only: strangers are refused, contacts and the white list are not`, async (t) => {
    const scene = await open(t, 4);
    await scene.say(0, 1, 'before');
    await scene.stores.users.update(scene.uid(1), { contactsOnly: true });
    await scene.stores.contacts.add(scene.uid(1), scene.uid(2), '');
    await scene.append(scene.relation(1, 3, 'white'));
    const results = await scene.append(
      scene.message(0, 1, 'a'),
      scene.message(2, 1, 'b'),
      scene.message(3, 1, 'c'),
      scene.message(1, 0, 'd'),
    );
    assert.deepEqual(outcomes(results), ['CONTACTS_ONLY', 'stored', 'stored', 'stored']);
    await scene.stores.contacts.add(scene.uid(1), scene.uid(0), '');
    assert.deepEqual(outcomes(await scene.append(scene.message(0, 1, 'e'))), ['stored']);
    await scene.append(scene.relation(1, 3, 'white', false));
    assert.deepEqual(outcomes(await scene.append(scene.message(3, 1, 'f'))), ['CONTACTS_ONLY']);
    await scene.stores.users.update(scene.uid(1), { contactsOnly: false });
    assert.deepEqual(outcomes(await scene.append(scene.message(3, 1, 'g'))), ['stored']);
  });

  test(`${name}: the black list is stronger than contact and white list`, async (t) => {
    const scene = await open(t);
    await scene.stores.contacts.add(scene.uid(0), scene.uid(1), '');
    const results = await scene.append(
      scene.relation(1, 0, 'white'),
      scene.relation(1, 0, 'black'),
      scene.message(0, 1, 'a'),
    );
    assert.deepEqual(outcomes(results), ['changed', 'changed', 'BLOCKED']);
  });

  test(`${name}: a claimed mid must come from a block of the sender, also after reopening`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores);
    const mine = await scene.stores.ids.leaseMidBlock(scene.uid(0), 32);
    const his = await scene.stores.ids.leaseMidBlock(scene.uid(1), 32);
    const claim = (content: string, claimed: number): ReturnType<Scene['message']> =>
      scene.message(0, 1, content, { mid: mid(claimed), midIsClaimed: true });
    const results = await scene.append(
      claim('a', mine.first),
      claim('b', mine.first + 31),
      claim('c', his.first),
      claim('d', his.first + 32),
      claim('e', mine.first - 1),
      claim('f', mine.first),
    );
    const expected = ['stored', 'stored', 'MID_NOT_YOURS', 'MID_NOT_YOURS', 'MID_NOT_YOURS', 'MID_TAKEN'];
    assert.deepEqual(outcomes(results), expected);
    const stores = await subject.reopen();
    const after = answered(
      await stores.messages.append([
        claim('g', mine.first + 1),
        claim('h', his.first),
        claim('a', mine.first),
      ]),
    );
    assert.deepEqual(outcomes(after), ['stored', 'MID_NOT_YOURS', 'duplicate']);
    assert.equal(stored(after[0]).seq, 3);
  });
}
