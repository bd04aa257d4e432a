import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imError, type ErrorName } from '../errors.js';
import type { Delivery } from '../gateway/interface.js';
import type { GroupDraft, Groups } from '../group/interface.js';
import { conversationWith } from '../message/conversation.js';
import { WORLD_GID } from '../message/group.js';
import { known, toDevice, toGid, toMid, toSeq, toUid, type PeerId } from '../message/ids.js';
import { EVENT_KIND, type ChatUp } from '../message/message.js';
import { storedEvent } from '../message/stored_event.js';
import type { AppendAnswer, AppendDraft, Appender, AppendListener } from '../store/interface.js';
import { ChatHandler } from './chat_handler.js';
import { EventDelivery } from './event_delivery.js';
import type { Reply } from './interface.js';
import type { RepeatedMessage } from './repeated_messages.js';
import { WorldChannel } from './world_channel.js';

const logger = {
  ...{ error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined },
};
const [alice, bob] = [known(toUid(1)), known(toUid(2))];
const gid = known(toGid(2 ** 30 + 5));
const device = known(toDevice(2));
const PLACE = { mid: known(toMid(500)), seq: known(toSeq(9)), n: 5, storedAtMs: 1234, memberCount: 3 };
const STORED: AppendAnswer = { outcome: 'stored', event: PLACE };

/** Everything is answered by `answer`, in one batch, when the test settles it. */
function bench(answer: (draft: AppendDraft) => AppendAnswer = () => STORED, worldChannel = true) {
  const made = {
    ...{ replies: [] as Reply[], delivered: [] as Delivery[], refusal: undefined as ErrorName | undefined },
    ...{ chats: [] as AppendDraft[], grouped: [] as GroupDraft[], repeated: [] as RepeatedMessage[] },
  };
  const waiting: { draft: AppendDraft; listener: AppendListener<unknown>; context: unknown }[] = [];
  const take: Appender['enqueue'] = (draft, listener, context) => {
    if (made.refusal !== undefined) return imError(made.refusal);
    waiting.push({ draft, listener, context });
    return undefined;
  };
  const groups: Pick<Groups, 'enqueue'> = {
    enqueue: (draft, listener, context) => {
      made.grouped.push(draft);
      return take(draft, listener, context);
    },
  };
  const appender: Appender = {
    enqueue: (draft, listener, context) => {
      made.chats.push(draft);
      return take(draft, listener, context);
    },
    append: () => Promise.reject(imError('INTERNAL')),
  };
  const replies = { reply: (batch: readonly Reply[]) => void made.replies.push(...batch) };
  const dispatch = {
    deliver: (batch: readonly Delivery[]) => {
      made.delivered.push(...batch);
      return Promise.resolve(batch.map(() => ({ absent: [] })));
    },
  };
  const delivery = new EventDelivery({ dispatch, replies, logger });
  const world = new WorldChannel({ worldChannel }, { groups });
  const repeated = { add: (said: readonly RepeatedMessage[]) => void made.repeated.push(...said) };
  const handler = new ChatHandler({ appender, groups, world, delivery, repeated, replies });
  /** What is enqueued meanwhile is settled too, behind it, but no more than `count`; `atOnce`: by one commit. */
  const settle = (count = Infinity, atOnce = false): void => {
    let settledCount = 0;
    while (waiting.length > 0 && settledCount < count) {
      const batch = waiting.splice(0, atOnce ? Math.min(count, waiting.length) : 1);
      settledCount += batch.length;
      const results = batch.map((one) => ({ ...one, result: answer(one.draft) }));
      for (const listener of new Set(batch.map((one) => one.listener)))
        listener.settled(results.filter((one) => one.listener === listener));
    }
  };
  return Object.assign(made, { handler, settle });
}

function inbound(to: PeerId, more: Partial<ChatUp> = {}) {
  const frame: ChatUp = {
    ...{ kind: 'chat', action: 'message.group', echo: 4, to, clientId: 'c1', mid: 0, type: 1 },
    ...{ content: 'hi', sentAtMs: 0, ticket: '', ...more },
  };
  const client = { connection: 11, uid: alice, device, tokenVersion: 1, host: '', address: '' };
  return { ...client, dialect: 'web' as const, frame, bytes: 99 };
}

test('a message to a group goes through the group; its sender hears stored, then accepted, and gets no push', () => {
  const made = bench();
  const extra = { mentions: [bob], replyTo: known(toMid(7)) };
  made.handler.handle(inbound(gid, { extra }));
  made.settle();
  const conv = conversationWith(alice, gid);
  const event = {
    ...{ kind: EVENT_KIND.message, from: alice, device, to: gid, clientId: 'c1', mid: 0, type: 1 },
    ...{ content: 'hi', sentAtMs: 0, extra },
  };
  assert.deepEqual(made.grouped, [{ conv, event, isAnswered: true }]);
  const place = { conv, seq: 9, mid: 500, clientId: 'c1' };
  assert.deepEqual(made.replies, [
    {
      ...{ connection: 11, ends: true, bytes: 99 },
      frame: { kind: 'stored', echo: 4, storedAtMs: 1234, ...place },
    },
    { connection: 11, ends: false, bytes: 0, frame: { kind: 'accepted', ...place } },
  ]);
  assert.deepEqual([made.chats.length, made.delivered.length, made.handler.storedCount], [0, 0, 1]);
});

test('a message to a person is delivered as ever, and accepted by no word of its own', async () => {
  const made = bench();
  made.handler.handle(inbound(bob));
  made.settle();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([made.chats.length, made.grouped.length, made.delivered.length], [1, 0, 1]);
  assert.deepEqual(
    made.replies.map(({ frame }) => frame?.kind),
    ['stored'],
  );
});

test('a retry is the same message: the answers again, with the numbers of the first', () => {
  const made = bench((draft) => {
    assert.ok(draft.event !== undefined && draft.conv !== '');
    return { outcome: 'duplicate', event: storedEvent(draft.conv, draft.event, PLACE) };
  });
  made.handler.handle(inbound(gid));
  made.settle();
  assert.deepEqual(
    made.replies.map(({ frame }) => [frame?.kind, frame?.kind === 'stored' && frame.seq]),
    [
      ['stored', 9],
      ['accepted', false],
    ],
  );
  assert.equal(made.handler.storedCount, 0, 'counted once');
  made.handler.handle(inbound(bob));
  made.handler.handle(inbound(alice));
  made.settle();
  assert.deepEqual(
    made.repeated.map(({ connection, event: { conv } }) => [connection, conv]),
    [[11, conversationWith(alice, bob)]],
    'not asked after: a group, a note to oneself',
  );
});

test('every refusal has its reason; a message to nobody’s group is not tried again', () => {
  const errors: ErrorName[] = [
    'NOT_A_MEMBER',
    'GROUP_MUTED',
    'MEMBER_MUTED',
    'GROUP_DISSOLVED',
    'NO_SUCH_GROUP',
  ];
  for (const error of errors) {
    const made = bench(() => ({ outcome: 'refused', error }));
    made.handler.handle(inbound(gid));
    made.settle();
    const [reply] = made.replies;
    assert.ok(reply?.frame?.kind === 'failed' && reply.ends);
    assert.equal(reply.frame.error.code, imError(error).code);
    assert.deepEqual([made.replies.length, made.grouped.length], [1, 1]);
  }
  const full = bench();
  full.refusal = 'QUEUE_FULL';
  full.handler.handle(inbound(gid));
  assert.ok(full.replies[0]?.frame?.kind === 'failed' && full.replies[0].frame.error.temporary);
});

test('whoever speaks to everybody for the first time joins by it: the joining first, then his message', () => {
  const joined = new Set<unknown>();
  const made = bench((draft) => {
    if (draft.change?.kind === 'group') {
      joined.add(draft.change.by);
      return STORED;
    }
    return joined.has(draft.event?.from) ? STORED : { outcome: 'refused', error: 'NOT_A_MEMBER' };
  });
  made.handler.handle(inbound(WORLD_GID));
  made.settle();
  const [first, join, again] = made.grouped;
  assert.deepEqual(first, again);
  assert.ok(join?.change?.kind === 'group' && join.change.do === 'add');
  assert.deepEqual([join.change.by, join.change.uids, join.change.how], [alice, [alice], 'open']);
  assert.deepEqual([join.event?.kind, join.isAnswered], [EVENT_KIND.notice, false]);
  assert.deepEqual(
    made.replies.map(({ frame }) => frame?.kind),
    ['stored', 'accepted'],
  );
  made.handler.handle(inbound(WORLD_GID, { clientId: 'c2' }));
  made.settle();
  assert.equal(made.grouped.length, 4, 'he is in now');
});

test('a newcomer’s messages keep their order, whatever of them is under way when his joining begins', () => {
  const members = new Set<unknown>();
  const made = bench(({ change, event }) => {
    if (change?.kind === 'group') members.add(change.by);
    else if (!members.has(event?.from)) return { outcome: 'refused', error: 'NOT_A_MEMBER' };
    return STORED;
  });
  const say = (from: number, to: number): void => {
    for (let n = from; n < to; n++) made.handler.handle(inbound(WORLD_GID, { clientId: `c${n}` }));
  };
  say(0, 4);
  // The first is refused while the others wait; the fifth comes when his joining is known to be under way.
  made.settle(1);
  say(4, 6);
  // All are settled in one commit with the joining.
  made.settle(4, true);
  say(6, 8);
  made.settle();
  const stored = made.grouped.slice(5).map(({ event }) => event?.clientId);
  assert.deepEqual(
    stored,
    Array.from({ length: 8 }, (_, n) => `c${n}`),
  );
  assert.equal(made.grouped.filter(({ change }) => change !== undefined).length, 1, 'he joins once');
  assert.equal(made.replies.filter(({ frame }) => frame?.kind === 'stored').length, 8);
  assert.equal(made.replies.length, 16);
});

test('what a newcomer may have held back is bounded, and a joining that finds no room is told to all of it', () => {
  const made = bench(() => ({ outcome: 'refused', error: 'NOT_A_MEMBER' }));
  made.handler.handle(inbound(WORLD_GID));
  made.settle(1);
  for (let n = 0; n < 257; n++) made.handler.handle(inbound(WORLD_GID, { clientId: `c${n}` }));
  const [reply] = made.replies;
  assert.ok(reply?.frame?.kind === 'failed' && made.replies.length === 1);
  assert.deepEqual([reply.frame.clientId, reply.frame.error.code], ['c256', imError('QUEUE_FULL').code]);
  assert.ok(reply.frame.error.retryAfterMs > 0);
  made.settle();
  assert.equal(made.replies.length, 258, 'all are answered');

  const full = bench(() => ({ outcome: 'refused', error: 'NOT_A_MEMBER' }));
  full.handler.handle(inbound(WORLD_GID));
  full.refusal = 'QUEUE_FULL';
  full.settle();
  assert.deepEqual(
    full.replies.map(({ frame }) => frame?.kind === 'failed' && frame.error.code),
    [imError('QUEUE_FULL').code],
  );
  full.refusal = undefined;
  full.handler.handle(inbound(WORLD_GID));
  assert.equal(full.grouped.length, 3, 'he may try again');
});

test('one who may not come in is told so once, and the world that is switched off is no group', () => {
  const made = bench(({ change }) => ({
    outcome: 'refused',
    error: change === undefined ? 'NOT_A_MEMBER' : 'GROUP_BANNED',
  }));
  made.handler.handle(inbound(WORLD_GID));
  made.settle();
  assert.equal(made.grouped.length, 3);
  assert.deepEqual(
    made.replies.map(({ frame }) => frame?.kind === 'failed' && frame.error.code),
    [imError('NOT_A_MEMBER').code],
  );
  const off = bench(undefined, false);
  off.handler.handle(inbound(WORLD_GID));
  assert.equal(off.grouped.length, 0);
  assert.ok(off.replies[0]?.frame?.kind === 'failed');
  assert.equal(off.replies[0].frame.error.code, imError('NO_SUCH_GROUP').code);
});
