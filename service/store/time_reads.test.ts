/** History by time where the clock was set back: nothing of another time, and what the stretches have in common. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scene, WIDE } from '../../im/store/scene.contract.js';
import { storesOnThread, temporaryOptions } from './sqlite_factory.contract.js';

test('whatever the clock did, history between two times gives nothing of another time', async (t) => {
  let nowMs = 0;
  const stores = storesOnThread(t, temporaryOptions(t), { clock: () => nowMs });
  const scene = await Scene.open(stores);
  for (nowMs of [10, 20, 30, 40, 15, 25, 35, 45, 50]) await scene.say(0, 1, `${nowMs}`);
  const between = async (fromMs: number, toMs: number): Promise<readonly string[]> => {
    const events = await stores.messages.historyBetween(scene.uid(0), scene.conv(), fromMs, toMs, WIDE);
    return events.map(({ content }) => content);
  };
  for (let fromMs = 0; fromMs <= 55; fromMs += 5) {
    for (let toMs = fromMs; toMs <= 60; toMs += 5) {
      if (toMs === 0) continue;
      for (const content of await between(fromMs, toMs)) {
        assert.ok(Number(content) >= fromMs && Number(content) < toMs, `${content} in ${fromMs}..${toMs}`);
      }
    }
  }
  assert.deepEqual(await between(0, 0), ['50', '45', '35', '25', '15', '40', '30', '20', '10']);
  assert.deepEqual(await between(45, 60), ['50', '45']);
  assert.deepEqual(await between(1, 15), ['10']);
});
