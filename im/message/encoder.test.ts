import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeDown, type Dialect } from './encoder.js';
import { WORLD_GID } from './group.js';
import { known, toDevice, toMid, toSeq, toUid } from './ids.js';
import { toConversation } from './conversation.js';
import { decodeUp } from './json_decoder.js';
import type { ChatEvent, DownFrame } from './message.js';
import { oldClientType } from './old_types.js';
import { DEFAULT_SETTINGS } from './settings.js';

const conv = known(toConversation('u543629_543630'));
const alice = known(toUid(543630));
const bob = known(toUid(543629));
const event: ChatEvent = {
  kind: 0,
  conv,
  seq: known(toSeq(2)),
  mid: known(toMid(4)),
  clientId: 'm4',
  from: alice,
  to: bob,
  type: 1,
  content: 'hello a2',
  sentAtMs: 1795225877123,
  storedAtMs: 1795225877456,
  status: 0,
};
const error = { code: 6001, message: 'blocked', temporary: false, retryAfterMs: 0 };
const sent = { mid: event.mid, clientId: event.clientId, seq: event.seq };

const encode = (frame: DownFrame, dialect: Dialect): unknown[] =>
  encodeDown(frame, dialect).map((text): unknown => JSON.parse(text));

test('golden bytes of a push in both profiles', () => {
  const push: DownFrame = { kind: 'push', event, after: known(toSeq(1)) };
  assert.deepEqual(encodeDown(push, 'legacy'), [
    '{"Ver":0,"Seq":0,"Action":"message.chat","Data":{"Mid":4,"CSeq":2,"Seq":2,"From":543630,"To":543629,"Type":1,"Content":"hello a2","CTime":1795225877,"SendAt":1795225877,"Status":0},"Extra":null}',
  ]);
  const web =
    '{"ver":1,"seq":0,"action":"message.chat","data":{"cliMid":"m4","mid":4,"conv":"u543629_543630","seq":2,"after":1,"from":"543630","to":"543629","type":1,"content":"hello a2","sendAt":1795225877123,"storedAt":1795225877456,"status":0}}';
  assert.deepEqual(encodeDown(push, 'web'), [web]);
  assert.deepEqual(encodeDown(push, 'modern'), [web]);
});

test('golden bytes of the acks', () => {
  const stored: DownFrame = { kind: 'stored', echo: 21, conv, storedAtMs: 5, ...sent };
  assert.deepEqual(encodeDown(stored, 'legacy'), [
    '{"Ver":0,"Seq":0,"Action":"ack.message","Data":{"Mid":4,"Seq":2},"Extra":null}',
  ]);
  assert.deepEqual(encodeDown(stored, 'web'), [
    '{"ver":1,"seq":21,"action":"ack.message","data":{"cliMid":"m4","mid":4,"conv":"u543629_543630","seq":2,"storedAt":5}}',
  ]);
  const receipt: DownFrame = {
    kind: 'receipt',
    conv,
    from: event.seq,
    to: event.seq,
    state: 'received',
    by: bob,
    messages: [sent],
  };
  assert.deepEqual(encodeDown(receipt, 'legacy'), [
    '{"Ver":0,"Seq":0,"Action":"ack.notify","Data":{"Seq":2,"Mid":4,"From":543629},"Extra":null}',
  ]);
  assert.deepEqual(encodeDown(receipt, 'web'), [
    '{"ver":1,"seq":0,"action":"ack.notify","data":{"mid":4,"cliMid":"m4","seq":2,"from":"543629","state":"received"}}',
  ]);
  assert.deepEqual(encodeDown(receipt, 'modern'), [
    '{"ver":1,"seq":0,"action":"ack.notify","data":{"conv":"u543629_543630","from":2,"to":2,"state":"received","by":"543629"}}',
  ]);
});

test('golden bytes of failures, by profile', () => {
  const failed: DownFrame = { kind: 'failed', echo: 3, mid: 34, clientId: 'm34', error };
  assert.deepEqual(encodeDown(failed, 'legacy'), [
    '{"Ver":0,"Seq":0,"Action":"message.failed.send","Data":{"Mid":34},"Extra":null}',
  ]);
  assert.deepEqual(encodeDown(failed, 'web'), ['{"ver":1,"seq":3,"action":"notify.error","data":"blocked"}']);
  assert.deepEqual(encode(failed, 'modern'), [
    { ver: 1, seq: 3, action: 'message.failed.send', data: { mid: 34, cliMid: 'm34', ...error } },
  ]);
});

test('an answer without data is no null for the Java SDK', () => {
  const success: DownFrame = { kind: 'success', action: 'api.success', echo: 5, data: undefined };
  assert.deepEqual(encode(success, 'legacy'), [
    { Ver: 0, Seq: 5, Action: 'api.success', Data: '', Extra: null },
  ]);
  assert.deepEqual(encode(success, 'web'), [{ ver: 1, seq: 5, action: 'api.success', data: null }]);
});

test('every kind of frame is valid JSON with the profile’s own keys, or left out', () => {
  const frames: DownFrame[] = [
    { kind: 'push', event, after: known(toSeq(1)) },
    { kind: 'stored', echo: 1, conv, storedAtMs: 5, ...sent },
    { kind: 'offline', conv, peer: bob, ...sent },
    { kind: 'receipt', conv, from: event.seq, to: event.seq, state: 'read', by: bob, messages: undefined },
    { kind: 'failed', echo: 1, mid: 0, clientId: '', error },
    { kind: 'success', action: 'notify.success', echo: 1, data: { a: 1 } },
    { kind: 'apiError', action: 'api.failed', echo: 1, error },
    { kind: 'error', echo: 1, error },
    { kind: 'forbidden', echo: 1, mid: 4, clientId: 'm4', error },
    { kind: 'relay', action: 'message.cli', from: alice, to: bob, payload: { type: 10020, content: '' } },
    { kind: 'kickout', device: known(toDevice(2)), text: 'bye' },
    { kind: 'login', device: known(toDevice(2)) },
    { kind: 'contact', id: alice, from: alice },
    { kind: 'contactRequest', from: alice, comment: 'hi "you"' },
    { kind: 'accepted', conv, ...sent },
    { kind: 'groupRequest', gid: WORLD_GID, from: alice, comment: 'hi "you"' },
    { kind: 'presence', uid: alice, online: true, lastSeenAtMs: 0 },
    { kind: 'count', conv, lastSeq: event.seq, messages: 1 },
    { kind: 'settings', conv, settings: DEFAULT_SETTINGS },
    { kind: 'sync', conversations: [conv] },
    { kind: 'heartbeat', isProbe: false },
  ];
  const kinds = new Set(frames.map((frame) => frame.kind));
  assert.equal(kinds.size, 21);
  for (const frame of frames) {
    for (const parsed of encode(frame, 'legacy'))
      assert.deepEqual(Object.keys(parsed as object), ['Ver', 'Seq', 'Action', 'Data', 'Extra']);
    for (const dialect of ['web', 'modern'] as const) {
      for (const parsed of encode(frame, dialect))
        assert.deepEqual(Object.keys(parsed as object), ['ver', 'seq', 'action', 'data']);
    }
    assert.ok(encode(frame, 'modern').length === 1, `our own clients are told of ${frame.kind}`);
  }
});

test('a push survives the round trip through either profile, whatever its text holds', () => {
  const limits = { depth: 8, keys: 64, contentBytes: 10_000 };
  const texts = fc.string({ unit: 'binary', maxLength: 200, size: 'max' }).map((text) => text.toWellFormed());
  fc.assert(
    fc.property(
      texts,
      fc.nat(2 ** 31 - 1),
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      (content, type, mid) => {
        const frame: DownFrame = {
          kind: 'push',
          event: { ...event, content, type, mid: known(toMid(mid)) },
          after: event.seq,
        };
        for (const dialect of ['legacy', 'web'] as const) {
          const [text = ''] = encodeDown(frame, dialect);
          const back = decodeUp(text, limits).frame;
          assert.ok(back.kind === 'chat');
          assert.deepEqual(
            [back.to, back.content, back.type, back.mid],
            [bob, content, oldClientType({ type }), mid],
          );
          assert.equal(back.sentAtMs, dialect === 'web' ? event.sentAtMs : 1795225877000);
        }
      },
    ),
  );
});
