/**
 * Both profiles at once, each pairing, both ways: whoever sends, the reader gets his own casing, id types and time
 * unit, and the receipt finds its way back under whatever name it was sent.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  LegacyActor,
  SdkActor,
  WebActor,
  type Accepted,
  type Actor,
  type ActorKind,
} from '../support/actor.js';
import { signIn } from '../support/http.js';
import { asObject } from '../support/raw_client.js';
import { TestServer, type Urls } from '../support/server.js';
import { expectQuiet } from '../support/wait.js';

const ENTER: Readonly<Record<ActorKind, (urls: Urls, name: string) => Promise<Actor>>> = {
  legacy: (urls, name) => LegacyActor.enter(urls, name),
  web: (urls, name) => WebActor.enter(urls, name),
  sdk: (urls, name) => SdkActor.enter(urls, name),
};

const KINDS: readonly ActorKind[] = ['legacy', 'web', 'sdk'];

/** A whole second, so that the legacy profile can carry it; long ago, so that nobody mistakes it for now. */
const SENT_AT_MS = 1_600_000_000_000;

/** Awkward, and must come through as it is. */
const CONTENT = 'zwölf "Boxkämpfer"\n\\ 🛶 \u2028 {"Mid":1}';

async function checkOneWay(from: Actor, to: Actor): Promise<void> {
  const content = `${CONTENT} ${from.uid} → ${to.uid}`;
  const accepted = await from.send(to.uid, content, SENT_AT_MS);
  const received = await to.receive(content);
  assert.deepEqual(
    { mid: received.mid, seq: received.seq, from: received.from, to: received.to, type: received.type },
    { mid: accepted.mid, seq: accepted.seq, from: from.uid, to: to.uid, type: 1 },
  );
  // The SDK stamps its messages itself.
  if (from.kind !== 'sdk')
    assert.equal(received.sentAtMs, SENT_AT_MS, 'the time came through in the right unit');
  if (from.kind === 'legacy' && to.kind === 'web') assert.equal(received.clientId, `m${accepted.mid}`);
  await from.learnReceived(accepted, to.uid);
}

test('each pairing of profiles, both ways', async (t) => {
  const server = await TestServer.start(t);
  for (const one of KINDS) {
    for (const other of KINDS) {
      await t.test(`${one} → ${other}`, async () => {
        const from = await ENTER[one](server.urls, `${one}_1`);
        const to = await ENTER[other](server.urls, `${other}_2`);
        await checkOneWay(from, to);
        await checkOneWay(to, from);
        await from.close();
        await to.close();
      });
    }
    await t.test(`${one} → nobody there`, async () => {
      const from = await ENTER[one](server.urls, `${one}_1`);
      const away = await ENTER.sdk(server.urls, 'away');
      await away.close();
      await from.learnOffline(await from.send(away.uid, 'are you there?', SENT_AT_MS), away.uid);
      await from.close();
    });
  }

  await t.test('one cumulative receipt of our SDK is an ack.notify for every mid to an old one', async () => {
    const legacy = await LegacyActor.enter(server.urls, 'java');
    const web = await WebActor.enter(server.urls, 'web');
    const sdk = await SdkActor.enter(server.urls, 'ours');
    for (const sender of [legacy, web]) {
      const accepted: Accepted[] = [];
      for (let index = 0; index < 30; index++) {
        accepted.push(await sender.send(sdk.uid, `${sender.kind} ${index}`, SENT_AT_MS));
      }
      for (const message of accepted) await sender.learnReceived(message, sdk.uid);
      assert.equal(sender.client.heard('ack.notify').length, accepted.length, 'one each');
    }
    for (const actor of [legacy, web, sdk]) await actor.close();
  });

  await t.test('a receipt for what one sent oneself, or has no part in, does nothing', async () => {
    const ann = await LegacyActor.enter(server.urls, 'ann');
    const bob = await WebActor.enter(server.urls, 'bob');
    const eve = await WebActor.enter(server.urls, 'eve');
    const accepted = await ann.send(bob.uid, 'for bob', SENT_AT_MS);
    ann.client.receipt(accepted.mid, ann.uid);
    eve.client.receipt(accepted.mid, ann.uid);
    eve.client.receipt(accepted.mid + 1_000_000, ann.uid);
    await expectQuiet(200, () => ann.client.heard('ack.notify')[0]?.text);
    await bob.receive('for bob');
    await ann.learnReceived(accepted, bob.uid);
    assert.equal(asObject(ann.client.heard('ack.notify')[0]?.data)['From'], bob.uid);
    for (const actor of [ann, bob, eve]) await actor.close();
  });

  await t.test('a sender’s other device gets the message too, in its own profile', async () => {
    const ann = await LegacyActor.enter(server.urls, 'ann');
    const bob = await SdkActor.enter(server.urls, 'bob');
    const browser = await WebActor.connect(server.urls, await signIn(server.urls.http, ann.account, 2));
    const accepted = await ann.send(bob.uid, 'from the phone', SENT_AT_MS);
    const copy = await browser.receive('from the phone');
    assert.deepEqual(
      [copy.mid, copy.seq, copy.from, copy.to],
      [accepted.mid, accepted.seq, ann.uid, bob.uid],
    );
    const back = await browser.send(bob.uid, 'from the browser', SENT_AT_MS);
    assert.equal((await ann.receive('from the browser')).mid, back.mid);
    assert.equal(ann.client.heard('message.chat').length, 1, 'one’s own device gets no echo');
    for (const actor of [ann, bob, browser]) await actor.close();
  });

  await t.test('a heartbeat of an old SDK is never answered', async () => {
    const ann = await LegacyActor.enter(server.urls, 'ann');
    const bob = await WebActor.enter(server.urls, 'bob');
    const before = [ann.client.frames.length, bob.client.frames.length];
    ann.client.say('heartbeat', '');
    bob.client.say('heartbeat', {});
    await expectQuiet(200, () =>
      ann.client.frames.length === before[0] && bob.client.frames.length === before[1]
        ? undefined
        : 'answered',
    );
    for (const actor of [ann, bob]) await actor.close();
  });
});
