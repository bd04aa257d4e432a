/** Groups in the client's logs, before the scripted server: order, membership, what is unread, what is counted only. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { editContent, pinContent, reactionContent } from '../../im/message/event_content.js';
import { EVENT_KIND, MESSAGE_STATUS } from '../../im/message/message.js';
import { groupConversation } from '../../im/message/conversation.js';
import { known, toSeq, toUid } from '../../im/message/ids.js';
import { NOTICE_TYPE, noticeContent } from '../../im/message/notice.js';
import { DEFAULT_SETTINGS } from '../../im/message/settings.js';
import type { SailplaneClient } from './client.js';
import { FakeServer, GROUP, PEER, SELF } from './fake_server.js';
import { intervalsOf, makeClient, seqs, stage, until, watch } from './stage.js';
import type { ClientTuning, Message, SavedState, StateStore } from './types.js';
import { RECALLED } from './wire_events.js';

const CONV = groupConversation(GROUP);

interface GroupStage {
  readonly server: FakeServer;
  readonly client: SailplaneClient;
  readonly shown: Message[];
}

/** Connected, and brought into GROUP by its first event; sync tells nothing of it. */
async function inGroup(t: TestContext, tuning: Partial<ClientTuning> = {}): Promise<GroupStage> {
  const all = await stage(t, tuning);
  const { server, client } = all;
  server.hidden.add(CONV);
  await client.connect();
  server.notice(PEER, { type: 'joined', uids: [SELF], how: 'invited' });
  return all;
}

function rangesAsked(server: FakeServer): unknown[] {
  return server
    .got('api')
    .filter(({ action }) => action === 'api.msg.range')
    .map(({ data }) => data);
}

void test('a group begins with the notice of coming in; nothing before it is asked for', async (t) => {
  const server = await FakeServer.start();
  t.after(() => server.close());
  const client = makeClient(t, server);
  const shown = watch(client);
  const notices: unknown[] = [];
  client.on('notice', (noticed) => notices.push(noticed));
  await client.connect();
  for (const id of ['a', 'b', 'c']) server.append(PEER, GROUP, id);
  const joined = server.notice(PEER, { type: 'joined', uids: [SELF], how: 'invited' });
  server.push(server.append(PEER, GROUP, 'welcome'));
  await until(() => shown.length === 1, 'the first message');
  assert.deepEqual([shown[0]?.content, shown[0]?.seq], ['welcome', 5]);
  const notice = { type: 'joined', uids: [SELF], how: 'invited' };
  const { storedAtMs: atMs } = joined;
  assert.deepEqual(notices, [{ conv: CONV, gid: GROUP, seq: 4, by: PEER, atMs, notice }]);
  assert.deepEqual(rangesAsked(server), []);
  const view = client.conversations.find(CONV);
  assert.deepEqual([view?.peer, view?.isMember, view?.unread], [GROUP, true, 1]);
});

void test('sends with mentions and a reply; stored, then accepted; mentions count apart', async (t) => {
  const { server, client, shown } = await inGroup(t);
  const said = server.append(PEER, GROUP, 'hello', 'hello', { extra: { mentions: [SELF] } });
  server.push(said);
  server.push(server.append(PEER, GROUP, 'all of you', 'all of you', { extra: { mentions: [0] } }));
  await until(() => shown.length === 2, 'both');
  assert.deepEqual(shown[0]?.mentions, [SELF]);
  assert.deepEqual(client.conversations.unread(), { unread: 2, muted: 0, mentions: 2, conversations: 1 });
  const states: string[] = [];
  client.on('outgoing', ({ state }) => states.push(state));
  const sent = client.send(GROUP, 'thanks', { replyTo: said.mid, mentions: [PEER] });
  await until(() => client.outgoing(sent.clientId)?.state === 'accepted', 'accepted');
  assert.deepEqual(states, ['stored', 'accepted']);
  const frame = server.got('chat')[0];
  assert.deepEqual([frame?.action, frame?.extra], ['message.group', { replyTo: said.mid, mentions: [PEER] }]);
  await until(() => shown.length === 3, 'the own one');
  assert.deepEqual([shown[2]?.own, shown[2]?.replyTo, shown[2]?.conv], [true, said.mid, CONV]);
  client.markRead(CONV, said.seq);
  assert.deepEqual(client.conversations.unread(), { unread: 1, muted: 0, mentions: 1, conversations: 1 });
  await until(() => intervalsOf(server).some(([, , state]) => state === 'read'), 'the receipt');
  assert.throws(() => client.send(GROUP, 'x', { mentions: Array(51).fill(2) as number[] }), /mentions/);
});

void test('what was received waits for the interval of groups; what is read meanwhile does not', async (t) => {
  const { server, client, shown } = await inGroup(t, { groupReceiptIntervalMs: 600_000 });
  server.push(server.append(PEER, GROUP, 'a', 'the first is told at once'));
  await until(() => intervalsOf(server).length === 1, 'the first receipt');
  server.push(server.append(PEER, GROUP, 'b', 'the second waits'));
  const third = server.append(PEER, GROUP, 'c', 'so does the third');
  server.push(third);
  await until(() => shown.length === 3, 'all of them');
  // Longer than the interval of chats.
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(intervalsOf(server).length, 1);
  client.markRead(CONV, third.seq);
  await until(() => intervalsOf(server).length === 2, 'the reading, in the interval of chats');
  assert.deepEqual(intervalsOf(server)[1]?.slice(1), [third.seq, 'read']);
});

void test('edits, reactions, pins and recalls keep their places and are told once', async (t) => {
  const { server, client, shown } = await inGroup(t);
  const told: string[] = [];
  client.on('message', ({ content, seq }) => told.push(`${seq} ${content}`));
  client.on('edited', ({ seq, target, content }) => told.push(`${seq} edit ${target.seq} ${content}`));
  client.on('reacted', ({ seq, emoji, on }) => told.push(`${seq} ${emoji} ${on}`));
  client.on('pinned', ({ seq, by, on }) => told.push(`${seq} pin ${by} ${on}`));
  client.on('recalled', ({ seq, by }) => told.push(`recall of ${seq} by ${by}`));
  const { mid, clientId, seq } = server.append(PEER, GROUP, 'word');
  const target = { mid, clientId, seq };
  const others = [
    server.append(PEER, GROUP, 'e', editContent({ ...target, content: 'words' }), { kind: EVENT_KIND.edit }),
    server.append(PEER, GROUP, 'r', reactionContent({ ...target, emoji: '👍', on: true }), {
      kind: EVENT_KIND.reaction,
    }),
    server.append(PEER, GROUP, 'p', pinContent({ ...target, on: true }), { kind: EVENT_KIND.pin }),
  ];
  // The last first: the rest comes as a range.
  server.push(server.append(PEER, GROUP, 'end'));
  await until(() => shown.length === 2, 'the end');
  for (const event of others) server.push(event);
  const socket = [...server.sockets][0];
  assert.ok(socket !== undefined);
  await client.recall({ to: GROUP, mid, seq, clientId, own: false });
  assert.equal(server.got('recall')[0]?.to, GROUP);
  assert.deepEqual(told, [
    '2 word',
    '3 edit 2 words',
    '4 👍 true',
    '5 pin 2 true',
    '6 end',
    'recall of 2 by 1',
  ]);
  assert.equal(client.conversations.find(CONV)?.unread, 1, 'only messages are unread, while they stand');
});

void test('what was taken back while he was out is never unread: no recall of it will be shown', async (t) => {
  const { server, client, shown } = await inGroup(t, { recountMs: 600_000 });
  const atShowing: number[] = [];
  client.on('message', () => atShowing.push(known(client.conversations.find(CONV)).unread));
  const lost = server.append(PEER, GROUP, 'lost');
  server.log(CONV)[lost.seq - 1] = { ...lost, content: '', status: MESSAGE_STATUS.recalled };
  const removed = server.append(
    PEER,
    GROUP,
    'removed',
    noticeContent({ type: 'removed', uids: [SELF], banned: false }),
    {
      kind: EVENT_KIND.notice,
      type: NOTICE_TYPE,
    },
  );
  const [from, to] = [removed.seq + 1, removed.seq + 2];
  for (const id of ['recall', 'not for him']) server.append(PEER, GROUP, id);
  server.closed.set(CONV, (seq) => seq >= from && seq <= to);
  server.notice(PEER, { type: 'joined', uids: [SELF], how: 'invited' });
  server.push(server.append(PEER, GROUP, 'new'));
  await until(() => shown.length === 2, 'both');
  assert.deepEqual([shown[0]?.status, atShowing], [RECALLED, [0, 1]]);
  client.markRead(CONV, lost.seq);
  assert.equal(client.conversations.find(CONV)?.unread, 1, 'nothing is taken off for it');
});

void test('who is removed keeps the log; back again, the hole between is not asked for twice', async (t) => {
  const { server, client, shown } = await inGroup(t);
  const views: boolean[] = [];
  client.on('conversation', ({ isMember }) => views.push(isMember));
  server.push(server.append(PEER, GROUP, 'one'));
  server.notice(PEER, { type: 'removed', uids: [SELF], banned: false });
  await until(() => views.at(-1) === false, 'the removal');
  // Before it he may have been told of coming in.
  views.splice(0, views.length - 1);
  assert.equal(client.conversations.find(CONV)?.isMember, false);
  for (const id of ['x', 'y', 'z']) server.append(PEER, GROUP, id);
  server.closed.set(CONV, (seq) => seq > 3 && seq < 7);
  server.notice(PEER, { type: 'joined', uids: [SELF], how: 'invited' });
  server.push(server.append(PEER, GROUP, 'two'));
  await until(() => shown.length === 2, 'the message behind the hole');
  assert.deepEqual(seqs(shown), [2, 8]);
  assert.deepEqual(new Set(views), new Set([false, true]));
  assert.deepEqual(rangesAsked(server), [{ conv: CONV, from: 4, to: 6 }]);
});

void test('a message of a group that nobody told of asks for its row first', async (t) => {
  const { server, client, shown } = await stage(t);
  await client.connect();
  for (const id of ['a', 'b', 'c']) server.append(PEER, GROUP, id);
  server.rows.set(CONV, { firstSeq: 2, readSeq: 2 });
  server.push(server.append(PEER, GROUP, 'd'));
  await until(() => shown.length === 2, 'what lies behind the reading');
  assert.deepEqual(seqs(shown), [3, 4]);
});

void test('with the interest `count` nothing is fetched until the app opens it', async (t) => {
  const { server, client, shown } = await inGroup(t);
  server.answers.set('api.conversation.settings', () => ({
    conv: CONV,
    settings: { ...DEFAULT_SETTINGS, interest: 'count' },
  }));
  const settings = await client.conversations.set(CONV, { interest: 'count' });
  assert.equal(settings.interest, 'count');
  for (const id of ['a', 'b', 'c']) server.append(PEER, GROUP, id);
  server.tell({ kind: 'count', conv: CONV, lastSeq: known(toSeq(4)), messages: 3 });
  await until(() => client.conversations.find(CONV)?.unread === 3, 'the count');
  assert.deepEqual([rangesAsked(server).length, shown.length], [0, 0]);
  assert.ok(client.conversations.open(CONV));
  await until(() => shown.length === 3, 'what was counted');
  assert.equal(client.conversations.find(CONV)?.unread, 3, 'counted once');
  server.append(PEER, GROUP, 'd');
  server.tell({ kind: 'count', conv: CONV, lastSeq: known(toSeq(5)), messages: 1 });
  await until(() => shown.length === 4, 'while it is open');
  client.conversations.markAllRead(CONV);
  assert.equal(client.conversations.find(CONV)?.unread, 0);
});

void test('what is only counted: mentions at once, the rest as the server says when it was asked, once', async (t) => {
  const { server, client, shown } = await inGroup(t, { recountMs: 50 });
  const settings = { ...DEFAULT_SETTINGS, interest: 'count', hidden: true } as const;
  server.tell({ kind: 'settings', conv: CONV, settings });
  await until(() => client.conversations.find(CONV)?.settings.interest === 'count', 'the interest');
  for (const id of ['a', 'b', 'c', 'd']) server.append(PEER, GROUP, id);
  const unread = (): unknown => {
    const { unread, mentions, conversations } = client.conversations.unread();
    return [unread, mentions, conversations];
  };
  const count = (lastSeq: number, messages: number, mentions = 0, recalledSeq = 0): void =>
    server.tell({
      ...{ kind: 'count', conv: CONV, lastSeq: known(toSeq(lastSeq)), messages, mentions },
      recalledSeq: known(toSeq(recalledSeq)),
    });
  count(5, 4, 3);
  await until(() => client.conversations.find(CONV)?.unread === 4, 'the count');
  assert.deepEqual(unread(), [4, 3, 1], 'a message puts it back into the list');
  const asked = (): number => server.got('api').filter(({ action }) => action === 'api.sync').length;
  const before = asked();
  server.hidden.delete(CONV);
  const counted = { settings: { ...DEFAULT_SETTINGS, interest: 'count' }, firstSeq: 2 };
  server.append(PEER, GROUP, 'recalls');
  server.append(PEER, GROUP, 'recalls more');
  // The first answer is older than what is known by then: it is asked for again.
  server.rows.set(CONV, { ...counted, lastSeq: 5, unread: 4, mentions: 3 });
  const views: number[] = [];
  client.on('conversation', ({ unread }) => views.push(unread));
  count(6, 0, 0, 2);
  count(7, 0, 0, 3);
  await until(() => asked() === before + 1, 'a first question');
  server.rows.set(CONV, { ...counted, lastSeq: 7, unread: 2, mentions: 1 });
  await until(() => client.conversations.find(CONV)?.unread === 2, 'the answer');
  assert.deepEqual([unread(), asked() - before, views.at(-1)], [[2, 1, 1], 2, 2]);
  // Read on another device, by half: which half it was only the server knows.
  server.rows.set(CONV, { ...counted, lastSeq: 7, readSeq: 4, unread: 1, mentions: 0 });
  const by = { by: SELF, messages: undefined };
  server.tell({
    kind: 'receipt',
    conv: CONV,
    from: known(toSeq(2)),
    to: known(toSeq(4)),
    state: 'read',
    ...by,
  });
  await until(() => client.conversations.find(CONV)?.unread === 1, 'what is left');
  // A row has counted the first of these two already.
  count(8, 2);
  await until(() => client.conversations.find(CONV)?.unread === 2, 'the other');
  // Of what is read already nothing need be asked.
  const last = asked();
  count(9, 0, 0, 4);
  await until(() => client.conversations.find(CONV)?.lastSeq === 9, 'a recall below');
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.deepEqual([asked(), shown.length, rangesAsked(server)], [last, 0, []]);
});

void test('back in a group that was only counted: settings are reset at the notice, and what was missed is fetched', async (t) => {
  const { server, client, shown } = await inGroup(t);
  const wanted = { ...DEFAULT_SETTINGS, pinned: true, hidden: true, interest: 'count' } as const;
  server.tell({ kind: 'settings', conv: CONV, settings: wanted });
  await until(() => client.conversations.find(CONV)?.settings.hidden === true, 'the settings');
  server.append(PEER, GROUP, 'not fetched');
  server.tell({ kind: 'count', conv: CONV, lastSeq: known(toSeq(2)), messages: 1 });
  const removed = server.notice(PEER, { type: 'removed', uids: [SELF], banned: false });
  await until(
    () => client.conversations.find(CONV)?.isMember === false,
    'the removal, behind what is not here',
  );
  for (const id of ['x', 'y']) server.append(PEER, GROUP, id);
  const joined = server.notice(PEER, { type: 'joined', uids: [SELF], how: 'invited' });
  await until(() => shown.length === 3, 'what was missed');
  const { isMember, settings } = known(client.conversations.find(CONV));
  assert.deepEqual([isMember, settings], [true, { ...DEFAULT_SETTINGS, pinned: true }]);
  // An answer that left before the notice does not take it back, nor does the notice when it comes again.
  const row = { settings: wanted, isMember: false, lastSeq: removed.seq, firstSeq: 1 };
  server.rows.set(CONV, row);
  server.hidden.delete(CONV);
  const syncs = (): number => server.got('api').filter(({ action }) => action === 'api.sync').length;
  const before = syncs();
  server.tell({ kind: 'sync', conversations: [CONV] });
  await until(() => syncs() > before, 'a sync');
  server.tell({ kind: 'settings', conv: CONV, settings: { ...DEFAULT_SETTINGS, interest: 'muted' } });
  await until(() => client.conversations.find(CONV)?.settings.interest === 'muted', 'another wish');
  server.push(joined);
  server.push(server.append(PEER, GROUP, 'z'));
  await until(() => shown.length === 4, 'what comes then');
  const view = known(client.conversations.find(CONV));
  assert.deepEqual([view.isMember, view.settings.interest, view.settings.hidden], [true, 'muted', false]);
});

void test('receipts of a group say all that was received since the server’s last word', async (t) => {
  const { server, client, shown } = await inGroup(t, { groupReceiptIntervalMs: 1 });
  for (const id of ['a', 'b', 'c']) {
    const { seq } = server.append(PEER, GROUP, id);
    server.push(server.log(CONV)[seq - 1] ?? server.append(PEER, GROUP, id));
    await until(() => intervalsOf(server).some(([, to]) => to === seq), `the receipt of ${id}`);
  }
  assert.deepEqual(new Set(intervalsOf(server).map(([from]) => from)), new Set([1]));
  server.deviceSeqs.set(CONV, 3);
  server.rows.set(CONV, { unread: 3 });
  server.hidden.delete(CONV);
  for (const socket of server.sockets) socket.terminate();
  await until(
    () => intervalsOf(server).some(([from, to]) => from === 4 && to === 4),
    'what it had not heard',
  );
  server.push(server.append(PEER, GROUP, 'd'));
  await until(() => intervalsOf(server).some(([from, to]) => from === 4 && to === 5), 'and what came then');
  assert.deepEqual([shown.length, client.conversations.find(CONV)?.tip], [4, 5]);
});

void test('what a large group does not tell is asked for once per change, also where nothing of it is for us', async (t) => {
  const server = await FakeServer.start();
  t.after(() => server.close());
  const client = makeClient(t, server, { tuning: { cursorIntervalMs: 20 } });
  server.heartbeatMs = 20;
  await client.connect();
  server.notice(PEER, { type: 'joined', uids: [SELF], how: 'invited' });
  const other = known(toUid(1_000));
  const more = { kind: EVENT_KIND.notice, type: NOTICE_TYPE };
  const joined = noticeContent({ type: 'joined', uids: [other], how: 'open' });
  server.closed.set(CONV, (seq) => seq === 3);
  await until(() => client.conversations.find(CONV)?.tip === 1, 'the group');
  for (const tip of [2, 3, 4]) {
    server.frames.length = 0;
    // Only those whom it concerns are pushed it.
    server.append(PEER, GROUP, `notice-${tip}`, joined, more);
    await until(() => client.conversations.find(CONV)?.tip === tip, 'what was not told');
    const beats = server.got('heartbeat').length;
    await until(() => server.got('heartbeat').length > beats + 5, 'some more looks');
    assert.deepEqual(
      server.got('api').map(({ action }) => action),
      ['api.sync', 'api.msg.range'],
    );
  }
});

void test('settings and reading of another device are taken over', async (t) => {
  const { server, client, shown } = await inGroup(t);
  for (const id of ['a', 'b', 'c']) server.push(server.append(PEER, GROUP, id));
  await until(() => shown.length === 3, 'three messages');
  const by = { by: SELF, messages: undefined };
  const [from, to] = [known(toSeq(1)), known(toSeq(3))];
  server.tell({ kind: 'receipt', conv: CONV, from, to, state: 'read', ...by });
  await until(() => client.conversations.find(CONV)?.unread === 1, 'the reading');
  server.tell({
    kind: 'settings',
    conv: CONV,
    settings: { ...DEFAULT_SETTINGS, muted: true, draft: 'well' },
  });
  await until(() => client.conversations.find(CONV)?.settings.draft === 'well', 'the settings');
  assert.deepEqual(client.conversations.unread(), { unread: 0, muted: 1, mentions: 0, conversations: 0 });
});

void test('saved state: a group goes on where it was, with what was unread and its settings', async (t) => {
  const server = await FakeServer.start();
  t.after(() => server.close());
  let saved: SavedState | undefined;
  const state: StateStore = {
    load: () => Promise.resolve(saved),
    save: (next) => {
      saved = structuredClone(next);
      return Promise.resolve();
    },
  };
  const first = makeClient(t, server, { state });
  const before = watch(first);
  await first.connect();
  server.notice(PEER, { type: 'created', name: 'us', uids: [PEER, SELF] });
  server.push(server.append(PEER, GROUP, 'one', 'one', { extra: { mentions: [SELF] } }));
  server.tell({ kind: 'settings', conv: CONV, settings: { ...DEFAULT_SETTINGS, pinned: true } });
  await until(() => first.conversations.find(CONV)?.settings.pinned === true && before.length === 1, 'all');
  await first.close();
  server.append(PEER, GROUP, 'two');
  // The row is the server's word; this one says nothing but that there is more.
  server.rows.set(CONV, { unread: 2, mentions: 1, settings: { pinned: true } });
  const second = makeClient(t, server, { state });
  const after = watch(second);
  await second.connect();
  assert.deepEqual(seqs(after), [3]);
  const view = second.conversations.find(CONV);
  assert.deepEqual([view?.unread, view?.mentions, view?.settings.pinned, view?.peer], [2, 1, true, GROUP]);
  await second.close();
  server.hidden.add(CONV);
  const third = makeClient(t, server, { state });
  await third.connect();
  const last = third.conversations.find(CONV);
  assert.deepEqual([last?.unread, last?.mentions, last?.settings.pinned], [2, 1, true], 'without a row');
});

void test('many conversations: a reconnect asks for what changed, and ranges only there', async (t) => {
  const { server, client, shown } = await stage(t);
  for (let uid = 1_000; uid < 1_050; uid++) server.append(known(toUid(uid)), SELF, `${uid}`);
  await client.connect();
  assert.equal(shown.length, 50);
  const asked = server.got('api').length;
  for (const conv of [...Array(50).keys()].map((n) => `u1_${1_000 + n}`)) server.hidden.add(conv);
  for (const socket of server.sockets) socket.terminate();
  server.hidden.delete('u1_1007');
  server.append(known(toUid(1_007)), SELF, 'news');
  await until(() => shown.length === 51, 'the news');
  const again = server.got('api').slice(asked);
  assert.deepEqual(
    again.map(({ action }) => action),
    ['api.sync', 'api.msg.range'],
  );
});
