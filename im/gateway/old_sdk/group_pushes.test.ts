/** Groups to the two public SDKs: what each of them acknowledges, and what it never will. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '../../../test/support/wait.js';
import { groupConversation } from '../../message/conversation.js';
import { known, toDevice, toGid, toMid, toSeq, toUid } from '../../message/ids.js';
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

/** What was said in the clients' place. */
function told(scene: OldSdkScene): readonly number[] {
  return scene.receipts.flatMap((one) =>
    'messages' in one ? one.messages.map(({ seq }) => Number(seq)) : [],
  );
}

function seqsOf(frame: ReturnType<OldSdkScene['ack']>): readonly number[] {
  assert.ok(frame.by === 'pushed', frame.by);
  return frame.messages.map(({ seq }) => Number(seq));
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

test('web: what it answers a probe behind counts as received, without a read or a repetition', async () => {
  const scene = new OldSdkScene({ oldSdkFirstRepushMs: 20 });
  scene.sdks.start();
  const { client, socket } = scene.enter('web');
  await settled();
  const reads = scene.log.readCount;
  socket.answers = false;
  scene.push(client, eventAt(7));
  scene.push(client, eventAt(8));
  await waitUntil('a probe behind them', () => socket.probeCount > 0);
  await after(300);
  assert.deepEqual(told(scene), [], 'what a kernel has taken nobody has received');
  socket.answer();
  await waitUntil('its receipt', () => scene.receipts.length > 0);
  assert.deepEqual(told(scene), [7, 8]);
  assert.equal(scene.log.readCount, reads, 'a group’s first push needs no look at the store');
  assert.equal(scene.sdks.stats().unackedCount, 0);
  scene.leave(client);
  await settled();
  assert.deepEqual(scene.told, [], 'nobody is told that a member went away');
  scene.sdks.stop();
});

test('web: what a kernel took for a network that is gone is pushed at the next sign-in', async () => {
  const scene = new OldSdkScene();
  const { client, socket } = scene.enter('web');
  await settled();
  scene.push(client, eventAt(7));
  await waitUntil('its receipt', () => told(scene).length > 0);
  socket.answers = false;
  scene.push(client, eventAt(8));
  await waitUntil('the probe behind the next', () => socket.probeCount === 2);
  scene.push(client, eventAt(9));
  await settled();
  scene.leave(client);
  socket.answer();
  await after(300);
  scene.sdks.stop();
  assert.deepEqual(told(scene), [7]);
});

test('one probe at a time, none too soon after another, and none for a client that was given nothing', async () => {
  const scene = new OldSdkScene();
  const [{ client, socket }, idle] = [scene.enter('web'), scene.enter('web', known(toDevice(3)))];
  await settled();
  socket.answers = false;
  const startedAtMs = performance.now();
  scene.push(client, eventAt(7));
  await waitUntil('the first', () => socket.probeCount === 1);
  for (const number of [8, 9, 10]) scene.push(client, eventAt(number));
  await after(1300);
  assert.equal(socket.probeCount, 1, 'whoever does not answer is asked no more');
  socket.answer();
  await waitUntil('the second', () => socket.probeCount === 2);
  socket.answers = true;
  socket.answer();
  scene.push(client, eventAt(11));
  await waitUntil('the last', () => told(scene).length === 5);
  assert.ok(performance.now() - startedAtMs >= 2000);
  assert.deepEqual([socket.probeCount, idle.socket.probeCount], [3, 0]);
  assert.deepEqual(told(scene), [7, 8, 9, 10, 11]);
  await after(300);
  assert.equal(socket.probeCount, 3);
  scene.sdks.stop();
});

test('a client that is given much in a moment is asked more often; one that never answers is remembered so far', async () => {
  const scene = new OldSdkScene();
  const { client, socket } = scene.enter('web');
  await settled();
  for (let number = 1; number <= 3000; number++) {
    scene.push(client, eventAt(number));
    if (number % 500 === 0) await settled();
  }
  socket.answers = false;
  await settled();
  socket.answer();
  assert.ok(socket.probeCount > 4, `${socket.probeCount} probes`);
  await waitUntil('their receipts', () => told(scene).length > 2500);
  const before = told(scene).length;
  for (let number = 3001; number <= 6000; number++) {
    scene.push(client, eventAt(number));
    if (number % 500 === 0) await settled();
  }
  socket.answer();
  await waitUntil('the next', () => told(scene).length > before);
  socket.answer();
  await after(1300);
  socket.answer();
  await after(300);
  assert.ok(told(scene).length <= before + 2048, `${told(scene).length - before} of 3,000 were remembered`);
  scene.sdks.stop();
});

test('what is proved is told at once where somebody is about to read what is missing', async () => {
  const scene = new OldSdkScene();
  const { client, socket } = scene.enter('web');
  await settled();
  socket.answers = false;
  scene.push(client, eventAt(7));
  await waitUntil('its probe', () => socket.probeCount === 1);
  await settled();
  socket.answer();
  scene.leave(client);
  assert.deepEqual(told(scene), []);
  scene.enter('web');
  assert.deepEqual(told(scene), [7], 'in the same turn, before the page is read');
  scene.sdks.stop();
});

test('who waits for the marks of others holds none of the places for reading', async () => {
  const scene = new OldSdkScene({ oldSdkReads: 1 });
  const missed = scene.log.say(PEER);
  let isWritten = (): void => undefined;
  scene.written = new Promise((resolve) => (isWritten = resolve));
  const waiting = scene.enter('web');
  scene.written = Promise.resolve();
  const { socket } = scene.enter('web', known(toDevice(3)));
  await waitUntil('the page of another', () => socket.mids().length > 0);
  assert.deepEqual(waiting.socket.mids(), []);
  isWritten();
  await waitUntil('his own', () => waiting.socket.mids().length > 0);
  assert.deepEqual(waiting.socket.mids(), [missed.mid]);
});

test('one’s own message from another device: told with a later receipt of this connection, or when it is proved', async () => {
  for (const profile of ['web', 'legacy'] as const) {
    const scene = new OldSdkScene();
    const [first, own, last] = [scene.log.say(PEER), scene.log.sayElsewhere(PEER), scene.log.say(PEER)];
    scene.log.marks.set(first.conv, 3);
    const { client, socket } = scene.enter(profile);
    await settled();
    scene.log.marks.delete(first.conv);
    socket.answers = false;
    for (const event of [first, own, last]) scene.push(client, event);
    await settled();
    assert.deepEqual(socket.mids(), [first.mid, own.mid, last.mid], profile);
    assert.equal(scene.sdks.stats().unackedCount, 2, 'it is not waited for');
    assert.deepEqual(seqsOf(scene.ack(client, first)), [1]);
    await waitUntil('a probe behind it', () => socket.probeCount > 0);
    const list = { kind: 'receipt', by: 'mids', mids: [last.mid, known(toMid(424_242))] } as const;
    assert.deepEqual(scene.sdks.receipt(client, list), list, 'one is unknown: all are looked up');
    socket.answer();
    await waitUntil('its receipt', () => told(scene).length > 0);
    await after(300);
    assert.deepEqual(told(scene), [2], 'once');
    scene.push(client, { ...own, seq: known(toSeq(4)), mid: known(toMid(904)) });
    scene.push(client, { ...last, seq: known(toSeq(5)), mid: known(toMid(905)) });
    assert.deepEqual(seqsOf(scene.ack(client, { ...last, mid: known(toMid(905)) })), [4, 5]);
    scene.push(client, { ...own, seq: known(toSeq(6)), mid: known(toMid(906)) });
    await waitUntil('the next probe', () => socket.probeCount > 1);
    await settled();
    assert.deepEqual(told(scene), [2]);
    socket.answer();
    await waitUntil('its receipt', () => told(scene).length > 1);
    assert.deepEqual(told(scene), [2, 6], 'proved, with nothing behind it');
    scene.sdks.stop();
  }
});

test('one’s own message that this connection was never pushed goes with no receipt around it', async () => {
  const scene = new OldSdkScene();
  const [first, , last] = [scene.log.say(PEER), scene.log.sayElsewhere(PEER), scene.log.say(PEER)];
  const { client, socket } = scene.enter('legacy');
  await settled();
  // The other one came while it was away: it pulls that by HTTP, or does not.
  scene.push(client, last);
  assert.deepEqual(seqsOf(scene.ack(client, last)), [3]);
  assert.equal(scene.ack(client, first).by, 'mid', 'pulled, and looked up');
  await after(500);
  assert.deepEqual([told(scene), socket.probeCount], [[], 0]);
  scene.sdks.stop();
});

test('what another connection was pushed proves nothing of this one, when this one acknowledges it', async () => {
  const scene = new OldSdkScene();
  const [own, last] = [scene.log.sayElsewhere(PEER), scene.log.say(PEER)];
  const [left, heir] = [scene.enter('legacy', known(toDevice(3))), scene.enter('legacy')];
  await settled();
  heir.socket.answers = false;
  scene.push(left.client, last);
  scene.leave(left.client);
  scene.push(heir.client, own);
  await settled();
  assert.equal(scene.sdks.stats().unackedCount, 1, 'inherited');
  assert.deepEqual(seqsOf(scene.ack(heir.client, last)), [2], 'pulled by HTTP; the other may be on its way');
  scene.sdks.stop();
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
  assert.deepEqual(told(scene), [7]);
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
  await waitUntil('the others', () => scene.receipts.length > 0);
  assert.deepEqual(told(scene), [6, 9], 'once each');
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
    await waitUntil('a receipt for it', () => told(scene).includes(2));
    assert.equal(client.old?.positions.pushedTo(groupConversation(GID)), 3, profile);
    scene.sdks.stop();
  }
});
