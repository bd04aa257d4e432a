/**
 * Who may do what in a group, cell by cell over the API: role × operation. What is refused changes nothing; unknown
 * and dissolved groups are refused to everybody, as what they are.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorName } from '../../im/errors.js';
import { GID_LIMIT } from '../../im/message/ids.js';
import { ApiServer } from '../support/api_server.js';
import { makeScene, outcome, peopleOf, seenOf, type People, type Scene } from './group_scene.js';

type Cell = ErrorName | 'ok';
type Row = readonly [
  path: string,
  what: string,
  input: (scene: Scene) => Readonly<Record<string, unknown>>,
  cells: readonly [owner: Cell, admin: Cell, member: Cell, outsider: Cell],
  joinMode?: 'open' | 'invite',
];

const ROLES = ['owner', 'admin', 'member', 'outsider'] as const;
/** Change nothing when they are allowed either. */
const READS = /^(msg|session)\/|^group\/(members|bans|requests|invite\/list)$/;
const NO = 'NO_PERMISSION';
const OUT = 'NOT_A_MEMBER';
const IN = 'ALREADY_MEMBER';
const EVERY_MEMBER = ['ok', 'ok', 'ok', OUT] as const;
const ADMINS = ['ok', 'ok', NO, OUT] as const;
const OWNER = ['ok', NO, NO, OUT] as const;
const NOBODY = [NO, NO, NO, OUT] as const;

const uidOf = (person: keyof People) => (scene: Scene) => ({ uid: scene.people[person].uid });
const nothing = (): Readonly<Record<string, unknown>> => ({});

const ROWS: readonly Row[] = [
  ['group/members', '', nothing, EVERY_MEMBER],
  ['group/update', 'name', () => ({ name: 'another name' }), ADMINS],
  ['group/update', 'announcement and way in', () => ({ announcement: 'hear', joinMode: 'open' }), ADMINS],
  ['group/members/invite', 'into a group by approval', uidOf('newcomer'), ADMINS],
  ['group/members/invite', 'into an open one', uidOf('newcomer'), EVERY_MEMBER, 'open'],
  ['group/members/invite', 'into a closed one', uidOf('newcomer'), ADMINS, 'invite'],
  ['group/members/remove', 'a member', uidOf('otherMember'), ADMINS],
  ['group/members/remove', 'an admin', uidOf('otherAdmin'), OWNER],
  ['group/members/remove', 'the owner', uidOf('owner'), NOBODY],
  ['group/exit', '', nothing, ['OWNER_MUST_STAY', 'ok', 'ok', OUT]],
  ['group/dissolve', '', nothing, OWNER],
  ['group/owner', 'to a member', uidOf('otherMember'), OWNER],
  ['group/owner', 'to an admin', uidOf('otherAdmin'), OWNER],
  ['group/admin', 'a member made one', uidOf('otherMember'), OWNER],
  ['group/admin', 'no more', (scene) => ({ ...uidOf('otherAdmin')(scene), on: false }), OWNER],
  ['group/mute', 'a member', (scene) => ({ ...uidOf('otherMember')(scene), forMs: 60_000 }), ADMINS],
  ['group/mute', 'an admin', (scene) => ({ ...uidOf('otherAdmin')(scene), forMs: 60_000 }), OWNER],
  ['group/mute/all', '', nothing, ADMINS],
  ['group/ban', 'a member', uidOf('otherMember'), ADMINS],
  ['group/ban', 'an admin', uidOf('otherAdmin'), OWNER],
  ['group/ban', 'the owner', uidOf('owner'), NOBODY],
  ['group/ban', 'somebody outside', uidOf('newcomer'), ADMINS],
  ['group/unban', '', uidOf('banned'), ADMINS],
  ['group/bans', '', nothing, ADMINS],
  ['group/alias', 'one’s own', () => ({ alias: 'me' }), EVERY_MEMBER],
  ['group/alias', 'a member’s', (scene) => ({ ...uidOf('otherMember')(scene), alias: 'you' }), ADMINS],
  ['group/alias', 'an admin’s', (scene) => ({ ...uidOf('otherAdmin')(scene), alias: 'you' }), OWNER],
  ['group/requests', '', nothing, ADMINS],
  ['group/requests/answer', 'yes', (scene) => ({ ...uidOf('asker')(scene), agree: true }), ADMINS],
  ['group/requests/answer', 'no', (scene) => ({ ...uidOf('asker')(scene), agree: false }), ADMINS],
  ['group/invite/link', '', nothing, ADMINS],
  ['group/invite/list', '', nothing, ADMINS],
  ['group/invite/revoke', '', ({ code }) => ({ code }), ADMINS],
  ['group/join', 'by approval', nothing, [IN, IN, IN, 'ok']],
  ['group/join', 'an open one', nothing, [IN, IN, IN, 'ok'], 'open'],
  ['group/join', 'a closed one', nothing, [IN, IN, IN, 'JOIN_NEEDS_INVITE'], 'invite'],
  ['group/join', 'by a link', ({ code }) => ({ code }), [IN, IN, IN, 'ok'], 'invite'],
  ['group/join', 'by a wrong one', () => ({ code: 'wrong' }), [IN, IN, IN, 'WRONG_INVITE'], 'invite'],
  ['msg/group/history', '', nothing, EVERY_MEMBER],
  ['msg/group/recent', '', nothing, EVERY_MEMBER],
  ['msg/group/range', '', nothing, EVERY_MEMBER],
  ['msg/group/state', '', nothing, EVERY_MEMBER],
  ['session/ticket', '', ({ gid }) => ({ to: gid }), EVERY_MEMBER],
  ['session/get', '', ({ gid }) => ({ to: gid }), EVERY_MEMBER],
];

test('permissions: role × operation, and what is refused changes nothing', async (t) => {
  const server = await ApiServer.start(t, {
    attempts: { groupUserCount: 10_000, groupAddressCount: 10_000 },
  });
  const people = await peopleOf(server);
  for (const [path, what, input, cells, joinMode] of ROWS)
    await t.test(`${path}${what === '' ? '' : `: ${what}`}`, async () => {
      let scene = await makeScene(server, people, joinMode);
      let before = await seenOf(scene);
      for (const [index, role] of ROLES.entries()) {
        const given = { gid: scene.gid, ...input(scene) };
        const found = await outcome(server, path, given, people[role]);
        assert.equal(found, cells[index], role);
        if (found !== 'ok' || READS.test(path)) assert.deepEqual(await seenOf(scene), before, role);
        else if (index < ROLES.length - 1) {
          scene = await makeScene(server, people, joinMode);
          before = await seenOf(scene);
        }
      }
    });
});

test('permissions: an unknown and a dissolved group are refused to everybody as what they are', async (t) => {
  const server = await ApiServer.start(t);
  const people = await peopleOf(server);
  const scene = await makeScene(server, people);
  await server.value('group/dissolve', { gid: scene.gid }, people.owner.token);
  const unknown = { ...scene, gid: GID_LIMIT - 1 };
  const paths = new Set<string>();
  for (const [path, , input] of ROWS) {
    if (paths.has(path)) continue;
    paths.add(path);
    const ask = (gid: number): Promise<Cell> => {
      const given = input(scene);
      return outcome(
        server,
        path,
        { ...given, gid, ...(given['to'] !== undefined && { to: gid }) },
        people.owner,
      );
    };
    assert.equal(await ask(unknown.gid), 'NO_SUCH_GROUP', path);
    // What was said before it ended may still be read by those who were in it.
    if (!/^msg\/|^session\/get/.test(path)) assert.equal(await ask(scene.gid), 'GROUP_DISSOLVED', path);
  }
});
