/** The lost push of a last message is noticed by the cursor, idle or busy; a restored store by its epoch. */
import assert from 'node:assert/strict';
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { raiseEpoch } from '../../service/store/store_epoch.js';
import { Chat, DEVICE, type Person } from '../support/chat.js';
import { loseOnce } from '../support/lossy_socket.js';
import type { Phone } from '../support/phone.js';
import { waitUntil } from '../support/wait.js';

/** In place of a minute. */
const CURSOR_MS = 300;
const TUNING = { cursorIntervalMs: CURSOR_MS, fullSyncCheckMs: 50 };

test('the lost push of the last message is noticed by a client that is idle', async (t) => {
  const chat = await Chat.start(t);
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const { open, lost } = loseOnce('the last');
  const tuning = { ...TUNING, heartbeatMs: CURSOR_MS };
  const annPhone = await chat.phone(ann, undefined, { tuning, webSocket: open });
  const bobPhone = await chat.phone(bob);
  await bobPhone.sendAndWait(ann.uid, 'the first');
  await annPhone.expectMessage('the first');
  await bobPhone.sendAndWait(ann.uid, 'the last');
  await waitUntil('the loss', lost);
  await annPhone.expectMessage('the last');
  assert.equal(annPhone.states.filter(({ name }) => name === 'online').length, 1, 'without a reconnect');
  await chat.assertNothingWrong();
});

test('and by one that is busy in another conversation, and beats for no other reason', async (t) => {
  const chat = await Chat.start(t);
  const [ann, bob, carol] = [await chat.person('ann'), await chat.person('bob'), await chat.person('carol')];
  const { open, lost } = loseOnce('the last');
  const annPhone = await chat.phone(ann, undefined, { tuning: TUNING, webSocket: open });
  const [bobPhone, carolPhone] = [await chat.phone(bob), await chat.phone(carol)];
  await bobPhone.sendAndWait(ann.uid, 'the last');
  await waitUntil('the loss', lost);
  await waitUntil('the repair, while they chat', async () => {
    await annPhone.sendAndWait(carol.uid, 'busy');
    await carolPhone.sendAndWait(ann.uid, 'busy too');
    return annPhone.texts.includes('the last');
  });
  await annPhone.expectMessage('the last');
  await waitUntil('all of it', () => annPhone.shown.length === carolPhone.shown.length + 1);
  await chat.assertNothingWrong();
});

test('after a restore clients see the epoch, agree with the store again, and show nothing twice', async (t) => {
  const chat = await Chat.start(t);
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const tokens = new Map<Person, string>();
  const connected = async (person: Person): Promise<Phone> => {
    tokens.set(person, (await chat.signIn(person, DEVICE.tablet)).token);
    return chat.phoneWith(() => tokens.get(person) ?? '', { name: person.name }).connect();
  };
  const [annPhone, bobPhone] = [await connected(ann), await connected(bob)];
  for (const text of ['one', 'two']) await bobPhone.sendAndWait(ann.uid, text);
  await annPhone.expectMessage('two');
  await chat.server.whileStopped((folder) => copyDatabase(folder, '.copy'));
  await bobPhone.expectConnection('online');
  for (const text of ['lost in the restore', 'lost too', 'lost as well'])
    await bobPhone.sendAndWait(ann.uid, text);
  await annPhone.expectMessage('lost as well');
  await chat.server.whileStopped(async (folder) => {
    raiseEpoch(await restoreDatabase(folder, '.copy'));
  });

  // No token of before is good any more; what the screens show stays.
  for (const phone of [annPhone, bobPhone]) await phone.expectConnection('ended');
  for (const person of [ann, bob]) tokens.set(person, (await chat.signIn(person, DEVICE.tablet)).token);
  for (const phone of [annPhone, bobPhone]) await phone.connect();
  // Seq 3 again, which both have seen taken.
  const { conv, seq } = await bobPhone.sendAndWait(ann.uid, 'after the restore');
  assert.equal(seq, 3);
  await annPhone.expectMessage('after the restore');
  const texts = ['one', 'two', 'lost in the restore', 'lost too', 'lost as well', 'after the restore'];
  for (const phone of [annPhone, bobPhone]) {
    await waitUntil(
      () => `${phone.name} to agree with the store`,
      () =>
        phone.client.conversations
          .all()
          .some((view) => view.conv === conv && view.tip === 3 && view.lastSeq === 3),
    );
    assert.deepEqual(phone.texts, texts, 'what was lost stays on the screen, and nothing comes again');
  }
});

async function copyDatabase(folder: string, suffix: string): Promise<void> {
  const path = await databaseIn(folder);
  await copyFile(path, path + suffix);
}

/** Puts the copy back and returns the path of the database. */
async function restoreDatabase(folder: string, suffix: string): Promise<string> {
  const path = await databaseIn(folder);
  await copyFile(path + suffix, path);
  return path;
}

async function databaseIn(folder: string): Promise<string> {
  const name = (await readdir(folder)).find((file) => file.endsWith('.db') || file.endsWith('.sqlite'));
  assert.ok(name !== undefined, 'no database in the folder');
  return join(folder, name);
}
