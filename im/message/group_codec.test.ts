import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ERRORS } from '../errors.js';
import { groupConversation } from './conversation.js';
import { encodeDown, type Dialect } from './encoder.js';
import { editContent, pinContent, reactionContent } from './event_content.js';
import { eventFields } from './event_fields.js';
import { GROUP_ROLE, WORLD_GID } from './group.js';
import { known, toGid, toMid, toSeq, toUid, type Uid } from './ids.js';
import { decodeUp } from './json_decoder.js';
import { EVENT_KIND, MENTION_LIMIT, type ChatEvent, type DownFrame, type UpFrame } from './message.js';
import { NOTICE_TYPE, noticeContent, type GroupNotice } from './notice.js';
import { OLD_NAMES_LIMIT } from './old_notices.js';
import { isInOldLists } from './old_types.js';
import { recallContent } from './recall.js';

const LIMITS = { depth: 8, keys: 128, contentBytes: 10_000 };
const decode = (value: unknown): UpFrame => decodeUp(JSON.stringify(value), LIMITS).frame;
const gid = known(toGid(2 ** 30 + 19));
const [alice, bob] = [known(toUid(543630)), known(toUid(543629))];
const event: ChatEvent = {
  ...{ kind: EVENT_KIND.message, conv: groupConversation(gid), seq: known(toSeq(4)), mid: known(toMid(33)) },
  ...{ clientId: 'm33', from: alice, to: gid, type: 1, content: 'hi back', status: 0 },
  ...{ sentAtMs: 1795225937123, storedAtMs: 1795225937456 },
};
const after = known(toSeq(2));
const push = (of: Partial<ChatEvent>): DownFrame => ({ kind: 'push', event: { ...event, ...of }, after });
const notice = (what: GroupNotice): Partial<ChatEvent> => ({
  ...{ kind: EVENT_KIND.notice, type: NOTICE_TYPE, content: noticeContent(what) },
});
const encoded = (frame: DownFrame, dialect: Dialect): unknown[] =>
  encodeDown(frame, dialect).map((text): unknown => JSON.parse(text));
const data = (frame: DownFrame, dialect: Dialect): unknown[] =>
  encoded(frame, dialect).map((one) => (one as { data?: unknown; Data?: unknown }).data ?? null);
const target = { mid: known(toMid(31)), clientId: 'c31', seq: known(toSeq(3)) };

test('a message to a group by either SDK, by its own action or the one of chats, is the same model', () => {
  const java = decode({
    ...{ Ver: 1, Action: 'message.group', Seq: 0, Origin: null },
    Data: { Mid: 32, From: 1, To: gid, Seq: 0, Type: 1, Content: 'hi', SendAt: 1700000000, Status: 0 },
  });
  const web = decode({
    ...{ action: 'message.group', seq: 7, to: String(gid), extra: null, ticket: 't' },
    data: {
      cliMid: 'AB',
      content: 'hi',
      from: '1',
      mid: 0,
      sendAt: 1.7e12,
      seq: 0,
      to: String(gid),
      type: 1,
    },
  });
  const common = { kind: 'chat', action: 'message.group', to: gid, type: 1, content: 'hi', sentAtMs: 1.7e12 };
  assert.deepEqual(java, { ...common, echo: 0, clientId: 'm32', mid: 32, ticket: '' });
  assert.deepEqual(web, { ...common, echo: 7, clientId: 'AB', mid: 0, ticket: 't' });
  for (const action of ['message.chat', 'message.chat.retry', 'message.chat.resend']) {
    const frame = decode({ action, data: { cliMid: 'AB', to: gid } });
    assert.deepEqual(frame.kind === 'chat' && frame.to, gid, action);
  }
});

test('the group of everybody goes by its name, wherever a group may be named', () => {
  const to = 'the_world_channel';
  for (const action of ['message.group', 'message.chat', 'message.cli'])
    assert.equal((decode({ action, data: { cliMid: 'x', to } }) as { to?: unknown }).to, WORLD_GID, action);
  for (const action of ['message.group.recall', 'message.chat.recall']) {
    const frame = decode({ action, data: { cliMid: 'x', mid: 5, to } });
    assert.ok(frame.kind === 'recall' && frame.to === WORLD_GID);
  }
  for (const [dialect, shown] of [
    ['web', to],
    ['modern', String(WORLD_GID)],
  ] as const) {
    const frames: DownFrame[] = [
      push({ to: WORLD_GID }),
      push({ to: WORLD_GID, ...notice({ type: 'joined', uids: [bob], how: 'open' }) }),
      push({ to: WORLD_GID, kind: EVENT_KIND.recall, content: recallContent({ by: alice, ...target }) }),
      { kind: 'relay', action: 'message.cli', from: alice, to: WORLD_GID, payload: {} },
    ];
    for (const frame of frames)
      for (const one of data(frame, dialect)) assert.equal((one as { to: unknown }).to, shown, dialect);
  }
});

test('message.group and message.group.recall are for groups only, and say which message it was', () => {
  for (const to of ['5', 5, 2 ** 31, 2 ** 30 - 1, 'another_channel', null, [gid]]) {
    for (const action of ['message.group', 'message.group.recall']) {
      const frame = decode({ action, seq: 3, data: { cliMid: 'x', mid: 9, to } });
      assert.ok(frame.kind === 'bad', `${action} to ${JSON.stringify(to)}`);
      const { error, echo, mid, clientId } = frame;
      assert.deepEqual([error.code, echo, mid, clientId], [ERRORS.INVALID_PARAMETER.code, 3, 9, 'x']);
    }
  }
});

test('a recall in a group, in three shapes', () => {
  const java = decode({
    ...{ Action: 'message.group.recall', Seq: 0 },
    Data: { Mid: 105, To: gid, Type: 100, Content: '{"ReCallBy":999,"Mid":101}' },
  });
  const common = { kind: 'recall', to: gid, target: 101 };
  assert.deepEqual(java, { ...common, echo: 0, mid: 105, clientId: 'm105', ticket: '' });
  const web = { cliMid: 'AB', content: 'said', from: '1', mid: 101, to: String(gid), type: 1, status: 3 };
  assert.deepEqual(decode({ action: 'message.group.recall', seq: 7, data: web, ticket: 't' }), {
    ...{ ...common, echo: 7, mid: 0, clientId: 'AB', ticket: 't' },
  });
  assert.deepEqual(decode({ action: 'message.group.recall', data: { cliMid: 'r', to: gid, mid: 101 } }), {
    ...{ ...common, echo: 0, mid: 0, clientId: 'r', ticket: '' },
  });
});

test('who is named and what is answered: digits, numbers, everybody; anything else is refused', () => {
  const chat = (more: object): UpFrame =>
    decode({ action: 'message.group', data: { to: gid, cliMid: 'c', ...more } });
  for (const [more, extra] of [
    [{}, undefined],
    [{ mentions: [], replyTo: 0 }, undefined],
    [{ mentions: null, replyTo: null }, undefined],
    [{ mentions: ['5', 5, 6] }, { mentions: [5, 6] }],
    [{ Mentions: ['all', '0', 0] }, { mentions: [0] }],
    [{ replyTo: '31' }, { replyTo: 31 }],
    [
      { replyTo: 31, mentions: [7] },
      { replyTo: 31, mentions: [7] },
    ],
  ] as const) {
    const frame = chat(more);
    assert.ok(frame.kind === 'chat');
    assert.deepEqual(frame.extra, extra, JSON.stringify(more));
  }
  const crowd = Array.from({ length: MENTION_LIMIT + 1 }, (_, index) => index + 1);
  for (const more of [
    { mentions: crowd },
    { mentions: 'all' },
    { mentions: [gid] },
    { mentions: [-1] },
    { replyTo: -1 },
  ])
    assert.equal(chat(more).kind, 'bad', JSON.stringify(more));
});

test('a receipt by mid is the same with or without the group beside it', () => {
  for (const more of [{}, { Gid: gid }, { Gid: 'nonsense' }])
    for (const Action of ['ack.request', 'ack.group.msg'])
      assert.deepEqual(decode({ Action, Data: { Mid: 7, From: 2, Seq: 3, ...more } }), {
        ...{ kind: 'receipt', by: 'mid', mid: 7 },
      });
});

test('golden bytes: a message of a group, and what becomes of it', () => {
  assert.deepEqual(encodeDown(push({}), 'legacy'), [
    `{"Ver":0,"Seq":0,"Action":"message.group","Data":{"Mid":33,"Seq":4,"To":${gid},"Type":1,"From":543630,"Content":"hi back","SendAt":1795225937,"Status":0},"Extra":null}`,
  ]);
  const web = `{"ver":1,"seq":0,"action":"message.group","data":{"cliMid":"m33","mid":33,"conv":"g${gid}","seq":4,"after":2,"from":"543630","to":"${gid}","type":1,"content":"hi back","sendAt":1795225937123,"storedAt":1795225937456,"status":0}}`;
  assert.deepEqual(encodeDown(push({}), 'web'), [web]);
  assert.deepEqual(encodeDown(push({}), 'modern'), [web]);
  const accepted: DownFrame = {
    ...{ kind: 'accepted', conv: event.conv, mid: known(toMid(32)), clientId: 'AB', seq: known(toSeq(3)) },
  };
  assert.deepEqual(encodeDown(accepted, 'legacy'), [
    '{"Ver":0,"Seq":0,"Action":"ack.notify","Data":{"Mid":32,"Seq":3},"Extra":null}',
  ]);
  assert.deepEqual(data(accepted, 'web'), [
    { mid: 32, cliMid: 'AB', conv: event.conv, seq: 3, state: 'accepted' },
  ]);
});

test('golden bytes: who came and who went', () => {
  const joined = push(notice({ type: 'joined', uids: [alice], how: 'open' }));
  assert.deepEqual(encodeDown(joined, 'legacy'), [
    `{"Ver":0,"Seq":0,"Action":"notify.group","Data":{"Mid":33,"Gid":${gid},"Type":1,"Seq":4,"Timestamp":1795225937,"Data":{"Uid":[543630]}},"Extra":null}`,
  ]);
  assert.deepEqual(encodeDown(joined, 'web'), [
    `{"ver":1,"seq":0,"action":"message.group","data":{"cliMid":"m33-543630","mid":33,"conv":"g${gid}","seq":4,"after":2,"from":"543630","to":"${gid}","type":100,"content":"543630","sendAt":1795225937123,"storedAt":1795225937456,"status":0}}`,
  ]);
  assert.deepEqual(encodeDown(joined, 'modern'), [
    `{"ver":1,"seq":0,"action":"message.event","data":{"cliMid":"m33","mid":33,"conv":"g${gid}","seq":4,"after":2,"from":"543630","to":"${gid}","sendAt":1795225937123,"storedAt":1795225937456,"kind":"notice","notice":{"type":"joined","uids":["543630"],"how":"open"}}}`,
  ]);
});

test('every notice by dialect: legacy types 1 to 6, web types 100 and 101 one person at a time, ours all of it', () => {
  const uids = [alice, bob];
  const cases: [GroupNotice, number, readonly [number, readonly Uid[]] | undefined][] = [
    [{ type: 'created', name: 'g', uids }, 1, [100, uids]],
    [{ type: 'joined', uids, how: 'invited' }, 1, [100, uids]],
    [{ type: 'left', uids: [bob] }, 2, [101, [bob]]],
    [{ type: 'removed', uids, banned: true }, 2, [101, uids]],
    [{ type: 'role', uid: bob, role: GROUP_ROLE.admin }, 3, undefined],
    [{ type: 'role', uid: bob, role: GROUP_ROLE.member }, 4, undefined],
    [{ type: 'muted', uid: bob, untilMs: 5 }, 5, undefined],
    [{ type: 'muted', uid: bob, untilMs: 0 }, 6, undefined],
    [{ type: 'owner', uid: bob }, 0, undefined],
    [{ type: 'mutedAll', on: true }, 0, undefined],
    [{ type: 'alias', uid: bob, alias: 'b' }, 0, undefined],
    [{ type: 'profile', changed: { name: 'n' } }, 0, undefined],
    [{ type: 'dissolved' }, 0, undefined],
  ];
  for (const [what, legacy, web] of cases) {
    const frame = push(notice(what));
    const [java] = encoded(frame, 'legacy') as { Action: string; Data: { Type: number } }[];
    assert.deepEqual(
      [java?.Action, java?.Data.Type],
      legacy === 0 ? [undefined, undefined] : ['notify.group', legacy],
    );
    const shown = data(frame, 'web') as { type: number; content: string; cliMid: string; mid: number }[];
    assert.deepEqual(
      shown.map(({ type, content }) => [type, content]),
      (web?.[1] ?? []).map((uid) => [web?.[0], String(uid)]),
    );
    assert.equal(new Set(shown.map(({ cliMid }) => cliMid)).size, shown.length, 'none is taken for another');
    assert.ok(shown.every(({ cliMid, mid }) => cliMid !== '' && Number.isSafeInteger(mid)));
    const [ours] = data(frame, 'modern') as { kind: string; notice: { type: string } }[];
    assert.deepEqual([ours?.kind, ours?.notice.type], ['notice', what.type]);
  }
});

test('a crowd that comes in is no flood for older clients', () => {
  const uids = Array.from({ length: 5000 }, (_, index) => known(toUid(index + 1)));
  const frame = push(notice({ type: 'joined', uids, how: 'invited' }));
  assert.equal(encodeDown(frame, 'web').length, OLD_NAMES_LIMIT);
  const [ours] = data(frame, 'modern') as { notice: { uids: unknown[] } }[];
  assert.equal(ours?.notice.uids.length, 5000);
});

test('edits, reactions and pins: ours in full, nothing to the others; the same fields in pages', () => {
  const cases: [Partial<ChatEvent>, object][] = [
    [
      { kind: EVENT_KIND.edit, content: editContent({ ...target, content: 'now' }) },
      { kind: 'edit', content: 'now' },
    ],
    [
      { kind: EVENT_KIND.reaction, content: reactionContent({ ...target, emoji: '👍', on: true }) },
      { kind: 'reaction', emoji: '👍', on: true },
    ],
    [
      { kind: EVENT_KIND.pin, content: pinContent({ ...target, on: false }) },
      { kind: 'pin', on: false },
    ],
  ];
  for (const [of, said] of cases) {
    const frame = push(of);
    assert.deepEqual([encodeDown(frame, 'legacy'), encodeDown(frame, 'web')], [[], []]);
    const common = {
      ...{ cliMid: 'm33', mid: 33, conv: event.conv, seq: 4, from: '543630', to: String(gid) },
      ...{ sendAt: event.sentAtMs, storedAt: event.storedAtMs },
      ...{ targetMid: 31, targetCliMid: 'c31', targetSeq: 3, ...said },
    };
    assert.deepEqual(encoded(frame, 'modern'), [
      { ver: 1, seq: 0, action: 'message.event', data: { ...common, after: 2 } },
    ]);
    const stored: ChatEvent = { ...event, ...of };
    assert.deepEqual(eventFields(stored), common);
    assert.ok(!isInOldLists(stored));
  }
});

test('what few messages have besides is told to ours and, where it knows no better, ignored by the web client', () => {
  const extra = { replyTo: target.mid, mentions: [0, bob] as const, editedAtMs: 99, editCount: 2 };
  const fields = { replyTo: 31, mentions: ['0', '543629'], editedAt: 99, editCount: 2 };
  for (const dialect of ['web', 'modern'] as const) {
    const [said] = data(push({ extra }), dialect);
    assert.deepEqual(said, { ...eventFields({ ...event, extra }), after: 2 });
    for (const [name, value] of Object.entries(fields))
      assert.deepEqual((said as Record<string, unknown>)[name], value);
  }
  assert.deepEqual(encodeDown(push({ extra: {} }), 'modern'), encodeDown(push({}), 'modern'));
});

test('a recall in a group: type 100 for the Java SDK, the original’s own ids for the others', () => {
  const frame = push({ kind: EVENT_KIND.recall, type: 100, content: recallContent({ by: bob, ...target }) });
  assert.deepEqual(encodeDown(frame, 'legacy'), [
    `{"Ver":0,"Seq":0,"Action":"message.group","Data":{"Mid":33,"Seq":4,"To":${gid},"Type":100,"From":543630,"Content":"{\\"ReCallBy\\":543629,\\"Mid\\":31}","SendAt":1795225937,"Status":0},"Extra":null}`,
  ]);
  for (const dialect of ['web', 'modern'] as const) {
    const [said] = encoded(frame, dialect) as { action: string; data: Record<string, unknown> }[];
    assert.ok(said?.action === 'message.group.recall');
    const { mid, cliMid, status, targetSeq, seq } = said.data;
    assert.deepEqual([mid, cliMid, status, targetSeq, seq], [31, 'c31', 3, 3, 4]);
  }
});

test('content that was damaged throws nowhere and is told to nobody', () => {
  const kinds = Object.values(EVENT_KIND).filter((kind) => kind !== EVENT_KIND.message);
  const contents = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constantFrom('{"type":"joined","uids":[0]}', '{"mid":1}'),
  );
  fc.assert(
    fc.property(contents, fc.constantFrom(...kinds), (content, kind) => {
      const fields = eventFields({ ...event, kind, content });
      const frame = push({ kind, content });
      assert.equal(encodeDown(frame, 'modern').length, fields === undefined ? 0 : 1);
      for (const dialect of ['legacy', 'web'] as const)
        assert.ok(fields !== undefined || encodeDown(frame, dialect).length === 0);
    }),
  );
});

test('news: a group that one was added to, a request to be let in, settings, counts, presence', () => {
  assert.deepEqual(encodeDown({ kind: 'contact', id: gid, from: bob }, 'legacy'), [
    `{"Ver":0,"Seq":0,"Action":"notify.contact","Data":{"Id":${gid},"Type":2,"From":543629,"FromId":543629,"FromType":0},"Extra":null}`,
  ]);
  assert.deepEqual(data({ kind: 'contact', id: gid, from: bob }, 'modern'), [
    { id: String(gid), type: 2, from: '543629', fromId: '543629', fromType: 0 },
  ]);
  const asked: DownFrame = { kind: 'groupRequest', gid, from: bob, comment: '"me"' };
  assert.deepEqual(data(asked, 'modern'), [{ gid: String(gid), from: '543629', comment: '"me"' }]);
  assert.equal(encodeDown(asked, 'legacy').length, 1);
  const count: DownFrame = { kind: 'count', conv: event.conv, lastSeq: event.seq, messages: 3 };
  assert.deepEqual(encodeDown(count, 'modern'), [
    `{"ver":1,"seq":0,"action":"notify.count","data":{"conv":"${event.conv}","lastSeq":4,"messages":3}}`,
  ]);
  assert.deepEqual(data({ ...count, fromSeq: event.seq, mentions: 2, recalledSeq: event.seq }, 'modern'), [
    { conv: event.conv, fromSeq: 4, lastSeq: 4, messages: 3, mentions: 2, recalledSeq: 4 },
  ]);
  const seen: DownFrame = { kind: 'presence', uid: bob, online: false, lastSeenAtMs: 7 };
  assert.deepEqual(data(seen, 'modern'), [{ uid: '543629', online: false, lastSeenAt: 7 }]);
  assert.deepEqual(encodeDown(seen, 'web'), [
    '{"ver":1,"seq":0,"action":"event.user.offline","data":{"uid":"543629","device":"","online":false,"onlineAt":7}}',
    '{"ver":1,"seq":0,"action":"notify.state","data":{"uid":"543629","online":false,"lastSeenAt":7}}',
  ]);
  assert.match(encodeDown({ ...seen, online: true }, 'web')[0] ?? '', /"event\.user\.online".*"online":true/);
  const settings = { pinned: true, muted: false, hidden: false, draft: '', interest: 'full' } as const;
  const changed: DownFrame = { kind: 'settings', conv: event.conv, settings };
  assert.deepEqual(data(changed, 'modern'), [{ conv: event.conv, settings }]);
  for (const frame of [count, changed])
    for (const dialect of ['legacy', 'web'] as const) assert.deepEqual(encodeDown(frame, dialect), []);
});
