/** Recalls, relays, tickets and pacing, as an app sees them, against the scripted server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorInfo } from '../../im/message/error_info.js';
import { EVENT_KIND, type ChatEvent } from '../../im/message/message.js';
import { recallClientId, recallContent } from '../../im/message/recall.js';
import { CodedError } from '../../pkg/errors/coded_error.js';
import { ERRORS } from '../../im/errors.js';
import { FakeServer, PEER, SELF } from './fake_server.js';
import { CONV, intervalsOf, makeClient, seqs, stage, until } from './stage.js';
import type { Message, Recalled, Relay, SavedState, StateStore } from './types.js';
import { RECALLED } from './wire_events.js';

/** Takes back a message of the peer, as the store does. */
function recallOf(server: FakeServer, message: ChatEvent): ChatEvent {
  const log = server.log(CONV);
  log[message.seq - 1] = { ...message, content: '', status: 1 };
  const { mid, clientId, seq } = message;
  const content = recallContent({ by: PEER, mid, clientId, seq });
  const event = { ...server.append(PEER, SELF, recallClientId(mid), content), kind: EVENT_KIND.recall };
  log[event.seq - 1] = event;
  return event;
}

void test('an own message is taken back behind what is queued, told in its place, and again is no harm', async (t) => {
  const { client, shown } = await stage(t);
  const recalled: Recalled[] = [];
  client.on('recalled', (event) => recalled.push(event));
  await client.connect();
  const slip = await client.sent(client.send(PEER, 'a slip', { clientId: 'slip' }));
  const next = client.send(PEER, 'next');
  const done = client.recall({ ...slip, own: true });
  assert.equal((await client.sent(next)).seq, 2);
  await done;
  await client.recall({ ...slip, own: true });
  assert.deepEqual(recalled, [{ conv: CONV, by: SELF, mid: slip.mid, seq: 1, clientId: 'slip' }]);
  assert.deepEqual(seqs(shown), [1, 2], 'a recall is no message');
  assert.deepEqual(client.conversations.all()[0]?.tip, 3, 'but takes a place');
  const [blank] = await client.history(CONV, { count: 10 });
  assert.deepEqual([blank?.content, blank?.status], ['', RECALLED]);
});

void test('what is taken back before it was read is unread no more, whoever counted it', async (t) => {
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
  const unread = (client = first) => {
    const view = client.conversations.find(CONV);
    return [view?.unread, view?.mentions];
  };
  await first.connect();
  const extra = { extra: { mentions: [SELF] } };
  const [one, two] = [
    server.append(PEER, SELF, 'one', 'one', extra),
    server.append(PEER, SELF, 'two', 'two', extra),
  ];
  const three = server.append(PEER, SELF, 'three', 'three', extra);
  for (const event of [one, two, three]) server.push(event);
  await until(() => unread()[0] === 3, 'three');
  server.push(recallOf(server, two));
  await until(() => unread()[0] === 2, 'one less');
  assert.deepEqual(unread(), [2, 2]);
  first.markRead(CONV, one.seq);
  assert.deepEqual(unread(), [1, 1], 'nothing is taken off twice');
  await first.close();

  // Counted in the earlier run: its seq is not remembered.
  server.hidden.add(CONV);
  const second = makeClient(t, server, { state });
  await second.connect();
  assert.deepEqual(unread(second), [1, 1]);
  server.push(recallOf(server, three));
  await until(() => unread(second)[0] === 0, 'none');
  assert.deepEqual(unread(second), [0, 0]);

  // Counted by a row, which has left out what was taken back: the message and its recall come behind it.
  const four = server.append(PEER, SELF, 'four', 'four', extra);
  const five = server.append(PEER, SELF, 'five', 'five', extra);
  recallOf(server, five);
  server.rows.set(CONV, { readSeq: one.seq, unread: 1, mentions: 1 });
  const third = makeClient(t, server);
  await third.connect();
  assert.deepEqual(unread(third), [1, 1]);
  third.markRead(CONV, four.seq);
  assert.deepEqual(unread(third), [0, 0]);
});

void test('what is shown as taken back counts for nothing, nor does the recall that follows, beside what an earlier run counted', async (t) => {
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
  await first.connect();
  server.push(server.append(PEER, SELF, 'one'));
  await until(() => first.conversations.find(CONV)?.unread === 1, 'one');
  await first.close();
  server.hidden.add(CONV);
  const second = makeClient(t, server, { state, tuning: { recountMs: 600_000 } });
  const told: string[] = [];
  const unread = (): number => second.conversations.find(CONV)?.unread ?? NaN;
  second.on('message', ({ seq }) => told.push(`${seq} ${unread()}`));
  second.on('recalled', ({ seq }) => told.push(`recall of ${seq} ${unread()}`));
  await second.connect();
  recallOf(server, server.append(PEER, SELF, 'two'));
  server.push(server.append(PEER, SELF, 'three'));
  await until(() => told.length === 3, 'all');
  assert.deepEqual(told, ['2 1', 'recall of 2 1', '4 2']);
});

void test('it is repeated like a send: no answer, a busy server, a lost connection, another run', async (t) => {
  const { server, client } = await stage(t);
  let saved: SavedState | undefined;
  const state: StateStore = {
    load: () => Promise.resolve(saved),
    save: (next) => {
      saved = next;
      return Promise.resolve();
    },
  };
  const keeper = makeClient(t, server, { state });
  await client.connect();
  const slip = await client.sent(client.send(PEER, 'a slip'));
  await client.close();
  await keeper.connect();
  let tries = 0;
  server.hook = (frame, socket) => {
    if (frame.kind !== 'recall') return false;
    tries++;
    const { echo, target, clientId } = frame;
    if (tries === 2)
      server.answer(socket, { kind: 'failed', echo, mid: target, clientId, error: errorInfo('QUEUE_FULL') });
    if (tries === 3) socket.terminate();
    return true;
  };
  const waiting = keeper.recall({ ...slip, own: true });
  await until(() => tries >= 4, 'four tries');
  await keeper.close();
  assert.deepEqual(
    saved?.outbox.map(({ recalls }) => recalls?.mid),
    [slip.mid],
  );
  server.hook = () => false;
  const later = makeClient(t, server, { state });
  await later.connect();
  await until(() => server.log(CONV).length === 2, 'the recall');
  await keeper.connect();
  await waiting;
  assert.equal(server.log(CONV).length, 2, 'once');
});

void test('what the server refuses for good is told, and the next send goes', async (t) => {
  const { server, client } = await stage(t);
  await client.connect();
  const slip = await client.sent(client.send(PEER, 'a slip'));
  server.hook = (frame, socket) => {
    if (frame.kind !== 'recall') return false;
    const { echo, target, clientId } = frame;
    server.answer(socket, {
      kind: 'failed',
      echo,
      mid: target,
      clientId,
      error: errorInfo('RECALL_TOO_LATE'),
    });
    return true;
  };
  const states: string[] = [];
  client.on('outgoing', ({ clientId, state: name }) => states.push(`${clientId} ${name}`));
  await assert.rejects(
    client.recall({ ...slip, own: true }),
    (error) => error instanceof CodedError && error.code === ERRORS.RECALL_TOO_LATE.code,
  );
  assert.deepEqual(states, [], 'a recall is no send of the app');
  assert.equal((await client.sent(client.send(PEER, 'goes on'))).state, 'stored');
  await assert.rejects(client.recall({ ...slip, own: false }));
  await assert.rejects(client.recall({ ...slip, mid: 0, own: true }));
});

void test('the peer’s recall: by push, through a hole and through a sync; it counts as no message', async (t) => {
  const { server, client, shown } = await stage(t);
  const recalled: number[] = [];
  client.on('recalled', ({ seq }) => recalled.push(seq));
  await client.connect();
  const texts = ['a', 'b', 'c'].map((id) => server.append(PEER, SELF, id));
  for (const event of texts) server.push(event);
  await until(() => shown.length === 3, 'three messages');
  const [a, b, c] = texts;
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  server.push(recallOf(server, a));
  await until(() => recalled.length === 1, 'the first recall');
  recallOf(server, b);
  server.push(server.append(PEER, SELF, 'd'));
  await until(() => shown.length === 4, 'the message behind the hole');
  assert.deepEqual(recalled, [1, 2]);
  recallOf(server, c);
  server.tell({ kind: 'sync', conversations: [] });
  await until(() => recalled.length === 3, 'the third by a sync');
  assert.deepEqual(seqs(shown), [1, 2, 3, 6]);
  const [view] = client.conversations.all();
  assert.deepEqual([view?.tip, view?.lastSeq], [7, 7]);
  await until(() => intervalsOf(server).at(-1)?.[1] === 7, 'a receipt for the recalls too');
});

void test('a message that was gone before it was ever seen is shown blank', async (t) => {
  const { server, client, shown } = await stage(t);
  const recalled: number[] = [];
  client.on('recalled', ({ seq }) => recalled.push(seq));
  recallOf(server, server.append(PEER, SELF, 'a'));
  await client.connect();
  assert.deepEqual(
    shown.map(({ content, status }: Message) => [content, status]),
    [['', RECALLED]],
  );
  assert.deepEqual(recalled, [1]);
});

void test('too fast: the outbox waits as long as the server says, keeps the order, and fails nothing', async (t) => {
  const { server, client } = await stage(t);
  const retryAfterMs = 120;
  const atMs: number[] = [];
  server.hook = (frame, socket) => {
    if (frame.kind !== 'chat') return false;
    atMs.push(performance.now());
    if (atMs.length > 2) return false;
    server.fail(frame, socket, { ...errorInfo('RATE_LIMITED'), retryAfterMs });
    return true;
  };
  const failed: string[] = [];
  client.on('outgoing', ({ state, clientId }) => state === 'failed' && failed.push(clientId));
  await client.connect();
  const sends = ['a', 'b', 'c'].map((clientId) => client.send(PEER, clientId, { clientId }));
  await Promise.all(sends.map((send) => client.sent(send)));
  assert.deepEqual(
    server.got('chat').map(({ clientId }) => clientId),
    ['a', 'a', 'a', 'b', 'c'],
  );
  const [first = 0, second = 0, third = 0] = atMs;
  // The client's clock is coarse: it may be a little early, never half.
  for (const waitedMs of [second - first, third - second])
    assert.ok(waitedMs > retryAfterMs / 2, `sent again after ${waitedMs} ms`);
  assert.deepEqual(failed, []);
});

void test('a ticket is fetched when the server asks for one, kept, and fetched anew once', async (t) => {
  const { server, client } = await stage(t);
  let good = 't1';
  let fetched = 0;
  server.hook = (frame, socket) => {
    if (frame.kind === 'api' && frame.action === 'api.session.ticket') {
      fetched++;
      const data = { Ticket: good, ticket: good };
      server.answer(socket, { kind: 'success', action: 'api.success', echo: frame.echo, data });
      return true;
    }
    if (frame.kind !== 'chat' || frame.ticket === good) return false;
    const { echo, mid, clientId } = frame;
    server.answer(socket, { kind: 'forbidden', echo, mid, clientId, error: errorInfo('WRONG_TICKET') });
    return true;
  };
  await client.connect();
  for (const text of ['a', 'b']) assert.equal((await client.sent(client.send(PEER, text))).state, 'stored');
  assert.equal(fetched, 1);
  good = 't2';
  assert.equal((await client.sent(client.send(PEER, 'c'))).state, 'stored');
  assert.equal(fetched, 2);
  server.hook = (frame, socket) => {
    if (frame.kind !== 'chat') return false;
    const { echo, mid, clientId } = frame;
    server.answer(socket, { kind: 'forbidden', echo, mid, clientId, error: errorInfo('WRONG_TICKET') });
    return true;
  };
  const refused = await client.sent(client.send(PEER, 'd'));
  assert.deepEqual([refused.state, refused.error?.code], ['failed', ERRORS.WRONG_TICKET.code]);
});

void test('relays and typing come and go without a trace', async (t) => {
  const { server, client, shown } = await stage(t);
  const relays: Relay[] = [];
  const typing: number[] = [];
  client.on('relay', (relay) => relays.push(relay));
  client.on('typing', ({ from }) => typing.push(from));
  assert.equal(client.relay(PEER, 1001, 'lost'), false, 'not connected yet');
  await client.connect();
  assert.ok(client.relay(PEER, 2007, { sdp: 'v=0' }) && client.typing(PEER));
  await until(() => server.got('relay').length === 2, 'both frames');
  assert.deepEqual(
    server.got('relay').map(({ to, payload }) => [to, payload]),
    [
      [PEER, { type: 2007, content: { sdp: 'v=0' } }],
      [PEER, { type: 10_020, content: '' }],
    ],
  );
  const common = { kind: 'relay', action: 'message.cli', from: PEER, to: SELF } as const;
  server.tell({ ...common, payload: { type: 1001, content: 'hi', id: 'x' } });
  server.tell({ ...common, payload: { type: 10_020, content: '' } });
  await until(() => typing.length === 1, 'typing');
  assert.deepEqual(
    relays.map(({ from, to, type, content, data }) => [from, to, type, content, data['id']]),
    [[PEER, SELF, 1001, 'hi', 'x']],
  );
  assert.deepEqual([typing, shown, client.conversations.all()], [[PEER], [], []]);
  assert.throws(() => client.relay(0, 1, ''));
  assert.throws(() => client.relay(PEER, -1, ''));
});
