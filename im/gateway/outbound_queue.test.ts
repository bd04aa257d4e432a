import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultsOf } from '../../pkg/config/option.js';
import { toConversation, type ConversationName } from '../message/conversation.js';
import { known } from '../message/ids.js';
import { OUTBOUND_OPTIONS, OutboundQueue } from './outbound_queue.js';

const OPTIONS = {
  ...defaultsOf(OUTBOUND_OPTIONS),
  queueBytes: 1000,
  flushBytes: 300,
  slowFlushBytes: 100,
  markedCount: 3,
};
const conv = (n: number): ConversationName => known(toConversation(`u1_${n + 1}`));
const chunk = (bytes: number, id = 0): Uint8Array => new Uint8Array(bytes).fill(id);

test('what does not fit is let go, its conversation marked, announced once at half-empty', () => {
  const queue = new OutboundQueue(OPTIONS, { bytes: 0 });
  assert.ok(queue.enqueuePush(chunk(900), conv(1)));
  assert.ok(!queue.enqueuePush(chunk(200), conv(2)));
  assert.ok(
    !queue.enqueuePush(chunk(1), conv(2)),
    'nothing more of a marked conversation, or it would overtake',
  );
  assert.ok(queue.enqueuePush(chunk(50), conv(1)), 'other conversations go on');
  assert.equal(queue.takeMarked(), undefined, 'not while it is more than half full');
  queue.takeFlush(false);
  assert.equal(queue.takeMarked(), undefined, 'not while the socket has not taken the bytes');
  queue.wrote();
  assert.deepEqual(queue.takeMarked(), [conv(2)]);
  assert.equal(queue.takeMarked(), undefined);
  assert.ok(queue.enqueuePush(chunk(1), conv(2)));
});

test('too many marked conversations become «any»', () => {
  const queue = new OutboundQueue(OPTIONS, { bytes: 0 });
  queue.enqueue(chunk(1000));
  for (let n = 0; n < 5; n++) assert.ok(!queue.enqueuePush(chunk(1), conv(n)));
  queue.takeFlush(false);
  queue.wrote();
  assert.deepEqual(queue.takeMarked(), []);
});

test('answers are always taken', () => {
  const queue = new OutboundQueue(OPTIONS, { bytes: 0 });
  for (let n = 0; n < 10; n++) queue.enqueue(chunk(500));
  assert.equal(queue.bytes, 5000);
});

test('everything taken in comes out once, in order, in pieces of bounded size', () => {
  const operations = fc.array(
    fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 250 }), conv: fc.nat(6) }),
      fc.record({ isSlow: fc.boolean() }),
    ),
    { maxLength: 300, size: 'max' },
  );
  fc.assert(
    fc.property(operations, (steps) => {
      const queue = new OutboundQueue(OPTIONS, { bytes: 0 });
      const expected: Uint8Array[] = [];
      const got: Uint8Array[] = [];
      for (const step of steps) {
        if ('push' in step) {
          const bytes = chunk(step.push);
          const before = queue.bytes;
          if (queue.enqueuePush(bytes, conv(step.conv))) expected.push(bytes);
          else assert.equal(queue.bytes, before);
          assert.ok(queue.bytes <= OPTIONS.queueBytes);
        } else {
          const flush = queue.takeFlush(step.isSlow);
          const limit = step.isSlow ? OPTIONS.slowFlushBytes : OPTIONS.flushBytes;
          const bytes = flush.reduce((sum, part) => sum + part.length, 0);
          assert.ok(bytes <= limit || flush.length === 1);
          got.push(...flush);
          queue.wrote();
        }
      }
      while (!queue.isEmpty) {
        got.push(...queue.takeFlush(false));
        queue.wrote();
      }
      assert.equal(queue.bytes, 0);
      assert.equal(got.length, expected.length);
      got.forEach((part, index) => assert.equal(part, expected[index]));
    }),
  );
});

test('what all queues hold together is counted, bounded, and given back', () => {
  const total = { bytes: 0 };
  const options = { ...OPTIONS, totalBytes: 1200 };
  const [one, other] = [new OutboundQueue(options, total), new OutboundQueue(options, total)];
  assert.ok(one.enqueuePush(chunk(900), conv(1)));
  assert.ok(other.enqueuePush(chunk(400), conv(2)));
  assert.ok(!other.enqueuePush(chunk(1), conv(3)), 'too much in all, though little here');
  while (!one.isEmpty) {
    one.takeFlush(false);
    one.wrote();
  }
  assert.equal(total.bytes, 400);
  assert.ok(other.enqueuePush(chunk(1), conv(4)));
  other.takeFlush(false);
  other.discard();
  assert.equal(total.bytes, 0);
});
