import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS, imError, isError, type ErrorName } from '../errors.js';
import type { GroupDraft } from '../group/interface.js';
import { groupConversation, toConversation } from '../message/conversation.js';
import { readEdit, readPin, readReaction } from '../message/event_content.js';
import { known, toDevice, toGid, toMid, toSeq, toUid, type Mid, type Uid } from '../message/ids.js';
import { EVENT_KIND, MESSAGE_STATUS, type ChatEvent } from '../message/message.js';
import type { AppendAnswer, AppendDraft, Appender, LocatedTarget } from '../store/interface.js';
import { EventHandler } from './event_handler.js';

const [alice, bob] = [known(toUid(1)), known(toUid(2))];
const caller = (uid: Uid) => ({ uid, device: known(toDevice(2)) });
const mid = (n: number): Mid => known(toMid(n));
const conv = known(toConversation('u1_2'));
const group = groupConversation(known(toGid(2 ** 30 + 5)));
const SAID: LocatedTarget = {
  ...{ mid: mid(70), conv, seq: known(toSeq(7)), from: alice, clientId: 'c7', sentAtMs: 1200 },
};
const IN_GROUP: LocatedTarget = { ...SAID, mid: mid(71), conv: group };
const STORED = { mid: mid(500), seq: known(toSeq(9)), n: 5, storedAtMs: 1234, memberCount: 0 };
const TARGET = { mid: 70, clientId: 'c7', seq: 7 };

interface Bench {
  readonly handler: EventHandler;
  readonly drafts: AppendDraft[];
  readonly grouped: GroupDraft[];
  readonly delivered: ChatEvent[];
  readonly located: [Uid, readonly Mid[]][];
}

function bench(
  answer: AppendAnswer = { outcome: 'stored', event: STORED },
  refusal?: ErrorName,
  options: { editWindowMs?: number; contentBytes?: number } = {},
): Bench {
  const drafts: AppendDraft[] = [];
  const grouped: GroupDraft[] = [];
  const delivered: ChatEvent[] = [];
  const located: [Uid, readonly Mid[]][] = [];
  const enqueueTo =
    (list: AppendDraft[]): Appender['enqueue'] =>
    (draft, listener, context) => {
      if (refusal !== undefined) return imError(refusal);
      list.push(draft);
      setImmediate(() => listener.settled([{ draft, context, result: answer }]));
      return undefined;
    };
  const handler = new EventHandler(
    { editWindowMs: 5000, contentBytes: 20, ...options },
    {
      store: {
        locate: (uid, mids) => {
          located.push([uid, mids]);
          if (mids.includes(mid(666))) return Promise.reject(imError('STORE_UNAVAILABLE'));
          return Promise.resolve([SAID, IN_GROUP].filter((message) => mids.includes(message.mid)));
        },
      },
      appender: { enqueue: enqueueTo(drafts) },
      groups: { enqueue: enqueueTo(grouped) },
      delivery: {
        deliver: (events, senders) => {
          delivered.push(...events);
          assert.ok(
            senders.every((sender) => sender.device === undefined),
            'the caller’s own device is pushed it too',
          );
          return Promise.resolve();
        },
      },
    },
  );
  return { handler, drafts, grouped, delivered, located };
}

const rejectsWith = (work: Promise<unknown>, name: ErrorName): Promise<void> =>
  assert.rejects(work, (error) => isError(error, name));

test('an edit names its target, carries the window, and goes to both', async () => {
  const { handler, drafts, delivered } = bench();
  const place = await handler.edit(caller(alice), { conv, mid: SAID.mid, content: 'new', clientId: 'e1' });
  assert.deepEqual(place, { conv, mid: 500, seq: 9, storedAtMs: 1234 });
  const [draft] = drafts;
  assert.deepEqual(draft?.change, { kind: 'edit', mid: 70, by: alice, content: 'new', windowMs: 5000 });
  const { content, ...event } = known(draft.event);
  assert.deepEqual(readEdit(content), { ...TARGET, content: 'new' });
  assert.deepEqual(event, {
    ...{ kind: EVENT_KIND.edit, clientId: 'e1', from: alice, device: 2, to: bob, mid: 0, type: 0 },
    sentAtMs: 0,
  });
  assert.deepEqual(
    delivered.map(({ kind, seq, to }) => [kind, seq, to]),
    [[EVENT_KIND.edit, 9, bob]],
  );
});

test('the same client id again is the same edit; of something else it is refused', async () => {
  const earlier = (kind: ChatEvent['kind']): AppendAnswer => ({
    outcome: 'duplicate',
    event: {
      ...{ kind, conv, seq: known(toSeq(8)), mid: mid(400), clientId: 'e1', from: alice, to: bob, type: 0 },
      ...{ content: '{}', sentAtMs: 1, storedAtMs: 2, status: MESSAGE_STATUS.normal },
    },
  });
  const edit = { conv, mid: SAID.mid, content: 'new', clientId: 'e1' };
  const again = bench(earlier(EVENT_KIND.edit));
  assert.deepEqual(await again.handler.edit(caller(alice), edit), { conv, mid: 400, seq: 8, storedAtMs: 2 });
  const other = bench(earlier(EVENT_KIND.message));
  await rejectsWith(other.handler.edit(caller(alice), edit), 'BAD_CLIENT_ID');
  assert.deepEqual(other.delivered, []);
});

test('what is no message of this conversation, not his, too large or badly named is refused before it is tried', async () => {
  const { handler, drafts } = bench();
  const edit = { conv, mid: SAID.mid, content: 'new', clientId: 'e1' };
  await rejectsWith(handler.edit(caller(alice), { ...edit, mid: mid(9) }), 'NO_SUCH_MESSAGE');
  await rejectsWith(handler.edit(caller(alice), { ...edit, conv: group }), 'NO_SUCH_MESSAGE');
  await rejectsWith(handler.edit(caller(bob), edit), 'NO_PERMISSION');
  await rejectsWith(handler.edit(caller(alice), { ...edit, content: 'é'.repeat(11) }), 'CONTENT_TOO_LARGE');
  await rejectsWith(handler.edit(caller(alice), { ...edit, content: '\ud800' }), 'INVALID_PARAMETER');
  await rejectsWith(handler.edit(caller(alice), { ...edit, clientId: '' }), 'BAD_CLIENT_ID');
  await rejectsWith(handler.edit(caller(alice), { ...edit, clientId: 'x'.repeat(65) }), 'BAD_CLIENT_ID');
  for (const emoji of ['', 'x'.repeat(65), '\ud800', 'a\0'])
    await rejectsWith(handler.react(caller(bob), { conv, mid: SAID.mid }, emoji, true), 'INVALID_PARAMETER');
  assert.deepEqual(drafts, []);
});

test('whoever reads may react and pin; what was so already is no event', async () => {
  const { handler, drafts } = bench();
  await handler.react(caller(bob), { conv, mid: SAID.mid }, '👍', true);
  await handler.pin(caller(bob), { conv, mid: SAID.mid }, false);
  const [reaction, pin] = drafts;
  assert.deepEqual(reaction?.change, { kind: 'reaction', mid: 70, by: bob, emoji: '👍', on: true });
  assert.deepEqual(readReaction(known(reaction.event).content), { ...TARGET, emoji: '👍', on: true });
  assert.deepEqual(pin?.change, { kind: 'pin', mid: 70, by: bob, on: false });
  assert.deepEqual(readPin(known(pin.event).content), { ...TARGET, on: false });
  assert.notEqual(known(reaction.event).clientId, known(pin.event).clientId);

  const same = bench({ outcome: 'changed' });
  assert.equal(await same.handler.react(caller(bob), { conv, mid: SAID.mid }, '👍', true), undefined);
  assert.equal(await same.handler.pin(caller(bob), { conv, mid: SAID.mid }, true), undefined);
  assert.deepEqual(same.delivered, []);
  await rejectsWith(
    same.handler.edit(caller(alice), { conv, mid: SAID.mid, content: 'x', clientId: 'e' }),
    'INTERNAL',
  );
});

test('a group’s event goes through the group, and is delivered by it', async () => {
  const { handler, drafts, grouped, delivered } = bench();
  const place = await handler.react(caller(bob), { conv: group, mid: IN_GROUP.mid }, '👍', true);
  assert.equal(place?.conv, group);
  assert.deepEqual([drafts.length, delivered.length], [0, 0]);
  assert.deepEqual([grouped[0]?.isAnswered, grouped[0]?.event?.to], [false, 2 ** 30 + 5]);
});

test('a refusal, of the batcher or of the store, is what the caller is told', async () => {
  const full = bench(undefined, 'QUEUE_FULL');
  const target = { conv, mid: SAID.mid };
  await rejectsWith(full.handler.pin(caller(bob), target, true), 'QUEUE_FULL');
  const late = bench({ outcome: 'refused', error: 'EDIT_TOO_LATE' });
  await rejectsWith(
    late.handler.edit(caller(alice), { ...target, content: 'x', clientId: 'e' }),
    'EDIT_TOO_LATE',
  );
  const lost = bench(imError('OUTCOME_UNKNOWN'));
  await rejectsWith(lost.handler.pin(caller(bob), target, true), 'OUTCOME_UNKNOWN');
  await rejectsWith(lost.handler.pin(caller(bob), { conv, mid: mid(666) }, true), 'STORE_UNAVAILABLE');
  assert.equal(ERRORS.EDIT_TOO_LATE.temporary, false);
});

test('a burst is looked up once for each user', async () => {
  const { handler, located, drafts } = bench();
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      handler.react(caller(index % 2 === 0 ? alice : bob), { conv, mid: SAID.mid }, `${index}`, true),
    ),
  );
  assert.equal(drafts.length, 20);
  assert.deepEqual(located, [
    [alice, [70]],
    [bob, [70]],
  ]);
});
