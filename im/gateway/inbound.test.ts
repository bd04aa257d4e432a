/** What connections have under way is given back when they go, whatever happens afterwards. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultsOf } from '../../pkg/config/option.js';
import { ANSWER_BYTES } from '../message/answer_size.js';
import type { DownFrame } from '../message/message.js';
import type { InboundFrame } from '../messaging/interface.js';
import type { Client } from './client.js';
import { fakeClient } from './fake_client.js';
import { Inbound, INBOUND_OPTIONS } from './inbound.js';

interface Bench {
  readonly inbound: Inbound;
  readonly handled: InboundFrame[];
  readonly sent: (readonly [Client, DownFrame])[];
}

/** Answers may weigh so much together that one request fits, and a second does not. */
function bench(): Bench {
  const made = { handled: [] as InboundFrame[], sent: [] as [Client, DownFrame][] };
  const nothing = (): void => undefined;
  const inbound = new Inbound(
    { ...defaultsOf(INBOUND_OPTIONS), totalBytes: ANSWER_BYTES.page * 1.5 },
    {
      outboundBytes: () => 0,
      messaging: { handle: (frames) => void made.handled.push(...frames) },
      answerSize: () => 'page',
      limiter: { admit: () => true },
      send: (client, frame) => void made.sent.push([client, frame]),
      signIn: (client) => (client.isSigningIn = true),
      receipt: (_client, frame) => frame,
      heartbeat: nothing,
      close: nothing,
    },
  );
  return { inbound, ...made };
}

const ask = (inbound: Inbound, client: Client): void =>
  inbound.received(client, '{"action":"api.sync","seq":1,"data":{}}', 40);

test('what was held back while a connection signed in is not done when it has gone meanwhile', () => {
  const { inbound, handled, sent } = bench();
  const gone = fakeClient();
  inbound.received(gone, '{"action":"authenticate","seq":1,"data":{"token":"t"}}', 60);
  ask(inbound, gone);
  gone.isClosed = true;
  inbound.forget(gone);
  gone.isSigningIn = false;
  inbound.resume(gone);
  assert.deepEqual(handled, []);

  const other = fakeClient(2);
  ask(inbound, other);
  assert.deepEqual([handled.length, sent.length], [1, 0], 'there is room for everybody else');
  assert.equal(inbound.apiBytes, ANSWER_BYTES.page, 'only his is promised');
});

test('beyond what all answers may weigh requests are told to come back, and it is given back with the answer', () => {
  const { inbound, handled, sent } = bench();
  const [one, other] = [fakeClient(1), fakeClient(2)];
  ask(inbound, one);
  ask(inbound, other);
  assert.equal(handled.length, 1);
  assert.equal(sent[0]?.[1].kind, 'apiError');
  inbound.answered(one, one.unansweredBytes);
  assert.equal(inbound.apiBytes, 0);
  ask(inbound, other);
  assert.equal(handled.length, 2);
});
