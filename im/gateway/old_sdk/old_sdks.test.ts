import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { known, toDevice, toUid } from '../../message/ids.js';
import type { ChatEvent, DownFrame, Profile } from '../../message/message.js';
import { plays } from '../../../test/support/plays.js';
import { OldSdkScene, settled, type SceneOptions } from './fake_old_client.js';

const peer = known(toUid(2));
const other = known(toUid(3));
const PHONE = known(toDevice(1));

function mids(events: readonly ChatEvent[]): readonly number[] {
  return events.map(({ mid }) => mid);
}

function started(t: TestContext, options: SceneOptions = {}): OldSdkScene {
  const scene = new OldSdkScene(options);
  scene.sdks.start();
  t.after(() => scene.sdks.stop());
  return scene;
}

async function until(condition: () => boolean): Promise<void> {
  const endAtMs = performance.now() + 5000;
  while (!condition()) {
    assert.ok(performance.now() < endAtMs, 'waited too long');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test('a web client is given what it missed page by page, and what comes meanwhile in its place', async () => {
  const scene = new OldSdkScene({ oldSdkPageCount: 10 });
  const missed = Array.from({ length: 95 }, (_, n) => scene.log.say(n % 3 === 0 ? other : peer));
  const { client, socket } = scene.enter('web');
  const live = scene.log.say(peer);
  scene.push(client, live);
  await settled(200);
  assert.deepEqual(socket.mids(), mids([...missed, live]));
  const next = scene.log.say(peer);
  scene.push(client, next);
  await settled();
  assert.equal(socket.mids().at(-1), next.mid);
  assert.equal(scene.sdks.stats().pagedCount, 96, 'the last came without a read');
});

test('pages are read as the socket drains: one that takes nothing costs one page', async () => {
  const scene = new OldSdkScene({ oldSdkPageCount: 50, queueBytes: 40_000 });
  const missed = Array.from({ length: 1000 }, () => scene.log.say(peer, false, 'y'.repeat(500)));
  const { client, socket } = scene.enter('web');
  socket.takesBytes = false;
  await settled(100);
  assert.ok(client.outbound.bytes < 41_000 && scene.log.readCount <= 2, `${scene.log.readCount} reads`);
  socket.take();
  await settled(2000);
  assert.deepEqual(socket.mids(), mids(missed));
});

test('a legacy client is never pushed what was there of chats before it', async () => {
  const scene = new OldSdkScene();
  scene.log.say(peer);
  scene.log.say(peer);
  const { client, socket } = scene.enter('legacy');
  const live = scene.log.say(peer);
  scene.push(client, live);
  await settled();
  assert.deepEqual(socket.mids(), [live.mid]);
  assert.equal(scene.log.readCount, 1, 'a look at its groups, for which no chat waits');
});

test('a hole is read once, and its push waits for it; a late one is not pushed twice', async () => {
  for (const profile of ['legacy', 'web'] as const) {
    const scene = new OldSdkScene();
    const { client, socket } = scene.enter(profile);
    await settled();
    const first = scene.log.say(peer);
    scene.push(client, first);
    await settled();
    const lost = Array.from({ length: 4 }, () => scene.log.say(peer));
    const reads = scene.log.readCount;
    const after = scene.log.say(peer);
    scene.push(client, after);
    for (const late of lost) scene.push(client, late);
    await settled();
    assert.deepEqual(socket.mids(), mids([first, ...lost, after]), profile);
    assert.equal(scene.log.readCount, reads + 1);
    scene.push(client, after);
    assert.equal(socket.mids().length, 6);
  }
});

test('what the device itself sent is no hole, in whatever order its acknowledgement comes', async () => {
  const scene = new OldSdkScene();
  const { client, socket } = scene.enter('legacy');
  const first = scene.log.say(peer);
  scene.push(client, first);
  const own = scene.log.say(peer, true);
  scene.sdks.stored(client, own.conv, own.seq);
  const second = scene.log.say(peer);
  const batch = [scene.log.say(peer, true), scene.log.say(peer, true)];
  // Of one batch the acknowledgements go out before the pushes.
  for (const event of batch) scene.sdks.stored(client, event.conv, event.seq);
  scene.push(client, second);
  const third = scene.log.say(peer);
  scene.push(client, third);
  await settled();
  assert.deepEqual(socket.mids(), mids([first, second, third]));
  assert.equal(scene.log.readCount, 1, 'a look at its groups');
});

test('what was let go at a full queue comes later, in order, and the client is not closed', async () => {
  for (const profile of ['legacy', 'web'] as const) {
    const scene = new OldSdkScene({ queueBytes: 20_000, oldSdkPageCount: 20 });
    const { client, socket } = scene.enter(profile);
    await settled();
    socket.takesBytes = false;
    const events: ChatEvent[] = [];
    for (let n = 0; n < 300; n++) {
      const event = scene.log.say(peer, false, 'z'.repeat(300));
      events.push(event);
      scene.push(client, event);
      if (n === 3) await settled();
    }
    await settled();
    assert.ok(client.outbound.bytes < 21_000);
    assert.ok(scene.sdks.stats().letGoCount > 0);
    socket.take();
    await settled(1500);
    assert.deepEqual(socket.mids(), mids(events), profile);
  }
});

test('more conversations behind than are remembered: all come, each in order', async () => {
  const scene = new OldSdkScene({ queueBytes: 20_000, oldSdkConversations: 4, oldSdkPageCount: 20 });
  const { client, socket } = scene.enter('web');
  await settled();
  socket.takesBytes = false;
  const events: ChatEvent[] = [];
  for (let n = 0; n < 200; n++) {
    const event = scene.log.say(known(toUid(2 + (n % 20))), false, 'z'.repeat(300));
    events.push(event);
    scene.push(client, event);
  }
  socket.take();
  await settled(1500);
  assert.deepEqual([...socket.mids()].sort(byNumber), mids(events));
  for (let n = 0; n < 20; n++) {
    const ofOne = mids(events.filter(({ from }) => from === 2 + n));
    assert.deepEqual(
      socket.mids().filter((mid) => ofOne.includes(mid)),
      ofOne,
    );
  }
});

test('a loss in a conversation that was forgotten since is found by the store’s mark', async () => {
  for (const profile of ['legacy', 'web'] as const) {
    const scene = new OldSdkScene({ oldSdkConversations: 2 });
    const { client, socket } = scene.enter(profile);
    await settled();
    const first = scene.log.say(peer);
    scene.push(client, first);
    await settled();
    scene.ack(client, first);
    scene.log.marks.set(first.conv, first.seq);
    const lost = scene.log.say(peer);
    const others = [3, 4, 5].map((uid) => scene.log.say(known(toUid(uid))));
    for (const event of others) {
      scene.push(client, event);
      await settled();
    }
    const next = scene.log.say(peer);
    scene.push(client, next);
    await settled();
    assert.deepEqual(socket.mids(), mids([first, ...others, lost, next]), profile);
  }
});

test('a push without receipt is repeated twice and no more; one with a receipt is not', async (t) => {
  const scene = started(t, { oldSdkFirstRepushMs: 20, oldSdkSecondRepushMs: 40 });
  const { client, socket } = scene.enter('legacy');
  const [acked, ignored] = [scene.log.say(peer), scene.log.say(peer)];
  for (const event of [acked, ignored]) scene.push(client, event);
  const receipt = scene.ack(client, acked);
  assert.deepEqual(receipt, {
    kind: 'receipt',
    by: 'pushed',
    messages: [{ mid: acked.mid, conv: acked.conv, seq: 1, from: peer, clientId: acked.clientId }],
  });
  await until(() => scene.sdks.stats().repushedCount === 2);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(socket.mids(), mids([acked, ignored, ignored, ignored]));
  assert.equal(scene.sdks.stats().unackedCount, 1);
  assert.equal(scene.ack(client, ignored).by, 'pushed');
  assert.equal(scene.ack(client, ignored).by, 'mid', 'known no more: the store is asked');
});

test('what the device acknowledged over HTTP is not repeated', async (t) => {
  const scene = started(t, { oldSdkFirstRepushMs: 20, oldSdkSecondRepushMs: 40 });
  const { client, socket } = scene.enter('legacy');
  const [pulled, open] = [scene.log.say(peer), scene.log.say(peer)];
  for (const event of [pulled, open]) scene.push(client, event);
  scene.log.marks.set(pulled.conv, pulled.seq);
  await until(() => scene.sdks.stats().repushedCount === 2);
  await settled();
  assert.deepEqual(socket.mids(), mids([pulled, open, open, open]));
});

test('more busy conversations than are remembered: what was received does not come again', async () => {
  const scene = new OldSdkScene({ oldSdkConversations: 4, oldSdkBusyConversations: 50 });
  const { client, socket } = scene.enter('web');
  await settled();
  const events: ChatEvent[] = [];
  // The marks of these receipts are not written yet.
  for (let n = 0; n < 200; n++) {
    const event = scene.log.say(known(toUid(2 + (n % 20))));
    events.push(event);
    scene.push(client, event);
    await settled(n < 40 ? 10 : 1);
    scene.ack(client, event);
  }
  await settled(100);
  assert.deepEqual(socket.mids(), mids(events));
});

test('what comes while pages are read lies in more conversations than they remember: it comes after them', async () => {
  const scene = new OldSdkScene({ oldSdkPagedConversations: 5, oldSdkPageCount: 2 });
  const missed = Array.from({ length: 5 }, (_, n) => scene.log.say(known(toUid(2 + n))));
  const { client, socket } = scene.enter('web');
  socket.takesBytes = false;
  const live = Array.from({ length: 5 }, (_, n) => scene.log.say(known(toUid(12 + n))));
  for (const event of live) {
    scene.push(client, event);
    await settled(2);
  }
  socket.take();
  await settled(400);
  assert.deepEqual([...socket.mids()].sort(byNumber), mids([...missed, ...live]));
});

test('a store that does not answer delays, and loses nothing', async (t) => {
  const scene = started(t, { oldSdkFirstRepushMs: 50 });
  const missed = [scene.log.say(peer), scene.log.say(peer)];
  scene.log.failure = new Error('away');
  const { client, socket } = scene.enter('web');
  await settled();
  scene.push(client, scene.log.say(peer));
  await until(() => scene.sdks.stats().failedReadCount > 1);
  scene.log.failure = undefined;
  await until(() => socket.mids().length === missed.length + 1);
});

test('gone without receipts: the senders are told «offline», once, and not of what another device has', async () => {
  const scene = new OldSdkScene();
  const web = scene.enter('web');
  const phone = scene.enter('legacy', PHONE);
  await settled();
  const events = [scene.log.say(peer), scene.log.say(peer), scene.log.say(other)];
  for (const event of events) for (const { client } of [web, phone]) scene.push(client, event);
  await settled();
  scene.ack(phone.client, known(events[0]));
  scene.leave(phone.client);
  await settled();
  assert.equal(scene.told.length, 0, 'the browser is still there');
  scene.ack(web.client, known(events[1]));
  scene.leave(web.client);
  await settled();
  assert.deepEqual(
    scene.told.map(({ frame, recipients }) => [frame.kind, midOf(frame), recipients]),
    [['offline', known(events[2]).mid, [{ uid: other }]]],
  );
  assert.equal(scene.sdks.stats().unackedCount, 0);
  const again = scene.enter('web');
  await settled();
  scene.leave(again.client);
  await settled();
  assert.equal(scene.told.length, 1, 'a page of what was missed tells nobody again');
});

test('gone: nothing is said of what was received in another way', async () => {
  const scene = new OldSdkScene();
  const { client } = scene.enter('legacy');
  const [pulled, open] = [scene.log.say(peer), scene.log.say(peer)];
  for (const event of [pulled, open]) scene.push(client, event);
  scene.log.delivered.set(pulled.conv, pulled.seq);
  scene.leave(client);
  await settled();
  assert.deepEqual(
    scene.told.map(({ frame }) => midOf(frame)),
    [open.mid],
  );
});

test('receipts that do not fit are owed, and come as one when there is room', async () => {
  const scene = new OldSdkScene({ queueBytes: 16_384 });
  const { client, socket } = scene.enter('legacy');
  const sent = Array.from({ length: 60 }, () => scene.log.say(peer, true));
  const conv = known(sent[0]).conv;
  await scene.pushReceipt(client, conv, 1, 2);
  await settled();
  socket.takesBytes = false;
  for (let n = 0; n < 60; n++) scene.push(client, scene.log.say(other, false, 'x'.repeat(300)));
  for (let seq = 3; seq <= 60; seq++) await scene.pushReceipt(client, conv, seq, seq);
  const { readCount } = scene.log;
  socket.take();
  await settled(200);
  const notified = [...socket.text.matchAll(/"ack.notify","Data":\{"Seq":(\d+)/g)].map(([, seq]) =>
    Number(seq),
  );
  assert.deepEqual(
    notified,
    sent.map(({ seq }) => seq),
  );
  assert.ok(scene.log.readCount - readCount < 20, 'not one read for each');
  assert.equal(scene.sdks.stats().droppedReceiptCount, 0);
});

test('a receipt for more than one page names every message, and what it left out stays out', async () => {
  const scene = new OldSdkScene({ queueBytes: 16_384 });
  const { client, socket } = scene.enter('legacy');
  const sent = Array.from({ length: 1500 }, () => scene.log.say(peer, true));
  const conv = known(sent[0]).conv;
  const notified = (): readonly number[] =>
    [...socket.text.matchAll(/"ack.notify","Data":\{"Seq":(\d+)/g)].map(([, seq]) => Number(seq));
  await scene.pushReceipt(client, conv, 1, 1000);
  await settled(200);
  socket.takesBytes = false;
  for (let n = 0; n < 60; n++) scene.push(client, scene.log.say(other, false, 'x'.repeat(300)));
  await scene.pushReceipt(client, conv, 1100, 1100);
  await scene.pushReceipt(client, conv, 1300, 1500);
  socket.take();
  await settled(400);
  const expected = sent.map(({ seq }) => Number(seq)).filter((n) => n <= 1000 || n === 1100 || n >= 1300);
  assert.deepEqual([...new Set(notified())].sort(byNumber), expected);
  assert.equal(scene.sdks.stats().droppedReceiptCount, 0);
});

test('gone before its queue had room: the senders of what was never pushed are told too', async () => {
  const scene = new OldSdkScene({ queueBytes: 20_000 });
  const { client, socket } = scene.enter('legacy');
  socket.takesBytes = false;
  const events = Array.from({ length: 100 }, () => scene.log.say(peer, false, 'z'.repeat(400)));
  for (const event of events) scene.push(client, event);
  scene.leave(client);
  await settled();
  const told = scene.told.map(({ frame }) => midOf(frame));
  assert.deepEqual([...told].sort(byNumber), mids(events));
});

test('a takeover gives what the old connection lost to the one that takes over, and what is untold', async () => {
  const scene = new OldSdkScene();
  const first = scene.enter('web');
  await settled();
  // In two conversations, into a socket that is dead already.
  const events = [scene.log.say(peer), scene.log.say(other)];
  for (const event of events) scene.push(first.client, event);
  await settled();
  const second = scene.enter('web');
  await settled();
  assert.deepEqual([scene.told.length, second.socket.mids()], [0, mids(events)]);
  scene.sdks.signedIn(second.client);
  await settled();
  assert.equal(second.socket.mids().length, 2, 'a second sign-in on it brings nothing again');
  scene.leave(second.client);
  await settled();
  assert.equal(scene.told.length, 2);
});

test('gone with far more unacknowledged than is remembered: every sender is told of each, once', async () => {
  const scene = new OldSdkScene({ oldSdkUnacked: 16 });
  const { client } = scene.enter('web');
  await settled();
  const events = Array.from({ length: 1000 }, (_, n) => scene.log.say(n % 5 === 0 ? other : peer));
  for (const event of events) {
    scene.push(client, event);
    await settled(1);
  }
  scene.log.delivered.set(known(events[0]).conv, 10);
  scene.leave(client);
  await settled(200);
  const told = scene.told.map(({ frame }) => midOf(frame));
  const received = events.filter(({ from, seq }) => from === other && seq <= 10);
  const open = events.filter((event) => !received.includes(event));
  assert.deepEqual([...told].sort(byNumber), mids(open));
});

test('a modern device goes away with pushes that it has not acknowledged: their senders are told', async () => {
  const scene = new OldSdkScene();
  const { client } = scene.enter('web', PHONE, true);
  const events = [scene.log.say(peer), scene.log.say(peer), scene.log.say(peer), scene.log.say(other)];
  for (const event of events) scene.pushModern(client, event);
  scene.ackInterval(client, known(events[0]), 1, 2);
  scene.leave(client);
  await settled();
  assert.deepEqual(
    scene.told.map(({ frame }) => midOf(frame)),
    mids(events.slice(2)),
  );
});

test('a modern device goes away: nothing is told while another one is there, nor of what that one received', async () => {
  const scene = new OldSdkScene();
  const phone = scene.enter('web', PHONE, true);
  const tablet = scene.enter('web', known(toDevice(5)), true);
  const [received, open] = [scene.log.say(peer), scene.log.say(other)];
  for (const event of [received, open])
    for (const { client } of [phone, tablet]) scene.pushModern(client, event);
  scene.leave(phone.client);
  scene.ackInterval(tablet.client, received, 1, 1);
  await settled();
  assert.equal(scene.told.length, 0);
  // Taken over: the new connection is heir, and acknowledges by its sync.
  const again = scene.enter('web', known(toDevice(5)), true);
  await settled();
  assert.equal(scene.told.length, 0);
  scene.leave(again.client);
  await settled();
  assert.deepEqual(
    scene.told.map(({ frame }) => midOf(frame)),
    [open.mid],
  );
});

test('an old device leaves a modern one behind, and that one goes too', async () => {
  const scene = new OldSdkScene();
  const web = scene.enter('web');
  await settled();
  const phone = scene.enter('web', PHONE, true);
  const events = [scene.log.say(peer), scene.log.say(other)];
  for (const event of events) scene.push(web.client, event);
  await settled();
  scene.leave(web.client);
  await settled();
  assert.equal(scene.told.length, 0);
  scene.leave(phone.client);
  await settled();
  assert.deepEqual(scene.told.map(({ frame }) => midOf(frame)).sort(byNumber), mids(events));
});

function midOf(frame: DownFrame): number {
  return frame.kind === 'offline' ? frame.mid : 0;
}

function byNumber(one: number, another: number): number {
  return one - another;
}

/** What may happen between people and a server; `to` says which of six. */
const TO = fc.nat(5);
const STEP = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('say' as const), to: TO, isLost: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('own' as const), to: TO }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('swap' as const), to: TO }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('ack' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('stall' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), turns: fc.nat(6) }) },
);
type Step = typeof STEP extends fc.Arbitrary<infer Value> ? Value : never;

/** One old client and all that it must have been shown in the end. */
class Story {
  readonly scene = new OldSdkScene({ queueBytes: 16_384, oldSdkPageCount: 3, oldSdkConversations: 3 });
  readonly expected: ChatEvent[] = [];
  readonly #profile: Profile;
  readonly #entered: ReturnType<OldSdkScene['enter']>;
  /** A legacy client starts from the first message of a conversation that it hears of. */
  readonly #heardOf = new Set<number>();

  constructor(profile: Profile) {
    this.#profile = profile;
    if (profile === 'web') for (let n = 0; n < 10; n++) this.#say(n % 4);
    this.#entered = this.scene.enter(profile);
  }

  get mids(): readonly number[] {
    return this.#entered.socket.mids();
  }

  async play(step: Step): Promise<void> {
    const { client, socket } = this.#entered;
    switch (step.kind) {
      case 'say': {
        this.#deliver(step.to, [this.#say(step.to)], step.isLost && this.#mayLose(step.to));
        return;
      }
      case 'swap':
        if (!this.#mayLose(step.to)) return;
        {
          this.#deliver(step.to, [this.#say(step.to), this.#say(step.to)].reverse(), false);
          return;
        }
      case 'own': {
        const own = this.scene.log.say(known(toUid(2 + step.to)), true);
        this.scene.sdks.stored(client, own.conv, own.seq);
        return;
      }
      case 'ack': {
        const shown = new Set(socket.mids());
        for (const event of this.expected) if (shown.has(event.mid)) this.scene.ack(client, event);
        return;
      }
      case 'stall':
        socket.takesBytes = false;
        return;
      case 'take': {
        socket.take();
        return;
      }
      case 'wait':
        return settled(step.turns);
    }
  }

  /** Something more in each conversation shows what was lost before it. */
  async end(): Promise<void> {
    this.#entered.socket.take();
    for (const to of this.#heardOf) this.#deliver(to, [this.#say(to)], false);
    await settled(400);
  }

  #mayLose(to: number): boolean {
    return this.#profile === 'web' || this.#heardOf.has(to);
  }

  #say(to: number): ChatEvent {
    const event = this.scene.log.say(known(toUid(2 + to)), false, 'w'.repeat(900));
    this.expected.push(event);
    return event;
  }

  #deliver(to: number, events: readonly ChatEvent[], isLost: boolean): void {
    this.#heardOf.add(to);
    if (!isLost) for (const event of events) this.scene.push(this.#entered.client, event);
  }
}

test('whatever happens, each message is shown once and each conversation in order', async () => {
  const profiles = fc.constantFrom('web' as const, 'legacy' as const);
  const play = async (profile: Profile, steps: readonly Step[]): Promise<void> => {
    const story = new Story(profile);
    for (const step of steps) await story.play(step);
    await story.end();
    checkShown(story.mids, story.expected);
  };
  await fc.assert(
    fc.asyncProperty(profiles, fc.array(STEP, { maxLength: 80, size: 'max' }), play),
    plays(150),
  );
});

function checkShown(pushed: readonly number[], expected: readonly ChatEvent[]): void {
  const shown = [...new Set(pushed)];
  assert.deepEqual([...shown].sort(byNumber), [...mids(expected)].sort(byNumber));
  const conversations = new Set(expected.map(({ conv }) => conv));
  for (const conv of conversations) {
    const ofOne = mids(expected.filter((event) => event.conv === conv));
    assert.deepEqual(
      shown.filter((mid) => ofOne.includes(mid)),
      ofOne,
    );
  }
}
