import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TokenBucket } from './token_bucket.js';

test('a burst, then so much a second, and never more than a burst saved up', () => {
  const bucket = new TokenBucket({ perSecond: 4, burst: 2 }, 0);
  for (const left of [2, 1]) {
    assert.equal(bucket.waitMs(0), 0, `${left} left`);
    bucket.spend();
  }
  assert.equal(bucket.waitMs(0), 250);
  assert.equal(bucket.waitMs(100), 150, 'looking costs nothing');
  assert.equal(bucket.waitMs(250), 0);
  bucket.spend();
  assert.equal(bucket.waitMs(3_600_000), 0);
  bucket.spend();
  bucket.spend();
  assert.equal(bucket.waitMs(3_600_000), 250, 'an hour of silence saved a burst and no more');
});

test('whatever the rate: after the wait that it says there is one, and in any time no more than burst + rate', () => {
  const waits = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200, size: 'max' });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 50 }),
      waits,
      (perSecond, burst, steps) => {
        const bucket = new TokenBucket({ perSecond, burst }, 0);
        let nowMs = 0;
        let spent = 0;
        for (const step of steps) {
          nowMs += step;
          const waitMs = bucket.waitMs(nowMs);
          if (waitMs > 0) assert.equal(bucket.waitMs((nowMs += waitMs)), 0);
          bucket.spend();
          spent++;
          assert.ok(spent <= burst + (nowMs * perSecond) / 1000 + 1e-6);
        }
      },
    ),
  );
});
