/** Cumulative marks: what moves them, what stops them, and who hears of it at the next sync. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { known, type Device } from '../message/ids.js';
import { plays } from '../../test/support/plays.js';
import type { ConversationState } from './interface.js';
import { PHONE, Scene, seq, WEB, type StoreFactory } from './scene.contract.js';

interface Marks {
  readonly device: number;
  readonly delivered: number;
  readonly read: number;
}

export function marksContract(name: string, factory: StoreFactory): void {
  /** Messages by sender, in the order given: '0' the peer, '1' user 1 from WEB, '2' user 1 from PHONE. */
  const open = async (t: Parameters<StoreFactory>[0], senders: string): Promise<Scene> => {
    const scene = await Scene.open((await factory(t)).stores, 3);
    await speak(scene, senders);
    return scene;
  };

  test(`${name}: a mark passes what was acked and stops before the first hole`, async (t) => {
    const scene = await open(t, '00000');
    await mark(scene, WEB, [1, 2]);
    assert.deepEqual(await marks(scene, WEB), { device: 2, delivered: 2, read: 0 });
    await mark(scene, WEB, [4, 5]);
    assert.deepEqual(await marks(scene, WEB), { device: 2, delivered: 2, read: 0 });
    await mark(scene, WEB, [3, 4]);
    assert.deepEqual(await marks(scene, WEB), { device: 4, delivered: 4, read: 0 });
  });

  test(`${name}: up to where some device has got a conversation, for each that is asked after`, async (t) => {
    const scene = await open(t, '00000');
    await mark(scene, WEB, [1, 2]);
    await mark(scene, PHONE, [1, 3]);
    const places = [
      { uid: scene.uid(1), conv: scene.conv(0, 1) },
      { uid: scene.uid(0), conv: scene.conv(0, 1) },
      { uid: scene.uid(2), conv: scene.conv(0, 1) },
      { uid: scene.uid(1), conv: scene.conv(1, 2) },
    ];
    assert.deepEqual(await scene.stores.messages.delivered(places), [3, 0, 0, 0]);
  });

  test(`${name}: several requests of one batch count together, in any order`, async (t) => {
    const scene = await open(t, '00000');
    await mark(scene, WEB, [4, 5], [1, 1], [2, 3]);
    assert.equal((await marks(scene, WEB)).device, 5);
  });

  test(`${name}: a mark walks over what its device sent, before, between and after`, async (t) => {
    const scene = await open(t, '1101011');
    await mark(scene, WEB, [3, 3]);
    assert.equal((await marks(scene, WEB)).device, 4);
    await mark(scene, WEB, [5, 5]);
    assert.equal((await marks(scene, WEB)).device, 7);
  });

  test(`${name}: an interval connects over a gap that holds only what the device sent`, async (t) => {
    const scene = await open(t, '011100');
    await mark(scene, WEB, [1, 1], [5, 5]);
    assert.equal((await marks(scene, WEB)).device, 5);
  });

  test(`${name}: what other devices of the user sent stops a mark until it is acked itself`, async (t) => {
    const behind = await open(t, '0122');
    await mark(behind, WEB, [1, 1]);
    assert.equal((await marks(behind, WEB)).device, 2, 'behind the last acked');
    await mark(behind, WEB, [3, 4]);
    assert.equal((await marks(behind, WEB)).device, 4, 'acked itself');
    const before = await open(t, '220');
    await mark(before, WEB, [3, 3]);
    assert.equal((await marks(before, WEB)).device, 0, 'before the first acked');
    await mark(before, PHONE, [3, 3]);
    assert.equal((await marks(before, PHONE)).device, 3, 'the device that sent it');
    const between = await open(t, '0220');
    await mark(between, WEB, [1, 1], [4, 4]);
    assert.equal((await marks(between, WEB)).device, 1, 'acked around it, also at the same time');
    await mark(between, WEB, [2, 4]);
    assert.equal((await marks(between, WEB)).device, 4);
    const beyond = await open(t, '02');
    await mark(beyond, WEB, [1, 1], [3, 4]);
    assert.equal((await marks(beyond, WEB)).device, 1, 'acked beside it is only what was never stored');
  });

  test(`${name}: a mark never exceeds the last seq and never falls`, async (t) => {
    const scene = await open(t, '000');
    await mark(scene, WEB, [1, 1000]);
    assert.deepEqual(await marks(scene, WEB), { device: 3, delivered: 3, read: 0 });
    await mark(scene, WEB, [1, 1]);
    assert.equal((await marks(scene, WEB)).device, 3);
    await speak(scene, '0');
    assert.equal((await marks(scene, WEB)).device, 3, 'what came later was not acked');
  });

  test(`${name}: delivered is the highest of all devices; each device has its own mark`, async (t) => {
    const scene = await open(t, '0000');
    await mark(scene, WEB, [1, 3]);
    await mark(scene, PHONE, [1, 1]);
    assert.deepEqual(await marks(scene, WEB), { device: 3, delivered: 3, read: 0 });
    assert.deepEqual(await marks(scene, PHONE), { device: 1, delivered: 3, read: 0 });
  });

  test(`${name}: reading raises the read mark up to its end and not beyond the last seq`, async (t) => {
    const scene = await open(t, '0000');
    await read(scene, WEB, 1, 3);
    assert.deepEqual(await marks(scene, WEB), { device: 3, delivered: 3, read: 3 });
    await read(scene, WEB, 4, 1000);
    assert.deepEqual(await marks(scene, WEB), { device: 4, delivered: 4, read: 4 });
    await read(scene, WEB, 1, 2);
    assert.equal((await marks(scene, WEB)).read, 4);
  });

  test(`${name}: a device's first mark starts at what the user has read`, async (t) => {
    const scene = await open(t, '00000');
    await read(scene, WEB, 1, 3);
    assert.equal((await marks(scene, PHONE)).device, 3);
    await mark(scene, PHONE, [4, 4]);
    assert.equal((await marks(scene, PHONE)).device, 4);
  });

  test(`${name}: marks of strangers, of unknown conversations and empty intervals are ignored`, async (t) => {
    const scene = await open(t, '000');
    await scene.stores.messages.mark([
      { uid: scene.uid(2), device: WEB, conv: scene.conv(), from: seq(1), to: seq(3), read: true },
      { uid: scene.uid(1), device: WEB, conv: scene.conv(1, 2), from: seq(1), to: seq(3), read: true },
      { uid: scene.uid(1), device: WEB, conv: scene.conv(), from: seq(3), to: seq(2), read: true },
    ]);
    assert.deepEqual(await marks(scene, WEB), { device: 0, delivered: 0, read: 0 });
    assert.deepEqual(await scene.stores.messages.lastSeqs([scene.conv(1, 2)]), []);
  });

  test(`${name}: the peer sees new marks at his next sync, and only then`, async (t) => {
    const scene = await open(t, '000');
    const sync = async (index: number, sinceMs: number): Promise<readonly ConversationState[]> => {
      const request = { uid: scene.uid(index), device: PHONE, sinceMs, afterConv: '', limit: 10 };
      return (await scene.stores.messages.sync(request)).conversations;
    };
    const changedAtMs = known((await sync(0, 0))[0]).lastAtMs;
    // Times are in ms: the mark has to fall into a later one for this test to see it.
    while (Date.now() <= changedAtMs) await new Promise((resolve) => setImmediate(resolve));
    const sinceMs = changedAtMs + 1;
    assert.deepEqual(await sync(0, sinceMs), []);
    await read(scene, WEB, 1, 2);
    const [state] = await sync(0, sinceMs);
    assert.deepEqual([state?.peerDeliveredSeq, state?.peerReadSeq], [2, 2]);
    assert.equal((await sync(1, sinceMs)).length, 1, 'his own other devices see them too');
  });

  test(`${name}: random receipts move a mark as the rule says`, async (t) => {
    const { stores } = await factory(t);
    const interval = fc.tuple(fc.integer({ min: 1, max: 14 }), fc.nat(4));
    const plan = fc.record({
      senders: fc.string({ unit: fc.constantFrom('0', '1', '2'), minLength: 1, maxLength: 12, size: 'max' }),
      batches: fc.array(fc.array(interval, { maxLength: 4, size: 'max' }), { maxLength: 3, size: 'max' }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ senders, batches }) => {
        const scene = await Scene.open(stores);
        await speak(scene, senders);
        let expected = 0;
        for (const batch of batches) {
          await mark(scene, WEB, ...batch.map(([from, more]) => [from, from + more] as const));
          if (batch.length > 0) expected = walk(expected, senders, batch);
          assert.equal((await marks(scene, WEB)).device, expected);
        }
      }),
      plays(60),
    );
  });
}

/** The rule, said once more and slowly: seq by seq. */
function walk(start: number, senders: string, batch: readonly (readonly [number, number])[]): number {
  let at = start;
  const covers = (wanted: number): boolean =>
    wanted <= senders.length && batch.some(([from, more]) => from <= wanted && wanted <= from + more);
  const passes = (wanted: number): boolean => covers(wanted) || senders[wanted - 1] === '1';
  while (at < senders.length && passes(at + 1)) at += 1;
  return at;
}

async function speak(scene: Scene, senders: string): Promise<void> {
  const batch = Array.from(senders, (sender) => {
    const from = sender === '0' ? 0 : 1;
    const device = sender === '1' ? WEB : PHONE;
    return scene.message(from, 1 - from, `${scene.newMid()}`, { device });
  });
  await scene.append(...batch);
}

/** User 1 has got these intervals on `device`. */
function mark(
  scene: Scene,
  device: Device,
  ...intervals: readonly (readonly [number, number])[]
): Promise<void> {
  return scene.stores.messages.mark(
    intervals.map(([from, to]) => ({
      uid: scene.uid(1),
      device,
      conv: scene.conv(),
      from: seq(from),
      to: seq(to),
      read: false,
    })),
  );
}

function read(scene: Scene, device: Device, from: number, to: number): Promise<void> {
  const request = { uid: scene.uid(1), device, conv: scene.conv(), from: seq(from), to: seq(to), read: true };
  return scene.stores.messages.mark([request]);
}

/** User 1's marks, and that user 0 sees the same. */
async function marks(scene: Scene, device: Device): Promise<Marks> {
  const { messages } = scene.stores;
  const [own] = await messages.conversations(scene.uid(1), device, 1, scene.conv());
  const [peer] = await messages.conversations(scene.uid(0), PHONE, 1, scene.conv());
  const { deviceSeq, deliveredSeq, readSeq } = known(own);
  assert.deepEqual([peer?.peerDeliveredSeq, peer?.peerReadSeq], [deliveredSeq, readSeq]);
  return { device: deviceSeq, delivered: deliveredSeq, read: readSeq };
}
