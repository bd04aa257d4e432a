/** What the server says in one order and does in another: rows and settings that pass each other on the way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conversationWith } from '../../im/message/conversation.js';
import { known } from '../../im/message/ids.js';
import { DEFAULT_SETTINGS } from '../../im/message/settings.js';
import { PEER, SELF, type FakeServer } from './fake_server.js';
import { stage, until } from './stage.js';
import type { SailplaneClient } from './client.js';
import type { ClientTuning, ConversationView } from './types.js';

const CONV = conversationWith(SELF, PEER);

/** Nothing is asked for but what a test is about. */
const PATIENT: Partial<ClientTuning> = { recountMs: 600_000, fullSyncCheckMs: 600_000 };

const view = (client: SailplaneClient): ConversationView => known(client.conversations.find(CONV));

/** A sync that is asked for gets its answer when this is called, as of then. */
function holdSync(server: FakeServer): { readonly isAsked: () => boolean; readonly answer: () => void } {
  let held: (() => void) | undefined;
  server.hook = (frame, socket) => {
    if (frame.kind !== 'api' || frame.action !== 'api.sync' || held !== undefined) return false;
    held = () => server.handle(frame, socket);
    return true;
  };
  return { isAsked: () => held !== undefined, answer: () => held?.() };
}

void test('settings told amid a sync: its answer may be older, and is not the last word', async (t) => {
  const { server, client } = await stage(t, PATIENT);
  server.append(PEER, SELF, 'a');
  await client.connect();
  const { isAsked, answer } = holdSync(server);
  server.tell({ kind: 'sync', conversations: [CONV] });
  await until(isAsked, 'the question');
  const settings = { ...DEFAULT_SETTINGS, pinned: true };
  server.tell({ kind: 'settings', conv: CONV, settings });
  await until(() => view(client).settings.pinned, 'the settings');
  const told: boolean[] = [];
  client.on('conversation', (changed) => told.push(changed.settings.pinned));
  answer();
  server.rows.set(CONV, { settings });
  await until(() => told.length === 2, 'both answers');
  assert.deepEqual([told, view(client).settings.pinned], [[false, true], true]);
});

void test('`hidden` that comes behind the message that ended it is asked for', async (t) => {
  const { server, client, shown } = await stage(t, { fullSyncCheckMs: 600_000 });
  await client.connect();
  server.push(server.append(PEER, SELF, 'a'));
  await until(() => shown.length === 1, 'the message');
  server.tell({ kind: 'settings', conv: CONV, settings: { ...DEFAULT_SETTINGS, hidden: true } });
  await until(() => view(client).settings.hidden, 'the settings');
  await until(() => !view(client).settings.hidden, 'what the server says');
});

void test('what a row changes of a conversation the app is told, and nothing where it changes nothing', async (t) => {
  const { server, client } = await stage(t, PATIENT);
  for (const id of ['a', 'b', 'c']) server.append(PEER, SELF, id);
  await client.connect();
  const told: unknown[] = [];
  client.on('conversation', ({ unread, readSeq, settings }) => told.push([unread, readSeq, settings.muted]));
  const syncs = (): number => server.got('api').filter(({ action }) => action === 'api.sync').length;
  const sync = async (): Promise<void> => {
    const before = syncs();
    server.tell({ kind: 'sync', conversations: [CONV] });
    await until(() => syncs() > before, 'a sync');
  };
  await sync();
  server.rows.set(CONV, { readSeq: 2, unread: 1 });
  await sync();
  await until(() => view(client).readSeq === 2, 'the reading');
  server.rows.set(CONV, { readSeq: 2, unread: 1, settings: { ...DEFAULT_SETTINGS, muted: true } });
  await sync();
  await until(() => view(client).settings.muted, 'the settings');
  assert.deepEqual(told, [
    [1, 2, false],
    [1, 2, true],
  ]);
});
