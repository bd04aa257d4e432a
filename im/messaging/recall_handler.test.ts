import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../pkg/errors/coded_error.js';
import { ERRORS, imError, type ErrorName } from '../errors.js';
import type { GroupDraft, Groups } from '../group/interface.js';
import type { Delivery } from '../gateway/interface.js';
import { groupConversation, toConversation } from '../message/conversation.js';
import { WORLD_GID } from '../message/group.js';
import {
  known,
  toDevice,
  toGid,
  toMid,
  toSeq,
  toUid,
  type Mid,
  type PeerId,
  type Uid,
} from '../message/ids.js';
import { EVENT_KIND, type ChatEvent, type RecallUp } from '../message/message.js';
import { recallContent } from '../message/recall.js';
import type { AppendAnswer, AppendDraft, Appender, LocatedTarget } from '../store/interface.js';
import { EventDelivery } from './event_delivery.js';
import type { Reply } from './interface.js';
import { RecallHandler } from './recall_handler.js';

const logger = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};
const [alice, bob, eve] = [known(toUid(1)), known(toUid(2)), known(toUid(3))];
const device = known(toDevice(2));
const mid = (n: number): Mid => known(toMid(n));
const conv = known(toConversation('u1_2'));
const said: LocatedTarget = {
  ...{ mid: mid(70), conv, seq: known(toSeq(7)), from: alice, clientId: 'c7', sentAtMs: 1200 },
};
const gid = known(toGid(2 ** 30 + 5));
const saidInGroup = { ...said, mid: mid(71), conv: groupConversation(gid) };
const content = recallContent({ ...said, by: alice });
const RECALL = { mid: mid(500), seq: known(toSeq(9)), n: 5, storedAtMs: 1234 };

interface Bench {
  readonly handler: RecallHandler;
  readonly replies: Reply[];
  readonly delivered: Delivery[];
  readonly drafts: AppendDraft[];
  /** Of these, the ones that went through the group. */
  readonly grouped: GroupDraft[];
  readonly located: [Uid, readonly Mid[]][];
}

/** alice said 70 to bob; the batcher answers everything with `answer`, or refuses it. */
function bench(
  answer: AppendAnswer = { outcome: 'stored', event: { ...RECALL, memberCount: 0 } },
  refusal?: ErrorName,
): Bench {
  const made = {
    ...{ replies: [] as Reply[], delivered: [] as Delivery[], drafts: [] as AppendDraft[] },
    grouped: [] as GroupDraft[],
  };
  const located: [Uid, readonly Mid[]][] = [];
  const appender: Appender = {
    enqueue: (draft, listener, context) => {
      if (refusal !== undefined) return imError(refusal);
      made.drafts.push(draft);
      setImmediate(() => listener.settled([{ draft, context, result: answer }]));
      return undefined;
    },
    append: () => Promise.reject(imError('INTERNAL')),
  };
  const dispatch = {
    deliver: (batch: readonly Delivery[]) => {
      made.delivered.push(...batch);
      return Promise.resolve(batch.map(() => ({ absent: [bob] })));
    },
    kick: () => Promise.resolve(),
  };
  const groups = {
    enqueue: ((draft, listener, context) => {
      made.grouped.push(draft);
      return appender.enqueue(draft, listener, context);
    }) satisfies Groups['enqueue'],
  };
  const store = {
    locate: (uid: Uid, mids: readonly Mid[]) => {
      located.push([uid, mids]);
      if (mids.includes(mid(666))) return Promise.reject(imError('STORE_UNAVAILABLE'));
      return Promise.resolve(uid === eve ? [] : [said, saidInGroup].filter((one) => mids.includes(one.mid)));
    },
  };
  const replies = { reply: (batch: readonly Reply[]) => void made.replies.push(...batch) };
  const delivery = new EventDelivery({ dispatch, replies, logger });
  const handler = new RecallHandler(
    { recallWindowMs: 5000 },
    {
      ...{
        store,
        appender,
        groups,
        world: { isClosed: (to: PeerId) => to === WORLD_GID },
        delivery,
        replies,
        logger,
      },
    },
  );
  return { ...made, located, handler };
}

const FRAME: RecallUp = {
  ...{ kind: 'recall', echo: 4, to: bob, target: said.mid, mid: 0, clientId: 'c7', ticket: '' },
};
const inbound = (uid: Uid, frame: Partial<RecallUp> = {}) => ({
  ...{ connection: 11, uid, device, tokenVersion: 1, host: '', address: '', dialect: 'web' as const },
  ...{ frame: { ...FRAME, ...frame }, bytes: 99 },
});

async function settled(made: Bench, count: number): Promise<readonly Reply[]> {
  for (let turn = 0; turn < 50 && made.replies.length < count; turn++)
    await new Promise((resolve) => setImmediate(resolve));
  return made.replies;
}

test('goes to the batcher as an event that names its target, and the sender himself, whatever he said', async () => {
  const made = bench();
  made.handler.handle(inbound(alice, { mid: mid(80), clientId: 'm80' }));
  const [ack, offline] = await settled(made, 2);
  assert.deepEqual(made.drafts, [
    {
      conv,
      event: {
        ...{
          kind: EVENT_KIND.recall,
          from: alice,
          device,
          to: bob,
          clientId: 'recall-70',
          mid: 80,
          type: 100,
        },
        ...{ content, sentAtMs: 0 },
      },
      change: { kind: 'recall', mid: 70, by: alice, windowMs: 5000 },
    },
  ]);
  assert.deepEqual(ack, {
    ...{ connection: 11, ends: true, bytes: 99 },
    frame: { kind: 'stored', echo: 4, conv, seq: 9, storedAtMs: 1234, mid: 80, clientId: 'm80' },
  });
  assert.deepEqual(offline?.frame, { kind: 'offline', conv, seq: 9, mid: 80, clientId: 'm80', peer: bob });
  const [push] = made.delivered;
  assert.ok(push?.frame.kind === 'push');
  assert.deepEqual([push.frame.event.kind, push.frame.after], [EVENT_KIND.recall, 8]);
  assert.deepEqual(push.recipients, [{ uid: bob }, { uid: alice, exceptDevice: device }]);
});

test('one who named only the target is acked under the target’s ids', async () => {
  const made = bench();
  made.handler.handle(inbound(alice));
  const [ack] = await settled(made, 1);
  assert.ok(ack?.frame?.kind === 'stored');
  assert.deepEqual([ack.frame.mid, ack.frame.clientId, ack.frame.seq], [70, 'c7', 9]);
});

test('a repeat is acked and pushed again with the numbers of the first', async () => {
  const event: ChatEvent = {
    ...{ kind: EVENT_KIND.recall, conv, seq: RECALL.seq, mid: RECALL.mid, clientId: 'recall-70' },
    ...{ from: alice, to: bob, type: 100, content, sentAtMs: 1, storedAtMs: 1234, status: 0 },
  };
  const made = bench({ outcome: 'duplicate', event });
  made.handler.handle(inbound(alice));
  const [ack] = await settled(made, 2);
  assert.ok(ack?.frame?.kind === 'stored');
  assert.equal(ack.frame.seq, 9);
  assert.equal(made.delivered.length, 1);

  const chat = bench({ outcome: 'duplicate', event: { ...event, kind: EVENT_KIND.message } });
  chat.handler.handle(inbound(alice));
  const [refused] = await settled(chat, 1);
  assert.ok(refused?.frame?.kind === 'failed', 'a message of that name is no recall');
  assert.equal(refused.frame.error.code, ERRORS.BAD_CLIENT_ID.code);
  assert.equal(chat.delivered.length, 0);
});

test('refused at once, or by the store: each with its own code, once, in the sender’s terms', async () => {
  const cases: [Bench, Uid, Partial<RecallUp>, ErrorName][] = [
    [bench(), eve, {}, 'NO_SUCH_MESSAGE'],
    [bench(), alice, { to: eve }, 'NO_SUCH_MESSAGE'],
    [bench(), alice, { target: mid(72) }, 'NO_SUCH_MESSAGE'],
    [bench(), alice, { target: mid(71) }, 'NO_SUCH_MESSAGE'],
    [bench(), alice, { to: gid }, 'NO_SUCH_MESSAGE'],
    [bench(), alice, { to: WORLD_GID, target: mid(71) }, 'NO_SUCH_GROUP'],
    [bench(), bob, { to: alice }, 'NO_PERMISSION'],
    [bench(), alice, { target: mid(666) }, 'STORE_UNAVAILABLE'],
    [bench(undefined, 'QUEUE_FULL'), alice, {}, 'QUEUE_FULL'],
    [bench({ outcome: 'refused', error: 'RECALL_TOO_LATE' }), alice, {}, 'RECALL_TOO_LATE'],
    [bench(imError('OUTCOME_UNKNOWN')), alice, {}, 'OUTCOME_UNKNOWN'],
  ];
  for (const [made, uid, frame, name] of cases) {
    made.handler.handle(inbound(uid, frame));
    const replies = await settled(made, 1);
    assert.equal(replies.length, 1);
    const [reply] = replies;
    assert.ok(reply?.ends === true && reply.frame?.kind === 'failed', name);
    assert.deepEqual([reply.frame.error.code, reply.frame.mid], [ERRORS[name].code, frame.target ?? 70]);
    assert.equal(made.delivered.length, 0);
  }
});

test('many at once are looked up once for each user', async () => {
  const made = bench();
  for (let count = 0; count < 20; count++) made.handler.handle(inbound(count % 2 === 0 ? alice : eve));
  await settled(made, 20);
  assert.deepEqual(
    made.located.map(([uid, mids]) => [uid, mids.length]),
    [
      [alice, 10],
      [eve, 10],
    ],
  );
});

test('over HTTP: all own devices are told, and a refusal is thrown', async () => {
  const made = bench();
  await made.handler.recall({ uid: alice, device }, bob, said.mid);
  await settled(made, 1);
  assert.deepEqual(made.delivered[0]?.recipients, [{ uid: bob }, { uid: alice }]);
  assert.deepEqual(made.replies, [], 'there is no connection to be told anything');
  await assert.rejects(
    made.handler.recall({ uid: eve, device }, alice, said.mid),
    (error) => error instanceof CodedError && error.code === ERRORS.NO_SUCH_MESSAGE.code,
  );
});

test('in a group anybody’s message goes to the store, which knows the admins; acked, accepted, pushed by the group', async () => {
  for (const uid of [alice, bob]) {
    const made = bench();
    made.handler.handle(inbound(uid, { to: gid, target: saidInGroup.mid, mid: mid(80), clientId: 'm80' }));
    const replies = await settled(made, 2);
    const [draft] = made.grouped;
    assert.deepEqual(draft?.change, { kind: 'recall', mid: 71, by: uid, windowMs: 5000 });
    assert.deepEqual([draft.event?.to, draft.isAnswered], [gid, true]);
    const named = { conv: saidInGroup.conv, seq: 9, mid: 80, clientId: 'm80' };
    assert.deepEqual(
      replies.map(({ ends, frame }) => [ends, frame]),
      [
        [true, { kind: 'stored', echo: 4, storedAtMs: 1234, ...named }],
        [false, { kind: 'accepted', ...named }],
      ],
    );
    assert.equal(made.delivered.length, 0);
  }
  const refused = bench({ outcome: 'refused', error: 'NO_PERMISSION' });
  refused.handler.handle(inbound(bob, { to: gid, target: saidInGroup.mid }));
  const [answer] = await settled(refused, 1);
  assert.ok(answer?.frame?.kind === 'failed' && answer.frame.error.code === ERRORS.NO_PERMISSION.code);

  const http = bench();
  await http.handler.recall({ uid: alice, device }, gid, saidInGroup.mid);
  assert.equal(http.grouped[0]?.isAnswered, false, 'all own devices are pushed it');
});
