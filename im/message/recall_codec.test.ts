import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ERRORS } from '../errors.js';
import { isClientId } from './client_id.js';
import { toConversation } from './conversation.js';
import { encodeDown, type Dialect } from './encoder.js';
import { eventFields } from './event_fields.js';
import { known, toMid, toSeq, toUid } from './ids.js';
import { decodeUp } from './json_decoder.js';
import { EVENT_KIND, MESSAGE_STATUS, type ChatEvent, type DownFrame, type UpFrame } from './message.js';
import { legacyRecallContent, readRecall, recallContent, wireMid } from './recall.js';

const LIMITS = { depth: 8, keys: 64, contentBytes: 1000 };
const decode = (value: unknown): UpFrame => decodeUp(JSON.stringify(value), LIMITS).frame;
const alice = known(toUid(543630));
const bob = known(toUid(543629));

const target = { by: alice, mid: known(toMid(4)), clientId: 'AB', seq: known(toSeq(2)) };
const recall: ChatEvent = {
  kind: EVENT_KIND.recall,
  conv: known(toConversation('u543629_543630')),
  seq: known(toSeq(7)),
  mid: known(toMid(9)),
  clientId: 'recall-4',
  from: alice,
  to: bob,
  type: 100,
  content: recallContent(target),
  sentAtMs: 1795225877123,
  storedAtMs: 1795225877456,
  status: 0,
};

test('the Java SDK names the target in the content, and itself as it likes', () => {
  for (const key of ['ReCallBy', 'RecallBy', 'recallBy']) {
    const frame = decode({
      Ver: 1,
      Action: 'message.chat.recall',
      Seq: 0,
      Data: {
        ...{ Mid: 105, CSeq: 0, From: 1, To: 543629, Type: 100, CTime: 1700000000, Status: 0 },
        Content: JSON.stringify({ [key]: 999, Mid: 101 }),
      },
      Origin: null,
    });
    assert.deepEqual(frame, {
      ...{ kind: 'recall', echo: 0, to: bob, target: 101, mid: 105, clientId: 'm105', ticket: '' },
    });
  }
});

test('the TypeScript SDK sends the message itself again, ours names the target and its own id', () => {
  const web = decode({
    action: 'message.chat.recall',
    data: {
      ...{ cliMid: 'AB', content: 'what was said', from: '1', mid: 101, sendAt: 1700000000000, seq: 0 },
      ...{ to: '543629', type: 1, status: 3 },
    },
    ...{ seq: 7, to: '543629', extra: null, ticket: 't' },
  });
  const common = { kind: 'recall', to: bob, target: 101, mid: 0 };
  assert.deepEqual(web, { ...common, echo: 7, clientId: 'AB', ticket: 't' });
  const ours = decode({
    seq: 8,
    action: 'message.chat.recall',
    data: { cliMid: 'recall-101', to: '543629', mid: 101 },
  });
  assert.deepEqual(ours, { ...common, echo: 8, clientId: 'recall-101', ticket: '' });
});

test('a recall’s content names the message before the mid beside it; any other content names none', () => {
  const of = (content: unknown, mid: unknown): UpFrame =>
    decode({ action: 'message.chat.recall', data: { to: '2', cliMid: 'x', mid, content } });
  for (const [content, mid, expected] of [
    ['{"recallBy":1,"mid":5}', 5, { target: 5, mid: 0 }],
    ['{"RecallBy":1,"Mid":"5"}', 6, { target: 5, mid: 6 }],
    ['{"ReCallBy":1,"Mid":5}', 0, { target: 5, mid: 0 }],
    ['{"ReCallBy":1,"Mid":0}', 6, { target: 6, mid: 0 }],
    ['{"mid":5,"text":"said about another"}', 6, { target: 6, mid: 0 }],
    ['{broken', 6, { target: 6, mid: 0 }],
    [{ mid: 5 }, 6, { target: 6, mid: 0 }],
    [null, 6, { target: 6, mid: 0 }],
  ] as const) {
    const frame = of(content, mid);
    assert.ok(frame.kind === 'recall');
    assert.deepEqual({ target: frame.target, mid: frame.mid }, expected, JSON.stringify(content));
  }
});

test('in the Java SDK’s profile the content names the message without saying more', () => {
  const data = { Mid: 6, To: 2, Type: 100, Content: '{"Mid":5}' };
  const frame = decode({ Action: 'message.chat.recall', Data: data });
  assert.deepEqual(frame.kind === 'recall' && [frame.target, frame.mid], [5, 6]);
});

test('a recall of nothing, of everything or of nobody’s is malformed and says which it was', () => {
  for (const data of [
    { to: '2', cliMid: 'x' },
    { to: '2', cliMid: 'x', mid: -1 },
    { to: '0', cliMid: 'x', mid: 5 },
    { cliMid: 'x', mid: 5 },
  ]) {
    const frame = decode({ action: 'message.chat.recall', seq: 3, data });
    assert.ok(frame.kind === 'bad');
    assert.deepEqual([frame.error.code, frame.echo, frame.clientId], [ERRORS.INVALID_PARAMETER.code, 3, 'x']);
  }
  const longId = decode({ action: 'message.chat.recall', data: { to: '2', mid: 5, cliMid: 'x'.repeat(65) } });
  assert.equal(longId.kind === 'bad' && longId.error.code, ERRORS.BAD_CLIENT_ID.code);
});

test('golden bytes: the Java SDK gets its type 100, the others the original’s ids under the recall’s action', () => {
  const push: DownFrame = { kind: 'push', event: recall, after: known(toSeq(6)) };
  assert.deepEqual(encodeDown(push, 'legacy'), [
    '{"Ver":0,"Seq":0,"Action":"message.chat","Data":{"Mid":9,"CSeq":7,"Seq":7,"From":543630,"To":543629,"Type":100,"Content":"{\\"ReCallBy\\":543630,\\"Mid\\":4}","CTime":1795225877,"SendAt":1795225877,"Status":0},"Extra":null}',
  ]);
  const web =
    '{"ver":1,"seq":0,"action":"message.chat.recall","data":{"cliMid":"AB","mid":4,"conv":"u543629_543630","seq":7,"after":6,"from":"543630","to":"543629","type":200,"content":"","sendAt":1795225877123,"storedAt":1795225877456,"status":3,"targetSeq":2}}';
  assert.deepEqual(encodeDown(push, 'web'), [web]);
  assert.deepEqual(encodeDown(push, 'modern'), [web]);
  assert.deepEqual([wireMid(recall, 'legacy'), wireMid(recall, 'web')], [9, 4], 'what each will acknowledge');
});

test('a recalled message has the status of the reader’s profile', () => {
  const gone = { ...recall, kind: EVENT_KIND.message, content: '', status: MESSAGE_STATUS.recalled };
  const push: DownFrame = { kind: 'push', event: gone, after: known(toSeq(6)) };
  assert.match(encodeDown(push, 'legacy').join(), /"Content":"".*"Status":1\}/);
  assert.match(encodeDown(push, 'web').join(), /"message\.chat".*"content":"".*"status":3\}/);
  assert.equal(eventFields(gone)?.['status'], 3);
});

test('an ordinary message of type 100 or 101 is no notice, whatever it says', () => {
  const chat = decode({
    Action: 'message.chat',
    Data: { Mid: 5, To: 2, Type: 100, Content: '{"ReCallBy":1,"Mid":4}' },
  });
  assert.equal(chat.kind, 'chat');
  for (const type of [100, 101, 102]) {
    const event = { ...recall, kind: EVENT_KIND.message, type, content: '{"ReCallBy":1,"Mid":4}' };
    const shown = type === 102 ? 102 : 1;
    const push: DownFrame = { kind: 'push', event, after: known(toSeq(6)) };
    assert.match(encodeDown(push, 'legacy').join(), new RegExp(`"message.chat".*"Type":${shown},`));
    assert.match(encodeDown(push, 'web').join(), new RegExp(`"message.chat".*"type":${shown},`));
    assert.match(encodeDown(push, 'modern').join(), new RegExp(`"message.chat".*"type":${type},`));
  }
});

test('a recall whose content was damaged is told to nobody', () => {
  for (const content of ['', '{', '{"Mid":4}', '[]', '{"RecallBy":1,"Mid":4,"Seq":2,"CliMid":5}']) {
    const event = { ...recall, content };
    for (const dialect of ['legacy', 'web', 'modern'] as const)
      assert.deepEqual(encodeDown({ kind: 'push', event, after: known(toSeq(6)) }, dialect), []);
    assert.equal(eventFields(event), undefined);
    assert.equal(legacyRecallContent(content), undefined);
  }
});

test('the web SDK is told when the message was sent: it keeps the recall in the message’s place', () => {
  const sentAtMs = 1795225870001;
  const sendAt = (content: string, dialect: Dialect): unknown => {
    const frame: DownFrame = { kind: 'push', event: { ...recall, content }, after: known(toSeq(6)) };
    return encodeDown(frame, dialect).map((text) => /"sendAt":(\d+),/.exec(text)?.[1]);
  };
  const content = recallContent({ ...target, sentAtMs });
  assert.deepEqual(sendAt(content, 'web'), [String(sentAtMs)]);
  const own = [String(recall.sentAtMs)];
  assert.deepEqual(sendAt(content, 'modern'), own, 'ours is told when it was recalled');
  for (const before of [recall.content, content.replace(String(sentAtMs), '"soon"')])
    assert.deepEqual(sendAt(before, 'web'), own, 'of recalls stored before nothing more is known');
});

test('what a recall says survives, whatever the client id holds, and goes back as a recall of the same', () => {
  const mids = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map((mid) => known(toMid(mid)));
  const ids = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 64, size: 'max' })
    .map((id) => id.toWellFormed())
    .filter(isClientId);
  fc.assert(
    fc.property(mids, mids, ids, (mid, own, id) => {
      const said = { ...target, mid, clientId: id };
      const event = { ...recall, mid: own, content: recallContent(said) };
      assert.deepEqual(readRecall(event.content), said);
      const frame: DownFrame = { kind: 'push', event, after: known(toSeq(6)) };
      const [web = ''] = encodeDown(frame, 'web');
      const back = decodeUp(web, { ...LIMITS, contentBytes: 10_000 }).frame;
      assert.ok(back.kind === 'recall');
      assert.deepEqual([back.target, back.mid, back.clientId], [mid, 0, said.clientId]);
      const [legacy = ''] = encodeDown(frame, 'legacy');
      const java = decodeUp(legacy.replace('message.chat', 'message.chat.recall'), LIMITS).frame;
      assert.ok(java.kind === 'recall');
      assert.deepEqual([java.target, java.mid], [mid, own === mid ? 0 : own]);
    }),
  );
});
