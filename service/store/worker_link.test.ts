/** The link over the real store worker, which these tests end from outside. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { ERRORS } from '../../im/errors.js';
import type { AppendRequest } from '../../im/store/interface.js';
import { outcomes, Scene, withCode } from '../../im/store/scene.contract.js';
import { silentLogger, temporaryOptions } from './sqlite_factory.contract.js';
import { writerDatabase } from './sqlite_options.js';
import { storesOver } from './store_calls.js';
import { WorkerLink, type WorkerLinkOptions } from './worker_link.js';

const DEATHS = 10;
const unavailable = withCode(ERRORS.STORE_UNAVAILABLE.code);

/**
 * The worker with a second ear, on which it is told to die: between two calls. `terminate` would break into one of
 * the native addon, which then ends the whole process.
 */
const MORTAL = `
  const { workerData } = require('node:worker_threads');
  workerData.death.once('message', () => process.exit(1));
  workerData.death.unref();
  import(workerData.entry);
`;

/** A writer link and every worker that it has started. */
async function openLink(t: TestContext, more: Partial<WorkerLinkOptions> = {}) {
  const options = temporaryOptions(t);
  const workers: Worker[] = [];
  const deaths: MessagePort[] = [];
  const link = new WorkerLink(
    { ...options, name: 'writer', ...more },
    {
      logger: silentLogger,
      start: () => {
        const { port1, port2 } = new MessageChannel();
        const entry = new URL('./store_worker.js', import.meta.url).href;
        const setup = { role: 'writer', database: writerDatabase(options), entry, death: port2 };
        const worker = new Worker(MORTAL, { eval: true, workerData: setup, transferList: [port2] });
        workers.push(worker);
        deaths.push(port1);
        port1.unref();
        return worker;
      },
    },
  );
  t.after(() => link.close());
  await link.start();
  const stores = storesOver(async (name, args, transfer) => (await link.call(name, args, transfer)) as never);
  const kill = async (): Promise<void> => {
    const gone = once(workers.at(-1) ?? assert.fail('no worker'), 'exit');
    deaths.at(-1)?.postMessage('die');
    await gone;
  };
  return { link, stores, workers, kill };
}

async function untilUp(link: WorkerLink): Promise<void> {
  while (!link.isUp) await new Promise((resolve) => setImmediate(resolve));
}

test('a worker that dies: appends in flight are of unknown outcome, a retry finds one row each', async (t) => {
  const { link, stores, kill } = await openLink(t);
  const scene = await Scene.open(stores);
  const batches: AppendRequest[][] = [];
  const append = (): Promise<string> => {
    const batch = ['a', 'b'].map((part) => scene.message(0, 1, `${batches.length} ${part}`));
    batches.push(batch);
    return stores.messages.append(batch).then(
      () => 'stored',
      (error: unknown) =>
        withCode(ERRORS.OUTCOME_UNKNOWN.code)(error) ? 'unknown' : unavailable(error) ? 'refused' : 'other',
    );
  };
  // Once is enough, unless the last answer and the end of the worker are heard of in the same turn of the loop.
  const outcomesOfAll: string[] = [];
  for (let deaths = 0; deaths < DEATHS && !outcomesOfAll.includes('unknown'); deaths++) {
    await untilUp(link);
    const answers = Array.from({ length: 20 }, append);
    const worker = { isGone: false };
    const killed = kill().then(() => (worker.isGone = true));
    // Asked for until the worker has ended: the last of them are in flight then, where others may be stored already.
    while (!worker.isGone) {
      answers.push(append());
      await new Promise((resolve) => setImmediate(resolve));
    }
    await killed;
    await assert.rejects(stores.users.byUids([scene.uid(0)]), unavailable);
    outcomesOfAll.push(...(await Promise.all(answers)));
  }
  assert.ok(!outcomesOfAll.includes('other'));
  assert.ok(outcomesOfAll.includes('unknown'));
  await untilUp(link);
  for (const batch of batches) {
    const results = outcomes(await scene.append(...batch));
    assert.ok(results.every((outcome) => outcome === 'stored' || outcome === 'duplicate'));
  }
  assert.equal((await scene.log()).length, batches.length * 2);
});

test('a worker that died is started again; calls meanwhile are STORE_UNAVAILABLE', async (t) => {
  const { link, stores, workers, kill } = await openLink(t);
  const [first] = workers;
  await kill();
  assert.equal(link.isUp, false);
  await assert.rejects(stores.messages.probed(), unavailable);
  await untilUp(link);
  assert.equal(workers.length, 2);
  assert.notEqual(workers[1], first);
  assert.deepEqual(await stores.messages.probed(), { value: 0, epoch: 1 });
});

test('calls beyond the bound are TOO_BUSY with a time to wait', async (t) => {
  const { link, stores } = await openLink(t, { pendingCount: 2 });
  const calls = [1, 2, 3, 4].map(() => stores.messages.probed());
  const settled = await Promise.allSettled(calls);
  assert.deepEqual(
    settled.map((result) => result.status),
    ['fulfilled', 'fulfilled', 'rejected', 'rejected'],
  );
  await assert.rejects(calls[2] ?? Promise.resolve(), (error: unknown) => {
    assert.ok(error instanceof Error && 'retryAfterMs' in error && Number(error.retryAfterMs) > 0);
    return withCode(ERRORS.TOO_BUSY.code)(error);
  });
  assert.equal(link.pendingCount, 0);
});

test('closing answers what is in flight and refuses what comes later', async (t) => {
  const { link, stores, workers } = await openLink(t);
  const scene = await Scene.open(stores);
  const inFlight = scene.append(scene.message(0, 1, 'a'));
  const closed = link.close();
  await assert.rejects(stores.messages.probed(), unavailable);
  assert.deepEqual(outcomes(await inFlight), ['stored']);
  await closed;
  await link.close();
  assert.equal(workers.length, 1, 'a closed link starts no other worker');
});

test('a worker that cannot start is told to its starter and not tried again', async (t) => {
  let startCount = 0;
  const options = temporaryOptions(t);
  const link = new WorkerLink(
    { ...options, name: 'writer' },
    {
      logger: silentLogger,
      start: () => {
        startCount += 1;
        const database = { ...writerDatabase(options), path: `${options.path}/below/a.db` };
        return new Worker(new URL('./store_worker.js', import.meta.url), {
          workerData: { role: 'writer', database },
        });
      },
    },
  );
  await assert.rejects(link.start(), unavailable);
  await assert.rejects(link.call('probed', []), unavailable);
  assert.deepEqual(
    process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout'),
    [],
  );
  assert.equal(startCount, 1);
});

test('an error inside the worker becomes the CodedError that it was', async (t) => {
  const { stores } = await openLink(t);
  const scene = await Scene.open(stores, 3);
  await assert.rejects(
    stores.messages.history(scene.uid(2), scene.conv(0, 1), 0, { count: 1, bytes: 1 }),
    withCode(ERRORS.NO_PERMISSION.code),
  );
});
