import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '../../test/support/wait.js';
import { imError, type ErrorName } from '../errors.js';
import { chatConversation } from '../message/conversation.js';
import { known, toMid, toSeq, toUid, type Uid } from '../message/ids.js';
import type { Reply } from './interface.js';
import { RepeatedMessages, type RepeatedMessage } from './repeated_messages.js';

const [alice, bob, carol] = [known(toUid(1)), known(toUid(2)), known(toUid(3))];

/** Bob has everything up to 5, Carol nothing. */
function bench() {
  const made = {
    reads: 0,
    flushes: 0,
    warnings: 0,
    replies: [] as Reply[],
    failure: undefined as Error | undefined,
  };
  const blocked = { of: undefined as Uid | undefined };
  const repeated = new RepeatedMessages({
    store: {
      delivered: (places) => {
        made.reads++;
        if (made.failure !== undefined) return Promise.reject(made.failure);
        assert.ok(made.flushes >= made.reads, 'receipts are written first');
        return Promise.resolve(places.map(({ uid }) => known(toSeq(uid === bob ? 5 : 0))));
      },
      mayWrite: (pairs) =>
        Promise.resolve(
          pairs.map(({ from, to }): ErrorName | undefined =>
            from === blocked.of && to === alice ? 'BLOCKED' : 'CONTACTS_ONLY',
          ),
        ),
    },
    receipts: {
      written: () => {
        made.flushes++;
        return Promise.resolve();
      },
    },
    replies: { reply: (batch) => void made.replies.push(...batch) },
    logger: {
      ...{ error: () => undefined, info: () => undefined, debug: () => undefined },
      warn: () => (made.warnings += 1),
    },
  });
  return Object.assign(made, { repeated, blocked });
}

function message(to: Uid, number: number, connection = 11): RepeatedMessage {
  const [seq, mid] = [known(toSeq(number)), known(toMid(100 + number))];
  return {
    connection,
    event: { conv: chatConversation(alice, to), seq, mid, clientId: `c${number}`, from: alice },
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('who says again what has been received is told so as by a receipt, and one look serves all that come meanwhile', async () => {
  const made = bench();
  made.repeated.add([]);
  await pause(100);
  assert.equal(made.reads, 0, 'nothing repeated costs nothing');
  made.repeated.add([message(bob, 5), message(bob, 6), message(carol, 1)]);
  made.repeated.add([message(bob, 2, 12)]);
  assert.equal(made.reads, 0, 'nobody waits for it');
  await waitUntil('the answers', () => made.replies.length > 0);
  assert.equal(made.reads, 1);
  const frame = { kind: 'receipt', conv: chatConversation(alice, bob), state: 'received', by: bob };
  assert.deepEqual(made.replies, [
    {
      ...{ connection: 11, ends: false, bytes: 0 },
      frame: { ...frame, from: 5, to: 5, messages: [{ mid: 105, clientId: 'c5', seq: 5 }] },
    },
    {
      ...{ connection: 12, ends: false, bytes: 0 },
      frame: { ...frame, from: 2, to: 2, messages: [{ mid: 102, clientId: 'c2', seq: 2 }] },
    },
  ]);
});

test('whoever blocked the receiver is told nothing, and a failed read is a line in the log', async () => {
  const made = bench();
  made.blocked.of = bob;
  made.repeated.add([message(bob, 5)]);
  await waitUntil('the look', () => made.reads === 1);
  made.failure = imError('INTERNAL');
  await pause(20);
  made.repeated.add([message(bob, 5)]);
  await waitUntil('the warning', () => made.warnings === 1);
  made.failure = undefined;
  made.repeated.add([message(bob, 5)]);
  await waitUntil('another look', () => made.reads === 3);
  await pause(20);
  assert.equal(made.replies.length, 0);
});

test('more than can wait are not asked after', async () => {
  const made = bench();
  for (let n = 0; n < 5; n++) made.repeated.add(Array.from({ length: 1000 }, () => message(bob, 5)));
  await waitUntil('the answers', () => made.replies.length > 0);
  await pause(200);
  assert.equal(made.replies.length, 4096);
});
