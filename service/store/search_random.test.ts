/**
 * A search whose pages are asked for one after the other, while others write, edit and take back: each message is given
 * once, and none is left out that was there from the first page to the last.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EditContent } from '../../im/message/event_content.js';
import { editContent } from '../../im/message/event_content.js';
import { known } from '../../im/message/ids.js';
import { EVENT_KIND, type ChatEvent } from '../../im/message/message.js';
import { recallContent } from '../../im/message/recall.js';
import { Scene, stored } from '../../im/store/scene.contract.js';
import { ask, indexAll } from '../../im/store/search.contract.js';
import { plays } from '../../test/support/plays.js';
import { storesOnThread, temporaryOptions } from './sqlite_factory.contract.js';

/** So many words that few conversations are asked at a time. */
const WORDS = Array.from({ length: 32 }, (_, at) => `w${at}`).join(' ');
const PEERS = 24;

interface Step {
  readonly what: 'say' | 'edit' | 'recall' | 'index';
  readonly peer: number;
  /** What passes before it, ms: the clock is set back as well. */
  readonly ms: number;
  readonly at: number;
  readonly isFound: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom('say' as const, 'say' as const, 'edit' as const, 'recall' as const, 'index' as const),
  peer: fc.integer({ min: 1, max: PEERS }),
  ms: fc.oneof(
    { arbitrary: fc.nat(60), weight: 9 },
    { arbitrary: fc.integer({ min: -200, max: 0 }), weight: 1 },
  ),
  at: fc.nat(999),
  isFound: fc.boolean(),
});
const plan = fc.record({
  before: fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }),
  between: fc.array(step, { maxLength: 40, size: 'max' }),
  limit: fc.integer({ min: 1, max: 7 }),
  /** How much happens between two pages. */
  pace: fc.nat(3),
});

interface Said extends Omit<EditContent, 'content'> {
  readonly peer: number;
  isFound: boolean;
  /** Neither edited nor taken back after the first page. */
  isAsItWas: boolean;
}

class Player {
  readonly said: Said[] = [];
  readonly #scene: Scene;
  readonly #time: { nowMs: number };
  #count = 0;

  constructor(scene: Scene, time: { nowMs: number }) {
    this.#scene = scene;
    this.#time = time;
  }

  async take(one: Step): Promise<void> {
    this.#time.nowMs += one.ms;
    this.#count += 1;
    const target = this.said[one.at % Math.max(1, this.said.length)];
    if (one.what === 'index') await indexAll(this.#scene.stores);
    else if (one.what === 'say') await this.#say(one);
    else if (target !== undefined) await this.#change(one, target);
  }

  async #say({ peer, isFound }: Step): Promise<void> {
    const content = this.#text(isFound);
    const [result] = await this.#scene.append(this.#scene.message(0, peer, content, { clientId: content }));
    const { mid, seq } = stored(result);
    this.said.push({ peer, mid, seq, clientId: content, isFound, isAsItWas: true });
  }

  async #change({ what, isFound }: Step, target: Said): Promise<void> {
    const { peer, mid, seq, clientId } = target;
    const scene = this.#scene;
    const by = scene.uid(0);
    if (what === 'edit') {
      const content = this.#text(isFound);
      const text = editContent({ mid, seq, clientId, content });
      const request = scene.message(0, peer, text, { kind: EVENT_KIND.edit, clientId: content });
      stored(
        (await scene.append({ ...request, change: { kind: 'edit', mid, by, content, windowMs: 1e9 } }))[0],
      );
    } else {
      const request = scene.recall(0, peer, mid, 1e9);
      const event = { ...known(request.event), content: recallContent({ by, mid, seq, clientId }) };
      stored((await scene.append({ ...request, event }))[0]);
      this.said.splice(this.said.indexOf(target), 1);
    }
    target.isFound = what === 'edit' && isFound;
    target.isAsItWas = false;
  }

  #text(isFound: boolean): string {
    return isFound ? `${this.#count} ${WORDS}` : `${this.#count} w1 w2`;
  }
}

test('search: page after page, whatever is written between, gives each once and leaves none out', async (t) => {
  const time = { nowMs: 1_700_000_000_000 };
  const options = temporaryOptions(t);
  const stores = storesOnThread(t, options, { clock: () => time.nowMs });
  await fc.assert(
    fc.asyncProperty(plan, async ({ before, between, limit, pace }) => {
      const scene = await Scene.open(stores, PEERS + 1);
      const player = new Player(scene, time);
      for (const one of before) await player.take(one);
      await indexAll(stores);
      for (const one of player.said) one.isAsItWas = true;
      const [first, rest] = [[...player.said], [...between]];
      const found: ChatEvent[] = [];
      for (let next = -1; next !== 0;) {
        const request = ask(scene.uid(0), WORDS, { limit, before: Math.max(next, 0) });
        const page = await stores.search.search(request);
        assert.ok(page.events.length <= limit);
        assert.ok(next === -1 || page.next < next, 'the cursor goes down');
        found.push(...page.events);
        next = page.next;
        for (const one of rest.splice(0, pace)) await player.take(one);
      }
      const mids = found.map(({ mid }) => mid);
      assert.deepEqual(mids, [...new Set(mids)], 'each once');
      for (const { mid, isFound, isAsItWas } of first)
        if (isAsItWas) assert.equal(mids.includes(mid), isFound, `${mid}`);
      const times = found.map(({ storedAtMs }) => storedAtMs);
      assert.deepEqual(
        times,
        times.toSorted((one, other) => other - one),
        'newest first',
      );
    }),
    plays(30),
  );
});
