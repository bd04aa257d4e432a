/** The append contract: numbers, retries and ids. Rights: append_rights.contract.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { known } from '../message/ids.js';
import { plays } from '../../test/support/plays.js';
import { answered, duplicate, outcomes, Scene, stored, type StoreFactory } from './scene.contract.js';

/** The largest content that the gateway lets through (64 kB frames). */
const MAX_CONTENT_BYTES = 64 << 10;

export function appendContract(name: string, factory: StoreFactory): void {
  const open = async (t: Parameters<StoreFactory>[0], users = 2): Promise<Scene> =>
    Scene.open((await factory(t)).stores, users);

  test(`${name}: seqs and counts are contiguous from 1 in each conversation`, async (t) => {
    const scene = await open(t, 3);
    const results = await scene.append(
      scene.message(0, 1, 'a'),
      scene.message(0, 2, 'b'),
      scene.message(1, 0, 'c'),
      scene.message(2, 0, 'd'),
    );
    assert.deepEqual(
      results.map((result) => [stored(result).seq, stored(result).n]),
      [1, 1, 2, 2].map((number) => [number, number]),
    );
    await scene.say(0, 1, 'e');
    assert.deepEqual(await scene.contents(0, 1), ['a', 'c', 'e']);
    assert.deepEqual(await scene.contents(0, 2), ['b', 'd']);
  });

  test(`${name}: a stored event is what was sent`, async (t) => {
    const scene = await open(t);
    const request = scene.message(0, 1, 'hello', { type: 7, clientId: 'id' });
    const before = Date.now();
    const numbers = stored((await scene.append(request))[0]);
    const { event } = request;
    assert.ok(event !== undefined && numbers.storedAtMs >= before - 1 && numbers.storedAtMs <= Date.now());
    const { mid, from, to, clientId, type, content, sentAtMs } = event;
    assert.deepEqual(await scene.log(), [
      {
        kind: 0,
        conv: scene.conv(),
        seq: 1,
        mid,
        clientId,
        from,
        to,
        type,
        content,
        sentAtMs,
        storedAtMs: numbers.storedAtMs,
        status: 0,
      },
    ]);
  });

  test(`${name}: content and client id keep every character`, async (t) => {
    const scene = await open(t);
    const contents = [
      '',
      '\0',
      'a\0b',
      'a\0c',
      '😀',
      '𝄞𠜎',
      'é',
      'e\u0301',
      '\ufeffx',
      '"\\\u2028',
      '\r\n\t',
    ];
    await scene.append(
      ...contents.map((content, index) =>
        scene.message(0, 1, content, { clientId: `${content}${index % 2}` }),
      ),
    );
    assert.deepEqual(await scene.contents(), contents);
  });

  test(`${name}: no time from the sender means the store's`, async (t) => {
    const scene = await open(t);
    await scene.append(scene.message(0, 1, 'a', { sentAtMs: 0 }));
    const [event] = await scene.log();
    assert.equal(event?.sentAtMs, event?.storedAtMs);
  });

  test(`${name}: retry of an acked message is the same row`, async (t) => {
    const scene = await open(t);
    const request = scene.message(0, 1, 'a');
    const first = stored((await scene.append(request))[0]);
    const again = duplicate((await scene.append(request, scene.message(0, 1, 'b')))[0]);
    assert.deepEqual([again.mid, again.seq, again.storedAtMs], [first.mid, first.seq, first.storedAtMs]);
    assert.deepEqual(await scene.contents(), ['a', 'b']);
  });

  test(`${name}: retry of an unacknowledged message answers the first row, whatever the retry says`, async (t) => {
    const scene = await open(t);
    const first = scene.stores.messages.append([scene.message(0, 1, 'a', { clientId: 'x' })]);
    const second = await scene.append(scene.message(0, 1, 'changed', { clientId: 'x' }));
    const numbers = stored(answered(await first)[0]);
    const again = duplicate(second[0]);
    assert.deepEqual([again.mid, again.seq, again.content], [numbers.mid, 1, 'a']);
    assert.deepEqual(await scene.contents(), ['a']);
  });

  test(`${name}: original and retry in one batch`, async (t) => {
    const scene = await open(t);
    const results = await scene.append(
      scene.message(0, 1, 'a'),
      scene.message(0, 1, 'a'),
      scene.message(0, 1, 'b'),
    );
    assert.deepEqual(outcomes(results), ['stored', 'duplicate', 'stored']);
    assert.equal(duplicate(results[1]).mid, stored(results[0]).mid);
    assert.equal(stored(results[2]).seq, 2);
    await scene.log();
  });

  test(`${name}: original and retry in two concurrent batches`, async (t) => {
    const scene = await open(t);
    const batch = (): Promise<readonly unknown[]> =>
      scene.append(...['a', 'b', 'c'].map((content) => scene.message(0, 1, content)));
    await Promise.all([batch(), batch(), batch()]);
    assert.deepEqual(await scene.contents(), ['a', 'b', 'c']);
  });

  test(`${name}: one client id to two people is two messages`, async (t) => {
    const scene = await open(t, 3);
    const results = await scene.append(
      scene.message(0, 1, 'same'),
      scene.message(0, 2, 'same'),
      scene.message(1, 0, 'same'),
    );
    assert.deepEqual(outcomes(results), ['stored', 'stored', 'stored']);
    assert.equal((await scene.log(0, 1)).length, 2);
    assert.equal((await scene.log(0, 2)).length, 1);
  });

  test(`${name}: client ids that differ by case or a trailing blank are different`, async (t) => {
    const scene = await open(t);
    const ids = ['id', 'ID', 'id ', ' id', 'id\0', 'id\0a', 'íd', 'i\u0301d'];
    const results = await scene.append(...ids.map((clientId) => scene.message(0, 1, clientId, { clientId })));
    assert.deepEqual(new Set(outcomes(results)), new Set(['stored']));
    assert.deepEqual(
      (await scene.log()).map((event) => event.clientId),
      ids,
    );
  });

  test(`${name}: a mid reused with another client id is refused and takes no seq`, async (t) => {
    const scene = await open(t, 3);
    const [first] = await scene.say(0, 1, 'a');
    const mid = known(first).mid;
    const results = await scene.append(
      scene.message(0, 1, 'b', { mid }),
      scene.message(0, 2, 'c', { mid }),
      scene.message(0, 1, 'd'),
    );
    assert.deepEqual(outcomes(results), ['MID_TAKEN', 'MID_TAKEN', 'stored']);
    assert.deepEqual(await scene.contents(), ['a', 'd']);
    assert.deepEqual(await scene.stores.messages.lastSeqs([scene.conv(0, 2)]), []);
  });

  test(`${name}: 500 maximum-size messages in one batch`, async (t) => {
    const scene = await open(t);
    const content = 'x'.repeat(MAX_CONTENT_BYTES);
    const batch = Array.from({ length: 500 }, (_, index) =>
      scene.message(0, 1, content, { clientId: `c${index}` }),
    );
    const results = await scene.append(...batch);
    assert.deepEqual(
      results.map((result) => stored(result).seq),
      batch.map((_, index) => index + 1),
    );
    const events = await scene.log();
    assert.equal(events.length, 500);
    assert.ok(events.every((event) => event.content.length === MAX_CONTENT_BYTES));
  });

  test(`${name}: a batch with a poisonous item is refused whole and leaves nothing`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores, 3);
    await scene.say(0, 1, 'before');
    await subject.poison('poison');
    const batch = [scene.message(0, 1, 'a'), scene.message(0, 2, 'poison'), scene.message(0, 1, 'b')];
    const result = await scene.stores.messages.append(batch);
    assert.ok('refused' in result, 'a refused statement is told to the batcher');
    assert.deepEqual(await scene.contents(), ['before']);
    assert.deepEqual(await scene.stores.messages.lastSeqs([scene.conv(0, 2)]), []);
    const [first, , third] = batch;
    assert.deepEqual(outcomes(await scene.append(known(first), known(third))), ['stored', 'stored']);
    assert.deepEqual(await scene.contents(), ['before', 'a', 'b']);
  });

  test(`${name}: reopening keeps everything and goes on where it was`, async (t) => {
    const subject = await factory(t);
    const scene = await Scene.open(subject.stores);
    const request = scene.message(0, 1, 'a');
    await scene.append(request, scene.message(1, 0, 'b'));
    const before = await scene.log();
    const stores = await subject.reopen();
    assert.deepEqual(await scene.log(0, 1, stores), before);
    const results = answered(await stores.messages.append([request, scene.message(0, 1, 'c')]));
    assert.deepEqual(outcomes(results), ['duplicate', 'stored']);
    assert.equal((await scene.log(0, 1, stores)).length, 3);
  });

  test(`${name}: a probe is written and read`, async (t) => {
    const { stores } = await factory(t);
    const results = answered(
      await stores.messages.append([{ conv: '', change: { kind: 'probe', value: 42 } }]),
    );
    assert.deepEqual(outcomes(results), ['changed']);
    assert.deepEqual(await stores.messages.probed(), { value: 42, epoch: 1 });
  });

  test(`${name}: random batches are stored as a plain list would be`, async (t) => {
    const { stores } = await factory(t);
    const item = fc.record({
      from: fc.nat(2),
      to: fc.nat(2),
      clientId: fc.constantFrom('a', 'A', 'b', 'a ', 'c'),
      content: fc.string({ unit: 'binary', maxLength: 8, size: 'max' }),
    });
    const batches = fc.array(fc.array(item, { minLength: 1, maxLength: 12, size: 'max' }), {
      minLength: 1,
      maxLength: 4,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(batches, async (plan) => {
        const scene = await Scene.open(stores, 3);
        const model = new Map<string, string[]>();
        for (const batch of plan) {
          const requests = batch.map(({ from, to, clientId, content }) =>
            scene.message(from, to, content, { clientId }),
          );
          const expected = requests.map(({ conv, event }) => {
            const log = model.get(conv) ?? [];
            model.set(conv, log);
            const key = `${event?.from} ${event?.clientId}`;
            const at = log.indexOf(key);
            return at === -1 ? `stored ${log.push(key)}` : `duplicate ${at + 1}`;
          });
          const results = await scene.append(...requests);
          const got = results.map((result) =>
            'event' in result ? `${result.outcome} ${result.event.seq}` : result.outcome,
          );
          assert.deepEqual(got, expected);
        }
        for (const [one, other] of [
          [0, 1],
          [0, 2],
          [1, 2],
          [0, 0],
        ] as const) {
          const events = await scene.log(one, other);
          const keys = events.map(({ from, clientId }) => `${from} ${clientId}`);
          assert.deepEqual(keys, model.get(scene.conv(one, other)) ?? []);
        }
      }),
      plays(25),
    );
  });
}
