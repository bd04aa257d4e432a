/** What an app hands back as the client's memory may be anything: nothing of it is lost without a word. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { known } from '../../im/message/ids.js';
import { DEFAULT_SETTINGS } from '../../im/message/settings.js';
import { Conversations } from './conversations.js';
import { FakeServer, PEER, SELF } from './fake_server.js';
import { readSavedState } from './saved_state.js';
import { CONV, makeClient, seqs, until, watch } from './stage.js';
import type { ClientError, SavedState, StateStore } from './types.js';

const GOOD: SavedState = {
  uid: SELF,
  epoch: 1,
  cursorMs: 1,
  conversations: [{ conv: CONV, known: [1, 1], ackedSeq: 1, confirmedSeq: 1 }],
  outbox: [{ to: PEER, clientId: 'precious', type: 1, content: 'precious', sentAtMs: 1 }],
};
const [SEND] = GOOD.outbox;
const ROW = {
  ...{ firstSeq: 1, lastAtMs: 1, peerDeliveredSeq: 0, peerReadSeq: 0, unread: 0, mentions: 0 },
  ...{ isMember: true, settings: DEFAULT_SETTINGS },
};

interface Run {
  readonly warnings: readonly ClientError[];
  readonly sent: readonly string[];
  readonly shown: readonly number[];
  /** What had been said by the time of the first save. */
  readonly saidBeforeSave: number;
}

/** A run of the app that finds `memory`. */
async function run(t: TestContext, memory: unknown): Promise<Run> {
  const server = await FakeServer.start();
  t.after(() => server.close());
  for (const id of ['a', 'b']) server.append(PEER, SELF, id);
  const warnings: ClientError[] = [];
  const saidAtSaves: number[] = [];
  const state: StateStore = {
    load: () => Promise.resolve(memory),
    save: () => {
      saidAtSaves.push(warnings.length);
      return Promise.resolve();
    },
  };
  const client = makeClient(t, server, { state });
  client.on('warning', (warning) => warnings.push(warning));
  const shown = watch(client);
  await client.connect();
  await client.sent(client.send(PEER, 'new', { clientId: 'new' }));
  await until(() => saidAtSaves.length > 0, 'a save');
  const sent = server.got('chat').map(({ clientId }) => clientId);
  return { warnings, sent, shown: seqs(shown), saidBeforeSave: saidAtSaves[0] ?? 0 };
}

void test('nothing saved is no damage: undefined and null', async (t) => {
  for (const memory of [undefined, null]) {
    const { warnings, sent, shown } = await run(t, memory);
    assert.deepEqual(warnings, []);
    assert.deepEqual(sent, ['new']);
    assert.deepEqual(shown, [1, 2, 3]);
  }
});

void test('what was read without a connection is still to be told in the next run', () => {
  const row = { ...ROW, lastSeq: 3, readSeq: 2 };
  const read = (more: { readonly confirmedReadSeq?: number }): readonly [told: number, toTell: number] => {
    const conversations = new Conversations(10, () => undefined);
    conversations.restore([{ conv: CONV, known: [1, 3], ackedSeq: 3, row, ...more }], SELF);
    const { receipts } = known(conversations.find(CONV));
    assert.deepEqual(conversations.save()[0]?.confirmedReadSeq, receipts.read);
    return [receipts.read, receipts.toRead];
  };
  assert.deepEqual(read({ confirmedReadSeq: 1 }), [1, 2]);
  assert.deepEqual(read({ confirmedReadSeq: 2 }), [2, 2]);
  assert.deepEqual(read({}), [2, 2], 'an older state does not say');
  const saved = { ...GOOD, conversations: [{ ...GOOD.conversations[0], confirmedReadSeq: 1 }] };
  assert.equal(readSavedState(saved).state?.conversations[0]?.confirmedReadSeq, 1);
});

void test('a good state is taken over, through JSON too', async (t) => {
  const { warnings, sent, shown } = await run(t, JSON.parse(JSON.stringify(GOOD)));
  assert.deepEqual(warnings, []);
  assert.deepEqual(sent, ['precious', 'new']);
  assert.deepEqual(shown, [2, 3, 4]);
});

void test('what cannot be read is left out with a warning, before anything is saved over it', async (t) => {
  for (const memory of ['x', 7, [], {}, { ...GOOD, uid: 'me' }, { ...GOOD, uid: 0 }]) {
    const { warnings, sent, saidBeforeSave } = await run(t, memory);
    assert.match(warnings[0]?.message ?? '', /saved state/, JSON.stringify(memory));
    assert.equal(saidBeforeSave, 1);
    assert.deepEqual(sent, ['new']);
  }
});

void test('damaged conversations are asked of the server; the outbox is sent all the same', async (t) => {
  const [good] = GOOD.conversations;
  const damaged: unknown[] = [
    { ...GOOD, conversations: undefined },
    { ...GOOD, conversations: [good, null] },
    { ...GOOD, conversations: [{ ...good, conv: 'u7_8' }] },
    { ...GOOD, conversations: [{ ...good, known: [1, 'b'] }] },
    { ...GOOD, conversations: [{ ...good, ackedSeq: -1 }] },
    { ...GOOD, conversations: [{ ...good, confirmedSeq: 'all' }] },
    { ...GOOD, cursorMs: 'now' },
    { ...GOOD, epoch: null },
  ];
  for (const memory of damaged) {
    const { warnings, sent, shown } = await run(t, memory);
    assert.equal(warnings.length, 1, JSON.stringify(memory));
    assert.deepEqual(sent, ['precious', 'new']);
    assert.deepEqual(shown, [1, 2, 3, 4]);
  }
});

void test('of a damaged outbox the sends that can be read are sent', async (t) => {
  for (const row of [
    null,
    'x',
    { ...SEND, to: 0 },
    { ...SEND, content: 1 },
    { ...SEND, clientId: '' },
    SEND,
  ]) {
    const { warnings, sent } = await run(t, { ...GOOD, outbox: [SEND, row] });
    assert.equal(warnings.length, 1, JSON.stringify(row));
    assert.deepEqual(sent, ['precious', 'new']);
  }
  assert.deepEqual(readSavedState({ ...GOOD, outbox: {} }).state?.outbox, []);
});

void test('memory that cannot be read now fails connect, and is read by the next', async (t) => {
  const server = await FakeServer.start();
  t.after(() => server.close());
  let loads = 0;
  const state: StateStore = {
    load: () => (++loads === 1 ? Promise.reject(new Error('locked')) : Promise.resolve(GOOD)),
    save: () => Promise.resolve(),
  };
  const client = makeClient(t, server, { state });
  await assert.rejects(client.connect(), /locked/);
  await client.connect();
  assert.equal((await client.sent('precious')).state, 'stored');
});
