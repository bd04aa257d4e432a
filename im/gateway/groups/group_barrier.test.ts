/** The promise of the group index, against a model: whatever crosses, each connection gets what its user may have. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Gid, Uid } from '../../message/ids.js';
import { EVENT_KIND } from '../../message/message.js';
import { membersChanged, readNotice } from '../../message/notice.js';
import type { GroupDelivery } from '../interface.js';
import { plays } from '../../../test/support/plays.js';
import { gidOf, GroupScene, seqsOf, turns, uidOf, type Watched } from './fake_groups.js';
import { inPlayTime, LOOKED_FOR_MS, pass, passUntil } from './fake_time.js';

const GIDS = [gidOf(1), gidOf(2)];
const UIDS = [1, 2, 3, 4].map(uidOf);
const WITNESS = uidOf(9);

const step = fc.record({
  what: fc.constantFrom(
    'say',
    'join',
    'leave',
    'deliver',
    'deliver',
    'lose',
    'swap',
    'signIn',
    'signIn',
    'signOut',
    'turn',
    'time',
  ),
  uid: fc.constantFrom(...UIDS),
  gid: fc.constantFrom(...GIDS),
  number: fc.integer({ min: 1, max: 5 }),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** The seqs that `uid` may have, by the log: from each joining to each leaving. */
function entitled(scene: GroupScene, gid: Gid, uid: Uid): ReadonlySet<number> {
  const seqs = new Set<number>();
  let isMember = false;
  for (const { seq, kind, content } of scene.store.group(gid).log) {
    const notice = kind === EVENT_KIND.notice ? readNotice(content) : undefined;
    const change = notice === undefined ? undefined : membersChanged(notice);
    if (change?.added.includes(uid) === true) isMember = true;
    if (isMember) seqs.add(seq);
    if (change !== undefined && change.removed !== 'everybody' && change.removed.includes(uid))
      isMember = false;
  }
  return seqs;
}

class Play {
  readonly scene = new GroupScene({ groupHoleMs: 1, groupReadEvents: 3 });
  readonly connections: Watched[] = [];
  readonly ended = new Set<Watched>();
  readonly #onTheWay: GroupDelivery[] = [];
  readonly #signingIn: Promise<unknown>[] = [];

  constructor(delays: readonly number[]) {
    let read = 0;
    this.scene.store.turns = () => delays[read++ % delays.length] ?? 1;
    for (const gid of GIDS) this.#onTheWay.push(this.scene.store.join(gid, WITNESS));
  }

  do({ what, uid, gid, number }: Step): Promise<void> | void {
    const { store } = this.scene;
    const isMember = store.group(gid).members.has(uid);
    switch (what) {
      case 'say':
        this.#onTheWay.push(store.say(gid, uid));
        return;
      case 'join':
        if (!isMember) this.#onTheWay.push(store.join(gid, uid));
        return;
      case 'leave':
        if (isMember) this.#onTheWay.push(store.leave(gid, uid));
        return;
      case 'deliver':
        return this.scene.deliver(...this.#onTheWay.splice(0, number));
      case 'lose': {
        // Messages only: of a joining that is lost nobody here may ever hear.
        const lost = this.#onTheWay.findIndex(
          (one) => one.kind === 'event' && one.event.kind === EVENT_KIND.message,
        );
        if (lost !== -1) this.#onTheWay.splice(lost, 1);
        return;
      }
      case 'swap':
        // One of the first comes last.
        this.#onTheWay.push(...this.#onTheWay.splice(Math.min(number, this.#onTheWay.length) - 1, 1));
        return;
      case 'signIn':
        this.#signingIn.push(this.scene.signIn(uid).then((watched) => this.connections.push(watched)));
        return;
      case 'signOut': {
        const leaving = this.connections.find((one) => one.uid === uid && !this.ended.has(one));
        if (leaving === undefined) return;
        this.ended.add(leaving);
        return this.scene.signOut(leaving);
      }
      case 'turn':
        return turns(number);
      case 'time':
        return pass(number);
    }
  }

  /** All that is under way arrives, and in each group a last message after it. */
  async finish(): Promise<void> {
    await Promise.all(this.#signingIn);
    await this.scene.deliver(...this.#onTheWay);
    for (const gid of GIDS) await this.scene.deliver(this.scene.store.say(gid, WITNESS));
    const { index } = this.scene;
    const isComplete = (): boolean => this.missing().length === 0 && index.stats().waitingCount === 0;
    await passUntil(isComplete);
    // What comes once more than it should.
    await pass(30);
  }

  /** What living connections lack of what came after their sign-in was answered. */
  missing(): readonly string[] {
    return this.connections.flatMap((one) =>
      GIDS.flatMap((gid) => {
        if (this.ended.has(one)) return [];
        const pushed = new Set(seqsOf(one, gid));
        const due = [...entitled(this.scene, gid, one.uid)].filter((seq) => seq > (one.synced.get(gid) ?? 0));
        return due.filter((seq) => !pushed.has(seq)).map((seq) => `${one.uid} lacks ${gid}#${seq}`);
      }),
    );
  }

  wrong(): readonly string[] {
    return this.connections.flatMap((one) =>
      GIDS.flatMap((gid) => {
        const may = entitled(this.scene, gid, one.uid);
        const seqs = seqsOf(one, gid);
        return seqs.flatMap((seq, index) => [
          ...(may.has(seq) ? [] : [`${one.uid} was pushed ${gid}#${seq} of others`]),
          ...(index === 0 || seq > (seqs[index - 1] ?? 0)
            ? []
            : [`${one.uid} was pushed ${gid}#${seq} late or again`]),
        ]);
      }),
    );
  }
}

test('joins, leaves, messages, sign-ins and lost deliveries in any order: exactly one’s own, in order, once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }),
      fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5, size: 'max' }),
      (steps, delays) =>
        inPlayTime(async () => {
          const play = new Play(delays);
          for (const one of steps) await play.do(one);
          await play.finish();
          const findings = [...play.wrong(), ...play.missing()];
          const { waitingCount, signingInCount } = play.scene.index.stats();
          play.scene.index.close();
          assert.deepEqual(
            { findings, waitingCount, signingInCount },
            { findings: [], waitingCount: 0, signingInCount: 0 },
          );
        }),
    ),
    { ...plays(400), interruptAfterTimeLimit: LOOKED_FOR_MS },
  );
});
