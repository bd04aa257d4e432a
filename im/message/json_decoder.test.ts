import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ERRORS } from '../errors.js';
import { CLIENT_ID_BYTES, isClientId } from './client_id.js';
import { decodeUp, type DecodeLimits } from './json_decoder.js';
import type { ChatUp, UpFrame } from './message.js';

const LIMITS: DecodeLimits = { depth: 8, keys: 64, contentBytes: 1000 };
const decode = (value: unknown): UpFrame => decodeUp(JSON.stringify(value), LIMITS).frame;

function badCode(frame: UpFrame): number {
  assert.ok(frame.kind === 'bad', JSON.stringify(frame));
  return frame.error.code;
}

test('the first key decides the profile', () => {
  assert.equal(decodeUp('{"Action":"heartbeat"}', LIMITS).profile, 'legacy');
  assert.equal(decodeUp('{"action":"heartbeat"}', LIMITS).profile, 'web');
});

test('a chat of the Java SDK and one of the TypeScript SDK become the same model', () => {
  const java = decode({
    Ver: 1,
    Action: 'message.chat',
    Seq: 0,
    Data: { Mid: 101, CSeq: 1, From: 1001, To: 1002, Type: 1, Content: 'hi', CTime: 1700000000, Status: 0 },
    Origin: null,
  });
  const web = decode({
    action: 'message.chat',
    data: {
      cliMid: 'AB',
      content: 'hi',
      from: '1001',
      mid: 0,
      sendAt: 1700000000000,
      seq: 0,
      to: '1002',
      type: 1,
      status: 0,
    },
    seq: 7,
    to: '1002',
    extra: null,
    ticket: 't',
  });
  const common = {
    kind: 'chat',
    action: 'message.chat',
    to: 1002,
    type: 1,
    content: 'hi',
    sentAtMs: 1700000000000,
  };
  assert.deepEqual(java, { ...common, echo: 0, clientId: 'm101', mid: 101, ticket: '' });
  assert.deepEqual(web, { ...common, echo: 7, clientId: 'AB', mid: 0, ticket: 't' });
});

test('keys are read in any casing, inherited ones are not', () => {
  const frame = decode({ ACTION: 'message.chat', DATA: { TO: 5, CLIMID: 'x', CONTENT: 'c' } });
  assert.equal(frame.kind, 'chat');
  assert.equal(
    badCode(decodeUp('{"__proto__":{"action":"heartbeat"}}', LIMITS).frame),
    ERRORS.BAD_FRAME.code,
  );
});

test('unsafe and fractional integers are refused at the door', () => {
  const chat = (data: object): UpFrame =>
    decode({ action: 'message.chat', seq: 3, data: { to: 5, cliMid: 'c', ...data } });
  for (const mid of [2 ** 53, 1.5, -1, '9007199254740993', {}, true]) {
    assert.equal(badCode(chat({ mid })), ERRORS.INVALID_PARAMETER.code);
  }
  for (const to of [0, 2 ** 31, '1e3', null, 'x'])
    assert.equal(badCode(chat({ to })), ERRORS.INVALID_PARAMETER.code);
  assert.equal(badCode(decode({ action: 'heartbeat', seq: 2 ** 53 })), ERRORS.BAD_FRAME.code);
});

test('a refused message still tells which one it was', () => {
  const frame = decode({
    action: 'message.chat',
    seq: 9,
    data: { cliMid: 'abc', mid: 4, content: 'x'.repeat(1001), to: 5 },
  });
  assert.equal(badCode(frame), ERRORS.CONTENT_TOO_LARGE.code);
  assert.ok(frame.kind === 'bad' && frame.echo === 9 && frame.mid === 4 && frame.clientId === 'abc');
});

test('a client id is 1 to 64 bytes of well-formed text without NUL', () => {
  assert.ok(isClientId('é'.repeat(32)));
  for (const id of ['', 'é'.repeat(33), 'x'.repeat(65), 'a\0b', '\ud800', 5, null])
    assert.ok(!isClientId(id));
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80, size: 'max' }), (id) => {
      const expected =
        id !== '' && Buffer.byteLength(id) <= CLIENT_ID_BYTES && id.isWellFormed() && !id.includes('\0');
      assert.equal(isClientId(id), expected);
    }),
  );
});

test('content is measured in UTF-8 bytes and made well-formed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 700, size: 'max' }), (content) => {
      const frame = decode({ action: 'message.chat', data: { to: 5, cliMid: 'c', content } });
      const wellFormed = content.toWellFormed();
      if (Buffer.byteLength(wellFormed) > LIMITS.contentBytes)
        assert.equal(badCode(frame), ERRORS.CONTENT_TOO_LARGE.code);
      else assert.equal((frame as ChatUp).content, wellFormed);
    }),
  );
});

test('receipts come by mid or by interval', () => {
  assert.deepEqual(decode({ Action: 'ack.group.msg', Data: { Mid: 7, From: 2, Seq: 0 } }), {
    kind: 'receipt',
    by: 'mid',
    mid: 7,
  });
  for (const mid of [7, '7'])
    assert.deepEqual(decode({ action: 'ack.offline', data: { mid } }), {
      ...{ kind: 'receipt', by: 'mid', mid: 7 },
    });
  assert.deepEqual(decode({ action: 'ack.offline', data: { mid: [7, '8'] } }), {
    ...{ kind: 'receipt', by: 'mids', mids: [7, 8] },
  });
  for (const mid of [[], [7, 'x'], Array.from({ length: 201 }, (_, index) => index + 1), undefined])
    assert.equal(badCode(decode({ action: 'ack.offline', data: { mid } })), ERRORS.INVALID_PARAMETER.code);
  const interval = { conv: 'u5_6', from: 1, to: 9 };
  assert.deepEqual(decode({ action: 'ack.request', data: interval }), {
    kind: 'receipt',
    by: 'interval',
    ...interval,
    state: 'received',
  });
  for (const data of [
    { ...interval, from: 10 },
    { ...interval, from: 0 },
    { ...interval, conv: 'u6_5' },
    { ...interval, state: 'eaten' },
  ]) {
    assert.equal(badCode(decode({ action: 'ack.request', data })), ERRORS.INVALID_PARAMETER.code);
  }
});

test('signing in: the token is found wherever a client puts it', () => {
  const token = (data: object): string => {
    const frame = decode({ action: 'authenticate', data });
    return frame.kind === 'auth' ? frame.token : 'not an auth frame';
  };
  assert.equal(token({ Token: 't' }), 't');
  assert.equal(token({ version: 1, credential: 't' }), 't');
  assert.equal(token({ credential: { version: 1, credential: 't' } }), 't');
  assert.equal(
    badCode(decode({ action: 'authenticate', data: { token: 5 } })),
    ERRORS.INVALID_PARAMETER.code,
  );
});

test('no text throws, and every text is answered', () => {
  const action = fc.constantFrom(
    'message.chat',
    'message.group',
    'message.group.recall',
    'message.cli',
    'ack.request',
    'ack.group.msg',
    'ack.offline',
    'authenticate',
    'api.x',
    'heartbeat',
    'nonsense',
  );
  const frames = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc
      .tuple(action, fc.jsonValue(), fc.jsonValue())
      .map(([name, seq, data]) => JSON.stringify({ action: name, seq, data })),
  );
  fc.assert(
    fc.property(frames, (text) => {
      assert.ok(
        ['chat', 'recall', 'relay', 'receipt', 'auth', 'api', 'heartbeat', 'bad'].includes(
          decodeUp(text, LIMITS).frame.kind,
        ),
      );
    }),
  );
});
