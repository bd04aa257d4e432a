/** The client against a scripted server that loses, refuses, delays and closes: nothing is lost or shown twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorInfo } from '../../im/message/error_info.js';
import { known, toUid } from '../../im/message/ids.js';
import { CLOSE_CODES } from '../../im/errors.js';
import { CodedError } from '../../pkg/errors/coded_error.js';
import { FakeServer, PEER, SELF } from './fake_server.js';
import { CONV, intervalsOf, makeClient, seqs, stage, until, watch } from './stage.js';
import type { ConnectionState, SavedState, StateStore } from './types.js';

function dropAll(server: FakeServer, code?: number): void {
  for (const socket of server.sockets) {
    if (code === undefined) socket.terminate();
    else socket.close(code, 'told so');
  }
}

void test('resends after a lost connection under the same client id; the screen shows each once', async (t) => {
  const { server, client, shown } = await stage(t);
  await client.connect();
  let chats = 0;
  server.hook = (frame, socket) => {
    if (frame.kind !== 'chat') return false;
    // Stored, but the ack is lost with the connection, for every second frame.
    if (++chats % 2 === 0) return false;
    server.append(SELF, known(toUid(frame.to)), frame.clientId, frame.content);
    socket.terminate();
    return true;
  };
  const views = ['a', 'b', 'c', 'd', 'e'].map((text) => client.send(PEER, text, { clientId: text }));
  const done = await Promise.all(views.map((view) => client.sent(view)));
  assert.deepEqual(
    done.map(({ seq }) => seq),
    [1, 2, 3, 4, 5],
  );
  await until(() => shown.length === 5, 'all five');
  assert.deepEqual(
    shown.map(({ content }) => content),
    ['a', 'b', 'c', 'd', 'e'],
  );
});

void test('repeats a send whose ack does not come, on the same connection', async (t) => {
  const { server, client } = await stage(t);
  await client.connect();
  let chats = 0;
  server.hook = (frame) => frame.kind === 'chat' && ++chats === 1;
  assert.equal((await client.sent(client.send(PEER, 'a'))).state, 'stored');
  assert.equal(chats, 2);
  assert.equal(server.got('auth').length, 1);
});

void test('a temporary refusal is tried again before anything later; a final one fails alone', async (t) => {
  const { server, client } = await stage(t);
  await client.connect();
  const refused: string[] = [];
  server.hook = (frame, socket) => {
    if (frame.kind !== 'chat') return false;
    if (frame.clientId === 'blocked') {
      server.fail(frame, socket, errorInfo('BLOCKED'));
      return true;
    }
    if (refused.length >= 3) return false;
    refused.push(frame.clientId);
    const name = (['QUEUE_FULL', 'OUTCOME_UNKNOWN', 'INTERNAL'] as const)[refused.length - 1] ?? 'INTERNAL';
    server.fail(frame, socket, { ...errorInfo(name), retryAfterMs: 5 });
    return true;
  };
  const views = ['first', 'blocked', 'last'].map((clientId) => client.send(PEER, clientId, { clientId }));
  const done = await Promise.all(views.map((view) => client.sent(view)));
  assert.deepEqual(refused, ['first', 'first', 'first']);
  assert.deepEqual(
    done.map(({ state, seq }) => [state, seq]),
    [
      ['stored', 1],
      ['failed', 0],
      ['stored', 2],
    ],
  );
  assert.equal(done[1]?.error?.code, 6001);
  assert.equal(client.outgoing('blocked')?.state, 'failed');
});

void test('what came while away is shown by the sync after the reconnect, in order with what is pushed', async (t) => {
  const { server, client, shown } = await stage(t);
  server.push(server.append(PEER, SELF, 'before'));
  await client.connect();
  let answerSync: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    answerSync = resolve;
  });
  server.hook = (frame, socket) => {
    if (frame.kind !== 'api' || frame.action !== 'api.sync') return false;
    server.push(server.append(PEER, SELF, 'pushed before the answer'));
    server.hook = () => false;
    void held.then(() => server.handle(frame, socket));
    return true;
  };
  server.append(PEER, SELF, 'while away');
  dropAll(server);
  await until(() => server.log(CONV).length === 3, 'the push before the answer');
  assert.deepEqual(seqs(shown), [1], 'waits for the sync');
  answerSync();
  await until(() => shown.length === 3, 'all three');
  assert.deepEqual(seqs(shown), [1, 2, 3]);
});

void test('a conversation that the sync forgot is found by count and sum', async (t) => {
  const { server, client, shown } = await stage(t);
  server.append(PEER, SELF, 'shown');
  await client.connect();
  server.append(PEER, SELF, 'hidden by the cursor');
  server.hidden.add(CONV);
  dropAll(server);
  await until(() => shown.length === 2, 'found');
  assert.deepEqual(
    server
      .got('api')
      .flatMap(({ action, data }) => (action === 'api.sync' ? [(data as { since: number }).since > 0] : [])),
    [false, true, false],
  );
});

void test('an announced loss is fetched', async (t) => {
  const { server, client, shown } = await stage(t);
  await client.connect();
  const { conv } = server.append(PEER, SELF, 'let go');
  server.tell({ kind: 'sync', conversations: [conv] });
  await until(() => shown.length === 1, 'fetched');
  server.append(PEER, SELF, 'let go too');
  server.tell({ kind: 'sync', conversations: [] });
  await until(() => shown.length === 2, 'fetched again');
});

void test('the lost last message of a quiet conversation is found by the cursor', async (t) => {
  const { server, client, shown } = await stage(t, { cursorIntervalMs: 30, heartbeatMs: 30 });
  await client.connect();
  server.append(PEER, SELF, 'lost on the way');
  await until(() => shown.length === 1, 'found');
});

void test('tells after a reconnect what was read while there was no connection', async (t) => {
  const { server, client } = await stage(t, { receiptIntervalMs: 1 });
  server.append(PEER, SELF, 'a');
  await client.connect();
  await until(() => intervalsOf(server).length === 1, 'the receipt');
  server.deviceSeqs.set(CONV, 1);
  server.hidden.add(CONV);
  dropAll(server);
  await until(() => client.state.name !== 'online', 'offline');
  client.markRead(CONV, 1);
  await until(() => intervalsOf(server).length === 2, 'the reading');
  assert.deepEqual(intervalsOf(server)[1], [1, 1, 'read']);
});

void test('tells again what was told a lost connection, until a row of the server has it', async (t) => {
  const { server, client } = await stage(t, { receiptIntervalMs: 1 });
  server.append(PEER, SELF, 'a');
  await client.connect();
  await until(() => intervalsOf(server).length === 1, 'the receipt');
  server.hidden.add(CONV);
  client.markRead(CONV, 1);
  await until(() => intervalsOf(server).length === 2, 'the reading');
  dropAll(server);
  await until(() => intervalsOf(server).length === 3, 'the reading once more, although no row asks for it');
  server.hidden.clear();
  server.marks = { readSeq: 1, deviceSeq: 1 };
  const syncs = server.got('api').length;
  server.tell({ kind: 'sync', conversations: [] });
  await until(() => server.got('api').length > syncs, 'the sync');
  await client.call('sync', { since: 0 });
  server.hidden.add(CONV);
  let synced = 0;
  client.on('synced', () => synced++);
  dropAll(server);
  await until(() => synced === 1, 'the next sign-in');
  await client.call('sync', { since: 0 });
  assert.deepEqual(intervalsOf(server), [
    [1, 1, 'received'],
    [1, 1, 'read'],
    [1, 1, 'read'],
  ]);
});

void test('a receipt that a busy server refused is told again, later each time', async (t) => {
  const { server, client } = await stage(t, { receiptIntervalMs: 1 });
  const warnings: number[] = [];
  client.on('warning', ({ code }) => warnings.push(code));
  let refusals = 0;
  server.hook = (frame, socket) => {
    if (frame.kind !== 'receipt' || ++refusals > 2) return false;
    server.answer(socket, { kind: 'error', echo: 0, error: { ...errorInfo('TOO_BUSY'), retryAfterMs: 5 } });
    return true;
  };
  await client.connect();
  server.push(server.append(PEER, SELF, 'a'));
  await until(() => intervalsOf(server).length === 3, 'three times');
  await client.call('sync', { since: 0 });
  assert.deepEqual(intervalsOf(server), Array(3).fill([1, 1, 'received']));
  assert.deepEqual(warnings, []);
});

void test('acks again what the server has forgotten', async (t) => {
  const { server, client } = await stage(t, { receiptIntervalMs: 1 });
  let synced = 0;
  client.on('synced', () => synced++);
  await client.connect();
  server.push(server.append(PEER, SELF, 'a'));
  await until(() => intervalsOf(server).length === 1, 'the receipt');
  dropAll(server);
  await until(() => intervalsOf(server).length === 2, 'once more');
  server.deviceSeqs.set(CONV, 1);
  dropAll(server);
  await until(() => synced === 3, 'the next sign-in');
  await client.call('sync', { since: 0 });
  assert.deepEqual(intervalsOf(server), [
    [1, 1, 'received'],
    [1, 1, 'received'],
  ]);
});

void test('close codes and refusals that are final end it; others do not', async (t) => {
  const { server, client } = await stage(t);
  const states: ConnectionState[] = [];
  client.on('connection', (state) => states.push(state));
  await client.connect();
  for (const [index, code] of [CLOSE_CODES.GOING_AWAY.code, 1008, 4499, undefined].entries()) {
    dropAll(server, code);
    await until(
      () => server.got('auth').length === index + 2 && client.state.name === 'online',
      `back after ${code}`,
    );
  }
  dropAll(server, CLOSE_CODES.REPLACED.code);
  await until(() => client.state.name === 'ended', 'ended');
  assert.deepEqual(states.at(-1), { name: 'ended', code: 4501, reason: 'told so' });
  server.refusal = { ...errorInfo('TOO_BUSY'), retryAfterMs: 30 };
  const again = client.connect();
  await until(() => server.got('auth').length >= 8, 'tries again after a temporary refusal');
  assert.ok(
    states.some((state) => state.name === 'offline' && state.retryInMs >= 30),
    'as late as the server said',
  );
  server.refusal = errorInfo('UNAUTHENTICATED');
  await assert.rejects(again, { code: 1001 });
  assert.equal(client.state.name, 'ended');
});

void test('after a kick-out notice no end of the connection makes it come back', async (t) => {
  const { server, client } = await stage(t);
  await client.connect();
  server.tell({ kind: 'kickout', device: 2 as never, text: 'another sign-in' });
  await client.call('sync', { since: 0 });
  dropAll(server);
  await until(() => client.state.name === 'ended', 'ended');
  assert.equal(client.state.name === 'ended' && client.state.reason, 'another sign-in');
});

void test('a server that is silent after our heartbeat is left for another connection', async (t) => {
  const { server, client } = await stage(t, { heartbeatMs: 20, heartbeatAnswerMs: 20 });
  await client.connect();
  await until(() => server.got('heartbeat').length >= 2, 'two answered heartbeats');
  assert.equal(server.got('auth').length, 1);
  server.hook = (frame) => frame.kind === 'heartbeat';
  await until(() => server.got('auth').length === 2, 'a new connection');
});

void test('another epoch drops what was known and starts at the mark', async (t) => {
  const { server, client, shown } = await stage(t);
  for (const id of ['a', 'b', 'c']) server.append(PEER, SELF, id);
  await client.connect();
  assert.deepEqual(seqs(shown), [1, 2, 3]);
  server.epoch = 2;
  server.log(CONV).splice(2);
  server.deviceSeqs.set(CONV, 2);
  dropAll(server);
  await until(() => server.got('auth').length === 2, 'the next sign-in');
  server.push(server.append(PEER, SELF, 'another third'));
  await until(() => shown.length === 4, 'the new third');
  assert.equal(shown[3]?.content, 'another third');
});

void test('an epoch that changes during a connection forgets too, and holds pushes until it knows more', async (t) => {
  const { server, client, shown } = await stage(t);
  for (const id of ['a', 'b', 'c']) server.append(PEER, SELF, id);
  await client.connect();
  server.log(CONV).splice(0);
  const restored = server.append(PEER, SELF, 'restored');
  server.deviceSeqs.set(CONV, 1);
  server.epoch = 2;
  server.tell({ kind: 'sync', conversations: [] });
  await until(() => server.got('api').length >= 4, 'what changed, and the whole list after it');
  server.push(restored);
  server.push(server.append(PEER, SELF, 'new'));
  await until(() => shown.length === 4, 'the new one');
  assert.deepEqual(
    shown.map(({ content }) => content),
    ['a', 'b', 'c', 'new'],
  );
});

void test('after a restore nothing that is on the screen is shown again, and a mid given again is another message', async (t) => {
  const { server, client, shown } = await stage(t);
  for (const id of ['a', 'b', 'c', 'd']) server.append(PEER, SELF, id);
  await client.connect();
  assert.deepEqual(seqs(shown), [1, 2, 3, 4]);
  const [, , third] = server.log(CONV);
  // The backup ends with the second, and knows of no receipt: all of it is fetched again.
  server.log(CONV).splice(2);
  server.epoch = 2;
  const other = server.append(PEER, SELF, 'another third');
  server.log(CONV)[2] = { ...other, mid: known(third).mid };
  dropAll(server);
  await until(() => shown.length > 4, 'the new third');
  server.push(server.append(PEER, SELF, 'e'));
  await until(() => shown.length > 5, 'the fourth');
  assert.deepEqual(
    shown.map(({ content }) => content),
    ['a', 'b', 'c', 'd', 'another third', 'e'],
  );
});

void test('a cursor of the server waits for what is under way, and asks only where it does not come', async (t) => {
  const { server, client, shown } = await stage(t);
  await client.connect();
  const syncs = (): number => server.got('api').filter(({ action }) => action === 'api.sync').length;
  const before = syncs();
  const late = server.append(PEER, SELF, 'late');
  server.tell({ kind: 'sync', conversations: [], cursor: { count: 1, sum: 1 } });
  server.push(late);
  await until(() => shown.length === 1, 'shown');
  server.append(PEER, SELF, 'lost');
  // Told again while the first check waits: one check for both.
  server.tell({ kind: 'sync', conversations: [], cursor: { count: 1, sum: 2 } });
  await until(() => shown.length === 2, 'fetched');
  assert.equal(syncs(), before + 1);
});

void test('more pushes during a sync than are held: the rest is asked for', async (t) => {
  const { server, client, shown } = await stage(t, { bufferLimit: 3 });
  let isFirst = true;
  server.hook = (frame, socket) => {
    if (frame.kind !== 'api' || !isFirst) return false;
    isFirst = false;
    // The answer was made before these came, and arrives after them.
    const data = { conversations: [], more: false, next: '', count: 0, sum: 0, cursor: 1, epoch: 1 };
    for (let i = 0; i < 10; i++) server.push(server.append(PEER, SELF, `m${i}`));
    server.answer(socket, { kind: 'success', action: 'api.success', echo: frame.echo, data });
    return true;
  };
  await client.connect();
  await until(() => shown.length === 10, 'all ten');
  assert.deepEqual(seqs(shown), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

void test('a failed range request is asked again; an expired one is given up', async (t) => {
  const { server, client, shown } = await stage(t);
  let ranges = 0;
  server.hook = (frame, socket) => {
    if (frame.kind !== 'api' || frame.action !== 'api.msg.range' || ++ranges > 3) return false;
    const error = errorInfo(ranges <= 2 ? 'STORE_UNAVAILABLE' : 'EXPIRED');
    server.answer(socket, { kind: 'apiError', action: 'api.failed', echo: frame.echo, error });
    return true;
  };
  const warnings: number[] = [];
  client.on('warning', ({ code }) => warnings.push(code));
  for (const id of ['a', 'b']) server.append(PEER, SELF, id);
  await client.connect();
  server.push(server.append(PEER, SELF, 'c'));
  await until(() => shown.length === 1, 'what is left');
  assert.deepEqual(seqs(shown), [3]);
  assert.deepEqual(warnings, [6105, 6105]);
});

void test('a sync that fails costs the connection, not the client', async (t) => {
  const { server, client } = await stage(t);
  let syncs = 0;
  server.hook = (frame, socket) => {
    if (frame.kind !== 'api' || ++syncs > 2) return false;
    const error = errorInfo('STORE_UNAVAILABLE');
    server.answer(socket, { kind: 'apiError', action: 'api.failed', echo: frame.echo, error });
    return true;
  };
  await client.connect();
  assert.equal(server.got('auth').length, 3);
});

void test('close says what is left to say, and connect works again after it', async (t) => {
  const { server, client, shown } = await stage(t, { receiptIntervalMs: 60_000 });
  await client.connect();
  for (const id of ['a', 'b']) server.push(server.append(PEER, SELF, id));
  await until(() => shown.length === 2, 'both');
  await client.close();
  await until(() => intervalsOf(server).length === 2, 'the second receipt');
  assert.equal(client.state.name, 'stopped');
  await assert.rejects(client.call('sync', {}), { code: 0, temporary: true });
  await client.connect();
  assert.equal(client.state.name, 'online');
  assert.equal(shown.length, 2);
});

void test('url and token are asked for before each connect; a final refusal by them ends it', async (t) => {
  const server = await FakeServer.start();
  t.after(() => server.close());
  const answers = [
    () => Promise.reject(new Error('no network')),
    () => 'a token',
    () => Promise.reject(new CodedError(1001, 'sign in again')),
  ];
  let asked = 0;
  const client = makeClient(t, server, { token: () => answers[asked++]?.() ?? '' });
  await client.connect();
  assert.equal(asked, 2);
  dropAll(server);
  await until(() => client.state.name === 'ended', 'ended');
});

void test('the state of another user is not used', async (t) => {
  const server = await FakeServer.start();
  t.after(() => server.close());
  server.append(PEER, SELF, 'for one');
  const foreign: SavedState = {
    uid: 9,
    epoch: 1,
    cursorMs: Date.now(),
    conversations: [{ conv: 'u2_9', known: [1, 5], ackedSeq: 5 }],
    outbox: [{ to: PEER, clientId: 'foreign', type: 1, content: 'not his', sentAtMs: 1 }],
  };
  const state: StateStore = { load: () => Promise.resolve(foreign), save: () => Promise.resolve() };
  const client = makeClient(t, server, { state });
  const shown = watch(client);
  const failed: string[] = [];
  client.on('outgoing', ({ clientId, state: now }) => failed.push(`${clientId} ${now}`));
  await client.connect();
  assert.deepEqual(failed, ['foreign failed']);
  assert.equal(server.got('chat').length, 0);
  assert.equal(shown.length, 1);
  assert.equal(client.conversations.all().length, 1);
});

void test('what the server had said that it has heard is not told again when sync leaves the conversation out', async (t) => {
  const server = await FakeServer.start();
  t.after(() => server.close());
  server.append(PEER, SELF, 'long known');
  server.hidden.add(CONV);
  const saved = (confirmedSeq?: number): SavedState => ({
    uid: SELF,
    epoch: 1,
    cursorMs: Date.now(),
    conversations: [
      { conv: CONV, known: [1, 1], ackedSeq: 1, ...(confirmedSeq !== undefined && { confirmedSeq }) },
    ],
    outbox: [],
  });
  const receiptsAfter = async (state: SavedState): Promise<[number, number, string][]> => {
    const before = intervalsOf(server).length;
    const client = makeClient(t, server, {
      state: { load: () => Promise.resolve(state), save: () => Promise.resolve() },
    });
    await client.connect();
    // Closing tells what is left to be told.
    await client.close();
    return intervalsOf(server).slice(before);
  };
  assert.deepEqual(await receiptsAfter(saved(1)), []);
  // An older state does not know: then telling it once more is right.
  assert.equal((await receiptsAfter(saved())).length, 1);
});
