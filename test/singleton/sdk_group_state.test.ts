/** What the SDK says of a group without being shown it is what the server says: settings, what is unread, receipts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { known } from '../../im/message/ids.js';
import type { SailplaneClient } from '../../sdk/src/client.js';
import type { Outgoing } from '../../sdk/src/types.js';
import { Chat, DEVICE } from '../support/chat.js';
import { at, circle, joined } from '../support/circle.js';
import { seedGroups, type SeededGroups } from '../support/group_seed.js';
import type { Phone } from '../support/phone.js';
import { SEED_ENV } from '../support/seed.js';
import { waitUntil } from '../support/wait.js';

/** What the client says without asking, and what the server says, until they are the same. */
async function agreed(phone: Phone, expected: Readonly<Record<string, number>>): Promise<void> {
  const { conversations } = phone.client;
  let seen: unknown;
  const what = (): string =>
    `${phone.name} and its server to say ${JSON.stringify(expected)}: ${String(seen)}`;
  await waitUntil(what, async () => {
    const both = [conversations.unread(), await conversations.unreadOnServer()];
    seen = JSON.stringify(both);
    if (JSON.stringify(both[0]) !== JSON.stringify(both[1])) return false;
    return both.every((one) =>
      Object.entries(expected).every(([name, value]) => value === one[name as 'unread']),
    );
  });
}

function settingsOf(phone: Phone, conv: string): unknown {
  const { hidden, interest, pinned } = known(phone.client.conversations.find(conv)).settings;
  return { hidden, interest, pinned };
}

void test('who comes back into a group is told of everything again, on all his devices', async (t) => {
  const { chat, people, phones, gid, conv } = await circle(t);
  const [ann, bob] = [at(phones, 0), at(phones, 1)];
  const desktop = await chat.phone(at(people, 1), DEVICE.desktop);
  const away = await chat.phone(at(people, 1), DEVICE.web);
  await ann.client.groups.update(gid, { openHistory: true });
  await bob.client.conversations.set(conv, { pinned: true, hidden: true, interest: 'count' });
  const set = { pinned: true, hidden: true, interest: 'count' };
  for (const phone of [desktop, away])
    await waitUntil(
      'the settings',
      () =>
        JSON.stringify(settingsOf(phone, conv)) ===
        JSON.stringify({ hidden: true, interest: 'count', pinned: true }),
    );
  assert.deepEqual(settingsOf(bob, conv), set);
  await away.close();
  await ann.client.groups.remove(gid, [bob.uid]);
  for (const phone of [bob, desktop])
    await waitUntil('bob to be out', () => phone.client.conversations.find(conv)?.isMember === false);
  for (const text of ['one', 'two', 'three'])
    await ann.client.sent(ann.send(gid, text, { mentions: [bob.uid] }));
  await ann.client.groups.invite(gid, [bob.uid]);
  for (const phone of [bob, desktop]) {
    await joined(phone, conv);
    await phone.expectMessage('three');
    assert.deepEqual(settingsOf(phone, conv), { hidden: false, interest: 'full', pinned: true });
    await agreed(phone, {});
  }
  await ann.client.sent(ann.send(gid, 'four', { mentions: [0] }));
  await away.connect();
  await away.expectMessage('four');
  assert.deepEqual(settingsOf(away, conv), { hidden: false, interest: 'full', pinned: true });
  for (const phone of [bob, desktop, away]) await agreed(phone, { conversations: 1 });
  // What he wants now is not taken from him by what brought him in.
  await bob.client.conversations.set(conv, { interest: 'muted' });
  const late = await chat.phone(at(people, 1), DEVICE.android);
  late.client.conversations.open(conv);
  await late.expectMessage('four');
  assert.deepEqual(settingsOf(late, conv), { hidden: false, interest: 'muted', pinned: true });
});

void test('what is only counted: mentions, recalls and the reading of another device are followed', async (t) => {
  const { chat, people, phones, gid, conv } = await circle(t);
  const [ann, bob] = [at(phones, 0), at(phones, 1)];
  const desktop = await chat.phone(at(people, 1), DEVICE.desktop);
  await bob.client.conversations.set(conv, { interest: 'count', hidden: true });
  const say = (text: string, mentions: number[]): Promise<Outgoing> =>
    ann.client.sent(ann.send(gid, text, { mentions }));
  const sends = [await say('plain', []), await say('you', [bob.uid]), await say('all', [0])];
  await say('somebody else', [at(phones, 2).uid]);
  for (const phone of [bob, desktop]) await agreed(phone, { unread: 4, mentions: 2, conversations: 1 });
  for (const { mid, seq, clientId } of sends.slice(0, 2))
    await ann.client.recall({ to: gid, mid, seq, clientId, own: true });
  for (const phone of [bob, desktop]) await agreed(phone, { unread: 2, mentions: 1 });
  assert.deepEqual([...bob.texts, ...desktop.texts], [], 'nothing was fetched');
  desktop.client.conversations.open(conv);
  const all = await desktop.expectMessage('all');
  desktop.client.conversations.markRead(conv, all.seq);
  for (const phone of [bob, desktop]) await agreed(phone, { unread: 1, mentions: 0 });
});

void test('what is only counted: a row that comes amid a count, with events that are no messages, counts nothing twice', async (t) => {
  const { chat, people, phones, gid, conv } = await circle(t);
  const [ann, bob] = [at(phones, 0), at(phones, 1)];
  const desktop = await chat.phone(at(people, 1), DEVICE.desktop, { tuning: { recountMs: 40 } });
  await bob.client.conversations.set(conv, { interest: 'count' });
  for (let round = 0; round < 6; round++) {
    const { mid, seq, clientId } = await ann.client.sent(ann.send(gid, `taken back ${round}`));
    // Some time after it the server is asked, while others and he himself go on.
    await ann.client.recall({ to: gid, mid, seq, clientId, own: true });
    for (let number = 0; number < 12; number++) {
      await bob.client.sent(bob.send(gid, `own ${round} ${number}`));
      await ann.client.sent(ann.send(gid, `of others ${round} ${number}`));
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    await agreed(desktop, { unread: 12 * (round + 1) });
  }
});

void test('a group that was too large for a while: what is acknowledged afterwards counts', async (t) => {
  let seeded: SeededGroups | undefined;
  const chat = await Chat.start(t, {
    env: SEED_ENV,
    prepare: async (dataDir) => {
      const shape = { groupCount: 1, memberCount: 200, otherCount: 1, device: DEVICE.tablet };
      seeded = await seedGroups(dataDir, shape);
    },
  });
  const { groups, others } = known(seeded);
  const { gid, members } = at(groups, 0);
  const tuning = { receiptIntervalMs: 100, groupReceiptIntervalMs: 100 };
  const phones: Phone[] = [];
  for (const { token, uid } of members.slice(0, 3))
    phones.push(await chat.phoneWith(token, { name: String(uid), tuning }).connect());
  const [ann, ...readers] = phones;
  assert.ok(ann !== undefined);
  const said = async (text: string): Promise<Outgoing> => {
    const sent = await ann.sendAndWait(gid, text);
    for (const reader of readers) await reader.expectMessage(text);
    return sent;
  };
  const deliveredTo = (client: SailplaneClient, { conv, mid }: Outgoing): Promise<number> =>
    client.messages.receipts({ conv, mid }).then(({ deliveredCount = -1 }) => deliveredCount);
  const got = (sent: Outgoing): Promise<unknown> =>
    waitUntil(
      `both to have got «${sent.content}»`,
      async () => (await deliveredTo(ann.client, sent)) === readers.length,
    );
  await got(await said('while it is small'));
  const guest = at(others, 0).uid;
  await ann.client.groups.invite(gid, [guest]);
  const large = await said('while it is large');
  // Longer than receipts wait: these are thrown away.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.equal(await deliveredTo(ann.client, large), -1);
  await ann.client.groups.remove(gid, [guest]);
  const small = await said('small again');
  await got(small);
  await got(large);
});

void test('who wants all of a group again is shown at once what was withheld', async (t) => {
  const { phones, gid, conv } = await circle(t);
  const [ann, bob] = [at(phones, 0), at(phones, 1)];
  for (const interest of ['count', 'muted'] as const) {
    await bob.client.conversations.set(conv, { interest });
    for (const part of [1, 2, 3]) await ann.client.sent(ann.send(gid, `${interest} ${part}`));
    await bob.client.conversations.set(conv, { interest: 'full' });
    await bob.expectMessage(`${interest} 3`);
  }
});
