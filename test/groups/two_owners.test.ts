/** A group with two owners at once keeps every promise: the store decides, and the gateway keeps the order. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { GroupProfile } from '../../im/message/group.js';
import { known, type Uid } from '../../im/message/ids.js';
import { EVENT_KIND, type ChatEvent } from '../../im/message/message.js';
import { Random, seedOfThisRun } from '../fuzz/random.js';
import { Memberships } from '../support/memberships.js';
import { openForSeeding, seedUsers } from '../support/seed.js';
import { waitUntil } from '../support/wait.js';
import { READING_DEVICE, SENDING_DEVICE, TwoOwners, type Asked, type Watched } from './two_owners_scene.js';

const USER_COUNT = 10;
/** In the group from the beginning; the first of them owns it. */
const MEMBER_COUNT = 6;
const WAVE_COUNT = 40;
const ASKED_PER_WAVE = 25;
const GROUP_LIMIT = 1000;
const PROFILE: Required<GroupProfile> = {
  ...{ name: 'two owners', avatar: '', announcement: '', openHistory: false },
  joinMode: 'open',
};

interface Scene {
  readonly scene: TwoOwners;
  readonly random: Random;
  readonly uids: readonly Uid[];
}

async function open(t: TestContext): Promise<Scene> {
  const random = new Random(seedOfThisRun());
  const dataDir = await mkdtemp(join(tmpdir(), 'two-owners-'));
  const stores = await openForSeeding(dataDir);
  const uids = await seedUsers(stores, USER_COUNT);
  const scene = new TwoOwners(stores, await stores.groups.leaseGid(), random);
  t.after(async () => {
    await scene.close();
    await rm(dataDir, { recursive: true });
  });
  const members = uids.slice(1, MEMBER_COUNT);
  const limits = { memberLimit: 100, groupLimit: GROUP_LIMIT };
  const create = scene.change(known(uids[0]), { do: 'create', profile: PROFILE, ...limits, uids: members });
  await answered(scene.owners[0].ask(create), 'stored');
  await scene.settled();
  for (const uid of uids)
    for (const device of [SENDING_DEVICE, READING_DEVICE]) await scene.signIn(uid, device);
  return { scene, random, uids };
}

/** The outcome, which has to be this one. */
async function answered(asked: Asked, outcome: string): Promise<number> {
  const answer = await waitUntil('an answer', () => asked.answers[0]);
  if (answer instanceof Error) throw answer;
  assert.equal(answer.outcome, outcome);
  return answer.outcome === 'stored' ? answer.event.seq : 0;
}

/** What one of them does by chance, at one owner, or under the same name at both. */
function deed({ scene, random, uids }: Scene): void {
  const owner = random.pick(scene.owners);
  const uid = random.pick(uids);
  const chance = random.below(100);
  if (chance < 60) owner.ask(scene.message(uid, `${uid} says something`));
  else if (chance < 80) {
    const twice = scene.message(uid, `${uid} says something twice`);
    for (const each of scene.owners) each.ask(twice);
  } else if (chance < 88)
    owner.ask(scene.change(uid, { do: 'add', uids: [uid], how: 'open', code: '', groupLimit: GROUP_LIMIT }));
  else if (chance < 94) owner.ask(scene.change(uid, { do: 'exit' }));
  else owner.ask(scene.change(known(uids[0]), { do: 'remove', uids: [random.pick(uids.slice(1))] }));
}

/** An event was stored for each that was told so, and for none that was refused. */
function assertAnswers({ scene }: Scene, log: readonly ChatEvent[]): void {
  const storedAt = new Map<string, number>();
  const all = scene.owners.flatMap(({ asked }) => asked);
  for (const { draft, answers } of all) {
    assert.equal(answers.length, 1, 'one answer each');
    const [answer] = answers;
    assert.ok(answer !== undefined && !(answer instanceof Error), 'an answer that says what was done');
    const name = `${draft.event?.from}/${draft.event?.clientId}`;
    if (answer.outcome === 'stored') {
      assert.ok(!storedAt.has(name), `${name} was stored by one owner`);
      storedAt.set(name, answer.event.seq);
    }
  }
  const logged = new Map(log.map(({ from, clientId, seq }) => [`${from}/${clientId}`, seq]));
  assert.deepEqual([...storedAt].toSorted(), [...logged].toSorted(), 'what was told is what is there');
  for (const { draft, answers } of all) {
    const [answer] = answers;
    if (answer instanceof Error || answer?.outcome !== 'duplicate') continue;
    assert.equal(answer.event.seq, logged.get(`${draft.event?.from}/${draft.event?.clientId}`));
  }
}

/** Everything between his coming and his going, but for what this connection said itself and was told by an ack. */
function expectedSeqs(log: readonly ChatEvent[], members: Memberships, { uid, client }: Watched): number[] {
  return log
    .filter(({ conv, seq }) => members.covers(conv, uid, seq))
    .filter(
      ({ kind, from }) => kind !== EVENT_KIND.message || from !== uid || client.device !== SENDING_DEVICE,
    )
    .map(({ seq }) => seq);
}

test('two owners of one group: one log, one row for each name, and every connection has its part in order', async (t) => {
  const all = await open(t);
  const { scene, random } = all;
  t.diagnostic(`FUZZ_SEED=${random.seed}`);
  for (let wave = 0; wave < WAVE_COUNT; wave++) {
    for (let n = 0; n < ASKED_PER_WAVE; n++) deed(all);
    // Both have a batch under way when more comes.
    await new Promise((resolve) => setTimeout(resolve, random.below(4)));
  }
  await scene.settled();

  const log = await scene.log();
  assert.deepEqual(
    log.map(({ seq }) => seq),
    log.map((_, at) => at + 1),
    'no hole and no seq twice',
  );
  assertAnswers(all, log);
  const members = new Memberships(log);
  for (const { kind, conv, seq, from } of log)
    assert.ok(
      kind !== EVENT_KIND.message || members.covers(conv, from, seq),
      `${from} wrote ${seq} from outside`,
    );
  for (const watched of scene.watched) {
    // The creation was before they signed in.
    const expected = expectedSeqs(log, members, watched).filter((seq) => seq > 1);
    assert.deepEqual(watched.seqs, expected, `${watched.uid}, device ${watched.client.device}`);
  }
  const outcomes = scene.owners.map(({ asked }) =>
    asked.map(({ answers: [answer] }) => (answer instanceof Error ? answer.message : answer?.outcome)),
  );
  for (const of of outcomes)
    for (const outcome of ['stored', 'duplicate', 'refused'])
      assert.ok(of.includes(outcome), `an owner had no ${outcome}`);
  assert.equal(scene.index.stats().holeCount, 0);
});

test('two owners: whoever was removed by one is refused by the other, and hears nothing more', async (t) => {
  const { scene, uids } = await open(t);
  const [one, other] = scene.owners;
  const [owner, gone, stays] = uids.map((uid) => known(uid));
  assert.ok(owner !== undefined && gone !== undefined && stays !== undefined);
  const first = await answered(other.ask(scene.message(gone, 'before')), 'stored');
  const removed = await answered(one.ask(scene.change(owner, { do: 'remove', uids: [gone] })), 'stored');
  const late = other.ask(scene.message(gone, 'after'));
  await answered(late, 'refused');
  assert.ok(
    late.answers.every(
      (answer) => !(answer instanceof Error) && 'error' in answer && answer.error === 'NOT_A_MEMBER',
    ),
  );
  const next = await answered(other.ask(scene.message(stays, 'we go on')), 'stored');
  await scene.settled();
  assert.deepEqual([removed, next], [first + 1, first + 2]);
  const seen = (uid: Uid): readonly number[] =>
    scene.watched.find((each) => each.uid === uid && each.client.device === READING_DEVICE)?.seqs ?? [];
  assert.deepEqual(seen(gone), [first, removed]);
  assert.deepEqual(seen(owner), [first, removed, next]);
});
