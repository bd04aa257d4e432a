import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentlyShown } from './recently_shown.js';
import type { Message } from './types.js';

const MESSAGE = { conv: 'u1_2', seq: 3, mid: 30, clientId: 'c', status: 0 } as Message;

void test('knows a message again, and no other in its place', () => {
  const shown = new RecentlyShown(2_000);
  shown.add(MESSAGE);
  assert.ok(!shown.has({ ...MESSAGE }), 'nobody looks back yet');
  shown.lookBack();
  assert.ok(shown.has({ ...MESSAGE }));
  const others: Partial<Message>[] = [
    { conv: 'u1_3' },
    { seq: 4 },
    { mid: 31 },
    { clientId: 'd' },
    { status: 1 },
  ];
  for (const other of others) assert.ok(!shown.has({ ...MESSAGE, ...other }), JSON.stringify(other));
  shown.clear();
  assert.ok(!shown.has(MESSAGE));
});

void test('forgets the oldest, and keeps a bounded number', () => {
  const shown = new RecentlyShown(2_000);
  for (let seq = 1; seq <= 2_001; seq++) shown.add({ ...MESSAGE, seq });
  shown.lookBack();
  assert.ok(!shown.has({ ...MESSAGE, seq: 1 }));
  assert.ok(shown.has({ ...MESSAGE, seq: 2 }));
  assert.ok(shown.has({ ...MESSAGE, seq: 2_001 }));
  shown.add({ ...MESSAGE, seq: 2_002 });
  assert.ok(!shown.has({ ...MESSAGE, seq: 2 }));
  assert.ok(shown.has({ ...MESSAGE, seq: 3 }));
  assert.ok(shown.has({ ...MESSAGE, seq: 2_002 }));
});
