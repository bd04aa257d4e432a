/** Random deeds by random people: the store answers and holds what a simple model says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ERRORS } from '../errors.js';
import { JOIN_MODES, MUTED_FOR_EVER_MS } from '../message/group.js';
import type { ChatEvent } from '../message/message.js';
import { JOINED_HOW, membersChanged, readNotice } from '../message/notice.js';
import { plays } from '../../test/support/plays.js';
import { GroupModel, type ModelDeed } from './group_model.contract.js';
import { GroupScene } from './group_scene.contract.js';
import type { AppendRequest } from './interface.js';
import { outcomes, Scene, seq, WIDE, withCode, type StoreFactory } from './scene.contract.js';

const USERS = 6;
/** These are in a group already, and one is all that anybody may be in. */
const BUSY = [0, 5] as const;
const MEMBER_LIMIT = 4;

interface Act {
  readonly by: number;
  readonly deed: ModelDeed;
  /** Ends its batch. */
  readonly last: boolean;
}

const user = fc.nat(USERS - 1);
const users = fc.uniqueArray(user, { minLength: 1, maxLength: 3, size: 'max' });
const on = fc.boolean();
const code = fc.constantFrom('one', 'two', 'none');
const is = <Name extends ModelDeed['do']>(name: Name): fc.Arbitrary<Name> => fc.constant(name);

const deed: fc.Arbitrary<ModelDeed> = fc.oneof(
  { arbitrary: fc.record({ do: is('say') }), weight: 4 },
  { arbitrary: fc.record({ do: is('add'), users, how: fc.constantFrom(...JOINED_HOW), code }), weight: 6 },
  { arbitrary: fc.record({ do: is('exit') }), weight: 2 },
  { arbitrary: fc.record({ do: is('ask') }), weight: 2 },
  fc.record({ do: is('dissolve') }),
  fc.record({ do: fc.constantFrom('deny' as const, 'owner' as const), user }),
  { arbitrary: fc.record({ do: is('remove'), users }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constantFrom('ban' as const, 'mute' as const), user, on }), weight: 3 },
  {
    arbitrary: fc.record({ do: is('role'), user, role: fc.constantFrom(2 as const, 3 as const) }),
    weight: 3,
  },
  fc.record({ do: is('muteAll'), on }),
  fc.record({ do: is('profile'), joinMode: fc.constantFrom(...JOIN_MODES), openHistory: on }),
  fc.record({ do: is('alias'), user, alias: fc.constantFrom('', 'a', 'b') }),
  fc.record({ do: is('link'), code: fc.constantFrom('one', 'two'), uses: fc.nat(2) }),
  fc.record({ do: is('unlink'), code }),
);

/** Mostly by the owner of the beginning and who comes next to him: strangers are refused soon enough. */
const act: fc.Arbitrary<Act> = fc.record({
  by: fc.oneof({ arbitrary: fc.nat(2), weight: 3 }, { arbitrary: user, weight: 2 }),
  deed,
  last: fc.nat(3).map((n) => n === 0),
});

/** As long as may be: what is short tries little. */
const ACTS = { minLength: 1, maxLength: 60, size: 'max' } as const;

/** Without an admin most of the table is never asked. */
const FIRST: readonly Act[] = [{ by: 0, deed: { do: 'role', user: 1, role: 2 }, last: true }];

export function groupRandomContract(name: string, factory: StoreFactory): void {
  test(`${name}: group: random deeds by random people are what a simple model says`, async (t) => {
    const { stores } = await factory(t);
    await fc.assert(
      fc.asyncProperty(fc.array(act, ACTS), async (acts) => {
        const scene = await Scene.open(stores, USERS);
        await GroupScene.create(scene, [BUSY[1]]);
        await scene.append(
          scene.relation(4, 1, 'black'),
          ...[1, 3].map((who) => scene.relation(who, 0, 'white')),
        );
        await stores.users.update(scene.uid(3), { contactsOnly: true });
        const group = await GroupScene.create(scene, [1, 2], {}, MEMBER_LIMIT);
        const model = new GroupModel(
          {
            memberLimit: MEMBER_LIMIT,
            busy: new Set(BUSY),
            blocks: [[4, 1]],
            reserved: new Set([3]),
            friends: [
              [1, 0],
              [3, 0],
            ],
          },
          0,
          [1, 2],
        );
        await play([...FIRST, ...acts], group, model);
        await compare(group, model);
      }),
      plays(150),
    );
  });
}

async function play(acts: readonly Act[], group: GroupScene, model: GroupModel): Promise<void> {
  let batch: AppendRequest[] = [];
  let expected: string[] = [];
  for (const [index, { by, deed: one, last }] of acts.entries()) {
    batch.push(requestOf(group, by, one));
    expected.push(model.do(by, one));
    if (!last && index < acts.length - 1) continue;
    assert.deepEqual(outcomes(await group.append(...batch)), expected);
    batch = [];
    expected = [];
  }
}

/** Codes are of one group; here every group has its own. */
const codeIn = (group: GroupScene, one: string): string => `${group.gid} ${one}`;

function requestOf(group: GroupScene, by: number, one: ModelDeed): AppendRequest {
  const uids = (numbers: readonly number[]) => numbers.map((number) => group.uid(number));
  switch (one.do) {
    case 'say':
      return group.message(by, '', { clientId: `${group.scene.newMid()}` });
    case 'add': {
      const limits = { groupLimit: 1 };
      const { how } = one;
      return group.request(by, {
        do: 'add',
        uids: uids(one.users),
        how,
        code: codeIn(group, one.code),
        ...limits,
      });
    }
    case 'ask':
      return group.request(by, { do: 'ask', comment: '' });
    case 'exit':
    case 'dissolve':
      return group.request(by, { do: one.do });
    case 'deny':
    case 'owner':
      return group.request(by, { do: one.do, uid: group.uid(one.user) });
    case 'remove':
      return group.request(by, { do: 'remove', uids: uids(one.users) });
    case 'ban':
      return group.request(by, { do: 'ban', uid: group.uid(one.user), on: one.on });
    case 'mute':
      return group.request(by, {
        do: 'mute',
        uid: group.uid(one.user),
        untilMs: one.on ? MUTED_FOR_EVER_MS : 0,
      });
    case 'role':
      return group.request(by, { do: 'role', uid: group.uid(one.user), role: one.role });
    case 'muteAll':
      return group.request(by, one);
    case 'profile':
      return group.request(by, {
        do: 'profile',
        profile: { joinMode: one.joinMode, openHistory: one.openHistory },
      });
    case 'alias':
      return group.request(by, { do: 'alias', uid: group.uid(one.user), alias: one.alias });
    case 'link':
      return group.request(by, {
        do: 'link',
        code: codeIn(group, one.code),
        expiresAtMs: 0,
        uses: one.uses,
      });
    case 'unlink':
      return group.request(by, { do: 'unlink', code: codeIn(group, one.code) });
  }
}

async function compare(group: GroupScene, model: GroupModel): Promise<void> {
  const { groups, messages } = group.scene.stores;
  const [found] = await groups.byGids([group.gid]);
  assert.deepEqual(
    [
      found?.joinMode,
      found?.openHistory,
      found?.isMuted,
      found?.isDissolved,
      found?.memberCount,
      found?.lastSeq,
    ],
    [model.joinMode, model.openHistory, model.isMuted, model.isDissolved, model.people.size, model.lastSeq],
  );
  const byRank = [...model.people].sort(([a, one], [b, other]) => one.role - other.role || a - b);
  assert.deepEqual(
    (await groups.members(group.gid, undefined, USERS)).map(
      ({ uid, role, alias, mutedUntilMs, joinedSeq }) => [uid, role, alias, mutedUntilMs !== 0, joinedSeq],
    ),
    byRank.map(([one, { role, alias, isMuted, joinedSeq }]) => [
      group.uid(one),
      role,
      alias,
      isMuted,
      joinedSeq,
    ]),
  );
  const uidsOf = (numbers: Iterable<number>): readonly number[] => [...numbers].map((one) => group.uid(one));
  assert.deepEqual(await groups.bans(group.gid, 0, USERS), uidsOf([...model.bans].sort()));
  assert.deepEqual(
    (await groups.requests(group.gid)).map(({ uid }) => uid),
    uidsOf(model.asking),
  );
  assert.deepEqual(
    (await groups.invites(group.gid)).map((invite) => [invite.code, invite.usesLeft]),
    [...model.links].map(([one, uses]) => [codeIn(group, one), uses]).sort(),
  );
  for (let one = 0; one < USERS; one += 1) {
    const readable = model.readable(one);
    if (readable === undefined) await assert.rejects(group.seqsOf(one), withCode(ERRORS.NO_PERMISSION.code));
    else assert.deepEqual(await group.seqsOf(one), readable, `user ${one}`);
  }
  const { events } = await messages.logOf(group.conv, seq(1), seq(2 ** 40), WIDE);
  assert.deepEqual(membersBy(events), new Set(uidsOf(model.people.keys())));
}

/** Whoever follows the notices knows the members. */
function membersBy(events: readonly ChatEvent[]): ReadonlySet<number> {
  const members = new Set<number>();
  for (const { content } of events) {
    const notice = readNotice(content);
    if (notice === undefined) continue;
    const { added, removed } = membersChanged(notice);
    if (removed === 'everybody') members.clear();
    else for (const uid of removed) members.delete(uid);
    for (const uid of added) members.add(uid);
  }
  return members;
}
