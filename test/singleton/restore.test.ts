/** Backup and restore on a real server: clients notice that the store went back, and agree with it again. */
import assert from 'node:assert/strict';
import { copyFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ERRORS } from '../../im/errors.js';
import type { Phone } from '../support/phone.js';
import { Chat, DEVICE, type Person } from '../support/chat.js';
import { sailplane, sailplaneOk } from '../support/command.js';
import { call } from '../support/http.js';
import { readStoredLog } from '../support/stored_log.js';
import { waitUntil } from '../support/wait.js';

test('restore: a backup made under load, clients that saw more notice and agree with the store again', async (t) => {
  const chat = await Chat.start(t);
  const { server } = chat;
  const folder = ['--data-dir', server.dataDir];
  const file = join(server.dataDir, 'copy.backup');
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const tokens = new Map<Person, string>();
  const signIn = async (person: Person): Promise<void> =>
    void tokens.set(person, (await chat.signIn(person, DEVICE.tablet)).token);
  const connected = async (person: Person): Promise<Phone> => {
    await signIn(person);
    return chat.phoneWith(() => tokens.get(person) ?? '', { name: person.name }).connect();
  };
  const [annPhone, bobPhone] = [await connected(ann), await connected(bob)];
  const first = await annPhone.sendAndWait(bob.uid, 'before the backup');
  await bobPhone.expectMessage('before the backup');

  // Online: messages are stored while it runs, and those acked before it began are in it.
  const sends = Array.from({ length: 200 }, (_, n) => annPhone.send(bob.uid, `during ${n}`));
  await sailplaneOk(['backup', file, ...folder]);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  await Promise.all(sends.map((send) => annPhone.client.sent(send)));
  for (let n = 0; n < 20; n++) await annPhone.sendAndWait(bob.uid, `lost ${n}`);
  await bobPhone.expectMessage('lost 19');

  // One of a device that has a token in the backup, one of a device that has none there.
  const lost = [tokens.get(ann) ?? '', (await chat.signIn(ann, DEVICE.web)).token];

  const running = await sailplane(['restore', file, ...folder]);
  assert.equal(running.code, 1);
  assert.match(running.error, /stop it first/);

  await server.whileStopped(async () => {
    const said = await sailplaneOk(['restore', file, ...folder]);
    assert.match(said, /kept what was there as .*before-restore/);
  });
  await waitUntil('both to be told to sign in', () =>
    [annPhone, bobPhone].every(({ client }) => client.state.name === 'ended'),
  );
  for (const person of [ann, bob]) await signIn(person);
  await chat.signIn(ann, DEVICE.web);
  for (const token of lost)
    assert.equal((await call(server.urls.http, 'user/profile', {}, token)).code, ERRORS.UNAUTHENTICATED.code);
  await Promise.all([annPhone, bobPhone].map((phone) => phone.connect()));
  const stored = (await readStoredLog(server.dataDir)).map(({ seq, content }) => `${seq} ${content}`);
  assert.ok(stored.includes('1 before the backup'));
  assert.ok(!stored.some((line) => line.includes('lost')), 'the store went back');

  // Seqs that were used once are used again, for other messages: a client that kept its cursors would miss these.
  const after = await bobPhone.sendAndWait(ann.uid, 'after the restore');
  assert.equal(after.seq, stored.length + 1);
  await annPhone.expectMessage('after the restore');
  const answer = await annPhone.sendAndWait(bob.uid, 'good to see you');
  await bobPhone.expectMessage('good to see you');
  assert.ok(answer.mid > first.mid + 1_000_000, 'ids of lost messages are not given again');
  const truth = (await readStoredLog(server.dataDir)).map(({ seq, content }) => `${seq} ${content}`).sort();
  for (const phone of [annPhone, bobPhone])
    assert.deepEqual([...(await everything(phone, first.conv))].sort(), truth, phone.name);
});

/** All pages of a conversation. */
async function everything(phone: Phone, conv: string): Promise<readonly string[]> {
  const found = new Set<string>();
  let before: number | undefined;
  for (;;) {
    const page = await phone.client.history(conv, { count: 100, ...(before !== undefined && { before }) });
    const count = found.size;
    for (const { seq, content } of page) found.add(`${seq} ${content}`);
    if (found.size === count) return [...found];
    before = Math.min(...page.map(({ seq }) => seq));
  }
}

test('restore: what is no backup is refused, and the store stays as it was', async (t) => {
  const chat = await Chat.start(t);
  const { dataDir } = chat.server;
  const folder = ['--data-dir', dataDir];
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const annPhone = await chat.phone(ann);
  await annPhone.sendAndWait(bob.uid, 'still here');
  const good = join(dataDir, 'good.backup');
  await sailplaneOk(['backup', good, ...folder]);
  const again = await sailplane(['backup', good, ...folder]);
  assert.equal(again.code, 1, 'a backup never writes over a file');
  const before = await readdir(dataDir);

  await chat.server.whileStopped(async () => {
    const [text, cut] = [join(dataDir, 'text.backup'), join(dataDir, 'cut.backup')];
    await writeFile(text, 'this is no database');
    await copyFile(good, cut);
    const { size } = await stat(cut);
    await writeFile(cut, Buffer.alloc(4096, 7), { flag: 'r+' });
    assert.ok(size > 4096);
    for (const file of [text, cut, join(dataDir, 'missing.backup')]) {
      const refused = await sailplane(['restore', file, ...folder]);
      assert.equal(refused.code, 1, file);
      assert.match(refused.error, /^sailplane: .+\n$/);
    }
  });
  const left = (await readdir(dataDir)).filter((name) => name.includes('restor'));
  assert.deepEqual(left, [], `nothing left behind; before: ${before.join(' ')}`);
  assert.deepEqual(
    (await readStoredLog(dataDir)).map(({ content }) => content),
    ['still here'],
  );
});
