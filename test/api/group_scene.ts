/** A group with somebody of each kind, made over the API, and what can be seen of it: for tests of who may do what. */
import assert from 'node:assert/strict';
import { ERRORS, type ErrorName } from '../../im/errors.js';
import { known, toGid, type Gid } from '../../im/message/ids.js';
import { type ApiServer, type Somebody } from '../support/api_server.js';
import { asObject, type Json } from '../support/raw_client.js';

export const PEOPLE = [
  'owner',
  'admin',
  'otherAdmin',
  'member',
  'otherMember',
  'outsider',
  'asker',
  'banned',
  'newcomer',
] as const;
export type Person = (typeof PEOPLE)[number];
export type People = Readonly<Record<Person, Somebody>>;

export interface Scene {
  readonly server: ApiServer;
  readonly people: People;
  readonly gid: Gid;
  /** Of an invite link without bounds. */
  readonly code: string;
}

/** Once for many groups. */
export async function peopleOf(server: ApiServer): Promise<People> {
  const made = await Promise.all(PEOPLE.map(async (person) => [person, await server.somebody()] as const));
  return Object.fromEntries(made) as Record<Person, Somebody>;
}

export async function makeGroup(
  server: ApiServer,
  owner: Somebody,
  input: Readonly<Record<string, unknown>> = {},
): Promise<Gid> {
  const { gid } = await server.data('group/create', { Name: 'a group', ...input }, owner.token);
  return known(toGid(gid));
}

/** One enters it by `joinMode`; `asker` has asked where that is by approval. */
export async function makeScene(server: ApiServer, people: People, joinMode = 'approval'): Promise<Scene> {
  const { owner, admin, otherAdmin, member, otherMember, asker, banned } = people;
  const uid = [admin, otherAdmin, member, otherMember].map((each) => each.uid);
  const gid = await makeGroup(server, owner, { uid, joinMode });
  const asOwner = (path: string, input: Json): Promise<unknown> =>
    server.value(path, { gid, ...input }, owner.token);
  for (const each of [admin, otherAdmin]) await asOwner('group/admin', { uid: each.uid });
  await asOwner('group/ban', { uid: banned.uid });
  if (joinMode === 'approval') {
    const asked = await server.data('group/join', { gid, comment: 'please' }, asker.token);
    assert.equal(asked['state'], 'asked');
  }
  const { code } = asObject(await asOwner('group/invite/link', { expiresAt: 0 }));
  assert.ok(typeof code === 'string');
  return { server, people, gid, code };
}

/** All that can be changed of a group, as its owner is told. */
export async function seenOf({ server, people, gid }: Scene): Promise<unknown> {
  const { token } = people.owner;
  const seen: unknown[] = [];
  for (const [path, input] of [
    ['group/info', { gid: [gid] }],
    ['group/members', { gid }],
    ['group/requests', { gid }],
    ['group/bans', { gid }],
    ['group/invite/list', { gid }],
    ['msg/group/state', { gid }],
  ] as const)
    seen.push(await server.value(path, input, token));
  return seen;
}

/** 'ok', or the error's name. */
export async function outcome(
  server: ApiServer,
  path: string,
  input: unknown,
  who: Somebody,
): Promise<ErrorName | 'ok'> {
  const { code, text } = await server.call(path, input, who.token);
  if (code === 100) return 'ok';
  const found = Object.entries(ERRORS).find(([, row]) => row.code === code);
  assert.ok(found !== undefined, `${path}: ${text}`);
  return found[0] as ErrorName;
}
