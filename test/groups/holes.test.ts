/**
 * The known holes of the older servers that concern groups, each shut here; over the real process, in the words of the
 * three kinds of client. Those of connections and HTTP: test/api/holes.test.ts.
 */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { ERRORS, type ErrorName } from '../../im/errors.js';
import { GID_LIMIT } from '../../im/message/ids.js';
import { Person, type PersonKind, type Sent } from '../support/group_people.js';
import { call } from '../support/http.js';
import { asObject, type Json } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';
import { expectQuiet, waitUntil } from '../support/wait.js';

const QUIET_MS = 300;
/** The older servers took numbers in portions of so many, and dropped what was queued behind so many. */
const PORTION = 200;
const OLD_QUEUE = 100;
/** So long without a message, and an older server stopped handing them on. */
const OLD_IDLE_MS = 10_000;
const UNKNOWN_GID = GID_LIMIT - 1;

async function enter(t: TestContext, server: TestServer, kind: PersonKind): Promise<Person> {
  const person = await Person.enter(server.urls, kind);
  t.after(() => person.close());
  return person;
}

/** The same user with the same kind of client, after the server or the client was gone. */
async function comeBack(t: TestContext, server: TestServer, { kind, account }: Person): Promise<Person> {
  const person = await Person.connect(server.urls, kind, account);
  t.after(() => person.close());
  return person;
}

async function rowsOf(person: Person, path: string, input: Json): Promise<readonly Json[]> {
  const rows = await person.call(path, input);
  assert.ok(Array.isArray(rows), path);
  return rows.map(asObject);
}

async function lastSeqOf(person: Person, gid: number): Promise<number> {
  return Number(asObject(await person.call('msg/group/state', { Gid: gid }))['LastSeq']);
}

/** What the person is refused over HTTP; undefined where he is not. */
async function refusalOf(
  server: TestServer,
  person: Person,
  path: string,
  input: Json,
): Promise<ErrorName | undefined> {
  const { code, text } = await call(server.urls.http, path, input, person.account.token);
  if (code === 100) return undefined;
  const [name] = Object.entries(ERRORS).find(([, row]) => row.code === code) ?? [];
  assert.ok(name !== undefined, text);
  return name as ErrorName;
}

/** Says them all without waiting for an answer; resolves with their seqs, in the order in which they were said. */
async function sayAll(person: Person, gid: number, texts: readonly string[]): Promise<readonly number[]> {
  const said: Sent[] = [];
  for (const text of texts) said.push(await person.say(String(gid), text));
  const seqs = (): ReadonlyMap<unknown, number> =>
    new Map(
      person.client.heard('ack.notify').map(({ data }) => {
        const { cliMid, seq } = asObject(data);
        return [cliMid, Number(seq)];
      }),
    );
  const all = await waitUntil(`${texts.length} to be accepted`, () => {
    const heard = seqs();
    return said.every(({ clientId }) => heard.has(clientId)) && heard;
  });
  return said.map(({ clientId }) => all.get(clientId) ?? 0);
}

const numbered = (from: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => from + index);

test('hole 10: groups are made, members added and changed, all at once; whoever is added is there at once', async (t) => {
  const server = await TestServer.start(t);
  const [java, web, ours] = [
    await enter(t, server, 'legacy'),
    await enter(t, server, 'web'),
    await enter(t, server, 'modern'),
  ];
  const gid = await java.createGroup([web.uid]);
  assert.equal((await rowsOf(java, 'group/info', { Gid: [gid] }))[0]?.['Name'], 'a group');
  const before = ours.client.frames.length;
  await java.call('group/members/invite', { Gid: gid, Uid: [ours.uid] });
  // Nobody asks for anything in between: who was signed in before is a member who is there.
  await java.send(gid, 'welcome');
  for (const person of [web, ours]) await person.seeContent(gid, 'welcome');
  assert.ok(!ours.client.frames.slice(before).some(({ action }) => action.startsWith('api.')));

  const changes: readonly (readonly [string, Json])[] = [
    ['group/admin', { uid: web.uid }],
    ['group/alias', { uid: ours.uid, alias: 'the third' }],
    ['group/update', { name: 'another name' }],
    ['group/mute', { uid: ours.uid, forMs: 60_000 }],
    ['group/mute/all', { on: true }],
  ];
  await Promise.all(changes.map(([path, input]) => java.call(path, { gid, ...input })));
  const members = await rowsOf(java, 'group/members', { Gid: gid });
  assert.deepEqual(
    members.map(({ Uid, Type, RemarkName, Mute }) => [Uid, Type, RemarkName, Mute]),
    [
      [java.uid, 1, '', false],
      [web.uid, 2, '', false],
      [ours.uid, 3, 'the third', true],
    ],
  );
  await java.call('group/members/remove', { Gid: gid, Uid: [ours.uid] });
  assert.equal((await rowsOf(java, 'group/members', { Gid: gid })).length, 2);
  await java.call('group/members/invite', { Gid: gid, Uid: [ours.uid] });
  await web.send(gid, 'welcome back');
  await ours.seeContent(gid, 'welcome back');
});

test('hole 11: the numbers of a group have no hole, past any portion, and go on after a crash', async (t) => {
  const server = await TestServer.start(t);
  let [java, web] = [await enter(t, server, 'legacy'), await enter(t, server, 'web')];
  const gid = await java.createGroup([web.uid]);
  const first = (await lastSeqOf(web, gid)) + 1;
  const texts = numbered(0, PORTION + 10).map(String);
  assert.deepEqual(await sayAll(web, gid, texts), numbered(first, texts.length));
  let next = first + texts.length;
  for (const text of ['after a crash', 'after another, with nothing said in between', 'and a third']) {
    await server.restart();
    if (text === 'after another, with nothing said in between') await server.restart();
    [java, web] = [await comeBack(t, server, java), await comeBack(t, server, web)];
    const { seq } = await java.send(gid, text);
    assert.equal(seq, next, text);
    assert.equal((await web.seeContent(gid, text)).seq, next, text);
    next++;
  }
  const { Messages: kept, More: more } = asObject(
    await web.call('msg/group/range', { Gid: gid, AfterSeq: first - 1, limit: 200 }),
  );
  assert.ok(Array.isArray(kept) && more === true);
  assert.deepEqual(
    kept.map((row) => asObject(row)['Seq']),
    numbered(first, 200),
    'and under them the messages are kept',
  );
});

test('hole 12: each member’s receipts and unread counts are his own and of one group; messages move sessions', async (t) => {
  const server = await TestServer.start(t);
  // Both others say what they got: for a client that cannot, the server finds it out by itself.
  const [java, other, ours] = [
    await enter(t, server, 'legacy'),
    await enter(t, server, 'modern'),
    await enter(t, server, 'modern'),
  ];
  const startedAt = Math.floor(Date.now() / 1000) - 1;
  const gids = [await ours.createGroup([java.uid]), await ours.createGroup([java.uid, other.uid])] as const;
  const said: Sent[] = [];
  for (const gid of gids) for (const text of ['one', 'two']) said.push(await ours.send(gid, text));
  const lastOf = (gid: number): Sent => said[gid === gids[0] ? 1 : 3] ?? assert.fail();

  const delivered = async (gid: number): Promise<unknown> => {
    const { mid } = lastOf(gid);
    return asObject(await ours.call('msg/receipts', { conv: `g${gid}`, mid }))['deliveredCount'];
  };
  const session = async (person: Person, to: number): Promise<Json> => {
    const rows = await rowsOf(person, 'session/recent', { groups: true });
    return asObject(rows.find((row) => row['To'] === to));
  };
  await java.seeContent(gids[0], 'two');
  assert.deepEqual([await delivered(gids[0]), await delivered(gids[1])], [0, 0]);
  for (const { mid, seq } of said.slice(0, 2))
    java.client.say('ack.group.msg', { Gid: gids[0], Mid: mid, Seq: seq });
  await waitUntil('his receipt', async () => (await delivered(gids[0])) === 1);
  assert.equal(await delivered(gids[1]), 0, 'it is of one group');

  for (const gid of gids) {
    const { Unread, LastMid, LastSeq, UpdateAt } = await session(java, gid);
    assert.deepEqual(
      [Unread, LastMid, LastSeq],
      [2, lastOf(gid).mid, lastOf(gid).seq],
      'received is not read',
    );
    assert.ok(Number(UpdateAt) >= startedAt && Number(UpdateAt) <= Date.now() / 1000 + 1, String(UpdateAt));
  }
  await java.call('session/update', { To: gids[1], ReadSeq: lastOf(gids[1]).seq });
  await waitUntil('it to be read', async () => (await session(java, gids[1]))['Unread'] === 0);
  assert.equal((await session(java, gids[0]))['Unread'], 2);
  assert.equal((await session(other, gids[1]))['Unread'], 2, 'another member’s');

  const mid = await java.newMid();
  java.client.chat({ from: java.uid, to: other.uid, content: 'aside', mid, clientId: '', atMs: Date.now() });
  await java.client.expect('ack.message', (data) => data['Mid'] === mid);
  const chat = await session(other, java.uid);
  assert.deepEqual([chat['Unread'], chat['LastMid']], [1, mid]);
  assert.equal((await session(java, other.uid))['Unread'], 0, 'one’s own');

  await server.whileStopped(() => Promise.resolve());
  assert.deepEqual([await delivered(gids[0]), (await session(java, gids[1]))['Unread']], [1, 0], 'and kept');
});

test('hole 13: admins, who is muted and that all are: known over HTTP, and to a server that was just started', async (t) => {
  const server = await TestServer.start(t);
  let [owner, admin, member] = [
    await enter(t, server, 'legacy'),
    await enter(t, server, 'modern'),
    await enter(t, server, 'modern'),
  ];
  const gid = await owner.createGroup([admin.uid, member.uid]);
  await owner.call('group/admin', { gid, uid: admin.uid });
  await owner.call('group/mute', { gid, uid: member.uid, forMs: 3_600_000 });
  const restart = async (): Promise<void> => {
    await server.restart();
    owner = await comeBack(t, server, owner);
    admin = await comeBack(t, server, admin);
    member = await comeBack(t, server, member);
  };
  await restart();
  assert.equal((await member.refusal(gid, 'muted')).code, ERRORS.MEMBER_MUTED.code);
  const shown = await rowsOf(member, 'group/members', { Gid: gid });
  assert.deepEqual(
    shown.map(({ Type, Mute }) => [Type, Mute]),
    [
      [1, false],
      [2, false],
      [3, true],
    ],
  );
  assert.equal(await refusalOf(server, member, 'group/mute/all', { gid }), 'NO_PERMISSION');
  await admin.call('group/mute', { gid, uid: member.uid, until: 0 });
  await admin.call('group/mute/all', { gid });
  await restart();
  assert.equal((await member.refusal(gid, 'all muted')).code, ERRORS.GROUP_MUTED.code);
  await admin.send(gid, 'an admin may');
  await admin.call('group/mute/all', { gid, on: false });
  await member.send(gid, 'I may again');
  await owner.seeContent(gid, 'I may again');

  await member.call('group/exit', { gid });
  assert.equal(await refusalOf(server, admin, 'group/dissolve', { gid }), 'NO_PERMISSION');
  await owner.call('group/dissolve', { gid });
  await restart();
  assert.equal((await admin.refusal(gid, 'is anybody here')).code, ERRORS.GROUP_DISSOLVED.code);
});

test('hole 13: outsiders see and do nothing; the removed hears nothing more; an unknown group hurts nobody', async (t) => {
  const server = await TestServer.start(t);
  const [owner, member, removed, outsider] = [
    await enter(t, server, 'legacy'),
    await enter(t, server, 'web'),
    await enter(t, server, 'modern'),
    await enter(t, server, 'modern'),
  ];
  const gid = await owner.createGroup([member.uid, removed.uid]);
  await removed.send(gid, 'one of you');
  await owner.call('group/members/remove', { Gid: gid, Uid: [removed.uid] });
  await removed.see(gid, 'her removal', ({ data }) => asObject(data['notice'])['type'] === 'removed');
  const { length } = removed.shown(gid);
  const before = await lastSeqOf(owner, gid);
  await owner.send(gid, 'among ourselves');
  await member.seeContent(gid, 'among ourselves');
  await expectQuiet(QUIET_MS, () => (removed.shown(gid).length > length ? 'she was told' : undefined));
  assert.deepEqual(
    (await rowsOf(removed, 'msg/group/history', { gid })).map((row) => row['Content']),
    ['one of you'],
    'what was said while she was in it, and nothing of after',
  );
  assert.equal(await lastSeqOf(removed, gid), before, 'where it ends for her');

  const forbidden: readonly (readonly [string, Json])[] = [
    ['group/members', {}],
    ['group/members/invite', { uid: outsider.uid }],
    ['group/members/remove', { uid: member.uid }],
    ['group/mute', { uid: member.uid, forMs: 1000 }],
    ['group/mute/all', {}],
    ['group/dissolve', {}],
    ['group/exit', {}],
    ['msg/group/history', {}],
    ['msg/group/recent', {}],
    ['msg/group/range', {}],
    ['msg/group/state', {}],
  ];
  for (const [path, input] of forbidden) {
    assert.equal(await refusalOf(server, outsider, path, { gid, ...input }), 'NOT_A_MEMBER', path);
    if (path.startsWith('group/'))
      assert.equal(await refusalOf(server, removed, path, { gid, ...input }), 'NOT_A_MEMBER', path);
    assert.equal(
      await refusalOf(server, outsider, path, { ...input, gid: UNKNOWN_GID }),
      'NO_SUCH_GROUP',
      path,
    );
  }
  for (const person of [removed, outsider])
    assert.equal((await person.refusal(gid, 'let me in')).code, ERRORS.NOT_A_MEMBER.code);
  assert.equal((await outsider.refusal(UNKNOWN_GID, 'hello?')).code, ERRORS.NO_SUCH_GROUP.code);
  outsider.client.say('ack.request', { conv: `g${UNKNOWN_GID}`, from: 1, to: 1, state: 'received' });
  owner.client.say('ack.group.msg', { Gid: UNKNOWN_GID, Mid: 1, Seq: 1 });
  await member.send(gid, 'still here');
  await owner.seeContent(gid, 'still here');
  assert.equal(await lastSeqOf(owner, gid), before + 2, 'two messages, and nothing of theirs');
});

test('hole 14: a notice says what happened in plain fields: who came is one kind, who went another', async (t) => {
  const server = await TestServer.start(t);
  const [java, web, ours] = [
    await enter(t, server, 'legacy'),
    await enter(t, server, 'web'),
    await enter(t, server, 'modern'),
  ];
  const all = [java, web, ours];
  const gid = await java.createGroup([web.uid, ours.uid]);
  const eve = await enter(t, server, 'web');
  const heard = async (step: string, uids: readonly number[], types: readonly unknown[]): Promise<void> => {
    for (const [index, person] of all.entries()) {
      const { data, seq } = await person.see(gid, step, (shown) => shown.seq === lastSeq);
      assert.equal(seq, lastSeq);
      const [kind, named] = [types[index], JSON.stringify(uids)];
      if (person.kind === 'legacy')
        assert.deepEqual([data['Type'], JSON.stringify(data['Data'])], [kind, `{"Uid":${named}}`], step);
      else if (person.kind === 'web')
        assert.deepEqual([data['type'], data['content']], [kind, `${uids[0]}`], step);
      else assert.deepEqual(asObject(data['notice'])['type'], kind, step);
    }
  };
  let lastSeq = 0;
  const step = async (who: Person, path: string, input: Json, types: readonly unknown[]): Promise<void> => {
    lastSeq = Number(asObject(await who.call(path, { gid, ...input }))['seq']);
    await heard(path, [eve.uid], types);
  };
  await step(java, 'group/members/invite', { uid: eve.uid }, [1, 100, 'joined']);
  await step(java, 'group/members/remove', { uid: eve.uid }, [2, 101, 'removed']);
  await step(java, 'group/members/invite', { uid: eve.uid }, [1, 100, 'joined']);
  await step(eve, 'group/exit', {}, [2, 101, 'left']);
  for (const { client } of [...all, eve])
    assert.ok(!client.frames.some(({ text }) => /type_url|googleapis/.test(text)), client.wording.name);
});

test('hole 15: a group goes on after any silence: every message once, in order, however many at once', async (t) => {
  const server = await TestServer.start(t);
  let web = await enter(t, server, 'web');
  let ours = await enter(t, server, 'modern');
  let reader = await enter(t, server, 'modern');
  const gid = await web.createGroup([ours.uid, reader.uid]);
  let round = 0;
  /** Both speak at once, more than a queue of the older servers held. */
  const burst = async (count: number): Promise<void> => {
    const name = `round ${++round}`;
    const { length } = reader.contents(gid);
    const texts = numbered(0, count).map((index) => `${name}: ${index}`);
    const [by, and] = await Promise.all([
      sayAll(
        web,
        gid,
        texts.map((text) => `${text} by web`),
      ),
      sayAll(
        ours,
        gid,
        texts.map((text) => `${text} by ours`),
      ),
    ]);
    await waitUntil(`${name} at the reader`, () => reader.contents(gid).length >= length + 2 * count);
    const seqs = reader
      .shown(gid)
      .filter(({ content }) => content.startsWith(`${name}:`))
      .map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      [...by, ...and].sort((a, b) => a - b),
      name,
    );
  };
  await burst(OLD_QUEUE + 20);
  // A message just as the queue has run empty: for another task, or for none, where a flag was set late.
  for (let i = 0; i < 40; i++) {
    await burst(1 + (i % 3));
    if (i % 4 === 0) await expectQuiet(i, () => undefined);
  }
  const { length } = reader.contents(gid);
  await expectQuiet(OLD_IDLE_MS + 500, () => (reader.contents(gid).length > length ? 'a repeat' : undefined));
  await burst(1);
  for (const person of [web, ours, reader]) await person.close();
  [web, ours, reader] = [
    await comeBack(t, server, web),
    await comeBack(t, server, ours),
    await comeBack(t, server, reader),
  ];
  await expectQuiet(QUIET_MS, () => undefined);
  await burst(OLD_QUEUE + 20);
});
