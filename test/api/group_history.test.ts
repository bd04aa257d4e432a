/** What was said in a group, for clients without a log of their own: pages, states, sessions; within a membership. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANSWER_BYTES } from '../../im/message/answer_size.js';
import { ApiServer, type Somebody } from '../support/api_server.js';
import { asObject, type Json } from '../support/raw_client.js';
import { makeGroup, outcome } from './group_scene.js';

async function page(
  server: ApiServer,
  path: string,
  input: unknown,
  who: Somebody,
): Promise<readonly Json[]> {
  const value = await server.value(path, input, who.token);
  assert.ok(Array.isArray(value), path);
  return value.map(asObject);
}

const contents = (rows: readonly Json[]): readonly unknown[] => rows.map((row) => row['Content']);

test('history: newest first below a seq, messages only; ranges ascending; states and sessions', async (t) => {
  const server = await ApiServer.start(t);
  const [ann, bob] = [await server.somebody(), await server.somebody()];
  const gid = await makeGroup(server, ann, { uid: [bob.uid] });
  const mids: number[] = [];
  for (let index = 0; index < 5; index++) mids.push(await server.sayIn(ann, gid, `m${index}`));
  // A notice between the messages.
  await server.value('group/mute/all', { gid }, ann.token);
  mids.push(await server.sayIn(ann, gid, 'm5'));

  const [newest] = await page(server, 'msg/group/history', { Gid: gid, BeforeSeq: 0 }, bob);
  assert.ok(newest !== undefined);
  const { Mid, Sender, Gid, Seq, Type, Content, Status, RecallBy, SendAt } = newest;
  assert.deepEqual(
    [Mid, Sender, Gid, Seq, Type, Content, Status, RecallBy],
    [mids[5], ann.uid, gid, 8, 1, 'm5', 0, 0],
  );
  assert.ok(typeof SendAt === 'number' && SendAt < 1e10, 'seconds of the server');
  const before = (seq: number, size: number): Promise<readonly Json[]> =>
    page(server, 'msg/group/history', { Gid: gid, BeforeSeq: seq, pageSize: size }, bob);
  assert.deepEqual(contents(await before(8, 3)), ['m4', 'm3', 'm2'], 'the notice takes no place of a page');
  assert.deepEqual(contents(await before(-1, 1)), ['m5']);
  assert.deepEqual(contents(await before(2, 3)), []);
  assert.deepEqual(contents(await page(server, 'msg/group/recent', { Gid: gid }, bob)).length, 6);

  const range = await server.data('msg/group/range', { Gid: gid, AfterSeq: 4, limit: 3 }, bob.token);
  assert.deepEqual([range['From'], range['To'], range['More']], [5, 7, true]);
  assert.deepEqual(contents(messagesOf(range)), ['m3', 'm4'], 'the notice is covered, and no message');
  const rest = await server.data('msg/group/range', { Gid: gid, AfterSeq: 8 }, bob.token);
  assert.deepEqual([rest['To'], rest['More'], rest['Messages']], [8, false, []]);

  const state = await server.data('msg/group/state', { Gid: gid }, bob.token);
  assert.deepEqual([state['Gid'], state['LastMID'], state['LastSeq']], [gid, mids[5], 8]);
  assert.deepEqual(await page(server, 'msg/group/state/all', {}, bob), [state]);

  assert.deepEqual(
    await page(server, 'session/recent', {}, bob),
    [],
    'people only, for clients that know no better',
  );
  const [session] = await page(server, 'session/recent', { groups: true }, bob);
  assert.deepEqual(
    [session?.['To'], session?.['Type'], session?.['Unread'], session?.['LastSeq']],
    [gid, 2, 6, 8],
  );
  await server.value('message/read', { session_id: `g${gid}` }, bob.token);
  await server.marks.flush();
  const read = await server.data('session/get', { To: gid }, bob.token);
  assert.deepEqual([read['Unread'], read['ReadSeq']], [0, 8]);
  const listed = await page(server, 'message/list', { to: gid, pageSize: 2 }, bob);
  assert.deepEqual(contents(listed), ['m5', 'm4']);
});

test('history: a page of long messages is cut, whatever was asked for; the next goes on', async (t) => {
  const server = await ApiServer.start(t);
  const ann = await server.somebody();
  const gid = await makeGroup(server, ann);
  const sent = await Promise.all(
    Array.from({ length: 70 }, (_, index) => server.sayIn(ann, gid, `${index} `.padEnd(32_768, 'x'))),
  );
  const got: unknown[] = [];
  for (let beforeSeq = 0, pages = 0; got.length < sent.length; pages++) {
    assert.ok(pages < 5, 'pages of a megabyte');
    const rows = await page(server, 'msg/group/history', { gid, beforeSeq, pageSize: 100 }, ann);
    assert.ok(Buffer.byteLength(JSON.stringify(rows)) < ANSWER_BYTES.page, `${rows.length} rows`);
    got.push(...rows.map((row) => row['Mid']));
    beforeSeq = Number(rows.at(-1)?.['Seq']);
  }
  assert.deepEqual(new Set(got), new Set(sent));
  assert.equal(got.length, sent.length);
});

test('history: who comes later sees what came before only where it is open; who left sees no more', async (t) => {
  const server = await ApiServer.start(t);
  const [ann, bob, eve] = [await server.somebody(), await server.somebody(), await server.somebody()];
  const [closed, open] = [await makeGroup(server, ann), await makeGroup(server, ann, { openHistory: true })];
  for (const gid of [closed, open]) {
    await server.sayIn(ann, gid, 'before');
    await server.value('group/join', { gid }, bob.token);
    await server.sayIn(ann, gid, 'within');
    await server.value('group/exit', { gid }, bob.token);
    await server.sayIn(ann, gid, 'after');
  }
  const seen = (gid: number): Promise<readonly Json[]> => page(server, 'msg/group/recent', { gid }, bob);
  assert.deepEqual(contents(await seen(closed)), ['within']);
  assert.deepEqual(contents(await seen(open)), ['within', 'before']);
  const range = await server.data('msg/group/range', { gid: closed }, bob.token);
  assert.deepEqual(contents(messagesOf(range)), ['within']);
  assert.deepEqual(await page(server, 'msg/group/state/all', {}, bob), []);
  assert.equal(await outcome(server, 'msg/group/history', { gid: closed }, eve), 'NOT_A_MEMBER');
});

test('history: a message that was taken back says by whom', async (t) => {
  const server = await ApiServer.start(t);
  const [ann, bob] = [await server.somebody(), await server.somebody()];
  const gid = await makeGroup(server, ann, { uid: [bob.uid] });
  const mid = await server.sayIn(bob, gid, 'oops');
  await server.value('message/recall', { to: gid, mid, type: 2 }, ann.token);
  const [row] = await page(server, 'msg/group/history', { gid }, bob);
  assert.deepEqual(
    [row?.['Mid'], row?.['Status'], row?.['RecallBy'], row?.['Content']],
    [mid, 1, ann.uid, ''],
  );
});

function messagesOf(range: Json): readonly Json[] {
  const { Messages: messages } = range;
  assert.ok(Array.isArray(messages));
  return messages.map(asObject);
}
