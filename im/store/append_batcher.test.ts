import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { defaultsOf } from '../../pkg/config/option.js';
import { ERRORS, imError, isError } from '../errors.js';
import { toConversation, type ConversationName } from '../message/conversation.js';
import { known, toDevice, toMid, toSeq, toUid } from '../message/ids.js';
import { AppendBatcher, APPEND_BATCHER_OPTIONS, type AppendBatcherOptions } from './append_batcher.js';
import type { AppendDraft, AppendRequest, AppendResult, BatchRefused, Settled } from './interface.js';

type Append = (batch: readonly AppendRequest[]) => Promise<readonly AppendResult[] | BatchRefused>;

const silent = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};
const conv = (n: number): ConversationName => known(toConversation(`u1_${n + 2}`));
const change = { kind: 'probe', value: 1 } as const;

function draft(n: number, content = 'x'): AppendDraft {
  const [from, to, device] = [known(toUid(1)), known(toUid(n + 2)), known(toDevice(1))];
  return {
    conv: conv(n),
    event: { kind: 0, from, to, device, clientId: content, mid: 0, type: 1, content, sentAtMs: 0 },
  };
}

function stored(batch: readonly AppendRequest[]): AppendResult[] {
  const event = { mid: known(toMid(1)), seq: known(toSeq(1)), n: 1, storedAtMs: 1, memberCount: 0 };
  return batch.map(() => ({ outcome: 'stored', event }));
}

function open(
  t: TestContext,
  append: Append,
  options: Partial<AppendBatcherOptions> = {},
  busyShare?: () => number,
): AppendBatcher {
  let next = 1;
  const batcher = new AppendBatcher(
    { ...defaultsOf(APPEND_BATCHER_OPTIONS), retryMs: 1, ...options },
    {
      store: { append },
      ids: { leaseMids: (count) => Promise.resolve({ first: known(toMid((next += count) - count)), count }) },
      logger: silent,
      ...(busyShare !== undefined && { busyShare }),
    },
  );
  t.after(() => batcher.close(0));
  return batcher;
}

const contents = (batch: readonly AppendRequest[]): string[] =>
  batch.map(({ event }) => event?.content ?? 'change');

test('requests of one turn share a transaction; what comes during it is the next', async (t) => {
  const batches: string[][] = [];
  const batcher = open(t, (batch) => {
    batches.push(contents(batch));
    if (batches.length === 1) void batcher.append(draft(1, 'late'));
    return Promise.resolve(stored(batch));
  });
  await Promise.all(['a', 'b', 'c'].map((content) => batcher.append(draft(1, content))));
  await batcher.close(1000);
  assert.deepEqual(batches, [['a', 'b', 'c'], ['late']]);
});

test('under load a transaction waits for more; what expires meanwhile is not stored, and a stop waits for nothing', async (t) => {
  const batches: string[][] = [];
  const append = (batch: readonly AppendRequest[]): Promise<readonly AppendResult[]> => {
    batches.push(contents(batch));
    return Promise.resolve(stored(batch));
  };
  const batcher = open(t, append, { batchGapMs: 1000, deadlineMs: 100 }, () => 0.9);
  await batcher.append(draft(1, 'first'));
  const late = Array.from({ length: 99 }, (_, n) => batcher.append(draft(n, 'too late')));
  const refused = await Promise.allSettled(late);
  assert.ok(refused.every((one) => one.status === 'rejected' && isError(one.reason, 'OUTCOME_UNKNOWN')));
  const waiting = Promise.all(Array.from({ length: 100 }, (_, n) => batcher.append(draft(n, 'many'))));
  await waiting;
  const last = Array.from({ length: 99 }, (_, n) => batcher.append(draft(n, 'last')));
  await new Promise(setImmediate);
  assert.equal(batches.length, 2, 'these wait');
  await batcher.close(1000);
  await Promise.all(last);
  assert.deepEqual(
    batches.map((batch) => [batch[0], batch.length]),
    [
      ['first', 1],
      ['many', 100],
      ['last', 99],
    ],
  );
});

test('every event gets a mid of its own, kept over a second attempt', async (t) => {
  const mids: number[][] = [];
  const batcher = open(t, (batch) => {
    mids.push(batch.map(({ event }) => event?.mid ?? 0));
    if (mids.length === 1) return Promise.reject(imError('OUTCOME_UNKNOWN'));
    return Promise.resolve(stored(batch));
  });
  await Promise.all([batcher.append(draft(1, 'a')), batcher.append(draft(2, 'b'))]);
  assert.equal(new Set(mids[0]).size, 2);
  assert.deepEqual(mids[0], mids[1]);
});

test('changes travel among the messages of their conversation, in order', async (t) => {
  const batches: string[][] = [];
  const batcher = open(t, (batch) => {
    batches.push(contents(batch));
    return Promise.resolve(stored(batch));
  });
  const changed = { conv: conv(1), change };
  const requests = [draft(1, 'a'), changed, draft(1, 'b'), draft(2, 'c'), changed, draft(1, 'd')];
  await Promise.all(requests.map((request) => batcher.append(request)));
  assert.deepEqual(batches, [['a', 'change', 'b', 'c', 'change', 'd']]);
});

test('a change that names many weighs as much', async (t) => {
  const append: Append = (batch) => Promise.resolve(stored(batch));
  const batcher = open(t, append, { queueBytes: 1000 });
  const by = known(toUid(1));
  const remove = (count: number): AppendDraft => ({
    conv: known(toConversation('g1073741825')),
    change: { kind: 'group', do: 'remove', by, uids: Array.from({ length: count }, () => by) },
  });
  const listener = { settled: () => undefined };
  assert.equal(batcher.enqueue(remove(100), listener, undefined)?.code, ERRORS.QUEUE_FULL.code);
  assert.equal(batcher.enqueue(remove(10), listener, undefined), undefined);
  await batcher.close(1000);
});

test('one poisonous request among others: everybody else is stored, in order', async (t) => {
  const committed: string[] = [];
  const batcher = open(t, (batch) => {
    if (contents(batch).includes('poison'))
      return Promise.resolve({ refused: true, cause: 'poison' } as const);
    committed.push(...contents(batch));
    return Promise.resolve(stored(batch));
  });
  const requests = [draft(1, 'a'), draft(2, 'b'), draft(1, 'poison'), draft(1, 'c'), draft(2, 'd')];
  const results = await Promise.allSettled(requests.map((request) => batcher.append(request)));
  assert.deepEqual(
    results.map((result) => result.status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
  const failed = results[2];
  assert.ok(failed?.status === 'rejected' && failed.reason instanceof Error && 'code' in failed.reason);
  assert.equal(failed.reason.code, ERRORS.REFUSED_BY_STORE.code);
  assert.deepEqual(
    committed.filter((content) => 'ac'.includes(content)),
    ['a', 'c'],
  );
});

test('a locked conversation waits with all that follows it, and nothing of it is overtaken', async (t) => {
  const committed: string[] = [];
  let attempts = 0;
  const batcher = open(t, (batch) => {
    attempts++;
    const results = batch.map(({ conv: name }, index): AppendResult => {
      if (name === conv(1) && attempts < 3) return { outcome: 'busy' };
      committed.push(contents(batch)[index] ?? '');
      return known(stored(batch)[index]);
    });
    return Promise.resolve(results);
  });
  await Promise.all([draft(1, 'a'), draft(2, 'x'), draft(1, 'b')].map((request) => batcher.append(request)));
  assert.deepEqual(committed, ['x', 'a', 'b']);
});

test('full in count or bytes: refused at once with a temporary code', async (t) => {
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const append: Append = async (batch) => {
    await gate;
    return stored(batch);
  };
  const byCount = open(t, append, { queueCount: 2 });
  const byBytes = open(t, append, { queueBytes: 1000 });
  const listener = { settled: () => undefined };
  const codes = [1, 2, 3].map((n) => byCount.enqueue(draft(n), listener, undefined)?.code);
  assert.deepEqual(codes, [undefined, undefined, ERRORS.QUEUE_FULL.code]);
  assert.equal(byBytes.enqueue(draft(1, 'x'.repeat(2000)), listener, undefined)?.temporary, true);
  assert.equal(byCount.stats().refusedCount, 1);
  release();
  await byCount.close(1000);
});

test('past its deadline a request leaves the queue as unknown', async (t) => {
  const never = new Promise<never>(() => undefined);
  const batcher = open(t, () => never, { deadlineMs: 100 });
  const running = batcher.append(draft(1, 'runs'));
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  await assert.rejects(batcher.append(draft(2, 'waits')), {
    code: ERRORS.OUTCOME_UNKNOWN.code,
    temporary: true,
  });
  running.catch(() => undefined);
});

test('a broken machine answers everybody, and the next batch is tried again', async (t) => {
  let attempts = 0;
  const batcher = open(t, (batch) => {
    if (++attempts === 1) return Promise.reject(imError('STORE_FULL'));
    return Promise.resolve(stored(batch));
  });
  const results = await Promise.allSettled([batcher.append(draft(1)), batcher.append(draft(2))]);
  assert.deepEqual(
    results.map((result) => result.status),
    ['rejected', 'rejected'],
  );
  assert.equal((await batcher.append(draft(1))).outcome, 'stored');
});

test('closing answers what is left and refuses what is new', async (t) => {
  const batcher = open(t, () => new Promise<never>(() => undefined));
  void batcher.append(draft(1, 'runs')).catch(() => undefined);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const waiting = batcher.append(draft(1, 'waits'));
  const rejected = assert.rejects(waiting, { code: ERRORS.SHUTTING_DOWN.code });
  await batcher.close(5);
  await rejected;
  await assert.rejects(batcher.append(draft(1)), { code: ERRORS.SHUTTING_DOWN.code });
});

test('whatever the store does, everything is answered once and nothing of a conversation is overtaken', async (t) => {
  const moods = fc.array(fc.constantFrom('ok', 'busy', 'refused', 'unknown', 'full'), {
    maxLength: 12,
    size: 'max',
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(3), { minLength: 1, maxLength: 40, size: 'max' }),
      moods,
      async (convs, script) => {
        const mood = [...script];
        const committed: number[] = [];
        const batcher = open(
          t,
          (batch) => {
            const now = mood.pop() ?? 'ok';
            if (now === 'refused' && batch.length > 1)
              return Promise.resolve({ refused: true, cause: '' } as const);
            if (now === 'unknown') return Promise.reject(imError('OUTCOME_UNKNOWN'));
            if (now === 'full') return Promise.reject(imError('STORE_FULL'));
            const locked = now === 'busy' ? batch[0]?.conv : undefined;
            const free = batch.filter((request) => request.conv !== locked);
            committed.push(...free.map(({ event }) => Number(event?.content)));
            return Promise.resolve(
              batch.map((request) =>
                request.conv === locked ? { outcome: 'busy' } : known(stored([request])[0]),
              ),
            );
          },
          { batchCount: 7 },
        );
        const answers: Settled<number>[] = [];
        const listener = { settled: (batch: readonly Settled<number>[]) => void answers.push(...batch) };
        convs.forEach((n, index) =>
          assert.equal(batcher.enqueue(draft(n, String(index)), listener, index), undefined),
        );
        await batcher.close(5000);
        assert.deepEqual(
          answers.map(({ context }) => context).sort((a, b) => a - b),
          convs.map((_, index) => index),
        );
        for (let n = 0; n < 4; n++) {
          const ofConversation = committed.filter((index) => convs[index] === n);
          assert.deepEqual(
            ofConversation,
            [...ofConversation].sort((a, b) => a - b),
          );
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('after an attempt without an answer nothing may be called «not stored»', async (t) => {
  const errors = [imError('OUTCOME_UNKNOWN'), imError('STORE_UNAVAILABLE')];
  const batcher = open(t, () => Promise.reject(errors.shift() ?? imError('INTERNAL')));
  await assert.rejects(batcher.append(draft(1)), { code: ERRORS.OUTCOME_UNKNOWN.code });
  await assert.rejects(batcher.append(draft(1)), { code: ERRORS.INTERNAL.code });
});

test('a batch that needs more ids than a lease holds gets them', async (t) => {
  const batcher = open(t, (batch) => Promise.resolve(stored(batch)), { batchCount: 50, midLeaseCount: 10 });
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, index) => batcher.append(draft(1, `${index}`))),
  );
  assert.equal(results.length, 50);
});
