import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JoinBuffer } from './join_buffer.js';

const chunks = fc.array(fc.uint8Array({ maxLength: 6000, size: 'max' }), { maxLength: 5, size: 'max' });

test('what is kept stays as it is, whatever is joined after it', () => {
  const writes = fc.array(fc.record({ chunks, isKept: fc.boolean() }), {
    minLength: 20,
    maxLength: 60,
    size: 'max',
  });
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
  assert.ok(memories.size <= 2, `${memories.size}`);
});

test('a write that waits alone holds little more memory than its own, however many ended around it', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 16_384 }), { minLength: 20, maxLength: 60, size: 'max' });
  fc.assert(
    fc.property(sizes, (list) => {
      const buffer = new JoinBuffer();
      for (const size of list) {
        const bytes = buffer.join([new Uint8Array(1), new Uint8Array(size - 1)]);
        buffer.keep();
        assert.ok(
          bytes.buffer.byteLength <= Math.max(4096, 8 * size),
          `${bytes.buffer.byteLength} for ${size}`,
        );
      }
    }),
    { numRuns: 50 },
  );
});
