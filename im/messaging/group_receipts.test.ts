import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { defaultsOf } from '../../pkg/config/option.js';
import { ERRORS } from '../errors.js';
import type { Delivery } from '../gateway/interface.js';
import { chatConversation, groupConversation, type ConversationName } from '../message/conversation.js';
import { LARGE_GROUP } from '../message/group.js';
import { known, toDevice, toGid, toMid, toSeq, toUid, type Seq, type Uid } from '../message/ids.js';
import type { LocatedTarget, MarkRequest } from '../store/interface.js';
import { MARK_WRITER_OPTIONS, MarkWriter } from './mark_writer.js';
import { ReceiptHandler, type PendingReceipt } from './receipts.js';

const logger = {
  ...{ error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined },
};
const [alice, bob, eve] = [known(toUid(1)), known(toUid(2)), known(toUid(3))];
const gid = known(toGid(2 ** 30 + 5));
const conv = groupConversation(gid);
const device = known(toDevice(1));
const seq = (n: number): Seq => known(toSeq(n));
const fromAlice: LocatedTarget = {
  ...{ mid: known(toMid(70)), conv, seq: seq(7), from: alice, clientId: 'c7', sentAtMs: 1200 },
};

/** bob may read the group up to 9, eve has nothing to do with it. */
function bench(t: TestContext, size?: number) {
  const delivered: Delivery[] = [];
  const written: MarkRequest[] = [];
  const asked: { uid: Uid; conv: ConversationName }[] = [];
  const store = {
    mark: (batch: readonly MarkRequest[]) => Promise.resolve(void written.push(...batch)),
    locate: (uid: Uid) => Promise.resolve(uid === bob ? [fromAlice] : []),
    lastSeqs: (names: readonly ConversationName[]) =>
      Promise.resolve(names.map((name) => ({ conv: name, lastSeq: seq(5) }))),
    readable: (readers: readonly { uid: Uid; conv: ConversationName }[]) => {
      asked.push(...readers);
      return Promise.resolve(readers.map(({ uid }) => (uid === bob ? seq(9) : undefined)));
    },
    mayWrite: () => Promise.resolve([]),
  };
  const dispatch = {
    deliver: (batch: readonly Delivery[]) => Promise.resolve(void delivered.push(...batch)).then(() => []),
  };
  const marks = new MarkWriter(defaultsOf(MARK_WRITER_OPTIONS), { store, logger });
  t.after(() => marks.flush());
  const sizes = { sizeOf: () => size };
  const receipts = new ReceiptHandler({ store, sizes, marks, dispatch, logger });
  const say = (what: PendingReceipt['what'], uid = bob): Promise<Error | undefined> =>
    new Promise((done) => receipts.add({ reader: { uid, device }, what, done }));
  const done = async (): Promise<readonly MarkRequest[]> => {
    await new Promise((resolve) => setImmediate(resolve));
    await marks.flush();
    return written;
  };
  return { say, receipts, delivered, asked, done };
}

const interval = (state: 'received' | 'read', from = 5, to = 1000) =>
  ({ by: 'interval', conv, from: seq(from), to: seq(to), state }) as const;

test('by mid and by push: marked, and told to no sender', async (t) => {
  const made = bench(t);
  assert.equal(await made.say({ by: 'mid', mid: fromAlice.mid }), undefined);
  assert.equal(await made.say({ by: 'pushed', messages: [{ ...fromAlice, seq: seq(8) }] }), undefined);
  const refused = await made.say({ by: 'mid', mid: fromAlice.mid }, eve);
  assert.deepEqual(refused?.message.includes('not yours'), true);
  assert.deepEqual(await made.done(), [{ uid: bob, device, conv, from: 7, to: 8, read: false }]);
  assert.deepEqual(made.delivered, []);
});

test('what was received up to where he may read is marked; what was read his other devices hear of too', async (t) => {
  const made = bench(t);
  assert.equal(await made.say(interval('received')), undefined);
  assert.equal(await made.say(interval('read')), undefined);
  assert.deepEqual(await made.done(), [
    { uid: bob, device, conv, from: 5, to: 9, read: false },
    { uid: bob, device, conv, from: 5, to: 9, read: true },
  ]);
  const frame = { kind: 'receipt', conv, from: 5, to: 9, state: 'read', by: bob, messages: undefined };
  assert.deepEqual(made.delivered, [{ frame, recipients: [{ uid: bob, exceptDevice: device }] }]);
});

test('who has no part in the group, or names what is not there yet, is refused', async (t) => {
  const made = bench(t);
  for (const [what, uid] of [
    [interval('read'), eve],
    [interval('received', 10, 11), bob],
  ] as const) {
    const error = await made.say(what, uid);
    assert.equal((error as { code?: number } | undefined)?.code, ERRORS.NO_PERMISSION.code);
  }
  assert.deepEqual([await made.done(), made.delivered], [[], []]);
});

test('each reader of a group is looked up once a batch, chats beside it by their name', async (t) => {
  const made = bench(t);
  const chat = chatConversation(alice, bob);
  const answers = await Promise.all([
    made.say(interval('received', 1, 2)),
    made.say(interval('received', 3, 4)),
    made.say({ ...interval('read', 1, 2), conv: chat }),
    made.say({ ...interval('read', 1, 2), conv: chat }, eve),
  ]);
  assert.deepEqual(
    answers.map((error) => error === undefined),
    [true, true, true, false],
  );
  assert.deepEqual(made.asked, [{ uid: bob, conv }]);
  const written = await made.done();
  assert.equal(written.length, 2);
  assert.deepEqual(
    made.delivered.map(({ recipients }) => recipients),
    [[{ uid: alice }, { uid: bob, exceptDevice: device }]],
  );
});

test('in a large group nothing that was only received costs the store anything; what was read does', async (t) => {
  const made = bench(t, LARGE_GROUP.deliveredMarks + 1);
  assert.equal(await made.say(interval('received')), undefined);
  assert.deepEqual([made.asked, await made.done()], [[], []]);
  await made.say(interval('read'));
  // An old client's mark feeds what it is pushed at its next sign-in.
  await made.say({ by: 'mid', mid: fromAlice.mid });
  assert.deepEqual(
    (await made.done()).map(({ read }) => read),
    [true, false],
  );
  const small = bench(t, LARGE_GROUP.deliveredMarks);
  await small.say(interval('received'));
  assert.equal((await small.done()).length, 1);
});

test('a note to oneself that was read is told to the other devices', async (t) => {
  const made = bench(t);
  const note = chatConversation(bob, bob);
  assert.equal(await made.say({ ...interval('read', 1, 2), conv: note }), undefined);
  await made.done();
  assert.deepEqual(
    made.delivered.map(({ recipients }) => recipients),
    [[{ uid: bob, exceptDevice: device }]],
  );
});
