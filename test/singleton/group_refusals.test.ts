/**
 * What the server refuses in groups, over every way there is: HTTP, and the frames of the three kinds of client. Each
 * refusal has the code, or the words, of its own error, and the group is as it was before.
 */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { ERRORS, type ErrorName } from '../../im/errors.js';
import { GID_LIMIT } from '../../im/message/ids.js';
import { Person, type PersonKind } from '../support/group_people.js';
import { call, callOk, guest, type Guest } from '../support/http.js';
import { asObject, type Json } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';

const KINDS = ['legacy', 'web', 'modern'] as const satisfies readonly PersonKind[];
/** The owner and one member of each kind: a group is full with them. */
const MEMBER_LIMIT = 1 + KINDS.length;
const UNKNOWN_GID = GID_LIMIT - 1;
/** A character more than a name may have. */
const LONG_NAME = 'x'.repeat(65);

interface Stage {
  readonly server: TestServer;
  readonly owner: Guest;
  /** One of each kind. */
  readonly members: readonly Person[];
  readonly strangers: readonly Person[];
  /** Full. */
  readonly gid: number;
  /** Everybody was in it. */
  readonly dissolvedGid: number;
}

async function stage(t: TestContext): Promise<Stage> {
  const server = await TestServer.start(t, { flags: { 'api-group-member-count': MEMBER_LIMIT } });
  const enter = async (kind: PersonKind): Promise<Person> => {
    const person = await Person.enter(server.urls, kind);
    t.after(() => person.close());
    return person;
  };
  const members = await Promise.all(KINDS.map(enter));
  const strangers = await Promise.all(KINDS.map(enter));
  const owner = await guest(server.urls.http, 'owner');
  const uid = members.map((member) => member.uid);
  const create = async (): Promise<number> =>
    Number(
      asObject(await callOk(server.urls.http, 'group/create', { name: 'ours', uid }, owner.token))['gid'],
    );
  const [gid, dissolvedGid] = [await create(), await create()];
  await callOk(server.urls.http, 'group/dissolve', { gid: dissolvedGid }, owner.token);
  return { server, owner, members, strangers, gid, dissolvedGid };
}

/** All that its owner is told of the group, its log's end with it; and which groups there are. */
async function seen({ server, owner, gid }: Stage): Promise<unknown> {
  const asked: (readonly [string, Json])[] = [
    ['group/info', { gid: [gid] }],
    ['group/members', { gid, limit: 100 }],
    ['group/bans', { gid }],
    ['msg/group/state', { gid }],
    ['group/list', {}],
  ];
  return Promise.all(asked.map(([path, input]) => callOk(server.urls.http, path, input, owner.token)));
}

/** By HTTP, then as a frame. */
async function assertRefused(
  { server }: Stage,
  person: Person,
  path: string,
  input: Json,
  error: ErrorName,
): Promise<void> {
  const { code, text } = ERRORS[error];
  const what = `${path} ${JSON.stringify(input)} by the ${person.kind} client`;
  const answer = await call(server.urls.http, path, input, person.account.token);
  assert.equal(answer.code, code, `${what}: ${answer.text}`);
  const { action, data } = await person.client.ask(`api.${path.replaceAll('/', '.')}`, input);
  assert.equal(action, 'api.failed', what);
  if (person.kind === 'modern') assert.equal(asObject(data)['code'], code, what);
  else assert.ok(String(data).startsWith(text), `${what}: ${String(data)}`);
}

test('refused in a group: an unknown and a dissolved one, a stranger, a name too long, one member too many', async (t) => {
  const all = await stage(t);
  const { members, strangers, gid, dissolvedGid } = all;
  const before = await seen(all);
  const [someone] = strangers;
  assert.ok(someone !== undefined);
  const everywhere = [
    ['group/update', { name: 'mine' }],
    ['group/members/invite', { uid: someone.uid }],
    ['group/members/remove', { uid: someone.uid }],
    ['group/alias', { alias: 'me' }],
    ['group/mute/all', { on: true }],
    ['group/exit', {}],
  ] as const;
  for (const person of members) {
    for (const [path, input] of everywhere) {
      await assertRefused(all, person, path, { ...input, gid: UNKNOWN_GID }, 'NO_SUCH_GROUP');
      await assertRefused(all, person, path, { ...input, gid: dissolvedGid }, 'GROUP_DISSOLVED');
    }
    await assertRefused(all, person, 'group/create', { name: LONG_NAME }, 'NAME_TOO_LONG');
    await assertRefused(all, person, 'group/alias', { gid, alias: LONG_NAME }, 'NAME_TOO_LONG');
    await assertRefused(all, person, 'group/members/invite', { gid, uid: someone.uid }, 'GROUP_FULL');
  }
  for (const person of strangers) {
    for (const [path, input] of everywhere)
      await assertRefused(all, person, path, { ...input, gid }, 'NOT_A_MEMBER');
    await assertRefused(all, person, 'msg/group/history', { gid }, 'NOT_A_MEMBER');
    await assertRefused(all, person, 'group/join', { gid: UNKNOWN_GID }, 'NO_SUCH_GROUP');
    await assertRefused(all, person, 'group/join', { gid: dissolvedGid }, 'GROUP_DISSOLVED');
    await assertRefused(all, person, 'group/join', { gid }, 'GROUP_FULL');
  }
  assert.deepEqual(await seen(all), before);
  for (const person of strangers) assert.deepEqual(await person.call('group/list', {}), [], 'in no group');
});

test('refused messages to a group: nothing is stored, and nobody is pushed anything', async (t) => {
  const all = await stage(t);
  const { server, owner, members, strangers, gid, dissolvedGid } = all;
  const asOwner = (path: string, input: Json): Promise<unknown> =>
    callOk(server.urls.http, path, { gid, ...input }, owner.token);
  const assertSilent = async (people: readonly Person[], to: number, error: ErrorName): Promise<void> => {
    const before = await seen(all);
    for (const person of people) {
      const { text, code } = await person.refusal(to, 'refused');
      if (person.kind === 'modern') assert.equal(code, ERRORS[error].code);
      else if (person.kind === 'web') assert.ok(text.includes(ERRORS[error].text), `${text} for ${error}`);
      else assert.equal(text, 'message.failed.send');
    }
    assert.deepEqual(await seen(all), before);
  };
  await assertSilent(members, UNKNOWN_GID, 'NO_SUCH_GROUP');
  await assertSilent(members, dissolvedGid, 'GROUP_DISSOLVED');
  await assertSilent(strangers, gid, 'NOT_A_MEMBER');
  await asOwner('group/mute/all', { on: true });
  await assertSilent(members, gid, 'GROUP_MUTED');
  await asOwner('group/mute/all', { on: false });
  for (const { uid } of members) await asOwner('group/mute', { uid, until: Date.now() + 3_600_000 });
  await assertSilent(members, gid, 'MEMBER_MUTED');
  for (const { uid } of members) await asOwner('group/mute', { uid, until: 0 });
  // Behind everything that was refused.
  for (const person of members) await person.send(gid, `now by ${person.kind}`);
  for (const reader of members) {
    const texts = members.filter((person) => person !== reader).map(({ kind }) => `now by ${kind}`);
    for (const text of texts) await reader.seeContent(gid, text);
    assert.deepEqual(reader.contents(gid), texts);
  }
});
