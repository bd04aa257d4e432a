/** Edits, reactions, pins, pages of the log, settings and unread counts, over the real store: what people get to see. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { chatConversation, type ConversationName } from '../../im/message/conversation.js';
import { EVENT_KIND } from '../../im/message/message.js';
import { temporaryOptions, withDatabase } from '../../service/store/sqlite_factory.contract.js';
import { ApiServer, type Somebody } from '../support/api_server.js';
import { asObject, type Json } from '../support/raw_client.js';

interface Scene {
  readonly server: ApiServer;
  readonly alice: Somebody;
  readonly bob: Somebody;
  readonly carol: Somebody;
  readonly conv: ConversationName;
  readonly moveTo: (mid: number, atMs: number) => void;
  /** The error code of a call, 100 where there is none. */
  readonly code: (who: Somebody, path: string, input: Json) => Promise<number>;
}

async function scene(t: TestContext): Promise<Scene> {
  const options = temporaryOptions(t);
  const server = await ApiServer.start(t, { store: options });
  const [alice, bob, carol] = [await server.somebody(), await server.somebody(), await server.somebody()];
  const moveTo = (mid: number, atMs: number): void =>
    withDatabase(
      options,
      (db) => void db.prepare('UPDATE message SET stored_at = ? WHERE mid = ?').run(atMs, mid),
    );
  const code = async (who: Somebody, path: string, input: Json): Promise<number> =>
    (await server.call(path, input, who.token)).code;
  return { server, alice, bob, carol, conv: chatConversation(alice.uid, bob.uid), moveTo, code };
}

function rows(value: unknown): readonly Json[] {
  assert.ok(Array.isArray(value));
  return value.map(asObject);
}

async function events(server: ApiServer, who: Somebody, path: string, input: Json): Promise<readonly Json[]> {
  return rows((await server.data(path, input, who.token))['events']);
}

const pushed = (server: ApiServer): readonly number[] =>
  server.deliveries.flatMap(({ frame }) => (frame.kind === 'push' ? [frame.event.kind] : []));

test('an edit changes what everybody reads, is an event of the log, and keeps what was said before', async (t) => {
  const { server, alice, bob, carol, conv, moveTo, code } = await scene(t);
  const mid = await server.say(alice, bob, 'helo');
  const edit = { conv, mid, content: 'hello', cliMid: 'edit-1' };
  const place = await server.data('msg/edit', edit, alice.token);
  assert.deepEqual([place['conv'], place['seq']], [conv, 2]);
  assert.deepEqual(await server.data('msg/edit', edit, alice.token), place, 'again is the same edit');
  assert.equal(pushed(server)[0], EVENT_KIND.edit);

  const log = await events(server, bob, 'msg/range', { conv, from: 1, to: 9 });
  assert.equal(log.length, 2);
  assert.deepEqual([log[0]?.['content'], log[0]?.['editCount']], ['hello', 1]);
  assert.ok(Number(log[0]?.['editedAt']) > 0);
  const { kind, targetMid, targetSeq, content } = known(log[1]);
  assert.deepEqual(
    { kind, targetMid, targetSeq, content },
    { kind: 'edit', targetMid: mid, targetSeq: 1, content: 'hello' },
  );
  const before = rows(await server.value('msg/edits', { conv, mid }, bob.token));
  assert.deepEqual(
    before.map((row) => row['content']),
    ['helo'],
  );

  assert.equal(await code(bob, 'msg/edit', { ...edit, cliMid: 'b' }), ERRORS.NO_PERMISSION.code);
  assert.equal(await code(carol, 'msg/edit', { ...edit, cliMid: 'c' }), ERRORS.NO_SUCH_MESSAGE.code);
  assert.equal(await code(carol, 'msg/edits', { conv, mid }), ERRORS.NO_PERMISSION.code);
  assert.equal(await code(alice, 'msg/edit', { ...edit, cliMid: 'x'.repeat(65) }), 300);
  const large = { ...edit, cliMid: 'l', content: 'x'.repeat(32_769) };
  assert.equal(await code(alice, 'msg/edit', large), ERRORS.CONTENT_TOO_LARGE.code);
  moveTo(mid, Date.now() - 24 * 3_600_000);
  assert.equal(await code(alice, 'msg/edit', { ...edit, cliMid: 'late' }), ERRORS.EDIT_TOO_LATE.code);
  assert.equal((await events(server, bob, 'msg/get', { mid }))[0]?.['content'], 'hello');
});

test('reactions: one of each by each, counted, taken back; what was so already is no event', async (t) => {
  const { server, alice, bob, carol, conv, code } = await scene(t);
  const mid = await server.say(alice, bob, 'lunch?');
  const react = (who: Somebody, input: Json) => server.value('msg/react', { conv, mid, ...input }, who.token);
  assert.equal(asObject(await react(bob, { emoji: '👍' }))['seq'], 2);
  assert.equal(await react(bob, { emoji: '👍' }), '', 'so already');
  await react(alice, { emoji: '👍' });
  await react(bob, { emoji: '🍜' });
  const shown = async (who: Somebody): Promise<unknown> =>
    rows(await server.value('msg/reactions', { conv, mid: [mid] }, who.token)).map((row) => [
      ...[row['emoji'], row['count'], row['own'], row['uids']],
    ]);
  const [a, b] = [String(alice.uid), String(bob.uid)];
  assert.deepEqual(
    new Set((await shown(alice)) as unknown[]),
    new Set([
      ['👍', 2, true, [b, a]],
      ['🍜', 1, false, [b]],
    ]),
  );
  await react(bob, { emoji: '👍', on: false });
  assert.equal(await react(bob, { emoji: '👍', on: false }), '');
  assert.deepEqual(
    new Set((await shown(bob)) as unknown[]),
    new Set([
      ['👍', 1, false, [a]],
      ['🍜', 1, true, [b]],
    ]),
  );
  assert.equal(await code(carol, 'msg/react', { conv, mid, emoji: '👍' }), ERRORS.NO_SUCH_MESSAGE.code);
  assert.equal(await code(carol, 'msg/reactions', { conv, mid: [mid] }), ERRORS.NO_PERMISSION.code);
  for (const emoji of ['', 'x'.repeat(65), '👍'.repeat(17), 5])
    assert.equal(await code(bob, 'msg/react', { conv, mid, emoji }), 300, String(emoji));
  await server.value('message/recall', { to: bob.uid, mid }, alice.token);
  assert.equal(await code(bob, 'msg/react', { conv, mid, emoji: '🙈' }), ERRORS.NO_SUCH_MESSAGE.code);
});

test('pins: either of two pins and unpins; last pinned first', async (t) => {
  const { server, alice, bob, carol, conv, code } = await scene(t);
  const [one, two] = [await server.say(alice, bob, 'one'), await server.say(bob, alice, 'two')];
  await server.value('msg/pin', { conv, mid: one }, bob.token);
  await server.value('msg/pin', { conv, mid: two }, bob.token);
  assert.equal(await server.value('msg/pin', { conv, mid: two }, alice.token), '');
  const pins = async (): Promise<readonly unknown[]> =>
    (await events(server, alice, 'msg/pins', { conv })).map((row) => row['mid']);
  assert.deepEqual(await pins(), [two, one]);
  await server.value('msg/unpin', { conv, mid: two }, alice.token);
  assert.deepEqual(await pins(), [one]);
  await server.value('msg/pin', { conv, mid: one, on: false }, alice.token);
  assert.deepEqual(await pins(), []);
  assert.equal(await code(carol, 'msg/pins', { conv }), ERRORS.NO_PERMISSION.code);
  assert.equal(await code(carol, 'msg/pin', { conv, mid: one }), ERRORS.NO_SUCH_MESSAGE.code);
});

test('receipts of one’s own message: who has read it; of others’ they are nobody’s business', async (t) => {
  const { server, alice, bob, carol, conv, code } = await scene(t);
  const mid = await server.say(alice, bob, 'read me');
  const receipts = () => server.data('msg/receipts', { conv, mid }, alice.token);
  const before = await receipts();
  assert.deepEqual([before['audience'], before['readCount'], before['readers']], [1, 0, []]);
  await server.value('conversation/read', { conv }, bob.token);
  await server.marks.flush();
  const after = await receipts();
  assert.deepEqual(
    [after['readCount'], after['readers'], after['deliveredCount']],
    [1, [String(bob.uid)], 1],
  );
  assert.equal(await code(bob, 'msg/receipts', { conv, mid }), ERRORS.NO_PERMISSION.code);
  assert.equal(await code(carol, 'msg/receipts', { conv, mid }), ERRORS.NO_PERMISSION.code);
  assert.equal(await code(alice, 'msg/receipts', { conv, mid: 999_999 }), ERRORS.NO_SUCH_MESSAGE.code);
});

test('pages: before and after a seq, around a message, by time, always ascending', async (t) => {
  const { server, alice, bob, carol, conv, moveTo, code } = await scene(t);
  const base = Date.now() - 3_600_000;
  const mids: number[] = [];
  for (let i = 0; i < 20; i++) {
    mids.push(await server.say(i % 2 === 0 ? alice : bob, i % 2 === 0 ? bob : alice, `m${i}`));
    moveTo(known(mids[i]), base + i * 1000);
  }
  const seqs = async (input: Json): Promise<readonly unknown[]> =>
    (await events(server, bob, 'msg/page', { conv, ...input })).map((row) => row['seq']);
  assert.deepEqual(await seqs({ side: 'before', seq: 8, limit: 3 }), [5, 6, 7]);
  assert.deepEqual(await seqs({ side: 'after', seq: 8, limit: 3 }), [9, 10, 11]);
  assert.deepEqual(await seqs({ side: 'after', limit: 2 }), [1, 2], 'from the beginning');
  assert.deepEqual(await seqs({ limit: 2 }), [19, 20], 'the end');
  assert.deepEqual(await seqs({ side: 'after', seq: 20 }), []);
  const around = await seqs({ side: 'around', mid: mids[9], limit: 5 });
  assert.deepEqual(around, [8, 9, 10, 11, 12]);
  assert.deepEqual(await seqs({ side: 'around', seq: 10, limit: 5 }), around);
  assert.deepEqual(await seqs({ side: 'time', from: base + 3000, to: base + 6000 }), [4, 5, 6]);
  assert.deepEqual(
    await seqs({ side: 'time', from: base + 3000, limit: 2 }),
    [19, 20],
    'the newest of that time',
  );
  assert.equal(await code(carol, 'msg/page', { conv, seq: 5 }), ERRORS.NO_PERMISSION.code);
  const elsewhere = await server.say(alice, carol, 'elsewhere');
  assert.equal(
    await code(alice, 'msg/page', { conv, mid: elsewhere, side: 'around' }),
    ERRORS.NO_SUCH_MESSAGE.code,
  );
  for (const input of [
    { side: 'left' },
    { limit: 0 },
    { limit: 201 },
    { seq: -1 },
    { side: 'time', from: 5e12, to: 4e12 },
  ])
    assert.equal(await code(bob, 'msg/page', { conv, ...input }), 300, JSON.stringify(input));
  const got = await events(server, bob, 'msg/get', { mid: [mids[0], elsewhere, mids[3]] });
  assert.deepEqual(new Set(got.map((row) => row['mid'])), new Set([mids[0], mids[3]]), 'only one’s own');
});

test('settings: kept, told to the other devices and by the next sync; a draft is taken away by ""', async (t) => {
  const { server, alice, bob, carol, conv, code } = await scene(t);
  await server.say(bob, alice, 'hi');
  const settings = async (input: Json): Promise<Json> =>
    asObject((await server.data('conversation/settings', { conv, ...input }, alice.token))['settings']);
  const plain = { pinned: false, muted: false, hidden: false, draft: '', interest: 'full' };
  assert.deepEqual(await settings({}), plain);
  assert.equal(server.deliveries.length, 0, 'asking changes nothing');
  assert.deepEqual(await settings({ pinned: true, draft: 'I thi' }), {
    ...plain,
    pinned: true,
    draft: 'I thi',
  });
  const [told] = server.deliveries;
  assert.ok(told?.frame.kind === 'settings');
  assert.deepEqual(told.recipients, [{ uid: alice.uid, exceptDevice: alice.device }]);
  assert.equal(told.frame.settings.draft, 'I thi');
  assert.deepEqual(await settings({ draft: '', muted: true }), { ...plain, pinned: true, muted: true });
  const row = asObject(rows((await server.data('sync', {}, alice.token))['conversations'])[0]);
  assert.deepEqual(row['settings'], { ...plain, pinned: true, muted: true });
  assert.deepEqual([row['isMember'], row['mentions'], row['unread']], [true, 0, 1]);
  assert.deepEqual(
    asObject((await server.data('conversation/settings', { conv }, bob.token))['settings']),
    plain,
    'nobody else’s business',
  );
  assert.equal(await code(alice, 'conversation/settings', { conv, interest: 'count' }), 300);
  assert.equal(await code(alice, 'conversation/settings', { conv, draft: 5 }), 300);
  assert.equal(
    await code(alice, 'conversation/settings', { conv, draft: 'é'.repeat(2049) }),
    ERRORS.CONTENT_TOO_LARGE.code,
  );
  for (const input of [{}, { pinned: true }])
    assert.equal(await code(carol, 'conversation/settings', { conv, ...input }), ERRORS.NO_PERMISSION.code);
});

test('unread: what is muted or hidden counts apart; read to a place, and on from there', async (t) => {
  const { server, alice, bob, carol, conv, code } = await scene(t);
  for (let i = 0; i < 3; i++) await server.say(bob, alice, `b${i}`);
  for (let i = 0; i < 2; i++) await server.say(carol, alice, `c${i}`);
  const unread = () => server.data('conversation/unread', {}, alice.token);
  const quiet = chatConversation(alice.uid, carol.uid);
  assert.deepEqual(await unread(), { unread: 5, muted: 0, mentions: 0, conversations: 2 });
  await server.value('conversation/settings', { conv: quiet, muted: true }, alice.token);
  const muted = await unread();
  assert.deepEqual([muted['unread'], muted['muted']], [3, 2]);
  assert.deepEqual(await server.data('conversation/read', { conv, seq: 2 }, alice.token), {
    conv,
    readSeq: 2,
  });
  await server.marks.flush();
  assert.equal((await unread())['unread'], 1);
  assert.deepEqual(await server.data('conversation/read', { conv, seq: 1 }, alice.token), {
    conv,
    readSeq: 2,
  });
  assert.deepEqual(await server.data('conversation/read', { conv, seq: 99 }, alice.token), {
    conv,
    readSeq: 3,
  });
  await server.marks.flush();
  assert.equal((await unread())['unread'], 0);
  assert.equal(await code(carol, 'conversation/read', { conv }), ERRORS.NO_PERMISSION.code);
  const mid = await server.say(bob, alice, 'by mid');
  assert.equal(await server.value('contacts/update/mid', { Uid: bob.uid, Mid: mid }, alice.token), '');
  await server.marks.flush();
  assert.equal((await unread())['unread'], 0);
  assert.equal(
    await code(alice, 'contacts/update/mid', { uid: carol.uid, mid }),
    ERRORS.NO_SUCH_MESSAGE.code,
  );
});

function known<Value>(value: Value | undefined): Value {
  assert.ok(value !== undefined);
  return value;
}
