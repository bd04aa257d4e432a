import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../pkg/errors/coded_error.js';
import { ERRORS, imError } from '../errors.js';
import type { Delivery, GroupDelivery } from '../gateway/interface.js';
import { groupConversation } from '../message/conversation.js';
import { LARGE_GROUP } from '../message/group.js';
import { known, toDevice, toGid, toMid, toSeq, toUid, type Gid, type Uid } from '../message/ids.js';
import { EVENT_KIND, type ChatEvent } from '../message/message.js';
import { NOTICE_TYPE, noticeContent, type GroupNotice } from '../message/notice.js';
import { storedEvent } from '../message/stored_event.js';
import type { AppendAnswer, Appender, AppendListener, Settled } from '../store/interface.js';
import type { GroupDraft } from './interface.js';
import { LocalGroups } from './local_groups.js';

const logger = {
  ...{ error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined },
};
const OPTIONS = { fanOutCount: 100, fanOutBytes: 1 << 20, fanOutRetryAfterMs: 7 };
const [one, other] = [known(toGid(2 ** 30 + 1)), known(toGid(2 ** 30 + 2))];
const [alice, bob, eve] = [known(toUid(1)), known(toUid(2)), known(toUid(3))];
const device = known(toDevice(2));

/** Answers what waits when the test says so: each group numbers its events by itself. */
class FakeAppender implements Appender {
  readonly #waiting: Settled<unknown>[] = [];
  readonly #listeners: AppendListener<unknown>[] = [];
  readonly #lastSeqs = new Map<string, number>();
  memberCount = 3;

  enqueue<Context>(
    draft: Settled<unknown>['draft'],
    listener: AppendListener<Context>,
    context: Context,
  ): CodedError | undefined {
    this.#waiting.push({ draft, context, result: this.#stored(draft.conv) });
    this.#listeners.push(listener);
    return undefined;
  }

  append(): Promise<never> {
    return Promise.reject(imError('INTERNAL'));
  }

  /** `content`: of the notice that comes first. */
  commit(answer?: AppendAnswer): void {
    const [listener] = this.#listeners;
    const batch = this.#waiting.splice(0);
    this.#listeners.length = 0;
    listener?.settled(
      batch.map((settled) => (answer === undefined ? settled : { ...settled, result: answer })),
    );
  }

  #stored(conv: string): AppendAnswer {
    const seq = (this.#lastSeqs.get(conv) ?? 0) + 1;
    this.#lastSeqs.set(conv, seq);
    const event = { mid: known(toMid(seq * 10)), seq: known(toSeq(seq)), n: seq, storedAtMs: 5 };
    return { outcome: 'stored', event: { ...event, memberCount: this.memberCount } };
  }
}

/** Takes deliveries at once, or one batch each time the test lets it. */
class FakeDispatch {
  readonly batches: (readonly GroupDelivery[])[] = [];
  readonly contacts: Delivery[] = [];
  holds = false;
  fails = false;
  readonly #release: (() => void)[] = [];

  async deliverToGroups(batch: readonly GroupDelivery[]): Promise<void> {
    this.batches.push(batch);
    if (this.fails) throw imError('INTERNAL');
    if (this.holds) await new Promise<void>((resolve) => this.#release.push(resolve));
  }

  deliver(batch: readonly Delivery[]): Promise<never[]> {
    this.contacts.push(...batch);
    return Promise.resolve([]);
  }

  async release(): Promise<void> {
    for (const release of this.#release.splice(0)) release();
    await turn();
  }

  get events(): readonly [Gid, number, string][] {
    return this.batches.flat().map((one) => {
      assert.ok(one.kind === 'event');
      return [one.gid, one.event.seq, one.event.content];
    });
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function said(gid: Gid, content: string, of: Partial<GroupDraft['event']> = {}): GroupDraft {
  const event = {
    ...{ kind: EVENT_KIND.message, from: alice, device, to: gid, clientId: content, mid: 0 as const },
    ...{ type: 1, content, sentAtMs: 0, ...of },
  };
  return { conv: groupConversation(gid), event, isAnswered: true };
}

function bench(options: Partial<typeof OPTIONS> = {}) {
  const [appender, dispatch] = [new FakeAppender(), new FakeDispatch()];
  const groups = new LocalGroups({ ...OPTIONS, ...options }, { appender, dispatch, logger });
  const told: [string, string][] = [];
  const listener = (name: string): AppendListener<string> => ({
    settled: (batch) =>
      batch.forEach(({ context, result }) => {
        told.push([name, context]);
        assert.ok(result instanceof Error || result.outcome !== 'stored' || dispatch.batches.length > 0);
      }),
  });
  return { appender, dispatch, groups, told, listener };
}

test('one commit goes out in the order of seqs, whoever asked; each hears of his own, and not before', async () => {
  const { appender, dispatch, groups, told, listener } = bench();
  const [chats, controls] = [listener('chats'), listener('controls')];
  for (const [gid, text, to] of [
    [one, 'a', chats],
    [other, 'b', controls],
    [one, 'c', controls],
    [one, 'd', chats],
  ] as const)
    assert.equal(groups.enqueue(said(gid, text), to, text), undefined);
  appender.commit();
  assert.deepEqual(dispatch.events, [
    [one, 1, 'a'],
    [other, 1, 'b'],
    [one, 2, 'c'],
    [one, 3, 'd'],
  ]);
  assert.deepEqual(told, [
    ['chats', 'a'],
    ['chats', 'd'],
    ['controls', 'b'],
    ['controls', 'c'],
  ]);
  const [first] = dispatch.batches[0] ?? [];
  assert.ok(first?.kind === 'event');
  assert.deepEqual([first.audience, first.except], ['members', { uid: alice, device }]);
  await turn();
  assert.equal(groups.stats().queuedCount, 0);
  assert.deepEqual([groups.sizeOf(one), groups.sizeOf(known(toGid(2 ** 30 + 9)))], [3, undefined]);
});

test('where dispatch is behind, what follows waits in order, and beyond the bound senders are told', async () => {
  const { appender, dispatch, groups, listener } = bench({ fanOutCount: 3 });
  const chats = listener('chats');
  dispatch.holds = true;
  for (const text of ['a', 'b', 'c']) {
    assert.equal(groups.enqueue(said(one, text), chats, text), undefined);
    appender.commit();
  }
  assert.deepEqual(dispatch.events, [[one, 1, 'a']], 'one batch at a time');
  const refusal = groups.enqueue(said(other, 'd'), chats, 'd');
  assert.deepEqual([refusal?.code, refusal?.retryAfterMs], [ERRORS.QUEUE_FULL.code, 7]);
  assert.deepEqual([groups.stats().queuedCount, groups.stats().refusedCount], [3, 1]);
  await assert.rejects(
    groups.append(said(one, 'e')),
    (error) => error instanceof CodedError && error.code === ERRORS.QUEUE_FULL.code,
  );
  await dispatch.release();
  await dispatch.release();
  assert.deepEqual(dispatch.events, [
    [one, 1, 'a'],
    [one, 2, 'b'],
    [one, 3, 'c'],
  ]);
  const { queuedCount, queuedBytes } = groups.stats();
  assert.deepEqual([queuedCount, queuedBytes], [0, 0]);
  assert.equal(groups.enqueue(said(other, 'd'), chats, 'd'), undefined);
});

test('where dispatch is behind, the later ack comes when the earlier event has been taken', async () => {
  const { appender, dispatch, groups, told, listener } = bench();
  const chats = listener('chats');
  dispatch.holds = true;
  for (const text of ['a', 'b']) {
    groups.enqueue(said(one, text), chats, text);
    appender.commit();
  }
  assert.equal(told.length, 1, 'the first is on its way');
  await dispatch.release();
  assert.equal(told.length, 2);
});

test('one who cannot be told keeps nobody else waiting', async () => {
  const { appender, dispatch, groups, told, listener } = bench();
  const broken = { settled: () => assert.fail('a listener that breaks its promise') };
  dispatch.holds = true;
  groups.enqueue(said(one, 'a'), listener('chats'), 'a');
  appender.commit();
  // These two wait together until the first has been taken.
  groups.enqueue(said(one, 'b'), broken, 'b');
  appender.commit();
  groups.enqueue(said(one, 'c'), listener('chats'), 'c');
  appender.commit();
  assert.deepEqual(
    told.map(([, context]) => context),
    ['a'],
  );
  await dispatch.release();
  assert.deepEqual(
    told.map(([, context]) => context),
    ['a', 'c'],
  );
});

test('bytes are bounded too', () => {
  const { appender, dispatch, groups, listener } = bench({ fanOutBytes: 1000 });
  dispatch.holds = true;
  groups.enqueue(said(one, 'x'.repeat(2000)), listener('chats'), 'a');
  appender.commit();
  assert.equal(groups.enqueue(said(one, 'b'), listener('chats'), 'b')?.code, ERRORS.QUEUE_FULL.code);
});

test('a duplicate is answered and goes out no second time, but once where it never went out', async () => {
  const { appender, dispatch, groups, told, listener } = bench();
  const draft = said(one, 'a');
  assert.ok(draft.event !== undefined && draft.conv !== '');
  const place = { mid: known(toMid(10)), seq: known(toSeq(1)), storedAtMs: 5 };
  const event: ChatEvent = storedEvent(draft.conv, draft.event, place);
  const again = async (of: ChatEvent): Promise<void> => {
    groups.enqueue(draft, listener('chats'), 'again');
    appender.commit({ outcome: 'duplicate', event: of });
    await turn();
  };
  groups.enqueue(draft, listener('chats'), 'first');
  appender.commit();
  await turn();
  await again(event);
  assert.deepEqual([told.length, dispatch.events.length], [2, 1]);
  // Its first attempt ended without an answer: nobody has heard of it.
  await again({ ...event, seq: known(toSeq(2)) });
  await again({ ...event, seq: known(toSeq(2)) });
  assert.deepEqual(
    dispatch.events.map(([, seq]) => seq),
    [1, 2],
  );
});

test('after a start nothing is owed but what this process tried itself and had no answer to', async () => {
  const { appender, dispatch, groups, listener } = bench();
  const repeat = async (text: string, seq: number, answer?: AppendAnswer): Promise<void> => {
    const draft = said(one, text);
    assert.ok(draft.event !== undefined && draft.conv !== '');
    const place = { mid: known(toMid(seq * 10)), seq: known(toSeq(seq)), storedAtMs: 5 };
    const event = storedEvent(draft.conv, draft.event, place);
    groups.enqueue(draft, listener('chats'), text);
    appender.commit(answer ?? { outcome: 'duplicate', event });
    await turn();
  };
  await repeat('of an earlier process', 40);
  await repeat('tried here', 50, imError('OUTCOME_UNKNOWN'));
  await repeat('of an earlier process', 40);
  assert.deepEqual(dispatch.events, []);
  assert.equal(groups.sizeOf(one), undefined, 'how many they are nobody has said yet');
  await repeat('tried here', 50);
  await repeat('tried here', 50);
  await repeat('of an earlier process', 40);
  assert.deepEqual(dispatch.events, [[one, 50, 'tried here']]);
});

test('what was refused, what failed and what needed no event goes to nobody', () => {
  const { appender, dispatch, groups, told, listener } = bench();
  for (const answer of [
    { outcome: 'refused', error: 'NOT_A_MEMBER' },
    { outcome: 'changed' },
    imError('OUTCOME_UNKNOWN'),
  ] as const) {
    groups.enqueue(said(one, 'a'), listener('chats'), 'a');
    appender.commit(answer);
  }
  assert.deepEqual([told.length, dispatch.batches.length], [3, 0]);
  const chat: GroupDraft = { ...said(one, 'a'), conv: '' };
  assert.equal(groups.enqueue(chat, listener('chats'), 'a')?.code, ERRORS.NO_SUCH_GROUP.code);
});

/** The notice that the store writes for a change. */
function noticed(made: ReturnType<typeof bench>, notice: GroupNotice, memberCount: number): void {
  const draft = said(one, '', { kind: EVENT_KIND.notice, type: NOTICE_TYPE, from: bob });
  made.groups.enqueue({ ...draft, isAnswered: false }, made.listener('controls'), notice.type);
  const event = { mid: known(toMid(10)), seq: known(toSeq(1)), n: 0, storedAtMs: 5, memberCount };
  made.appender.commit({ outcome: 'stored', event, content: noticeContent(notice) });
}

test('what the store wrote goes out; in a large group only to those whom it concerns', () => {
  const large = LARGE_GROUP.memberNotices + 1;
  const cases: [GroupNotice, number, string][] = [
    [{ type: 'joined', uids: [alice], how: 'open' }, large - 1, 'members'],
    [{ type: 'joined', uids: [alice], how: 'open' }, large, 'concerned'],
    [{ type: 'left', uids: [alice] }, large, 'concerned'],
    [{ type: 'mutedAll', on: true }, large, 'members'],
    [{ type: 'dissolved' }, large, 'members'],
  ];
  for (const [notice, memberCount, audience] of cases) {
    const made = bench();
    noticed(made, notice, memberCount);
    const [delivery] = made.dispatch.batches.flat();
    assert.ok(delivery?.kind === 'event');
    assert.deepEqual([delivery.audience, delivery.except], [audience, undefined]);
    assert.equal(delivery.event.content, noticeContent(notice));
  }
});

test('whom somebody else brought in hears of the group, behind the event; who came by himself knows', async () => {
  const cases: [GroupNotice, readonly Uid[]][] = [
    [{ type: 'joined', uids: [alice, eve], how: 'invited' }, [alice, eve]],
    [{ type: 'created', name: 'g', uids: [alice, bob] }, [alice]],
    [{ type: 'joined', uids: [bob], how: 'open' }, []],
    [{ type: 'removed', uids: [alice], banned: false }, []],
  ];
  for (const [notice, uids] of cases) {
    const made = bench();
    noticed(made, notice, 3);
    await turn();
    assert.deepEqual(
      made.dispatch.contacts,
      uids.length === 0
        ? []
        : [{ frame: { kind: 'contact', id: one, from: bob }, recipients: uids.map((uid) => ({ uid })) }],
    );
  }
});

test('dispatch that fails costs the push, never the answer, and the next batch goes out', async () => {
  const { appender, dispatch, groups, listener } = bench();
  dispatch.fails = true;
  const answer = groups.append(said(one, 'a'));
  appender.commit();
  assert.equal((await answer).outcome, 'stored');
  assert.equal(groups.stats().failedCount, 1);
  dispatch.fails = false;
  groups.enqueue(said(one, 'b'), listener('chats'), 'b');
  appender.commit();
  assert.deepEqual(dispatch.events.at(-1), [one, 2, 'b']);
});
