/**
 * Taking a message back: between each two kinds of client, the peer's screen, the sender's other device and the
 * history agree; too late, by somebody else and twice. Byte shapes are in im/message/recall_codec.test.ts.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { CodedError } from '../../pkg/errors/coded_error.js';
import { ERRORS } from '../../im/errors.js';
import { RECALLED } from '../../sdk/src/wire_events.js';
import { LegacyActor, SdkActor, WebActor, type Accepted, type Actor } from '../support/actor.js';
import { Chat, DEVICE } from '../support/chat.js';
import { callOk, signIn } from '../support/http.js';
import type { Phone } from '../support/phone.js';
import { asObject, type HeardFrame, type Json } from '../support/raw_client.js';
import { TestServer, type Urls } from '../support/server.js';
import { expectQuiet, waitUntil } from '../support/wait.js';

type Kind = 'legacy' | 'web' | 'sdk';
const KINDS: readonly Kind[] = ['legacy', 'web', 'sdk'];
const AT_MS = 1_600_000_000_000;

const ENTER: Readonly<Record<Kind, (urls: Urls, name: string) => Promise<Actor>>> = {
  legacy: (urls, name) => LegacyActor.enter(urls, name),
  web: (urls, name) => WebActor.enter(urls, name),
  sdk: (urls, name) => SdkActor.enter(urls, name),
};

interface Sent extends Accepted {
  readonly content: string;
}

async function say(from: Actor, to: number, content: string): Promise<Sent> {
  return { content, ...(await from.send(to, content, AT_MS)) };
}

async function legacyMid(urls: Urls, actor: LegacyActor): Promise<number> {
  return Number(asObject(await callOk(urls.http, 'msg/id', {}, actor.account.token))['Mid']);
}

/** The web client's name for its own message, as its ack told it. */
function clientIdOf(actor: WebActor, mid: number): string {
  const ack = actor.client.heard('ack.message').find(({ data }) => asObject(data)['mid'] === mid);
  return String(asObject(ack?.data)['cliMid']);
}

/** As the kind of client does it; resolves with the answer's frame, or throws the SDK's error. */
async function recall(urls: Urls, from: Actor, to: number, sent: Sent): Promise<HeardFrame | undefined> {
  if (from instanceof LegacyActor) {
    const mid = await legacyMid(urls, from);
    const content = JSON.stringify({ ReCallBy: from.uid, Mid: sent.mid });
    const message = { from: from.uid, to, content, mid, clientId: '', atMs: AT_MS, type: 100 };
    from.client.chat(message, 'message.chat.recall');
    return waitUntil('an answer to the recall', () =>
      from.client.frames.find(
        ({ action, data }) =>
          ['ack.message', 'message.failed.send'].includes(action) && asObject(data)['Mid'] === mid,
      ),
    );
  }
  if (from instanceof WebActor) {
    // Above what the raw client counts to by itself, and another each time.
    const seq = 1_000_000 + from.client.frames.length;
    const cliMid = clientIdOf(from, sent.mid);
    const data = {
      cliMid,
      mid: sent.mid,
      from: String(from.uid),
      to: String(to),
      type: 1,
      content: sent.content,
    };
    from.client.say('message.chat.recall', { ...data, sendAt: AT_MS, seq: 0, status: 3 }, seq);
    return waitUntil('an answer to the recall', () => from.client.frames.find((frame) => frame.seq === seq));
  }
  const { client } = phoneOf(from);
  const own = { to, mid: sent.mid, seq: sent.seq, clientId: `?${sent.mid}`, own: true };
  await client.recall(own);
  return undefined;
}

function phoneOf(actor: Actor): Phone {
  assert.ok(actor instanceof SdkActor);
  return actor.phone;
}

/** Waits until `reader` sees that `mid` is gone, in its own terms. */
async function seeRecalled(reader: Actor, by: number, { mid, seq }: Sent): Promise<Json> {
  if (reader instanceof LegacyActor) {
    const frame = await reader.client.expect('message.chat', (data) => {
      return data['Type'] === 100 && asObject(JSON.parse(String(data['Content'])))['Mid'] === mid;
    });
    const data = asObject(frame.data);
    assert.deepEqual(JSON.parse(String(data['Content'])), { ReCallBy: by, Mid: mid });
    assert.notEqual(data['Mid'], mid, 'an event of its own');
    return data;
  }
  if (reader instanceof WebActor) {
    const frame = await reader.client.expect('message.chat.recall', (data) => data['mid'] === mid);
    const data = asObject(frame.data);
    const { status, content, from, targetSeq } = data;
    assert.deepEqual(
      { status, content, from, targetSeq },
      { status: 3, content: '', from: String(by), targetSeq: seq },
    );
    const original = reader.client.heard('message.chat').find((heard) => asObject(heard.data)['mid'] === mid);
    if (original !== undefined) assert.equal(data['cliMid'], asObject(original.data)['cliMid']);
    for (const { data: chat } of reader.client.heard('message.chat'))
      assert.notEqual(asObject(chat)['type'], 100, 'a recall is never a chat to this client');
    return data;
  }
  const { recalled } = phoneOf(reader);
  const event = await waitUntil('a recalled event', () => recalled.find((one) => one.mid === mid));
  assert.deepEqual([event.by, event.seq], [by, seq]);
  return { ...event };
}

test('each pairing: the peer sees it go, and it takes a place of its own', async (t) => {
  const server = await TestServer.start(t);
  const { urls } = server;
  for (const one of KINDS) {
    for (const other of KINDS) {
      await t.test(`${one} → ${other}`, async () => {
        const from = await ENTER[one](urls, `${one}_1`);
        const to = await ENTER[other](urls, `${other}_2`);
        const sent = await say(from, to.uid, 'a slip');
        await to.receive('a slip');
        await from.learnReceived(sent, to.uid);
        await recall(urls, from, to.uid, sent);
        await seeRecalled(to, from.uid, sent);
        const later = await say(to, from.uid, 'what was that?');
        await from.receive('what was that?');
        assert.equal(later.seq, sent.seq + 2);
        await from.close();
        await to.close();
      });
    }
  }
});

test('the ack says what its sender said; again is acked again, and nothing is stored twice', async (t) => {
  const { urls } = await TestServer.start(t);
  const java = await LegacyActor.enter(urls, 'java');
  const web = await WebActor.enter(urls, 'web');
  const toWeb = await say(java, web.uid, 'from java');
  for (let round = 0; round < 2; round++) {
    const ack = await recall(urls, java, web.uid, toWeb);
    assert.equal(ack?.action, 'ack.message');
    assert.equal(asObject(ack.data)['Seq'], toWeb.seq + 1);
  }
  const toJava = await say(web, java.uid, 'from web');
  for (let round = 0; round < 2; round++) {
    const ack = await recall(urls, web, java.uid, toJava);
    assert.equal(ack?.action, 'ack.message');
    const { cliMid, mid, seq } = asObject(ack.data);
    assert.deepEqual(
      { cliMid, mid, seq },
      { cliMid: clientIdOf(web, toJava.mid), mid: toJava.mid, seq: toJava.seq + 1 },
    );
  }
  const taken = {
    from: web.uid,
    to: java.uid,
    content: 'x',
    mid: 0,
    clientId: `recall-${toJava.mid}`,
    atMs: AT_MS,
  };
  web.client.chat(taken);
  const refusal = await web.client.expect('notify.error');
  assert.equal(refusal.data, ERRORS.BAD_CLIENT_ID.text, 'a message of that name would be acked and lost');
  assert.equal((await say(web, java.uid, 'next')).seq, toJava.seq + 2);
  for (const actor of [java, web]) await actor.close();
});

test('only its sender, only in time, only a message', async (t) => {
  const { urls } = await TestServer.start(t, { flags: { 'messaging-recall-window-ms': 1500 } });
  const ann = await WebActor.enter(urls, 'ann');
  const bob = await LegacyActor.enter(urls, 'bob');
  const eve = await SdkActor.enter(urls, 'eve');
  const sent = await say(ann, bob.uid, 'mine');
  await bob.receive('mine');
  assert.equal((await recall(urls, bob, ann.uid, sent))?.action, 'message.failed.send', 'of the other side');
  await say(eve, ann.uid, 'so that there is a conversation');
  await assert.rejects(recall(urls, eve, ann.uid, sent), code('NO_SUCH_MESSAGE'), 'of strangers');
  const toEve = await say(ann, eve.uid, 'to eve');
  assert.equal((await recall(urls, ann, bob.uid, toEve))?.action, 'notify.error', 'another conversation');
  assert.equal((await recall(urls, ann, bob.uid, sent))?.action, 'ack.message');
  const gone = await seeRecalled(bob, ann.uid, sent);
  const again = { ...sent, mid: Number(gone['Mid']), content: '' };
  assert.equal((await recall(urls, ann, bob.uid, again))?.action, 'notify.error', 'a recall of the recall');

  const late = await say(ann, bob.uid, 'too late');
  await bob.receive('too late');
  await new Promise((resolve) => setTimeout(resolve, 1600));
  const refused = await recall(urls, ann, bob.uid, late);
  assert.deepEqual([refused?.action, refused?.data], ['notify.error', ERRORS.RECALL_TOO_LATE.text]);
  assert.equal(
    (await recall(urls, ann, bob.uid, sent))?.action,
    'ack.message',
    'but what was recalled in time stays so',
  );
  await expectQuiet(100, () => bob.client.heard('message.chat').filter(isRecallOf(late.mid))[0]?.text);
  const history = await callOk(urls.http, 'msg/chat/history', { Uid: ann.uid }, bob.account.token);
  assert.ok(Array.isArray(history));
  const contents = new Map(history.map(asObject).map((row) => [row['Mid'], [row['Content'], row['Status']]]));
  assert.deepEqual(contents.get(late.mid), ['too late', 0]);
  assert.deepEqual(contents.get(sent.mid), ['', 1]);
  for (const actor of [ann, bob, eve]) await actor.close();
});

const code =
  (name: keyof typeof ERRORS) =>
  (error: unknown): boolean =>
    error instanceof CodedError && error.code === ERRORS[name].code;

const isRecallOf =
  (mid: number) =>
  ({ data }: HeardFrame): boolean =>
    asObject(data)['Type'] === 100 && String(asObject(data)['Content']).includes(`"Mid":${mid}`);

test('a peer that was away finds a blank, and the recall behind it', async (t) => {
  const chat = await Chat.start(t);
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const annPhone = await chat.phone(ann);
  const annTablet = await chat.phone(ann, DEVICE.desktop);
  const { token } = await chat.signIn(bob, DEVICE.tablet);
  const bobPhone = await chat.phoneWith(token, { name: 'bob' }).connect();
  const seen = await annPhone.sendAndWait(bob.uid, 'seen');
  await bobPhone.expectMessage('seen');
  await bobPhone.close();
  const unseen = await annPhone.sendAndWait(bob.uid, 'unseen');
  for (const { to, mid, seq, clientId } of [seen, unseen])
    await annPhone.client.recall({ to, mid, seq, clientId, own: true });
  await waitUntil('the own other device to know', () => annTablet.recalled.length === 2);
  assert.deepEqual(
    annTablet.recalled.map(({ seq, mid, clientId }) => [seq, mid, clientId]),
    [seen, unseen].map(({ seq, mid, clientId }) => [seq, mid, clientId]),
  );
  await bobPhone.connect();
  await waitUntil('both to be gone', () => bobPhone.recalled.length === 2);
  const blank = bobPhone.shown.find(({ seq }) => seq === unseen.seq);
  assert.deepEqual([blank?.content, blank?.status], ['', RECALLED], 'what it said is nowhere any more');
  assert.equal(bobPhone.shown.length, 2, 'recalls are no messages');
  const [view] = bobPhone.client.conversations.all();
  assert.equal(view?.tip, 4);
  const page = await bobPhone.client.history(view.conv, { count: 10 });
  assert.deepEqual(
    page.map(({ seq, content, status }) => [seq, content, status]),
    [
      [1, '', RECALLED],
      [2, '', RECALLED],
    ],
  );
});

test('an old phone that was away pulls the blank and the recall; a web client is pushed them', async (t) => {
  const { urls } = await TestServer.start(t);
  const ann = await SdkActor.enter(urls, 'ann');
  const java = await LegacyActor.enter(urls, 'java');
  await java.close();
  const web = await WebActor.enter(urls, 'web');
  await web.close();
  for (const reader of [java, web]) {
    const sent = await say(ann, reader.uid, 'unseen');
    await recall(urls, ann, reader.uid, sent);
  }
  const pulled = await callOk(urls.http, 'msg/chat/offline', {}, java.account.token);
  assert.ok(Array.isArray(pulled));
  const [message, gone] = pulled.map(asObject);
  assert.deepEqual([message?.['Content'], message?.['Status']], ['', 1]);
  assert.deepEqual(
    [gone?.['Type'], JSON.parse(String(gone?.['Content']))],
    [100, { ReCallBy: ann.uid, Mid: message?.['Mid'] }],
  );
  const back = await WebActor.connect(urls, await signIn(urls.http, web.account, DEVICE.web));
  const frame = await back.client.expect('message.chat.recall');
  const blank = await back.client.expect('message.chat');
  assert.equal(asObject(blank.data)['status'], 3);
  assert.equal(asObject(frame.data)['mid'], asObject(blank.data)['mid']);
  for (const actor of [ann, back]) await actor.close();
});

test('a recall whose ack was lost is sent again by our SDK, and done once', async (t) => {
  const chat = await Chat.start(t);
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const { token } = await chat.signIn(ann, DEVICE.tablet);
  const annPhone = await chat.phoneWith(token, { name: 'ann' }).connect();
  const bobPhone = await chat.phone(bob);
  const sent = await annPhone.sendAndWait(bob.uid, 'a slip');
  await bobPhone.expectMessage('a slip');
  const done = annPhone.client.recall({ ...sent, own: true });
  await chat.server.restart();
  await done;
  await waitUntil('the peer to know', () => bobPhone.recalled.length > 0, 15_000);
  const again = await annPhone.sendAndWait(bob.uid, 'next');
  assert.equal(again.seq, sent.seq + 2);
});
