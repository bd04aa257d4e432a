/** Long random plays of chats and groups before one device of a public SDK that comes and goes. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import fc from 'fast-check';
import { plays } from '../../../test/support/plays.js';
import { groupOf, type ConversationName } from '../../message/conversation.js';
import { known, toUid } from '../../message/ids.js';
import { EVENT_KIND, type Profile } from '../../message/message.js';
import type { Interest } from '../../message/settings.js';
import { SharedFrame } from '../shared_frame.js';
import { turns, type Logged, type Origin } from './fake_device_log.js';
import { READER } from './fake_old_client.js';
import { ALL, GROUPS, SETTING, STEP, type Setting, type Step } from './fake_old_steps.js';
import { OldWorld, type Played } from './fake_old_world.js';

const PEER = known(toUid(2));
const TICK_MS = 100;

class Play {
  readonly world: OldWorld;
  /** Pushed a while after they were logged. */
  readonly late = new Set<number>();
  /** Of muted groups, that he is out of them: pushed before what was withheld, and with it again. */
  readonly ahead = new Set<number>();
  readonly #profile: Profile;
  #bus: (() => void)[] = [];
  #wants: (() => void)[] = [];
  #nowMs: number;

  constructor(profile: Profile, options: Setting, nowMs: number) {
    this.#profile = profile;
    this.#nowMs = nowMs;
    this.world = new OldWorld(profile, options);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Never rejects for what goes wrong in the world. */
  async step(step: Step): Promise<void> {
    const { world } = this;
    const { current } = world;
    switch (step.kind) {
      case 'say':
        for (let n = 0; n < step.count; n++) this.#say(step);
        return;
      case 'member': {
        this.#member(step);
        return;
      }
      case 'want': {
        this.#want(known(GROUPS[step.group]), step.interest, step.isLate);
        return;
      }
      case 'bus': {
        this.#arrive(step.isReversed);
        return;
      }
      case 'ack':
        if (current !== undefined) this.#ack(current, step.which);
        return;
      case 'write': {
        world.log.write();
        return;
      }
      case 'pull':
        if (this.#profile === 'legacy') world.pull(step.isAcked);
        return;
      case 'network':
        return current?.socket.become(step.to);
      case 'pong':
        return current?.socket.answer(step.isOn);
      case 'enter':
        void world.enter();
        return;
      case 'enterAgain':
        if (current !== undefined) void world.enterAgain(current);
        return;
      case 'leave':
        if (current !== undefined) world.leave(current);
        return;
      case 'fail':
        world.log.failures = step.count;
        return;
      case 'time':
        return this.time(step.ticks);
      case 'wait':
        return turns(step.turns);
    }
  }

  async time(ticks: number): Promise<void> {
    for (let tick = 0; tick < ticks; tick++) await this.#pass(TICK_MS, 3);
  }

  /** All networks are good again, everything is wanted, and something more comes everywhere. */
  async end(isWantedAgain: boolean, signIns: number): Promise<void> {
    const { world } = this;
    world.log.failures = 0;
    world.trace.push('end');
    await turns(30);
    await this.time(10);
    if (world.current === undefined) await world.enter();
    await turns(10);
    const current = known(world.current);
    current.socket.become('flows');
    current.socket.answer(true);
    this.#arrive(false);
    await turns(20);
    if (isWantedAgain)
      for (const conv of GROUPS) if (world.log.of(conv).isMember) this.#want(conv, 'full', false);
    await turns(20);
    for (const conv of ALL) this.#log(conv, 'peer', false, 'now');
    await this.#settle(signIns === 0 ? 100 : 20);
    // What is more than one sign-in brings comes at the next.
    for (let again = 0; again < signIns && this.#isOwing; again++) {
      await this.again();
    }
  }

  async again(): Promise<void> {
    this.world.leave(known(this.world.current));
    await this.world.enter();
    await this.#settle(100);
  }

  async #settle(most: number): Promise<void> {
    const current = known(this.world.current);
    for (let round = 0; round < 4 || (this.#isOwing && round < most); round++) {
      for (let second = 0; second < 4; second++) await this.#pass(2000, 5);
      this.#ack(current, 'all');
      this.world.log.write();
    }
  }

  /** Of what the connection is to be pushed. */
  get #isOwing(): boolean {
    const { log, current } = this.world;
    return ALL.some((conv) => {
      const of = log.of(conv);
      if (of.isGroup ? of.interest === 'muted' : this.#profile === 'legacy') return false;
      const passed = Math.max(of.mark, current?.withheldTo.get(conv) ?? 0);
      return of.his.some(({ seq }) => seq > passed && !of.acked.has(seq));
    });
  }

  async #pass(ms: number, count: number): Promise<void> {
    this.#nowMs += ms;
    mock.timers.tick(ms);
    await turns(count);
  }

  #say({ conv: number, how, origin, isWordless }: Extract<Step, { kind: 'say' }>): void {
    const conv = known(ALL[number]);
    const of = this.world.log.of(conv);
    if (of.isGroup && !of.isMember && origin !== 'peer') return;
    if (origin === 'device' && this.world.current === undefined) return;
    this.#log(conv, origin, isWordless, how);
  }

  #log(conv: ConversationName, origin: Origin, isWordless: boolean, how: 'now' | 'late' | 'lost'): void {
    const peer = groupOf(conv) === undefined ? known(toUid(2 + ALL.indexOf(conv))) : PEER;
    this.#send(
      this.world.log.say(conv, peer, origin, isWordless ? EVENT_KIND.reaction : EVENT_KIND.message),
      how,
    );
  }

  #member({ group, how, origin }: Extract<Step, { kind: 'member' }>): void {
    const { log, current } = this.world;
    const conv = known(GROUPS[group]);
    if (origin === 'device' && current === undefined) return;
    const uids = [READER];
    const leaving =
      origin === 'peer'
        ? ({ type: 'removed', uids, banned: false } as const)
        : ({ type: 'left', uids } as const);
    const isMember = log.of(conv).isMember;
    // Coming back changes what he wants, and nobody is told of that later than of a wish before it.
    this.#arriveWants();
    const notice = isMember ? leaving : ({ type: 'joined', uids, how: 'open' } as const);
    // Where nobody is a member nothing else tells of it.
    const event = log.note(conv, PEER, origin, notice);
    if (isMember && log.of(conv).interest === 'muted') {
      this.ahead.add(event.mid);
      // What it does itself it has an answer for, and is pushed nothing.
      if (origin === 'device') this.world.withhold(conv, event.seq);
    }
    this.#send(event, how === 'lost' ? 'late' : how);
  }

  #send(event: Logged, how: 'now' | 'late' | 'lost'): void {
    const { world } = this;
    const { conv, mid, isOwn } = event;
    const { interest, epoch } = world.log.of(conv);
    world.trace.push(`log ${conv}:${event.seq} ${event.content.slice(0, 17)} own ${isOwn} ${how}`);
    if (interest === 'muted' && world.wantedAt.get(conv) === epoch && event.kind !== EVENT_KIND.notice)
      world.mutedAt.set(mid, epoch);
    const shared = new SharedFrame({ kind: 'push', event, after: event.seq });
    const format = { name: 'fake', pack: (text: string) => Buffer.from(text) };
    if (shared.chunks(this.#profile === 'legacy' ? 'legacy' : 'web', format).length === 0)
      world.wordless.add(mid);
    const come = (): void => {
      world.deliver(event);
      if (isOwn) world.answered(event);
    };
    if (how === 'now' || isOwn) come();
    else if (how === 'late') {
      this.late.add(mid);
      this.#bus.push(come);
    }
  }

  #want(conv: ConversationName, interest: Interest, isLate: boolean): void {
    const { world } = this;
    const of = world.log.of(conv);
    if (!of.isMember || world.isEntering) return;
    of.want(interest);
    world.trace.push(`want ${conv} ${interest} ${isLate ? 'late' : ''}`);
    const { epoch } = of;
    // In their order, whatever else overtakes them.
    if (isLate || this.#wants.length > 0) this.#wants.push(() => world.want(conv, interest, epoch));
    else world.want(conv, interest, epoch);
  }

  #arrive(isReversed: boolean): void {
    const bus = this.#bus;
    this.#bus = [];
    for (const come of isReversed ? bus.reverse() : bus) come();
    this.#arriveWants();
  }

  #arriveWants(): void {
    const wants = this.#wants;
    this.#wants = [];
    for (const come of wants) come();
  }

  #ack(current: Played, which: string): void {
    const { byMid } = this.world.log;
    const mids = [...current.unacked].filter((mid) => {
      const { conv, kind: what } = known(byMid.get(mid));
      return groupOf(conv) === undefined || (this.#profile === 'legacy' && what === EVENT_KIND.message);
    });
    if (which === 'list') return this.world.ackList(current, mids);
    const chosen = {
      last: mids.slice(-1),
      odd: mids.filter((mid) => mid % 2 === 1),
      reversed: mids.reverse(),
    };
    this.world.ack(
      current,
      which === 'last' || which === 'odd' || which === 'reversed' ? chosen[which] : mids,
    );
  }
}

/** Whatever was for the device and is not withheld; `isLast`: also of groups in which he is no more. */
function checkShown({ world }: Play, profile: Profile, isLast: boolean): void {
  const { log, shown, wordless } = world;
  const current = known(world.current);
  const onIt = new Set(current.socket.mids);
  for (const conv of ALL) {
    const of = log.of(conv);
    if (of.isGroup && (of.interest === 'muted' || !(of.isMember || isLast))) continue;
    for (const { seq, mid } of of.his) {
      // Withheld in a membership before this one, or nobody here knew of that: it comes at his next sign-in.
      if (seq <= (current.withheldTo.get(conv) ?? 0)) continue;
      if (wordless.has(mid) || (profile === 'legacy' && !of.isGroup)) continue;
      assert.ok(shown.has(mid), `${conv}:${seq} was never shown`);
      if (!of.acked.has(seq)) assert.ok(onIt.has(mid), `${conv}:${seq} was not shown again`);
    }
  }
}

function checkOrder(
  { world, late, ahead }: Play,
  profile: Profile,
  { oldSdkBusyConversations: busy }: Setting,
): void {
  for (const { socket, marks, withheldTo } of world.played) {
    const last = new Map<ConversationName, number>();
    const first = new Map<ConversationName, number>();
    const counts = new Map<number, number>();
    for (const mid of socket.mids) {
      const { conv, seq } = known(world.log.byMid.get(mid));
      const isPulled = profile === 'legacy' && groupOf(conv) === undefined;
      // Nor is it known here where he was in groups that he was not in when he signed in.
      if (!(isPulled || groupOf(conv) !== undefined) || !late.has(mid))
        assert.ok(seq > (marks.get(conv) ?? 0), `${conv}:${seq} was received long before`);
      const count = (counts.get(mid) ?? 0) + 1;
      counts.set(mid, count);
      if (!first.has(conv)) first.set(conv, seq);
      // What was there before it a legacy client pulls, and is pushed only where that is forgotten.
      if (isPulled && seq < known(first.get(conv))) continue;
      // Or sooner, when the store is asked for something else.
      if (ahead.has(mid) || seq <= (withheldTo.get(conv) ?? 0)) continue;
      if (count === 1) {
        assert.ok(seq > (last.get(conv) ?? 0), `${conv}:${seq} after ${last.get(conv)}`);
        last.set(conv, seq);
      } else if (busy === 1024) assert.ok(count <= 3, `${conv}:${seq} was pushed ${count} times`);
    }
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function played(
  profile: Profile,
  options: Setting,
  steps: readonly Step[],
  isWantedAgain: boolean,
): Promise<void> {
  // First: what the world does now and then begins with it.
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const play = new Play(profile, options, 1000);
  mock.method(performance, 'now', () => play.nowMs);
  try {
    for (const step of steps) await play.step(step);
    await play.end(isWantedAgain, options.oldSdkPagedConversations === 10_000 ? 0 : 40);
    assert.deepEqual(play.world.wrongs, []);
    checkShown(play, profile, false);
    await play.again();
    checkShown(play, profile, true);
    assert.deepEqual(play.world.wrongs, []);
    checkOrder(play, profile, options);
  } catch (error) {
    throw new Error(`${describe(error)} in\n${play.world.trace.join('\n')}`, { cause: error });
  } finally {
    play.world.stop();
    mock.timers.reset();
    mock.restoreAll();
  }
}

test('whatever happens, all that is for an old client is shown, in order, and once received never again', async () => {
  const profiles = fc.constantFrom<Profile>('web', 'legacy');
  const steps = fc.array(STEP, { maxLength: 80, size: 'max' });
  await fc.assert(fc.asyncProperty(profiles, SETTING, steps, fc.boolean(), played), plays(300));
});
