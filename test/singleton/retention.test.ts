/** Old messages go, the newest of each conversation stay, and clients take the floor for an answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DatabaseSync } from '@photostructure/sqlite';
import { ERRORS } from '../../im/errors.js';
import { Chat, DEVICE } from '../support/chat.js';
import { call } from '../support/http.js';
import { asObject } from '../support/raw_client.js';
import { scrape } from '../support/scrape.js';
import { databaseFile } from '../support/stored_log.js';
import { expectQuiet, waitUntil } from '../support/wait.js';

const DAY_MS = 86_400_000;
const SENT = 60;
const KEPT = 5;

/** As if everything had been stored so many days ago. */
async function age(dataDir: string, days: number): Promise<void> {
  const db = new DatabaseSync(await databaseFile(dataDir));
  db.exec(
    `UPDATE message SET stored_at = stored_at - ${days * DAY_MS}, sent_at = sent_at - ${days * DAY_MS}`,
  );
  db.close();
}

test('retention: what is below the floor is expired, and nobody asks for it twice', async (t) => {
  const flags = {
    ...{ 'store-retention-days': 30, 'store-retention-keep-count': KEPT },
    ...{ 'store-retention-every-ms': 50, 'store-retention-batch-count': 7, 'store-retention-pause-ms': 1 },
  };
  const chat = await Chat.start(t, { flags });
  const { server } = chat;
  const { http } = server.urls;
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const annPhone = await chat.phone(ann);
  const { token } = await chat.signIn(bob, DEVICE.tablet);
  const sends = Array.from({ length: SENT }, (_, n) => annPhone.send(bob.uid, `old ${n}`));
  await Promise.all(sends.map((send) => annPhone.client.sent(send)));
  const conv = sends[0]?.conv ?? '';
  await waitUntil('a round that removes nothing', async () => {
    return ((await scrape(http)).get('sailplane_retention_rounds_total') ?? 0) > 0;
  });
  assert.equal((await scrape(http)).get('sailplane_retention_removed_total'), 0, 'nothing is old yet');

  await server.whileStopped((dataDir) => age(dataDir, 31));
  await waitUntil('the old ones to be removed', async () => {
    return (await scrape(http)).get('sailplane_retention_removed_total') === SENT - KEPT;
  });
  const below = await call(http, 'msg/range', { conv, from: 1, to: SENT - KEPT }, token);
  assert.equal(below.code, ERRORS.EXPIRED.code, below.text);
  const across = await call(http, 'msg/range', { conv, from: 1, to: SENT }, token);
  assert.deepEqual([across.code, asObject(across.data)['floor']], [100, SENT - KEPT + 1], across.text);

  // A device that never saw any of it.
  const bobPhone = await chat.phoneWith(token, { name: 'bob' }).connect();
  await bobPhone.expectMessage(`old ${SENT - 1}`);
  const kept = Array.from({ length: KEPT }, (_, n) => `old ${SENT - KEPT + n}`);
  await waitUntil('what is kept', () => bobPhone.shown.length >= KEPT);
  await annPhone.expectConnection('online');
  await annPhone.sendAndWait(bob.uid, 'and new');
  await bobPhone.expectMessage('and new');
  assert.deepEqual(bobPhone.texts, [...kept, 'and new']);

  const asked = async (): Promise<number> => {
    const samples = [...(await scrape(http))].filter(([name]) => /operation="msg\/(range|chat)/.test(name));
    return samples.reduce((sum, [, value]) => sum + value, 0);
  };
  const before = await asked();
  await expectQuiet(1500, () => undefined);
  assert.equal(await asked(), before, 'no client asks again for what is gone');
  assert.equal(server.log.includes('old messages could not be removed'), false);
});
