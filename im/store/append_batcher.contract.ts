/** The append contract as senders see it: through the batcher, which finds the offender of a refused batch. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { defaultsOf } from '../../pkg/config/option.js';
import { ERRORS } from '../errors.js';
import { plays } from '../../test/support/plays.js';
import { AppendBatcher, APPEND_BATCHER_OPTIONS } from './append_batcher.js';
import type { AppendAnswer, AppendDraft, AppendRequest } from './interface.js';
import type { Stores } from './stores_interface.js';
import { Scene, type FaultyStoreFactory, type StoreFactory } from './scene.contract.js';

const silent = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};

function batcherOver(t: TestContext, stores: Stores): AppendBatcher {
  const options = { ...defaultsOf(APPEND_BATCHER_OPTIONS), retryMs: 1 };
  const batcher = new AppendBatcher(options, { store: stores.messages, ids: stores.ids, logger: silent });
  t.after(() => batcher.close(1000));
  return batcher;
}

/** Leaves the mid to the batcher. */
function draftOf({ conv, event, change }: AppendRequest): AppendDraft {
  if (event === undefined) return change === undefined ? { conv } : { conv, change };
  const draft = { ...event, mid: 0 } as const;
  return change === undefined ? { conv, event: draft } : { conv, event: draft, change };
}

/** One answer per draft, in order; an error is an answer. */
function appendAll(batcher: AppendBatcher, drafts: readonly AppendDraft[]): Promise<readonly string[]> {
  const answers = drafts.map((draft) =>
    batcher.append(draft).then(nameOf, (error: unknown) => nameOf(error as AppendAnswer)),
  );
  return Promise.all(answers);
}

function nameOf(answer: AppendAnswer): string {
  if (!('outcome' in answer))
    return Object.entries(ERRORS).find(([, { code }]) => code === answer.code)?.[0] ?? '?';
  return answer.outcome === 'refused' ? answer.error : answer.outcome;
}

export function appendBatcherContract(name: string, factory: StoreFactory): void {
  test(`${name}: one poisonous item among 499 good ones`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores, 5);
    await subject.poison('poison');
    const drafts = Array.from({ length: 500 }, (_, index) =>
      draftOf(scene.message(0, 1 + (index % 4), index === 250 ? 'poison' : `${index}`)),
    );
    const answers = await appendAll(batcherOver(t, subject.stores), drafts);
    assert.deepEqual(
      answers,
      drafts.map((_, index) => (index === 250 ? 'REFUSED_BY_STORE' : 'stored')),
    );
    for (const peer of [1, 2, 3, 4]) {
      const expected = drafts.filter((_, index) => index !== 250 && 1 + (index % 4) === peer);
      assert.deepEqual(
        await scene.contents(0, peer),
        expected.map(({ event }) => event?.content),
      );
    }
  });

  test(`${name}: original and retry in two concurrent batches of two batchers`, async (t) => {
    const { stores } = await factory(t);
    const scene = await Scene.open(stores);
    const drafts = Array.from({ length: 50 }, (_, index) => draftOf(scene.message(0, 1, `${index}`)));
    const both = await Promise.all([
      appendAll(batcherOver(t, stores), drafts),
      appendAll(batcherOver(t, stores), drafts),
    ]);
    const counts = drafts.map((_, index) => both.filter((answers) => answers[index] === 'stored').length);
    assert.deepEqual(new Set(counts), new Set([1]));
    assert.deepEqual(new Set(both.flat()), new Set(['stored', 'duplicate']));
    assert.equal((await scene.log()).length, drafts.length);
  });

  test(`${name}: a change in the middle of many sends concerns those behind it`, async (t) => {
    const { stores } = await factory(t);
    const scene = await Scene.open(stores, 3);
    const drafts = [
      ...Array.from({ length: 10 }, (_, index) => draftOf(scene.message(0, 1, `before ${index}`))),
      draftOf(scene.relation(1, 0, 'black')),
      ...Array.from({ length: 10 }, (_, index) => draftOf(scene.message(0, 1, `after ${index}`))),
      draftOf(scene.message(2, 1, 'other')),
    ];
    const expected = drafts.map((_, index) => {
      if (index === 10) return 'changed';
      return index < 10 || index === 21 ? 'stored' : 'BLOCKED';
    });
    assert.deepEqual(await appendAll(batcherOver(t, stores), drafts), expected);
    assert.equal((await scene.log(0, 1)).length, 10);
  });

  test(`${name}: 500 maximum-size messages through the batcher`, async (t) => {
    const { stores } = await factory(t);
    const scene = await Scene.open(stores);
    const content = '界'.repeat((64 << 10) / 3);
    const drafts = Array.from({ length: 500 }, (_, index) =>
      draftOf(scene.message(0, 1, content, { clientId: `${index}` })),
    );
    const answers = await appendAll(batcherOver(t, stores), drafts);
    assert.deepEqual(new Set(answers), new Set(['stored']));
    assert.deepEqual(
      (await scene.log()).map((event) => event.clientId),
      drafts.map(({ event }) => event?.clientId),
    );
  });

  test(`${name}: random sends, retries and poison: one row each, in order, everybody answered`, async (t) => {
    const subject = await factory(t);
    await subject.poison('poison');
    const item = fc.record({
      to: fc.integer({ min: 1, max: 3 }),
      clientId: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      poisonous: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 30, size: 'max' }), async (plan) => {
        const scene = await Scene.open(subject.stores, 4);
        const drafts = plan.map(({ to, clientId, poisonous }) =>
          draftOf(scene.message(0, to, poisonous ? 'poison' : clientId, { clientId })),
        );
        const seen = new Set<string>();
        const expected = plan.map(({ to, clientId, poisonous }) => {
          if (seen.has(`${to} ${clientId}`)) return 'duplicate';
          if (poisonous) return 'REFUSED_BY_STORE';
          seen.add(`${to} ${clientId}`);
          return 'stored';
        });
        const answers = await appendAll(batcherOver(t, subject.stores), drafts);
        // A poisonous retry of a stored message: the trigger speaks before the duplicate is seen, or after.
        answers.forEach((answer, index) => {
          const isEither = expected[index] === 'duplicate' && plan[index]?.poisonous === true;
          if (!isEither) assert.equal(answer, expected[index]);
        });
        const logs = await Promise.all([1, 2, 3].map((to) => scene.log(0, to)));
        assert.equal(logs.flat().length, seen.size);
      }),
      plays(25),
    );
  });
}

export function appendFaultContract(name: string, factory: FaultyStoreFactory): void {
  test(`${name}: failure at every statement of the transaction`, async (t) => {
    const subject = await factory(t);
    let failedAt = 0;
    for (let k = 1; ; k += 1) {
      const scene = await Scene.open(subject.stores, 4);
      const requests = [
        scene.message(0, 1, 'a'),
        scene.message(1, 0, 'b'),
        scene.message(0, 2, 'c'),
        scene.message(0, 1, 'a'),
        scene.relation(3, 0, 'black'),
        scene.message(0, 3, 'after the change'),
        scene.message(0, 2, 'd'),
      ];
      const drafts = requests.map(draftOf);
      const batcher = batcherOver(t, subject.stores);
      subject.failAtStatement(k);
      const first = await appendAll(batcher, drafts);
      const isDone = subject.statementCount() < k;
      subject.failAtStatement(0);
      const second = await appendAll(batcher, drafts);
      const allowed = new Set(['stored', 'duplicate', 'changed', 'BLOCKED', 'INTERNAL', 'REFUSED_BY_STORE']);
      assert.deepEqual(
        first.filter((answer) => !allowed.has(answer)),
        [],
        `everybody is answered, statement ${k}`,
      );
      second.forEach((answer, index) => {
        const isLate = answer === 'stored' && first[index] !== 'stored';
        const isBlocked = index === 5 && first[index] !== 'stored';
        const expected = index === 4 ? 'changed' : isBlocked ? 'BLOCKED' : 'duplicate';
        if (!isLate) assert.equal(answer, expected, `statement ${k}, request ${index}`);
      });
      assert.deepEqual([...(await scene.contents(0, 1))].sort(), ['a', 'b'], `statement ${k}`);
      assert.deepEqual([...(await scene.contents(0, 2))].sort(), ['c', 'd'], `statement ${k}`);
      // Where the change itself failed, what came after it was not blocked yet.
      const late = first[4] !== 'changed' && first[5] === 'stored' ? ['after the change'] : [];
      assert.deepEqual(await scene.contents(0, 3), late, `statement ${k}`);
      if (isDone) break;
      failedAt = k;
    }
    assert.ok(failedAt > 20, `only ${failedAt} statements were made to fail`);
  });

  test(`${name}: a batch that fails at any statement has stored nothing`, async (t) => {
    const subject = await factory(t);
    for (let k = 1; ; k += 1) {
      const scene = await Scene.open(subject.stores, 3);
      await scene.say(0, 1, 'before');
      const batch = [scene.message(0, 1, 'a'), scene.message(0, 2, 'b'), scene.relation(1, 0, 'black')];
      subject.failAtStatement(k);
      const result = await scene.stores.messages.append(batch);
      const isDone = subject.statementCount() < k;
      subject.failAtStatement(0);
      if (isDone) {
        assert.ok(k > 10 && !('refused' in result));
        break;
      }
      assert.ok('refused' in result, `statement ${k}`);
      assert.deepEqual(await scene.contents(0, 1), ['before']);
      assert.deepEqual(await scene.contents(0, 2), []);
      await scene.say(0, 1, 'c');
      assert.deepEqual(await scene.contents(0, 1), ['before', 'c']);
    }
  });
}
