/** What is unread in a group that is only counted, where the server's rows and its counts meet, fail or stop at a limit. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { groupConversation } from '../../im/message/conversation.js';
import { errorInfo } from '../../im/message/error_info.js';
import { known, toSeq } from '../../im/message/ids.js';
import { DEFAULT_SETTINGS } from '../../im/message/settings.js';
import { UNREAD_LIMIT } from '../../im/message/unread_limit.js';
import { FakeServer, GROUP, PEER, SELF } from './fake_server.js';
import { makeClient, until } from './stage.js';
import type { ConversationView } from './types.js';

const CONV = groupConversation(GROUP);
const SETTINGS = { ...DEFAULT_SETTINGS, interest: 'count' } as const;

interface Told {
  readonly fromSeq?: number;
  readonly lastSeq: number;
  readonly messages: number;
  readonly mentions?: number;
  readonly recalledSeq?: number;
}

interface Counting {
  readonly server: FakeServer;
  readonly tell: (count: Told) => void;
  /** The row of the group from now on, and a sync that brings it. */
  readonly bring: (row: Readonly<Record<string, unknown>>) => Promise<void>;
  readonly numbers: () => readonly [unread: number, mentions: number];
  readonly syncs: () => number;
}

/** A client that counts GROUP, of which the server has 20 events. */
async function counting(t: TestContext, recountMs = 20): Promise<Counting> {
  const server = await FakeServer.start();
  t.after(() => server.close());
  for (let number = 1; number <= 20; number++) server.append(PEER, GROUP, `m${number}`);
  server.rows.set(CONV, { settings: SETTINGS, lastSeq: 1, unread: 0 });
  const client = makeClient(t, server, { tuning: { recountMs, fullSyncCheckMs: 600_000 } });
  await client.connect();
  const syncs = (): number => server.got('api').filter(({ action }) => action === 'api.sync').length;
  const view = (): { unread: number; mentions: number; lastSeq: number } =>
    known(client.conversations.find(CONV));
  return {
    server,
    syncs,
    numbers: () => [view().unread, view().mentions],
    tell: ({ fromSeq, lastSeq, messages, mentions, recalledSeq }) =>
      server.tell({
        ...{ kind: 'count', conv: CONV, lastSeq: known(toSeq(lastSeq)), messages },
        ...(fromSeq !== undefined && { fromSeq: known(toSeq(fromSeq)) }),
        ...(mentions !== undefined && { mentions }),
        ...(recalledSeq !== undefined && { recalledSeq: known(toSeq(recalledSeq)) }),
      }),
    bring: async (row) => {
      server.rows.set(CONV, { settings: SETTINGS, ...row });
      server.tell({ kind: 'sync', conversations: [CONV] });
      await until(() => view().lastSeq === row['lastSeq'] && view().unread === row['unread'], 'the row');
    },
  };
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

void test('a count that could not be asked for is asked for again, and not for ever', async (t) => {
  const { server, tell, bring, numbers, syncs } = await counting(t, 5);
  await bring({ lastSeq: 5, unread: 4 });
  server.rows.set(CONV, { settings: SETTINGS, lastSeq: 6, unread: 3 });
  let failures = 2;
  server.hook = (frame, socket) => {
    if (frame.kind !== 'api' || failures-- <= 0) return false;
    const { echo } = frame;
    const error = errorInfo('STORE_UNAVAILABLE');
    server.answer(socket, { kind: 'apiError', action: 'api.failed', echo, error });
    return true;
  };
  tell({ fromSeq: 6, lastSeq: 6, messages: 0, recalledSeq: 3 });
  await until(() => numbers()[0] === 3, 'the answer behind two failures');
  failures = Infinity;
  const before = syncs();
  tell({ fromSeq: 7, lastSeq: 7, messages: 0, recalledSeq: 4 });
  await wait(600);
  assert.equal(syncs() - before, 5);
});

void test('a row amid what a count covers: exact where it can be, otherwise asked for once', async (t) => {
  const { server, tell, bring, numbers, syncs } = await counting(t);
  await bring({ lastSeq: 5, unread: 4 });
  let before = syncs();
  // All of it is new; all of it is known; of the last the row has the first two of four messages in four events.
  tell({ fromSeq: 6, lastSeq: 9, messages: 2, mentions: 1 });
  await until(() => numbers()[0] === 6, 'what is new');
  tell({ fromSeq: 7, lastSeq: 9, messages: 3 });
  await bring({ lastSeq: 11, unread: 8, mentions: 1 });
  before++;
  tell({ fromSeq: 10, lastSeq: 13, messages: 4, mentions: 4 });
  await until(() => numbers()[0] === 10, 'the rest');
  assert.deepEqual(numbers(), [10, 3]);
  await wait(100);
  assert.equal(syncs(), before, 'nothing had to be asked for');
  // Three messages in five events, of which the row has two: nobody here knows how many are new.
  await bring({ lastSeq: 15, unread: 12, mentions: 3 });
  server.rows.set(CONV, { settings: SETTINGS, lastSeq: 18, unread: 14, mentions: 3 });
  before = syncs();
  tell({ fromSeq: 14, lastSeq: 18, messages: 3 });
  await until(() => syncs() > before, 'the question');
  await until(() => numbers()[0] === 14, 'the truth');
  await wait(100);
  assert.deepEqual([numbers(), syncs() - before], [[14, 3], 1]);
});

void test('a push that was lost before the group was only counted: its first count tells, and the server is asked once', async (t) => {
  const server = await FakeServer.start();
  t.after(() => server.close());
  const client = makeClient(t, server, { tuning: { fullSyncCheckMs: 600_000, gapWaitMs: 600_000 } });
  server.append(PEER, GROUP, 'read long ago');
  server.rows.set(CONV, { unread: 0 });
  await client.connect();
  server.push(server.append(PEER, GROUP, 'shown'));
  const view = (): ConversationView => known(client.conversations.find(CONV));
  await until(() => view().unread === 1, 'the push');
  server.append(PEER, GROUP, 'lost');
  server.tell({ kind: 'settings', conv: CONV, settings: SETTINGS });
  await until(() => view().settings.interest === 'count', 'the interest');
  const syncs = (): number => server.got('api').filter(({ action }) => action === 'api.sync').length;
  const count = (fromSeq: number, messages = 1): void => {
    const { seq } = server.append(PEER, GROUP, `counted from ${fromSeq}`);
    const [from, lastSeq] = [known(toSeq(fromSeq)), known(toSeq(seq))];
    server.tell({ kind: 'count', conv: CONV, fromSeq: from, lastSeq, messages });
  };
  const before = syncs();
  server.rows.set(CONV, { settings: SETTINGS, unread: 3 });
  count(4);
  await until(() => view().unread === 3, 'the lost one');
  assert.equal(syncs() - before, 1);
  // From then on it may be an edit, or his own.
  server.append(SELF, GROUP, 'own, by another device');
  count(6);
  await until(() => view().unread === 4, 'what follows');
  await wait(100);
  assert.equal(syncs() - before, 1, 'nothing had to be asked for');
});

void test('a count of what was read meanwhile on another device adds nothing', async (t) => {
  const { server, tell, bring, numbers } = await counting(t, 600_000);
  await bring({ lastSeq: 5, unread: 4 });
  const by = { by: SELF, messages: undefined };
  const [from, to] = [known(toSeq(1)), known(toSeq(8))];
  server.tell({ kind: 'receipt', conv: CONV, from, to, state: 'read', ...by });
  await until(() => numbers()[0] === 0, 'the reading');
  tell({ fromSeq: 6, lastSeq: 8, messages: 3 });
  tell({ fromSeq: 9, lastSeq: 10, messages: 2 });
  await until(() => numbers()[0] > 0, 'what came then');
  assert.deepEqual(numbers(), [2, 0]);
});

void test('a busy group in which each row falls amid a count is asked about less and less often', async (t) => {
  const { server, tell, bring, syncs } = await counting(t, 5);
  await bring({ lastSeq: 18, unread: 17 });
  server.rows.set(CONV, { settings: SETTINGS });
  const before = syncs();
  for (let round = 0; round < 80; round++) {
    const told = server.log(CONV).length;
    // Of these six events the client is always behind by three, and half of them are his own.
    for (let number = 0; number < 3; number++) {
      server.append(SELF, GROUP, `own ${round} ${number}`);
      server.append(PEER, GROUP, `other ${round} ${number}`);
    }
    tell({ fromSeq: told - 2, lastSeq: told + 3, messages: 3 });
    await wait(10);
  }
  assert.ok(syncs() - before >= 2 && syncs() - before <= 9, String(syncs() - before));
});

void test('no more than the server counts to: then it is asked what is left', async (t) => {
  const { server, tell, bring, numbers, syncs } = await counting(t);
  await bring({ lastSeq: 5, unread: UNREAD_LIMIT - 1, mentions: UNREAD_LIMIT - 1 });
  tell({ fromSeq: 6, lastSeq: 9, messages: 4, mentions: 4 });
  await until(() => numbers()[0] >= UNREAD_LIMIT, 'the limit');
  assert.deepEqual(numbers(), [UNREAD_LIMIT, UNREAD_LIMIT]);
  await bring({ lastSeq: 10, unread: UNREAD_LIMIT });
  // A row that says so many may mean more: how many are left when some are read only the server knows.
  const before = syncs();
  server.rows.set(CONV, { settings: SETTINGS, lastSeq: 10, readSeq: 4, unread: UNREAD_LIMIT });
  const by = { by: SELF, messages: undefined };
  const [from, to] = [known(toSeq(1)), known(toSeq(4))];
  server.tell({ kind: 'receipt', conv: CONV, from, to, state: 'read', ...by });
  await until(() => syncs() > before, 'the question');
  await until(() => numbers()[0] === UNREAD_LIMIT, 'the answer');
});
