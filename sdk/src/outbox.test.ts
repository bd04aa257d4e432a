import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fullJitterMs } from './backoff.js';
import { newSend, Outbox, raise } from './outbox.js';
import type { SendState } from './types.js';

interface Wire {
  readonly outbox: Outbox;
  /** Client ids in the order in which they were put on the wire. */
  readonly sent: string[];
  isOnline: boolean;
  suspicions: number;
}

function wire(): Wire {
  const state: Wire = { sent: [], isOnline: false, suspicions: 0, outbox: undefined as never };
  const outbox = new Outbox(
    { limitCount: 50, ackTimeoutMs: 100, backoff: { minMs: 10, maxMs: 80 } },
    {
      transmit: (send) => (state.isOnline ? state.sent.push(send.clientId) : 0),
      suspect: () => state.suspicions++,
      wakeBy: () => undefined,
      random: () => 1,
    },
  );
  return Object.assign(state, { outbox });
}

function put(outbox: Outbox, to: number, clientId: string): void {
  outbox.add(newSend({ to, clientId, type: 1, content: '', sentAtMs: 0 }, ''), 0);
}

void test('waits without a connection, then sends one per recipient, the next after the answer', () => {
  const state = wire();
  const { outbox, sent } = state;
  for (const id of ['a1', 'a2']) put(outbox, 1, id);
  put(outbox, 2, 'b1');
  assert.deepEqual(sent, []);
  state.isOnline = true;
  outbox.connected(0);
  assert.deepEqual(sent, ['a1', 'b1']);
  assert.equal(outbox.finish('a2', 0), undefined, 'an answer to what was not sent');
  assert.equal(outbox.finish('a1', 0)?.clientId, 'a1');
  assert.equal(outbox.finish('a1', 0), undefined, 'the answer to a repeat');
  assert.deepEqual(sent, ['a1', 'b1', 'a2']);
});

void test('repeats what has no answer, ever more slowly, and doubts the connection', () => {
  const state = wire();
  const { outbox, sent } = state;
  state.isOnline = true;
  put(outbox, 1, 'a');
  const times: number[] = [];
  for (let now = 1; now <= 4_000; now++) {
    const before = sent.length;
    outbox.tick(now);
    if (sent.length > before) times.push(now);
  }
  assert.deepEqual(times, [100, 300, 700, 1500, 2300, 3100, 3900]);
  assert.equal(state.suspicions, 7);
});

void test('a postponed send goes again after what the server said and its own draw', () => {
  const state = wire();
  const { outbox, sent } = state;
  state.isOnline = true;
  put(outbox, 1, 'a');
  outbox.postpone('a', 30, 0);
  assert.equal(outbox.tick(39), 40);
  assert.equal(sent.length, 1);
  outbox.tick(40);
  assert.equal(sent.length, 2);
  outbox.postpone('a', 0, 40);
  outbox.postpone('a', 0, 40);
  assert.equal(outbox.tick(40), 60, 'a second refusal of the same frame changes nothing');
  assert.ok(outbox.finish('a', 50) !== undefined, 'a late ack of the first frame is an ack');
});

void test('what an earlier run left goes first', () => {
  const state = wire();
  const { outbox, sent } = state;
  put(outbox, 1, 'new');
  outbox.prepend([newSend({ to: 1, clientId: 'old', type: 1, content: '', sentAtMs: 0 }, '')], 0);
  state.isOnline = true;
  outbox.connected(0);
  outbox.finish('old', 0);
  assert.deepEqual(sent, ['old', 'new']);
});

/** Each number is a step: acknowledge, refuse for now, lose the connection, or let time pass. */
void test('whatever is lost or refused, each recipient gets everything in order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 3 }), { maxLength: 100, size: 'max' }), (steps) => {
      const state = wire();
      const { outbox } = state;
      for (let i = 0; i < 10; i++) put(outbox, i % 2, `${i % 2} ${i}`);
      const stored: string[] = [];
      let now = 0;
      const store = (): void => {
        const clientId = state.sent.at(-1);
        if (clientId !== undefined && outbox.finish(clientId, now) !== undefined) stored.push(clientId);
      };
      const act = [
        store,
        () => outbox.postpone(state.sent.at(-1) ?? '', 0, now),
        () => {
          outbox.disconnected();
          outbox.connected(now);
        },
        () => outbox.tick((now += 150)),
      ];
      state.isOnline = true;
      outbox.connected(now);
      for (const step of steps) act[step]?.();
      for (let rounds = 0; stored.length < 10; rounds++) {
        assert.ok(rounds < 1_000, 'nothing is stuck');
        outbox.tick((now += 1_000));
        store();
      }
      for (const lane of ['0', '1']) {
        const own = stored.filter((id) => id.startsWith(lane));
        assert.deepEqual(own, [...own].sort());
      }
    }),
  );
});

void test('a state only rises', () => {
  const states: SendState[] = ['queued', 'stored', 'offline', 'received', 'read', 'failed'];
  const send = newSend({ to: 1, clientId: 'a', type: 1, content: '', sentAtMs: 0 }, '');
  for (const state of states.slice(1)) {
    assert.ok(raise(send, state));
    for (const lower of states.slice(0, states.indexOf(state) + 1)) assert.ok(!raise(send, lower));
  }
});

void test('full jitter: from nothing to twice as much each time, up to the limit', () => {
  const options = { minMs: 100, maxMs: 1_000 };
  const widest = [0, 1, 2, 3, 4, 50, 2_000].map((attempt) => fullJitterMs(attempt, options, () => 1));
  assert.deepEqual(widest, [100, 200, 400, 800, 1_000, 1_000, 1_000]);
  assert.equal(
    fullJitterMs(3, options, () => 0),
    0,
  );
});
