import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InFlight } from './in_flight.js';

test('so many of one key at once, and room again for each that ended; nothing is kept of the idle', () => {
  const flights = new InFlight(2);
  assert.deepEqual([flights.begin('a'), flights.begin('a'), flights.begin('a')], [true, true, false]);
  assert.ok(flights.begin('b'), 'each key has its own');
  flights.end('a');
  assert.deepEqual([flights.begin('a'), flights.begin('a')], [true, false]);
  for (const key of ['a', 'a', 'b']) flights.end(key);
  assert.equal(flights.keyCount, 0);
});
