/** Whatever crosses, each connection is told what membership and interest say, or that there is more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { plays } from '../../../test/support/plays.js';
import { inPlayTime, LOOKED_FOR_MS } from './fake_time.js';
import { GroupPlay, playStep } from './fake_group_play.js';

test('whoever comes, goes, wants less or more, while deliveries are lost, repeated and reordered, is told of all that is his', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(playStep, { minLength: 30, maxLength: 80, size: 'max' }),
      fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5, size: 'max' }),
      fc.record({
        isWitnessed: fc.boolean(),
        isDissolved: fc.boolean(),
        groupReadEvents: fc.integer({ min: 1, max: 4 }),
        groupHoleEvents: fc.constantFrom(3, 1000),
        groupWaitingEvents: fc.constantFrom(2, 16),
        groupSignInEvents: fc.constantFrom(3, 1000),
      }),
      (steps, delays, options) =>
        inPlayTime(async () => {
          const play = new GroupPlay(options, delays);
          await play.begin();
          for (const one of steps) await play.do(one);
          await play.finish();
          const findings = play.findings();
          play.scene.index.close();
          assert.deepEqual(findings, []);
        }),
    ),
    { ...plays(300), interruptAfterTimeLimit: LOOKED_FOR_MS },
  );
});
