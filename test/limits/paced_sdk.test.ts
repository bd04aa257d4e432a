/** Our SDK where the server lets it ask for little at a time: it waits as it is told, and has everything in the end. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { Chat, DEVICE } from '../support/chat.js';
import { waitUntil } from '../support/wait.js';

test('a device that was away asks too much at once: it is refused, waits, and shows all in order', async (t) => {
  const chat = await Chat.start(t, {
    // A page of a range is 200 messages, so each conversation takes several requests.
    flags: { 'limits-api-per-second': 4, 'limits-api-burst': 2 },
  });
  const bob = await chat.person('bob');
  const tablet = await chat.phone(bob, DEVICE.tablet);
  await tablet.close();
  const senders = [];
  for (const name of ['ann', 'cid', 'dan', 'eve', 'fay'])
    senders.push(await chat.phone(await chat.person(name)));
  const count = 12;
  for (let index = 0; index < count; index++)
    for (const sender of senders) sender.send(bob.uid, `${sender.uid}: ${index}`);
  for (const sender of senders) await waitUntil('all sends answered', () => sender.isAnswered);
  const phone = await chat.phone(bob, DEVICE.android);
  for (const sender of senders) {
    await phone.expectMessage(`${sender.uid}: ${count - 1}`, 60_000);
    const shown = phone.texts.filter((text) => text.startsWith(`${sender.uid}: `));
    assert.deepEqual(
      shown,
      Array.from({ length: count }, (_, index) => `${sender.uid}: ${index}`),
    );
  }
  const refusals = phone.warnings.filter((warning) => warning.startsWith(`${ERRORS.RATE_LIMITED.code} `));
  assert.ok(refusals.length > 0, 'it was refused');
  // Five conversations, and each asks again no sooner than it was told.
  assert.ok(refusals.length < 25, `${refusals.length} refusals`);
});
