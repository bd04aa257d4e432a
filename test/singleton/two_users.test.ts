/** Two users chat: through the SDK, several devices, notes to oneself, and every tick on the way. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Chat, DEVICE } from '../support/chat.js';
import { setBlocked } from '../support/seed.js';
import { waitUntil } from '../support/wait.js';

test('two users chat', async (t) => {
  const chat = await Chat.start(t);
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const [annPhone, bobPhone] = [await chat.phone(ann), await chat.phone(bob)];

  const question = annPhone.send(bob.uid, 'is it raining?');
  const heard = await bobPhone.expectMessage('is it raining?');
  assert.deepEqual([heard.from, heard.to, heard.seq, heard.own], [ann.uid, bob.uid, 1, false]);
  await annPhone.expectState(question, 'received');
  bobPhone.client.markRead(heard.conv, heard.seq);
  await annPhone.expectState(question, 'read');

  const answer = await bobPhone.sendAndWait(ann.uid, 'not yet');
  assert.deepEqual([answer.state, answer.seq, answer.conv], ['stored', 2, heard.conv]);
  await annPhone.expectMessage('not yet');
  await bobPhone.expectState(answer, 'received');
  for (const phone of [annPhone, bobPhone]) assert.deepEqual(phone.texts, ['is it raining?', 'not yet']);
  await chat.assertNothingWrong();
});

test('many messages both ways at once: one order for both', async (t) => {
  const chat = await Chat.start(t);
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const phones = [await chat.phone(ann), await chat.phone(bob)] as const;
  for (let index = 0; index < 200; index++) {
    phones[0].send(bob.uid, `ann ${index}`);
    phones[1].send(ann.uid, `bob ${index}`);
  }
  await waitUntil('both screens full', () => phones.every(({ shown }) => shown.length === 400));
  assert.deepEqual(
    phones[0].shown.map(({ mid }) => mid),
    phones[1].shown.map(({ mid }) => mid),
  );
  await chat.assertNothingWrong();
});

test('two devices of one user see the same, his own messages too', async (t) => {
  const chat = await Chat.start(t);
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const [tablet, desktop] = [await chat.phone(ann, DEVICE.tablet), await chat.phone(ann, DEVICE.desktop)];
  const bobPhone = await chat.phone(bob);
  const fromTablet = tablet.send(bob.uid, 'from the tablet');
  await tablet.expectState(fromTablet, 'received');
  desktop.send(bob.uid, 'from the desktop');
  await bobPhone.expectMessage('from the desktop');
  bobPhone.send(ann.uid, 'to both');
  for (const phone of [tablet, desktop, bobPhone]) {
    await phone.expectMessage('to both');
    assert.deepEqual(phone.texts, ['from the tablet', 'from the desktop', 'to both'], phone.name);
  }
  await tablet.expectNothing();
  assert.equal(desktop.shown[0]?.own, true);
  await chat.assertNothingWrong();
});

test('a message to oneself is a note to all of one’s own devices, and to nobody else', async (t) => {
  const chat = await Chat.start(t);
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const [tablet, desktop] = [await chat.phone(ann, DEVICE.tablet), await chat.phone(ann, DEVICE.desktop)];
  const bobPhone = await chat.phone(bob);
  const note = await tablet.sendAndWait(ann.uid, 'buy milk');
  assert.equal(note.state === 'failed', false);
  assert.equal(note.conv, `u${ann.uid}_${ann.uid}`);
  const shown = await desktop.expectMessage('buy milk');
  assert.deepEqual([shown.from, shown.to, shown.own], [ann.uid, ann.uid, true]);
  await tablet.expectMessage('buy milk');
  await bobPhone.expectNothing();
  for (const phone of [tablet, desktop]) assert.deepEqual(phone.texts, ['buy milk']);
  await chat.assertNothingWrong();
});

test('refusals reach the app as codes, and the conversation goes on', async (t) => {
  const chat = await Chat.start(t);
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const [annPhone, bobPhone] = [await chat.phone(ann), await chat.phone(bob)];
  const toNobody = await annPhone.sendAndWait(999_999, 'hello?');
  assert.deepEqual([toNobody.state, toNobody.error?.code], ['failed', 2002]);
  await chat.server.whileStopped((dataDir) => setBlocked(dataDir, bob.uid, ann.uid, true));
  const blocked = await annPhone.sendAndWait(bob.uid, 'blocked');
  assert.deepEqual([blocked.state, blocked.error?.code], ['failed', 6001]);
  await chat.server.whileStopped((dataDir) => setBlocked(dataDir, bob.uid, ann.uid, false));
  assert.notEqual((await annPhone.sendAndWait(bob.uid, 'thank you')).state, 'failed');
  await bobPhone.expectMessage('thank you');
  await chat.assertNothingWrong();
});
