import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatConversation, groupConversation } from '../message/conversation.js';
import { known, toDevice, toGid, toSeq, toUid, type Uid } from '../message/ids.js';
import { DEFAULT_SETTINGS, DRAFT_BYTES } from '../message/settings.js';
import type { ConversationState, SyncPage } from '../store/interface.js';
import { SyncApi } from './sync_api.js';

const alice = known(toUid(1));
const caller = { uid: alice, device: known(toDevice(2)), tokenVersion: 1 };
const zero = known(toSeq(0));

function rowOf(index: number, draft: string): ConversationState {
  const peer = known(toUid(index + 2));
  return {
    ...{ conv: chatConversation(alice, peer), peer, firstSeq: known(toSeq(1)), lastSeq: known(toSeq(5)) },
    ...{ isMember: true, lastMid: 9, lastAtMs: 1, createdAtMs: 1, deviceSeq: zero, deliveredSeq: zero },
    ...{ readSeq: zero, peerDeliveredSeq: zero, peerReadSeq: zero, unread: 5, mentions: 2 },
    settings: { ...DEFAULT_SETTINGS, draft },
  };
}

function apiOver(
  conversations: readonly ConversationState[],
  more = false,
  written: (uids: readonly Uid[]) => Promise<void> = () => Promise.resolve(),
): SyncApi {
  const page: SyncPage = { conversations, more, count: 500, sum: 9, nowMs: 7, epoch: 1 };
  return new SyncApi(
    { syncOverlapMs: 0 },
    {
      receipts: { written },
      messages: {
        sync: () => Promise.resolve(page),
        range: (_reader, conv, from, to) =>
          Promise.resolve({ conv, from, to, events: [], more: false, floor: from }),
      },
    },
  );
}

interface Answer {
  readonly conversations: readonly Readonly<Record<string, unknown>>[];
  readonly more: boolean;
  readonly next: string;
}

const sync = async (api: SyncApi): Promise<Answer> =>
  (await api.sync({ since: 0, after: '', limit: 500 }, caller)) as Answer;

test('a row says who is named, what is set and whether one is in it', async () => {
  const { conversations, more, next } = await sync(apiOver([rowOf(0, 'begun')]));
  assert.deepEqual([more, next, conversations.length], [false, '', 1]);
  const { mentions, isMember, settings, unread } = conversations[0] ?? {};
  assert.deepEqual([unread, mentions, isMember], [5, 2, true]);
  assert.deepEqual(settings, { ...DEFAULT_SETTINGS, draft: 'begun' });
});

test('long drafts make the page shorter, never the answer larger; the rest is the next page', async () => {
  const rows = Array.from({ length: 100 }, (_, index) => rowOf(index, 'ä'.repeat(DRAFT_BYTES / 2)));
  const { conversations, more, next } = await sync(apiOver(rows));
  assert.equal(conversations.length, 12);
  assert.deepEqual([more, next], [true, rows[11]?.conv]);
  const short = await sync(apiOver(rows.slice(0, 10), true));
  assert.deepEqual([short.more, short.next, short.conversations.length], [true, rows[9]?.conv, 10]);
});

test('what waits to be written of whoever asks is written first', async () => {
  let asked: readonly Uid[] = [];
  const store = { readSeq: zero };
  const row = {
    ...rowOf(0, ''),
    get readSeq() {
      return store.readSeq;
    },
  };
  const api = apiOver([row], false, (uids) => {
    asked = uids;
    store.readSeq = known(toSeq(5));
    return Promise.resolve();
  });
  assert.equal((await sync(api)).conversations[0]?.['readSeq'], 5);
  assert.deepEqual(asked, [alice]);
});

test('a range of a group is the store’s to refuse, one of other people’s conversation is refused at once', async () => {
  const api = apiOver([]);
  const one = known(toSeq(1));
  const conv = groupConversation(known(toGid(2 ** 30 + 1)));
  assert.equal(((await api.range({ conv, from: one, to: one }, caller)) as { conv: string }).conv, conv);
  const others = chatConversation(known(toUid(8)), known(toUid(9)));
  await assert.rejects(api.range({ conv: others, from: one, to: one }, caller), { code: 3001 });
});
