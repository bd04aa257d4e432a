import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Limiter } from './limiter.js';

test('so many run at once, so many wait in line, the rest is turned away; a failure frees its place', async () => {
  const limiter = new Limiter(2, 2);
  const order: string[] = [];
  const gates = new Map<string, () => void>();
  const task = (name: string) => async (): Promise<string> => {
    order.push(name);
    await new Promise<void>((resolve) => gates.set(name, resolve));
    if (name === 'a') throw new Error('a fails');
    return name;
  };
  const running = ['a', 'b', 'c', 'd'].map((name) => limiter.run(task(name)));
  assert.equal(limiter.run(task('e')), undefined);
  assert.deepEqual(order, ['a', 'b']);
  gates.get('a')?.();
  await assert.rejects(running[0] ?? Promise.resolve(), /a fails/);
  assert.deepEqual(order, ['a', 'b', 'c']);
  const late = limiter.run(task('f'));
  assert.ok(late !== undefined);
  for (const name of ['b', 'c', 'd', 'f']) {
    gates.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(await Promise.all([...running.slice(1), late]), ['b', 'c', 'd', 'f']);
  assert.deepEqual(order, ['a', 'b', 'c', 'd', 'f']);
});
