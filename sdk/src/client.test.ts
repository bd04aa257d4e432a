/** The client against a scripted server over real sockets: what an app sees when things go well. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { known, toMid, toSeq, toUid } from '../../im/message/ids.js';
import { FakeServer, PEER, SELF } from './fake_server.js';
import { CONV, intervalsOf, makeClient, seqs, stage, until, watch } from './stage.js';
import type { Receipt, SavedState, StateStore } from './types.js';

void test('connects, sends, and shows the own message in its place', async (t) => {
  const { server, client, shown } = await stage(t);
  await client.connect();
  const sent = await client.sent(client.send(PEER, 'hello "you" ✓'));
  assert.equal(sent.state, 'stored');
  assert.equal(sent.conv, CONV);
  assert.equal(server.log(CONV)[0]?.content, 'hello "you" ✓');
  assert.deepEqual(
    shown.map((m) => [m.seq, m.own, m.content]),
    [[1, true, 'hello "you" ✓']],
  );
});

void test('shows a push once, acks at once, gathers the receipts of a burst, acks a repeat again', async (t) => {
  const { server, client, shown } = await stage(t);
  await client.connect();
  const first = server.append(PEER, SELF, 'a');
  server.push(first);
  await until(() => server.got('receipt').length === 1, 'the first receipt');
  for (const id of ['b', 'c', 'd']) server.push(server.append(PEER, SELF, id));
  await until(() => server.got('receipt').length === 2, 'the gathered receipt');
  server.push(first);
  await until(() => server.got('receipt').length === 3, 'the receipt of the repeat');
  assert.deepEqual(intervalsOf(server), [
    [1, 1, 'received'],
    [2, 4, 'received'],
    [1, 4, 'received'],
  ]);
  assert.deepEqual(seqs(shown), [1, 2, 3, 4]);
});

void test('keeps one unanswered send per conversation, conversations side by side', async (t) => {
  const { server, client } = await stage(t, { ackTimeoutMs: 60_000 });
  server.hook = (frame) => frame.kind === 'chat';
  await client.connect();
  const views = ['a', 'b'].map((clientId) => client.send(PEER, clientId, { clientId }));
  client.send(3, 'c', { clientId: 'c' });
  await until(() => server.got('chat').length === 2, 'one frame per conversation');
  assert.deepEqual(
    server.got('chat').map((frame) => frame.clientId),
    ['a', 'c'],
  );
  const socket = [...server.sockets][0];
  const [first] = server.got('chat');
  assert.ok(socket !== undefined && first !== undefined);
  server.hook = () => false;
  server.store(first, socket);
  await Promise.all(views.map((view) => client.sent(view)));
  assert.deepEqual(
    server.log(CONV).map((event) => event.clientId),
    ['a', 'b'],
  );
});

void test('fetches a hole after a wait and shows everything in order', async (t) => {
  const { server, client, shown } = await stage(t);
  await client.connect();
  const events = ['a', 'b', 'c', 'd', 'e'].map((id) => server.append(PEER, SELF, id));
  for (const index of [0, 4, 2]) {
    const event = events[index];
    if (event !== undefined) server.push(event);
  }
  await until(() => shown.length === 5, 'all five');
  assert.deepEqual(seqs(shown), [1, 2, 3, 4, 5]);
  assert.deepEqual(
    server.got('api').flatMap((frame) => (frame.action === 'api.msg.range' ? [frame.data] : [])),
    [
      { conv: CONV, from: 2, to: 2 },
      { conv: CONV, from: 4, to: 4 },
    ],
  );
});

void test('asks for nothing where `after` says that nothing of it is ours', async (t) => {
  const { server, client, shown } = await stage(t);
  await client.connect();
  server.push(server.append(PEER, SELF, 'a'));
  server.append(PEER, SELF, 'not ours');
  server.push(server.append(PEER, SELF, 'c'), 1);
  await until(() => shown.length === 2, 'both');
  await client.sent(client.send(PEER, 'and on'));
  await until(() => shown.length === 3, 'the own one');
  assert.deepEqual(seqs(shown), [1, 3, 4]);
  assert.equal(server.got('api').filter((frame) => frame.action === 'api.msg.range').length, 0);
});

void test('acks what the user sent from another device, not what it sent itself', async (t) => {
  const { server, client, shown } = await stage(t);
  await client.connect();
  await client.sent(client.send(PEER, 'here'));
  server.push(server.append(SELF, PEER, 'there'));
  await until(() => shown.length === 2, 'both');
  await until(() => intervalsOf(server).length > 0, 'a receipt');
  await client.sent(client.send(PEER, 'here again'));
  await client.close();
  assert.deepEqual(intervalsOf(server), [[1, 2, 'received']]);
  assert.deepEqual(client.conversations.all()[0]?.unread, 0);
});

void test('a new device starts at its mark; a page of what is older comes by history', async (t) => {
  const server = await FakeServer.start();
  t.after(() => server.close());
  for (let i = 1; i <= 10; i++) server.append(i % 2 === 0 ? SELF : PEER, i % 2 === 0 ? PEER : SELF, `m${i}`);
  server.append(3 as typeof PEER, SELF, 'from three');
  server.append(4 as typeof PEER, SELF, 'from four');
  server.deviceSeqs.set(CONV, 8);
  const client = makeClient(t, server);
  const shown = watch(client);
  await client.connect();
  assert.deepEqual(
    shown.filter((m) => m.conv === CONV).map((m) => m.seq),
    [9, 10],
  );
  assert.equal(client.conversations.all().length, 3, 'three conversations are two pages');
  assert.equal(
    client.conversations.all().find(({ conv }) => conv === CONV)?.unread,
    5,
    'as the server counted',
  );
  assert.deepEqual(seqs(await client.history(CONV, { count: 3 })), [8, 9, 10]);
  assert.deepEqual(seqs(await client.history(CONV, { before: 3, count: 5 })), [1, 2]);
  assert.equal(shown.length, 4);
});

void test('a push that is faster than the first sync does not look like the start of its log', async (t) => {
  const { server, client, shown } = await stage(t);
  for (let i = 1; i <= 5; i++) server.append(PEER, SELF, `m${i}`);
  server.deviceSeqs.set(CONV, 4);
  server.hook = (frame) => {
    const event = server.log(CONV)[4];
    if (frame.kind === 'api' && event !== undefined) server.push(event);
    return false;
  };
  await client.connect();
  assert.deepEqual(seqs(shown), [5]);
});

void test('more missing than the limit: the newest page, and word of the rest', async (t) => {
  const server = await FakeServer.start();
  t.after(() => server.close());
  for (let i = 1; i <= 60; i++) server.append(PEER, SELF, `m${i}`);
  const client = makeClient(t, server, { tuning: { gapFillLimit: 50, pageCount: 20 } });
  const shown = watch(client);
  const skipped: unknown[] = [];
  client.on('skipped', (gap) => skipped.push(gap));
  await client.connect();
  assert.deepEqual(skipped, [{ conv: CONV, from: 1, to: 40 }]);
  assert.deepEqual(
    seqs(shown),
    Array.from({ length: 20 }, (_, i) => 41 + i),
  );
});

void test('ticks only rise: stored, offline, received, read; an interval reaches every send in it', async (t) => {
  const { server, client } = await stage(t);
  const receipts: Receipt[] = [];
  client.on('receipt', (receipt) => receipts.push(receipt));
  await client.connect();
  const [a, b] = await Promise.all(['a', 'b'].map((id) => client.sent(client.send(PEER, id))));
  assert.ok(a !== undefined && b !== undefined);
  const conv = server.log(CONV)[0]?.conv;
  assert.ok(conv !== undefined);
  const state = (view: { clientId: string }): string | undefined => client.outgoing(view.clientId)?.state;
  const numbers = { mid: known(toMid(b.mid)), seq: known(toSeq(b.seq)) };
  server.tell({ kind: 'offline', conv, clientId: b.clientId, peer: PEER, ...numbers });
  await until(() => state(b) === 'offline', 'offline');
  const interval = { kind: 'receipt', conv, from: known(toSeq(1)), by: PEER, messages: undefined } as const;
  server.tell({ ...interval, to: known(toSeq(1)), state: 'read' });
  server.tell({ ...interval, to: known(toSeq(2)), state: 'received' });
  await until(() => state(b) === 'received', 'received');
  assert.equal(state(a), 'read', 'a lower state does not lower it');
  assert.deepEqual(receipts, [
    { conv: CONV, from: 1, to: 1, state: 'read', by: 2 },
    { conv: CONV, from: 1, to: 2, state: 'received', by: 2 },
  ]);
  assert.equal(client.conversations.all()[0]?.peerDeliveredSeq, 2);
  assert.equal(client.conversations.all()[0]?.peerReadSeq, 1);
});

void test('a tick whose push was lost comes with the next row of the server', async (t) => {
  const { server, client } = await stage(t);
  const receipts: Receipt[] = [];
  client.on('receipt', (receipt) => receipts.push(receipt));
  await client.connect();
  const [a, b] = await Promise.all(['a', 'b'].map((id) => client.sent(client.send(PEER, id))));
  const state = (view?: { clientId: string }): string | undefined =>
    client.outgoing(view?.clientId ?? '')?.state;
  const conv = server.log(CONV)[0]?.conv;
  assert.ok(conv !== undefined);
  const two = known(toSeq(2));
  server.tell({
    kind: 'receipt',
    conv,
    from: two,
    to: two,
    state: 'received',
    by: PEER,
    messages: undefined,
  });
  await until(() => state(b) === 'received', 'the later one');
  assert.equal(state(a), 'stored');
  server.marks = { peerDeliveredSeq: 2 };
  server.tell({ kind: 'sync', conversations: [] });
  await until(() => state(a) === 'received', 'the earlier one');
  server.marks = { peerDeliveredSeq: 2, peerReadSeq: 1 };
  server.tell({ kind: 'sync', conversations: [] });
  await until(() => state(a) === 'read', 'read');
  assert.equal(state(b), 'received');
  assert.deepEqual(receipts, [
    { conv: CONV, from: 2, to: 2, state: 'received', by: 2 },
    { conv: CONV, from: 1, to: 1, state: 'read', by: 2 },
  ]);
});

void test('what is said of a send before its ack is not forgotten', async (t) => {
  const { server, client } = await stage(t);
  await client.connect();
  await client.sent(client.send(PEER, 'first'));
  server.hook = (frame, socket) => {
    if (frame.kind !== 'chat') return false;
    const { conv, seq, mid, clientId } = server.append(SELF, known(toUid(frame.to)), frame.clientId);
    if (frame.content === 'offline') server.tell({ kind: 'offline', conv, seq, mid, clientId, peer: PEER });
    else
      server.tell({
        kind: 'receipt',
        conv,
        from: seq,
        to: seq,
        state: 'read',
        by: PEER,
        messages: undefined,
      });
    server.store(frame, socket);
    return true;
  };
  const views = ['offline', 'read'].map((content) => client.send(PEER, content));
  await Promise.all(views.map((view) => client.sent(view)));
  assert.deepEqual(
    views.map(({ clientId }) => client.outgoing(clientId)?.state),
    ['offline', 'read'],
  );
});

void test('reading is told once per interval, counts the unread, and includes the receipt', async (t) => {
  const { server, client, shown } = await stage(t);
  await client.connect();
  for (const id of ['a', 'b', 'c']) server.push(server.append(PEER, SELF, id));
  await until(() => shown.length === 3, 'three');
  assert.equal(client.conversations.all()[0]?.unread, 3);
  client.markRead(CONV, 2);
  client.markRead(CONV, 3);
  await until(() => server.got('receipt').length === 2, 'the reading');
  assert.deepEqual(intervalsOf(server), [
    [1, 1, 'received'],
    [1, 3, 'read'],
  ]);
  assert.equal(client.conversations.all()[0]?.unread, 0);
});

void test('nothing counts as read that has not been shown', async (t) => {
  const { server, client, shown } = await stage(t, { gapWaitMs: 60_000 });
  await client.connect();
  const events = ['a', 'b', 'c'].map((id) => server.append(PEER, SELF, id));
  for (const event of events) if (event.seq !== 2) server.push(event);
  await client.call('sync', { since: 0 });
  assert.deepEqual(seqs(shown), [1]);
  client.markRead(CONV, 3);
  await until(() => server.got('receipt').length === 2, 'the reading');
  assert.deepEqual(intervalsOf(server)[1], [1, 1, 'read']);
  const view = client.conversations.all()[0];
  assert.deepEqual([view?.tip, view?.readSeq, view?.lastSeq], [1, 1, 3]);
});

void test('refuses to queue what can never be sent, and a full outbox', async (t) => {
  const { client } = await stage(t, { outboxLimit: 2 });
  assert.throws(() => client.send(0, 'x'), { code: 300 });
  assert.throws(() => client.send(PEER, 'x', { type: -1 }), { code: 300 });
  assert.throws(() => client.send(PEER, 'x', { clientId: 'x'.repeat(65) }), { code: 6006 });
  client.send(PEER, 'one', { clientId: 'one' });
  client.send(PEER, 'two');
  assert.throws(() => client.send(PEER, 'three'), { code: 6101, temporary: true });
  assert.equal(client.send(PEER, 'again', { clientId: 'one' }).content, 'one', 'the same send');
  assert.throws(() => client.send(3, 'x', { clientId: 'one' }), { code: 6006 });
  await client.connect();
  assert.throws(() => client.send(PEER, 'é'.repeat(501)), { code: 6005 });
});

void test('saved state: what was missing at the end of a run is asked for by the next', async (t) => {
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
  const client = makeClient(t, server, { state });
  server.hook = (frame) => frame.kind === 'api' && frame.action === 'api.msg.range';
  await client.connect();
  server.append(PEER, SELF, 'lost');
  server.push(server.append(PEER, SELF, 'behind it'));
  const syncs = (): number => server.got('api').filter(({ action }) => action === 'api.sync').length;
  const before = syncs();
  server.tell({ kind: 'sync', conversations: [] });
  await until(() => syncs() > before, 'a later cursor');
  await client.close();
  assert.equal(saved?.cursorMs, 1_700_000_000_000, 'the cursor of the sync before the loss');
  const [{ row, ...place } = {}] = saved.conversations;
  assert.deepEqual(place, { conv: CONV, known: [], ackedSeq: 0, confirmedSeq: 0, confirmedReadSeq: 0 });
  assert.equal(row?.lastSeq, 2, 'what is known to exist is asked for by the next run');
});

void test('saved state: the outbox is sent by the next run, nothing shown is shown again', async (t) => {
  const server = await FakeServer.start();
  t.after(() => server.close());
  server.append(PEER, SELF, 'shown');
  let saved: SavedState | undefined;
  const state: StateStore = {
    load: () => Promise.resolve(saved),
    save: (next) => {
      saved = structuredClone(next);
      return Promise.resolve();
    },
  };
  const first = makeClient(t, server, { state });
  const shownFirst = watch(first);
  await first.connect();
  server.hook = (frame) => frame.kind === 'chat';
  first.send(PEER, 'unsent', { clientId: 'unsent' });
  await first.close();
  assert.equal(saved?.outbox.length, 1);
  server.hook = () => false;
  const second = makeClient(t, server, { state });
  const shownSecond = watch(second);
  second.send(PEER, 'later', { clientId: 'later' });
  await second.connect();
  assert.equal((await second.sent('later')).state, 'stored');
  await until(() => shownSecond.length === 2, 'the own two');
  assert.deepEqual(seqs(shownFirst), [1]);
  assert.deepEqual(
    shownSecond.map((m) => [m.seq, m.clientId]),
    [
      [2, 'unsent'],
      [3, 'later'],
    ],
  );
});
