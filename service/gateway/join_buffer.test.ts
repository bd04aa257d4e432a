import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JoinBuffer } from './join_buffer.js';

const chunks = fc.array(fc.uint8Array({ maxLength: 6000 }), { maxLength: 5 });

test('what is kept stays as it is, whatever is joined after it', () => {
  const writes = fc.array(fc.record({ chunks, isKept: fc.boolean() }), { minLength: 20, maxLength: 60 });
  fc.assert(
    fc.property(writes, (list) => {
      const buffer = new JoinBuffer();
      const kept: (readonly [Uint8Array, Buffer])[] = [];
      for (const write of list) {
        const bytes = buffer.join(write.chunks);
        const expected = Buffer.concat(write.chunks);
        assert.deepEqual(Buffer.from(bytes), expected);
        if (!write.isKept) continue;
        buffer.keep();
        kept.push([bytes, expected]);
      }
      for (const [bytes, expected] of kept) assert.ok(expected.equals(bytes));
    }),
    { numRuns: 50 },
  );
});

test('small writes that wait share their memory', () => {
  const buffer = new JoinBuffer();
  const memories = new Set<ArrayBufferLike>();
  for (let count = 0; count < 1000; count++) {
    memories.add(buffer.join([Buffer.from('a'), Buffer.from('frame')]).buffer);
    buffer.keep();
  }
  assert.equal(memories.size, 1);
});
