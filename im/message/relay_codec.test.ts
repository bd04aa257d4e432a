import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ERRORS } from '../errors.js';
import { errorInfo } from './error_info.js';
import { encodeDown } from './encoder.js';
import { known, toUid } from './ids.js';
import { decodeUp } from './json_decoder.js';
import type { DownFrame, RelayUp, UpFrame } from './message.js';

const LIMITS = { depth: 16, keys: 512, contentBytes: 1000 };
const decode = (value: unknown): UpFrame => decodeUp(JSON.stringify(value), LIMITS).frame;
const alice = known(toUid(1001));

function passedOn(frame: UpFrame): DownFrame {
  assert.ok(frame.kind === 'relay', JSON.stringify(frame));
  const { action, to, payload }: RelayUp = frame;
  return { kind: 'relay', action, from: alice, to, payload };
}

test('golden bytes: a frame of 2022 and one of the TypeScript SDK, each in both casings', () => {
  const offer = { id: 'c1', sdp: 'v=0\r\n', List: [1, { Mid: 2 }] };
  const web = decode({
    action: 'message.cli',
    data: { from: '999', to: '1002', id: 'x', type: 2007, content: offer },
    ...{ seq: 12, to: '1002', extra: { a: 'b' }, ticket: 't', sign: 'secret' },
  });
  assert.equal(web.kind === 'relay' && web.ticket, 't');
  assert.deepEqual(encodeDown(passedOn(web), 'legacy'), [
    '{"Ver":0,"Seq":0,"Action":"message.cli","Data":{"From":1001,"To":1002,"Id":"x","Type":2007,"Content":{"id":"c1","sdp":"v=0\\r\\n","List":[1,{"Mid":2}]}},"Extra":null}',
  ]);
  const webText =
    '{"ver":1,"seq":0,"action":"message.cli","data":{"from":"1001","to":"1002","id":"x","type":2007,"content":{"id":"c1","sdp":"v=0\\r\\n","List":[1,{"Mid":2}]}}}';
  assert.deepEqual(encodeDown(passedOn(web), 'web'), [webText]);
  assert.deepEqual(encodeDown(passedOn(web), 'modern'), [webText]);

  const legacy = decode({
    ...{ Ver: 1, Action: 'message.cli', Seq: 9 },
    Data: { From: 999, To: 1002, Type: 10020, Content: 'typing' },
  });
  assert.deepEqual(encodeDown(passedOn(legacy), 'legacy'), [
    '{"Ver":0,"Seq":0,"Action":"message.cli","Data":{"From":1001,"To":1002,"Type":10020,"Content":"typing"},"Extra":null}',
  ]);
  assert.deepEqual(encodeDown(passedOn(legacy), 'web'), [
    '{"ver":1,"seq":0,"action":"message.cli","data":{"from":"1001","to":"1002","type":10020,"content":"typing"}}',
  ]);
});

test('golden bytes: customer service goes to CsId, as JSON', () => {
  const frame = decode({
    Action: 'message.cs',
    Data: {
      ...{ Sender: 999, Receiver: 7, CsId: 1002, ChatId: 5, UserChatId: 6, MessageType: 1 },
      ...{ Message: 'help', SendAt: 1700000000, From: 998, to: 997 },
    },
  });
  assert.equal(frame.kind === 'relay' && frame.to, 1002);
  assert.deepEqual(encodeDown(passedOn(frame), 'legacy'), [
    '{"Ver":0,"Seq":0,"Action":"message.cs","Data":{"Sender":1001,"CsId":1002,"Receiver":7,"ChatId":5,"UserChatId":6,"MessageType":1,"Message":"help","SendAt":1700000000},"Extra":null}',
  ]);
  assert.deepEqual(encodeDown(passedOn(frame), 'web'), [
    '{"ver":1,"seq":0,"action":"message.cs","data":{"sender":"1001","csId":"1002","receiver":"7","chatId":5,"userChatId":6,"messageType":1,"message":"help","sendAt":1700000000}}',
  ]);
});

test('the recipient may stand beside the data; without one, or without data, it is malformed', () => {
  const beside = decode({ action: 'message.cli', to: '1002', data: { type: 1, content: 'x' } });
  assert.equal(beside.kind === 'relay' && beside.to, 1002);
  for (const [action, data] of [
    ['message.cli', { type: 1 }],
    ['message.cli', { to: 'another_channel' }],
    ['message.cs', { to: '1002' }],
    ['message.cs', { csId: 2 ** 30 }],
    ['message.cli', 'text'],
    ['message.cli', null],
  ]) {
    const frame = decode({ action, seq: 4, data });
    assert.ok(frame.kind === 'bad');
    assert.deepEqual([frame.error.code, frame.echo], [ERRORS.INVALID_PARAMETER.code, 4]);
  }
});

/** Reads what one reader would get back as if he passed it on. */
test('what travels is verbatim and nobody can say who he is, in whatever casing and under whatever key', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ maxLength: 10, size: 'max' }), fc.jsonValue({ maxDepth: 3 }), {
        maxKeys: 10,
      }),
      fc.constantFrom('from', 'From', 'FROM', 'fRom'),
      fc.constantFrom('web' as const, 'legacy' as const),
      (fields, from, dialect) => {
        const said = Object.fromEntries([...Object.entries(fields), [from, 999], ['to', 1002]]);
        // What JSON itself does to values such as -0 is not ours.
        const data = JSON.parse(JSON.stringify(said)) as Record<string, unknown>;
        const up = decode({ action: 'message.cli', data });
        const frame = passedOn(up);
        const [text = ''] = encodeDown(frame, dialect);
        const back = decodeUp(text, LIMITS).frame;
        assert.ok(back.kind === 'relay' && frame.kind === 'relay');
        assert.deepEqual(back.payload, frame.payload);
        assert.equal(Object.getPrototypeOf(frame.payload), Object.prototype);
        assert.ok(!text.includes('999') || JSON.stringify(fields).includes('999'));
        for (const [key, value] of Object.entries(data)) {
          const name = key.charAt(0).toLowerCase() + key.slice(1);
          if (['from', 'to'].includes(key.toLowerCase())) continue;
          const isFirst = Object.keys(data).find((other) => sameName(other, name)) === key;
          if (isFirst) assert.deepEqual(Object.getOwnPropertyDescriptor(frame.payload, name)?.value, value);
        }
      },
    ),
  );
});

const sameName = (key: string, name: string): boolean => key.charAt(0).toLowerCase() + key.slice(1) === name;

test('golden bytes: a wrong ticket and an unknown action, by dialect', () => {
  const error = { code: 6010, message: 'the ticket is wrong', temporary: false, retryAfterMs: 0 };
  const forbidden: DownFrame = { kind: 'forbidden', echo: 21, mid: 34, clientId: 'm34', error };
  assert.deepEqual(encodeDown(forbidden, 'web'), [
    '{"ver":1,"seq":21,"action":"notify.forbidden","data":"the ticket is wrong"}',
  ]);
  assert.deepEqual(encodeDown(forbidden, 'modern'), [
    '{"ver":1,"seq":21,"action":"notify.forbidden","data":{"mid":34,"cliMid":"m34","code":6010,"message":"the ticket is wrong","temporary":false,"retryAfterMs":0}}',
  ]);
  assert.deepEqual(encodeDown(forbidden, 'legacy'), [
    '{"Ver":0,"Seq":0,"Action":"message.failed.send","Data":{"Mid":34},"Extra":null}',
  ]);
  const unknown: DownFrame = { kind: 'error', echo: 5, error: errorInfo('UNKNOWN_ACTION') };
  assert.match(encodeDown(unknown, 'web').join(), /"seq":5,"action":"notify\.unknown\.action"/);
  for (const dialect of ['legacy', 'modern'] as const)
    assert.match(encodeDown(unknown, dialect).join(), /"notify\.error"/);
  const other: DownFrame = { kind: 'error', echo: 5, error: errorInfo('BAD_FRAME') };
  assert.match(encodeDown(other, 'web').join(), /"notify\.error"/);
});

test('a ticket that is no text is malformed', () => {
  const frame = decode({ action: 'message.chat', seq: 2, ticket: 5, data: { to: '2', cliMid: 'x' } });
  assert.equal(frame.kind === 'bad' && frame.error.code, ERRORS.INVALID_PARAMETER.code);
});
