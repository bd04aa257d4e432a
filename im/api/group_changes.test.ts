/** How a change of a group is asked for, and what becomes of the answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../pkg/errors/coded_error.js';
import { ERRORS } from '../errors.js';
import type { GroupDraft } from '../group/interface.js';
import { groupConversation } from '../message/conversation.js';
import { known, toDevice, toGid, toMid, toSeq, toUid } from '../message/ids.js';
import { EVENT_KIND, type ChatEvent, type EventKind } from '../message/message.js';
import { NOTICE_TYPE, noticeContent } from '../message/notice.js';
import type { AppendResult } from '../store/interface.js';
import { GroupChanges } from './group_changes.js';

const gid = known(toGid(2 ** 30 + 5));
const uid = known(toUid(7));
const caller = { uid, device: known(toDevice(1)), tokenVersion: 1 };
const left = { type: 'left', uids: [uid] } as const;
const numbers = { mid: known(toMid(9)), seq: known(toSeq(4)), n: 2, storedAtMs: 5, memberCount: 3 };

function stage(answer: Exclude<AppendResult, { outcome: 'busy' }>): {
  readonly changes: GroupChanges;
  readonly drafts: readonly GroupDraft[];
} {
  const drafts: GroupDraft[] = [];
  let calls = 0;
  const changes = new GroupChanges({
    broker: { change: (draft) => (drafts.push(draft), Promise.resolve(answer)) },
    randomText: (length) => String(++calls).padStart(length, 'r'),
  });
  return { changes, drafts };
}

function eventOf(kind: EventKind, content: string): ChatEvent {
  const { mid, seq, storedAtMs } = numbers;
  const conv = groupConversation(gid);
  const said = { type: NOTICE_TYPE, content, sentAtMs: 0, storedAtMs, status: 0 };
  return { kind, conv, seq, mid, clientId: 'mine', from: uid, to: gid, ...said };
}

test('a change goes to the broker with the notice that tells of it; each under a name of its own', async () => {
  const { changes, drafts } = stage({ outcome: 'stored', event: numbers, content: noticeContent(left) });
  const request = { gid, deed: { do: 'exit' }, clientId: undefined } as const;
  assert.deepEqual(await changes.change(request, caller), { seq: 4, notice: left });
  await changes.change(request, caller);
  await changes.change({ ...request, clientId: 'mine' }, caller);
  const [first, second, third] = drafts;
  assert.deepEqual(first?.change, { kind: 'group', by: uid, do: 'exit' });
  assert.equal(first.conv, groupConversation(gid));
  assert.equal(first.isAnswered, false);
  const { kind, from, device, to, type, mid, content } = first.event ?? {};
  assert.deepEqual(
    [kind, from, device, to, type, mid, content],
    [EVENT_KIND.notice, uid, 1, gid, NOTICE_TYPE, 0, ''],
  );
  assert.notEqual(first.event?.clientId, second?.event?.clientId);
  assert.equal(third?.event?.clientId, 'mine');
});

test('requests and links come without an event', async () => {
  const { changes, drafts } = stage({ outcome: 'changed' });
  const link = { do: 'link', code: 'c', expiresAtMs: 0, uses: 0 } as const;
  for (const deed of [
    { do: 'ask', comment: '' },
    { do: 'deny', uid },
    link,
    { do: 'unlink', code: 'c' },
  ] as const)
    assert.deepEqual(await changes.change({ gid, deed, clientId: undefined }, caller), {
      ...{ seq: 0, notice: undefined },
    });
  assert.ok(drafts.every((draft) => draft.event === undefined));
});

test('a repeat is answered by what is stored; not where the name is that of a message', async () => {
  const request = { gid, deed: { do: 'exit' }, clientId: 'mine' } as const;
  const again = stage({ outcome: 'duplicate', event: eventOf(EVENT_KIND.notice, noticeContent(left)) });
  assert.deepEqual(await again.changes.change(request, caller), { seq: 4, notice: left, isRepeat: true });
  const message = stage({ outcome: 'duplicate', event: eventOf(EVENT_KIND.message, 'hello') });
  await assert.rejects(message.changes.change(request, caller), { code: ERRORS.BAD_CLIENT_ID.code });
});

test('what the store refuses is thrown as that', async () => {
  const { changes } = stage({ outcome: 'refused', error: 'OWNER_MUST_STAY' });
  await assert.rejects(
    changes.change({ gid, deed: { do: 'exit' }, clientId: undefined }, caller),
    (error) => error instanceof CodedError && error.code === ERRORS.OWNER_MUST_STAY.code,
  );
});
