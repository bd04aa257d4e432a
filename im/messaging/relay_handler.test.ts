import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultsOf } from '../../pkg/config/option.js';
import { ERRORS, imError, type ErrorName } from '../errors.js';
import type { Delivery, GroupDelivery } from '../gateway/interface.js';
import { WORLD_GID } from '../message/group.js';
import { known, toDevice, toGid, toUid, type PeerId, type Uid } from '../message/ids.js';
import type { RelayUp } from '../message/message.js';
import type { Reply } from './interface.js';
import { RELAY_OPTIONS, RelayHandler, type RelayOptions } from './relay_handler.js';
import type { Pair } from './relay_rights.js';

const logger = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};
const uid = (n: number): Uid => known(toUid(n));
const [alice, bob] = [uid(1), uid(2)];
const device = known(toDevice(2));

interface Bench {
  readonly handler: RelayHandler;
  readonly replies: Reply[];
  readonly delivered: Delivery[];
  readonly groupDelivered: GroupDelivery[];
  /** Every question that the store was asked. */
  readonly asked: (readonly Pair[])[];
  nowMs: number;
  refusal: ErrorName | undefined;
}

function bench(options: Partial<RelayOptions> = {}): Bench {
  const made = {
    ...{ replies: [] as Reply[], delivered: [] as Delivery[], asked: [] as (readonly Pair[])[] },
    groupDelivered: [] as GroupDelivery[],
  };
  const state = { nowMs: 1, refusal: undefined as ErrorName | undefined };
  const handler = new RelayHandler(
    { ...defaultsOf(RELAY_OPTIONS), ...options },
    {
      store: {
        mayWrite: (pairs) => {
          made.asked.push(pairs);
          if (pairs.some(({ to }) => to === uid(666))) return Promise.reject(imError('STORE_UNAVAILABLE'));
          return Promise.resolve(pairs.map(() => bench.refusal));
        },
      },
      dispatch: {
        deliver: (batch) => {
          made.delivered.push(...batch);
          return Promise.resolve(batch.map(() => ({ absent: [] })));
        },
        deliverToGroups: (batch) => Promise.resolve(void made.groupDelivered.push(...batch)),
      },
      world: { isClosed: (to) => to === WORLD_GID },
      replies: { reply: (batch) => void made.replies.push(...batch) },
      logger,
      nowMs: () => bench.nowMs,
    },
  );
  const bench: Bench = Object.assign(state, { ...made, handler });
  return bench;
}

function inbound(to: PeerId, text = 'x', bytes = 100) {
  const frame: RelayUp = {
    ...{ kind: 'relay', action: 'message.cli', echo: 8, to, payload: { content: text }, ticket: '' },
  };
  const client = { connection: 11, uid: alice, device, tokenVersion: 1, host: '', address: '' };
  return { ...client, dialect: 'web' as const, frame, bytes };
}

async function settle(made: Bench, count: number): Promise<void> {
  for (let turn = 0; turn < 50 && made.replies.length < count; turn++)
    await new Promise((resolve) => setImmediate(resolve));
  assert.equal(made.replies.length, count);
}

test('a burst is one question, one delivery in order, and an end without a word for each', async () => {
  const made = bench();
  const texts = Array.from({ length: 30 }, (_, index) => `${index}`);
  for (const text of texts) made.handler.handle(inbound(bob, text));
  await settle(made, texts.length);
  assert.deepEqual(made.asked, [[{ from: alice, to: bob }]]);
  const frames = made.delivered.map(({ frame }) => frame.kind === 'relay' && frame.payload['content']);
  assert.deepEqual(frames, texts);
  assert.deepEqual(made.delivered[0], {
    frame: { kind: 'relay', action: 'message.cli', from: alice, to: bob, payload: { content: '0' } },
    recipients: [{ uid: bob }],
  });
  for (const reply of made.replies)
    assert.deepEqual(reply, { connection: 11, ends: true, bytes: 100, frame: undefined });
  made.handler.handle(inbound(alice));
  await settle(made, texts.length + 1);
  assert.deepEqual(made.delivered.at(-1)?.recipients, [{ uid: alice, exceptDevice: device }]);
  assert.deepEqual(made.handler.stats(), { queuedCount: 0, passedCount: 31, refusedCount: 0 });
});

test('an answer holds for its time, then a block takes hold', async () => {
  const made = bench({ relayRightsMs: 1000 });
  made.handler.handle(inbound(bob));
  await settle(made, 1);
  made.refusal = 'BLOCKED';
  made.nowMs = 1000;
  made.handler.handle(inbound(bob));
  await settle(made, 2);
  assert.equal(made.delivered.length, 2);
  made.nowMs = 1001;
  made.handler.handle(inbound(bob));
  await settle(made, 3);
  assert.deepEqual([made.asked.length, made.delivered.length], [2, 2]);
  const last = made.replies.at(-1);
  assert.ok(last?.frame?.kind === 'error');
  assert.deepEqual([last.frame.error.code, last.frame.echo, last.ends], [ERRORS.BLOCKED.code, 8, true]);
});

test('remembers no more pairs than it may, and asks for no more than 500 at once', async () => {
  const made = bench({ relayRightsCount: 2 });
  for (const to of [2, 3, 4]) made.handler.handle(inbound(uid(to)));
  await settle(made, 3);
  made.handler.handle(inbound(uid(4)));
  made.handler.handle(inbound(uid(2)));
  await settle(made, 5);
  assert.deepEqual(made.asked[1], [{ from: alice, to: 2 }], 'the oldest had been forgotten');
  for (let to = 1000; to < 2201; to++) made.handler.handle(inbound(uid(to)));
  await settle(made, 5 + 1201);
  assert.deepEqual(
    made.asked.slice(2).map((pairs) => pairs.length),
    [500, 500, 201],
  );
});

test('too large, too many, or a store that is away: each is told, and nothing is passed on', async () => {
  const made = bench({ relayBytes: 256, relayQueueCount: 1 });
  made.handler.handle(inbound(bob, 'x', 257));
  made.handler.handle(inbound(uid(666)));
  made.handler.handle(inbound(bob));
  await settle(made, 3);
  const errors = made.replies.map(({ frame }) => (frame?.kind === 'error' ? frame.error : undefined));
  assert.deepEqual(
    errors.map((error) => error?.code),
    [ERRORS.CONTENT_TOO_LARGE.code, ERRORS.QUEUE_FULL.code, ERRORS.STORE_UNAVAILABLE.code],
  );
  assert.ok((errors[1]?.retryAfterMs ?? 0) > 0);
  assert.equal(made.delivered.length, 0);
});

test('to a group: the members, all but the device that said it; refused like a message', async () => {
  const gid = known(toGid(2 ** 30 + 5));
  const made = bench();
  made.handler.handle(inbound(gid));
  made.handler.handle(inbound(bob));
  await settle(made, 2);
  assert.deepEqual(made.asked, [
    [
      { from: alice, to: gid },
      { from: alice, to: bob },
    ],
  ]);
  const frame = { kind: 'relay', action: 'message.cli', from: alice, to: gid, payload: { content: 'x' } };
  assert.deepEqual(made.groupDelivered, [{ kind: 'relay', gid, frame, except: { uid: alice, device } }]);
  assert.equal(made.delivered.length, 1);

  const stranger = bench();
  stranger.refusal = 'NOT_A_MEMBER';
  stranger.handler.handle(inbound(gid));
  stranger.handler.handle(inbound(WORLD_GID));
  await settle(stranger, 2);
  assert.deepEqual(
    stranger.replies.map(({ frame: answer }) => answer?.kind === 'error' && answer.error.code),
    [ERRORS.NO_SUCH_GROUP.code, ERRORS.NOT_A_MEMBER.code],
  );
  assert.equal(stranger.groupDelivered.length, 0);
});
