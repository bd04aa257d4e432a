/** Groups through the SDK against the real server: what an app with several people and devices goes through. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { SailplaneClient } from '../../sdk/src/client.js';
import type { Edited, Noticed, Pinned, Presence, Reacted, SavedState } from '../../sdk/src/types.js';
import { RECALLED } from '../../sdk/src/wire_events.js';
import { Chat, DEVICE } from '../support/chat.js';
import { at, circle, joined, owner } from '../support/circle.js';
import type { Phone } from '../support/phone.js';
import { waitUntil } from '../support/wait.js';

/** Everything of that name that the client tells from now on. */
function told<Name extends 'edited' | 'reacted' | 'pinned' | 'notice'>(
  phone: Phone,
  name: Name,
): { edited: Edited; reacted: Reacted; pinned: Pinned; notice: Noticed }[Name][] {
  const events: { edited: Edited; reacted: Reacted; pinned: Pinned; notice: Noticed }[Name][] = [];
  phone.client.on(name, (event) => events.push(event));
  return events;
}

void test('a group chats: accepted, mentions, a reply, unread on every device, who has read it', async (t) => {
  const { chat, people, phones, gid, conv } = await circle(t);
  const [ann, bob, cid] = [at(phones, 0), at(phones, 1), at(phones, 2)];
  const tablet = await chat.phone(at(people, 1), DEVICE.desktop);
  const hello = ann.send(gid, 'hello @bob', { mentions: [bob.uid] });
  await waitUntil('accepted', () => ann.client.outgoing(hello.clientId)?.state === 'accepted');
  const got = await bob.expectMessage('hello @bob');
  assert.deepEqual([got.to, got.conv, got.mentions], [gid, conv, [bob.uid]]);
  await cid.expectMessage('hello @bob');
  await tablet.expectMessage('hello @bob');
  assert.deepEqual(
    [bob, tablet, cid, ann].map((phone) => phone.client.conversations.find(conv)?.mentions),
    [1, 1, 0, 0],
  );
  bob.send(gid, 'hello yourself', { replyTo: got.mid });
  assert.equal((await ann.expectMessage('hello yourself')).replyTo, got.mid);
  await tablet.expectMessage('hello yourself');
  bob.client.conversations.markAllRead(conv);
  await waitUntil('the other device to know', () => tablet.client.conversations.unread().unread === 0);
  await waitUntil('the server to count', async () => {
    const { unread, mentions } = await tablet.client.conversations.unreadOnServer();
    return unread === 0 && mentions === 0;
  });
  await waitUntil('the reader to be named', async () => {
    const { audience, readers } = await ann.client.messages.receipts(got);
    return audience === 2 && readers.length === 1 && readers[0] === bob.uid;
  });
  await chat.assertNothingWrong();
});

void test('edit, react, pin and a recall by the owner reach all devices and what is read later', async (t) => {
  const { phones, gid, conv } = await circle(t);
  const [ann, bob, cid] = [at(phones, 0), at(phones, 1), at(phones, 2)];
  const [edits, reactions, pins] = [told(cid, 'edited'), told(cid, 'reacted'), told(cid, 'pinned')];
  const own = told(bob, 'edited');
  await bob.sendAndWait(gid, 'a wrod');
  const message = await cid.expectMessage('a wrod');
  await bob.client.messages.edit(message, 'a word');
  await ann.client.messages.react(message, '👍');
  await ann.client.messages.pin(message);
  await waitUntil('all three', () => edits.length + reactions.length + pins.length === 3);
  assert.deepEqual([edits[0]?.content, edits[0]?.target.mid, edits[0]?.by], ['a word', message.mid, bob.uid]);
  assert.deepEqual([reactions[0]?.emoji, reactions[0]?.on, pins[0]?.on], ['👍', true, true]);
  await waitUntil('the own edit', () => own.length === 1);
  assert.deepEqual(
    (await cid.client.messages.pins(conv)).map(({ content, editCount }) => [content, editCount]),
    [['a word', 1]],
  );
  assert.deepEqual(
    (await cid.client.messages.edits(message)).map(({ content }) => content),
    ['a wrod'],
  );
  const [reaction] = await bob.client.messages.reactions(conv, [message.mid]);
  assert.deepEqual([reaction?.count, reaction?.own, reaction?.uids], [1, false, [ann.uid]]);
  await assert.rejects(cid.client.messages.pin(message, false), { code: 3001 });
  await assert.rejects(cid.client.recall(message), { code: 3001 });
  await ann.client.recall(message);
  await waitUntil('the recall', () => cid.recalled.length === 1);
  assert.deepEqual([cid.recalled[0]?.mid, cid.recalled[0]?.by], [message.mid, ann.uid]);
  const [blank] = await cid.client.messages.get([message.mid]);
  assert.deepEqual([blank?.content, blank?.status], ['', RECALLED]);
});

void test('who leaves and comes back sees exactly his two stays; a mute refuses for good', async (t) => {
  const { phones, gid, conv } = await circle(t);
  const [ann, bob, cid] = [at(phones, 0), at(phones, 1), at(phones, 2)];
  await ann.sendAndWait(gid, 'first stay');
  await cid.expectMessage('first stay');
  await cid.client.groups.exit(gid);
  await waitUntil('cid to be out', () => cid.client.conversations.find(conv)?.isMember === false);
  await ann.sendAndWait(gid, 'behind his back');
  const refused = await cid.sendAndWait(gid, 'still here?');
  assert.equal(refused.error?.code, 3004);
  assert.equal((await cid.client.groups.join(gid)).state, 'joined');
  await joined(cid, conv);
  await ann.sendAndWait(gid, 'second stay');
  await cid.expectMessage('second stay');
  assert.deepEqual(cid.texts, ['first stay', 'second stay']);
  await ann.client.groups.mute(gid, bob.uid);
  assert.equal((await bob.sendAndWait(gid, 'mmh')).error?.code, 3006);
  await ann.client.groups.mute(gid, bob.uid, 0);
  assert.equal((await bob.sendAndWait(gid, 'at last')).error, undefined);
  const names = [];
  for await (const { uid } of cid.client.groups.allMembers(gid)) names.push(uid);
  assert.deepEqual(names, [ann.uid, ...[bob.uid, cid.uid].sort((one, other) => one - other)]);
  await ann.client.groups.dissolve(gid);
  await waitUntil('the end', () => bob.client.conversations.find(conv)?.isMember === false);
});

void test('approval, an invite link, a ban', async (t) => {
  const chat = await Chat.start(t);
  const [ann, bob] = [await chat.phone(await chat.person('ann')), await chat.phone(await chat.person('bob'))];
  const requests: number[] = [];
  ann.client.on('groupRequest', ({ from }) => requests.push(from));
  const { gid, conv } = await ann.client.groups.create({ name: 'closed', joinMode: 'approval' });
  assert.equal((await bob.client.groups.join(gid, 'it is me')).state, 'asked');
  await waitUntil('the request', () => requests[0] === bob.uid);
  assert.deepEqual(
    (await ann.client.groups.requests(gid)).map(({ uid, comment }) => [uid, comment]),
    [[bob.uid, 'it is me']],
  );
  await ann.client.groups.answer(gid, [bob.uid], true);
  await joined(bob, conv);
  await ann.client.groups.ban(gid, bob.uid);
  await waitUntil('the ban', () => bob.client.conversations.find(conv)?.isMember === false);
  const { code } = await ann.client.groups.createLink(gid, { uses: 1 });
  await assert.rejects(bob.client.groups.joinByLink(code), { code: 3009 });
  await ann.client.groups.unban(gid, bob.uid);
  assert.equal((await bob.client.groups.linkInfo(code)).name, 'closed');
  assert.equal((await bob.client.groups.joinByLink(code)).state, 'joined');
  assert.deepEqual(
    (await bob.client.groups.list()).map(({ name }) => name),
    ['closed'],
  );
});

void test('restarted from its saved state a client shows what came since, and nothing again', async (t) => {
  const { chat, people, phones, gid, conv } = await circle(t);
  const ann = owner(phones);
  let saved: SavedState | undefined;
  const { token } = await chat.signIn(at(people, 1), DEVICE.desktop);
  const run = (): { client: SailplaneClient; texts: string[] } => {
    const texts: string[] = [];
    const client = new SailplaneClient({
      url: chat.server.urls.ws,
      token,
      webSocket: (url) => new WebSocket(url),
      state: {
        load: () => Promise.resolve(saved),
        save: (state) => {
          saved = structuredClone(state);
          return Promise.resolve();
        },
      },
    });
    client.on('message', ({ content }) => texts.push(content));
    t.after(() => client.close());
    return { client, texts };
  };
  const first = run();
  await first.client.connect();
  await ann.sendAndWait(gid, 'one');
  await waitUntil('one', () => first.texts.includes('one'));
  await first.client.close();
  await ann.sendAndWait(gid, 'two');
  await chat.server.kill('SIGKILL');
  await chat.server.restart();
  const second = run();
  await second.client.connect();
  await waitUntil('two', () => second.texts.includes('two'));
  assert.deepEqual(second.texts, ['two']);
  assert.equal(second.client.conversations.find(conv)?.unread, 2);
});

void test('settings of one device on the other; an interest that only counts', async (t) => {
  const { chat, people, phones, gid, conv } = await circle(t);
  const [ann, bob] = [at(phones, 0), at(phones, 1)];
  const desktop = await chat.phone(at(people, 1), DEVICE.desktop);
  await bob.client.conversations.set(conv, { pinned: true, draft: 'dear all' });
  await waitUntil('the settings', () => desktop.client.conversations.find(conv)?.settings.pinned);
  assert.equal(desktop.client.conversations.find(conv)?.settings.draft, 'dear all');
  await bob.client.conversations.set(conv, { interest: 'count' });
  await waitUntil('the interest', () => {
    return desktop.client.conversations.find(conv)?.settings.interest === 'count';
  });
  for (const text of ['a', 'b', 'c']) await ann.sendAndWait(gid, text);
  await waitUntil('the count', () => bob.client.conversations.find(conv)?.unread === 3);
  assert.deepEqual(bob.texts, []);
  bob.client.conversations.open(conv);
  await bob.expectMessage('c');
  assert.deepEqual(bob.texts, ['a', 'b', 'c']);
  await bob.client.conversations.set(conv, { interest: 'full' });
  bob.client.conversations.close(conv);
  await ann.sendAndWait(gid, 'd');
  await bob.expectMessage('d');
});

void test('presence is told to whoever subscribed; typing goes to the group', async (t) => {
  const { chat, people, phones, gid } = await circle(t, { 'messaging-presence-debounce-ms': 50 });
  const [ann, bob] = [at(phones, 0), at(phones, 1)];
  const states: Presence[] = [];
  ann.client.on('presence', (state) => states.push(state));
  const cid = at(people, 2);
  const [now] = await ann.client.presence.subscribe([cid.uid]);
  assert.equal(now?.online, true);
  await at(phones, 2).close();
  await waitUntil('cid to go', () => states.some(({ uid, online }) => uid === cid.uid && !online));
  assert.ok((ann.client.presence.of(cid.uid)?.lastSeenAtMs ?? 0) > 0);
  await chat.phone(cid);
  await waitUntil('cid to come', () => ann.client.presence.of(cid.uid)?.online);
  const typing: number[] = [];
  ann.client.on('typing', ({ from, to }) => typing.push(from, to));
  bob.client.typing(gid);
  await waitUntil('typing', () => typing.length > 0);
  assert.deepEqual(typing.slice(0, 2), [bob.uid, gid]);
});

void test('search, and pages around a message and by time', async (t) => {
  const { phones, gid, conv } = await circle(t);
  const [ann, bob] = [at(phones, 0), at(phones, 1)];
  for (let n = 1; n <= 30; n++) await ann.sendAndWait(gid, n === 15 ? '大家好 needle' : `hay ${n}`);
  for (const text of ['needle', '家好']) {
    const found = await waitUntil(`${text} to be found`, async () => {
      return (await bob.client.messages.search(text)).messages[0];
    });
    assert.equal(found.content, '大家好 needle');
    const page = await bob.client.messages.around(conv, found, 5);
    assert.ok(page.messages.some(({ mid }) => mid === found.mid) && page.messages.length <= 5);
    const [earlier, later] = [
      await bob.client.messages.before(conv, found, 3),
      await bob.client.messages.after(conv, found, 3),
    ];
    assert.deepEqual(
      [...earlier.messages, ...later.messages].map(({ content }) => content),
      ['hay 12', 'hay 13', 'hay 14', 'hay 16', 'hay 17', 'hay 18'],
    );
    const same = await bob.client.messages.between(conv, found.storedAtMs, found.storedAtMs + 1);
    assert.ok(same.messages.some(({ mid }) => mid === found.mid));
  }
  assert.deepEqual((await bob.client.messages.search('nowhere')).messages, []);
});
