/** Groups to the two public SDKs: what each of them acknowledges, and what it never will. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '../../../test/support/wait.js';
import { groupConversation } from '../../message/conversation.js';
import { known, toGid, toMid, toSeq, toUid } from '../../message/ids.js';
import { EVENT_KIND, type ChatEvent, type EventKind } from '../../message/message.js';
import { reactionContent } from '../../message/event_content.js';
import { noticeContent, NOTICE_TYPE } from '../../message/notice.js';
import { OldSdkScene, READER, settled } from './fake_old_client.js';

const GID = known(toGid(2 ** 30 + 1));
const PEER = known(toUid(2));

function eventAt(number: number, kind: EventKind = EVENT_KIND.message): ChatEvent {
  const [seq, mid] = [known(toSeq(number)), known(toMid(1000 + number))];
  const target = { mid: known(toMid(1001)), clientId: 'c1001', seq: known(toSeq(1)) };
  const content = kind === EVENT_KIND.message ? 'x' : reactionContent({ ...target, emoji: '+', on: true });
  return {
    ...{ kind, conv: groupConversation(GID), seq, mid, clientId: `c${mid}`, from: PEER, to: GID, type: 1 },
    ...{ content, sentAtMs: 1, storedAtMs: 1, status: 0 },
  };
}

test('web: what its socket has taken counts as received when it is heard of after it, without a read or a repetition', async () => {
  const scene = new OldSdkScene({ oldSdkFirstRepushMs: 20 });
  scene.sdks.start();
  const { client, socket } = scene.enter('web');
  await settled();
  const reads = scene.log.readCount;
  socket.takesBytes = false;
  scene.push(client, eventAt(7));
  scene.push(client, eventAt(8));
  await settled();
  assert.equal(scene.receipts.length, 0, 'not before it is written');
  socket.take();
  await settled();
  scene.sdks.heard(client, performance.now());
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(scene.receipts.length, 0, 'a frame that may have been sent before it says nothing');
  scene.sdks.heard(client, performance.now() + 1000);
  await waitUntil('its receipt', () => scene.receipts.length > 0);
  const [receipt] = scene.receipts;
  assert.ok(receipt?.kind === 'receipt' && receipt.by === 'pushed');
  assert.deepEqual(
    receipt.messages.map(({ seq }) => seq),
    [7, 8],
  );
  assert.equal(scene.log.readCount, reads, 'a group’s first push needs no look at the store');
  assert.equal(scene.sdks.stats().unackedCount, 0);
  scene.leave(client);
  await settled();
  assert.deepEqual(scene.told, [], 'nobody is told that a member went away');
  scene.sdks.stop();
});

test('web: what a kernel took for a network that is gone is pushed at the next sign-in', async () => {
  const scene = new OldSdkScene();
  const { client } = scene.enter('web');
  await settled();
  scene.push(client, eventAt(7));
  await settled();
  // In parts: what is heard of is what was written a while before.
  scene.sdks.heard(client, performance.now() + 2000);
  scene.push(client, eventAt(8));
  await settled();
  scene.leave(client);
  scene.sdks.heard(client, performance.now() + 4000);
  await waitUntil('the receipt of what was heard of', () => scene.receipts.length > 0);
  scene.sdks.stop();
  const seqs = scene.receipts.flatMap((one) =>
    one.kind === 'receipt' && one.by === 'pushed' ? one.messages.map(({ seq }) => seq) : [],
  );
  assert.deepEqual(seqs, [7]);
});

test('legacy: acknowledged one by one and pushed again, but nobody hears «offline»', async () => {
  const scene = new OldSdkScene();
  const { client } = scene.enter('legacy');
  await settled();
  const [first, second] = [eventAt(7), eventAt(8)];
  scene.push(client, first);
  scene.push(client, second);
  assert.equal(scene.sdks.stats().unackedCount, 2);
  const named = scene.ack(client, first);
  assert.ok(named.by === 'pushed' && named.messages[0]?.seq === 7);
  assert.equal(scene.sdks.stats().unackedCount, 1);
  scene.leave(client);
  await settled();
  assert.deepEqual(scene.told, []);
});

test('legacy: a notice, which its SDK acknowledges with nothing, is not repeated: an old «removed» would undo a new «joined»', async () => {
  const scene = new OldSdkScene({ oldSdkFirstRepushMs: 20 });
  const { client, socket } = scene.enter('legacy');
  await settled();
  const content = noticeContent({ type: 'removed', uids: [READER], banned: false });
  scene.push(client, { ...eventAt(7), kind: EVENT_KIND.notice, type: NOTICE_TYPE, content });
  await settled();
  assert.match(socket.text, /"notify.group"/);
  assert.equal(scene.sdks.stats().unackedCount, 0, 'nothing is waited for');
  scene.sdks.heard(client, performance.now() + 2000);
  await waitUntil('its receipt', () => scene.receipts.length > 0);
  const [receipt] = scene.receipts;
  assert.ok(receipt?.kind === 'receipt' && receipt.by === 'pushed' && receipt.messages[0]?.seq === 7);
  scene.sdks.stop();
});

test('legacy: what it missed of its groups is pushed after its sign-in, with what comes meanwhile in its place; chats are not', async () => {
  const scene = new OldSdkScene({ oldSdkPageCount: 3 });
  const say = (): ChatEvent => scene.log.say(PEER, false, 'x', GID);
  const missed = Array.from({ length: 7 }, say);
  scene.log.say(PEER);
  const { client, socket } = scene.enter('legacy');
  const [live, chat] = [say(), scene.log.say(PEER)];
  scene.push(client, live);
  scene.push(client, chat);
  await settled();
  assert.deepEqual(
    socket.mids().filter((mid) => mid !== chat.mid),
    [...missed, live].map(({ mid }) => mid),
  );
  assert.equal(socket.mids()[0], chat.mid, 'a chat waits for no page');
});

test('legacy: a list of receipts loses nothing of what goes with those that are known here', async () => {
  const scene = new OldSdkScene();
  const { client } = scene.enter('legacy');
  await settled();
  const content = noticeContent({ type: 'removed', uids: [PEER], banned: false });
  const notice = { kind: EVENT_KIND.notice, type: NOTICE_TYPE, content };
  scene.push(client, { ...eventAt(5), ...notice });
  scene.push(client, eventAt(6));
  scene.push(client, { ...eventAt(7), ...notice });
  scene.push(client, eventAt(8));
  const mids = [eventAt(6).mid];
  const known6 = scene.sdks.receipt(client, { kind: 'receipt', by: 'mids', mids });
  assert.ok(known6.by === 'pushed');
  assert.deepEqual(
    known6.messages.map(({ seq }) => seq),
    [5, 6],
  );
  const frame = { kind: 'receipt', by: 'mids', mids: [eventAt(8).mid, known(toMid(424_242))] } as const;
  assert.deepEqual(scene.sdks.receipt(client, frame), frame, 'one is unknown: all are looked up');
  await waitUntil('what went with the other', () => scene.receipts.length > 0);
  const told = scene.receipts.flatMap((one) => ('messages' in one ? one.messages : []));
  assert.deepEqual(
    told.map(({ seq }) => seq),
    [7],
  );
  scene.sdks.stop();
});

test('legacy: with the receipt of a message goes what was pushed before it and has none of its own', async () => {
  const scene = new OldSdkScene();
  const { client } = scene.enter('legacy');
  await settled();
  const content = noticeContent({ type: 'removed', uids: [PEER], banned: false });
  const notice = { kind: EVENT_KIND.notice, type: NOTICE_TYPE, content };
  const other = { ...eventAt(6), conv: groupConversation(known(toGid(2 ** 30 + 2))) };
  // The first is of another device of his, the third of another group.
  scene.push(client, { ...eventAt(5), from: READER });
  scene.push(client, { ...eventAt(6), ...notice });
  scene.push(client, { ...other, ...notice });
  scene.push(client, { ...eventAt(7), ...notice });
  const message = eventAt(8);
  scene.push(client, message);
  scene.push(client, { ...eventAt(9), ...notice });
  const named = scene.ack(client, message);
  assert.ok(named.by === 'pushed');
  assert.deepEqual(
    named.messages.map(({ seq }) => seq),
    [5, 6, 7, 8],
  );
  await settled();
  scene.sdks.heard(client, performance.now() + 2000);
  await waitUntil('the others', () => scene.receipts.length > 0);
  const told = scene.receipts.flatMap((one) =>
    one.kind === 'receipt' && one.by === 'pushed' ? one.messages : [],
  );
  assert.deepEqual(
    told.map(({ seq }) => seq),
    [6, 9],
    'once each',
  );
  scene.sdks.stop();
});

test('legacy: pages go on as its receipts come', async () => {
  const scene = new OldSdkScene({ oldSdkUnacked: 4 });
  const missed = Array.from({ length: 9 }, () => scene.log.say(PEER, false, 'x', GID));
  const { client, socket } = scene.enter('legacy');
  await settled();
  assert.equal(socket.mids().length, 4);
  for (const event of missed) {
    scene.ack(client, event);
    await settled();
  }
  assert.deepEqual(
    socket.mids(),
    missed.map(({ mid }) => mid),
  );
  assert.equal(scene.sdks.stats().forgottenCount, 0);
});

test('an event that a dialect has no word for counts as passed: the next is no hole, and the mark goes on', async () => {
  for (const profile of ['web', 'legacy'] as const) {
    const scene = new OldSdkScene();
    const { client } = scene.enter(profile);
    await settled();
    for (const event of [eventAt(1), eventAt(2, EVENT_KIND.reaction), eventAt(3)]) scene.push(client, event);
    await settled();
    scene.sdks.heard(client, performance.now() + 2000);
    await waitUntil('a receipt for it', () =>
      scene.receipts.some(
        (one) => one.kind === 'receipt' && one.by === 'pushed' && one.messages.some(({ seq }) => seq === 2),
      ),
    );
    assert.equal(client.old?.positions.pushedTo(groupConversation(GID)), 3, profile);
    scene.sdks.stop();
  }
});
