/**
 * A group of 1,000 of whom 150 are there at a time: every second 20 of them come into the group, go from it, sign in
 * or sign out, some two of these at once, while ten others write. Everybody comes back in the end, and the history
 * checker proves for each that exactly what was said while he was a member is on his screen, in order and once.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { checkHistory, describeFindings } from '../support/history_checker.js';
import { Memberships } from '../support/memberships.js';
import { seedGroups, type SeededGroup } from '../support/group_seed.js';
import { SEED_ENV } from '../support/seed.js';
import { TestServer } from '../support/server.js';
import { readStoredLog } from '../support/stored_log.js';
import { Member } from './member.js';

const MEMBER_COUNT = 1000;
const ONLINE_COUNT = 150;
const SENDER_COUNT = 10;
/** In 30 seconds, 20 and 30 in each; on a machine that cannot keep up it takes longer. */
const CHANGE_COUNT = 600;
const CHANGE_EVERY_MS = 50;
const MESSAGE_COUNT = 900;
const MESSAGE_EVERY_MS = 33;
const DEVICE = 5;
const AT_ONCE = 50;
const LIMIT_MS = 300_000;

const RATES = Object.fromEntries(
  ['message', 'receipt', 'api', 'auth', 'connection', 'address'].flatMap((name) =>
    ['per-second', 'burst'].map((part) => [`limits-${name}-${part}`, 1_000_000] as const),
  ),
);

/** One after the other from the list, `AT_ONCE` at a time. */
async function forAll<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = [...items];
  const run = async (): Promise<void> => {
    for (let item = queue.pop(); item !== undefined; item = queue.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, run));
}

/** What cannot be done now (false) is tried again soon; what is late is made up for. */
async function paced(count: number, everyMs: number, deed: (index: number) => boolean): Promise<void> {
  const startedAtMs = performance.now();
  for (let done = 0; done < count;) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    const due = Math.min(count, Math.floor((performance.now() - startedAtMs) / everyMs));
    while (done < due && deed(done)) done++;
  }
}

/** Everybody's device has been there once and knows the group; `ONLINE_COUNT` of them are there. */
async function gather(members: readonly Member[]): Promise<void> {
  await forAll(members.slice(ONLINE_COUNT), async (member) => {
    await member.signIn();
    await member.leave();
  });
  await forAll(members.slice(0, ONLINE_COUNT), (member) => member.signIn());
}

interface Figures {
  joins: number;
  exits: number;
  signIns: number;
  signOuts: number;
  both: number;
}

/** Who is in the group is what his own calls said; each does one thing in it at a time. */
class Churn {
  readonly #gid: number;
  readonly #members: readonly Member[];
  readonly #outside = new Set<Member>();
  readonly #busy = new Set<Member>();
  readonly #running = new Set<Promise<void>>();
  readonly figures: Figures = { joins: 0, exits: 0, signIns: 0, signOuts: 0, both: 0 };

  constructor(gid: number, members: readonly Member[]) {
    this.#gid = gid;
    this.#members = members;
  }

  /** One change of one member, by chance; every fifth is two at once. False: nobody is free. */
  step(): boolean {
    // As often somebody who is outside as somebody who is inside: who went comes back.
    const pool = this.#outside.size > 0 && Math.random() < 0.5 ? [...this.#outside] : this.#members;
    const free = pool.filter((member) => !this.#busy.has(member));
    const member = free[Math.floor(Math.random() * free.length)];
    if (member === undefined) return false;
    const isDouble = Math.random() < 0.2;
    const tasks: Promise<void>[] = [];
    if (isDouble || Math.random() < 0.5) tasks.push(this.#move(member));
    if (isDouble || tasks.length === 0) tasks.push(this.#connect(member));
    if (isDouble) this.figures.both++;
    this.#busy.add(member);
    const done = Promise.all(tasks).then(() => {
      this.#busy.delete(member);
      this.#running.delete(done);
    });
    this.#running.add(done);
    return true;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #move(member: Member): Promise<void> {
    if (this.#outside.has(member)) {
      assert.ok(await member.join(this.#gid), 'who is outside comes in');
      this.#outside.delete(member);
      this.figures.joins++;
    } else {
      assert.ok(await member.exit(this.#gid), 'who is inside goes');
      this.#outside.add(member);
      this.figures.exits++;
    }
  }

  /** Somebody else goes where one comes: as many as before are there. */
  async #connect(member: Member): Promise<void> {
    if (member.isOnline) {
      this.figures.signOuts++;
      return member.leave();
    }
    this.figures.signIns++;
    const other = this.#members.find((one) => one !== member && one.isOnline && !this.#busy.has(one));
    await Promise.all([member.signIn(), other?.leave()]);
  }
}

test(
  `${MEMBER_COUNT} members come and go while others write: everybody has what was his, in order, once`,
  { timeout: LIMIT_MS },
  async (t) => {
    let group: SeededGroup | undefined;
    const server = await TestServer.start(t, {
      env: SEED_ENV,
      flags: { 'gateway-address-stranger-count': 10_000, 'gateway-stranger-count': 10_000, ...RATES },
      prepare: async (dataDir) => {
        const shape = { groupCount: 1, memberCount: MEMBER_COUNT, otherCount: 0, device: DEVICE };
        [group] = (await seedGroups(dataDir, shape)).groups;
      },
    });
    assert.ok(group !== undefined);
    const { gid } = group;
    const everybody = group.members.map((account) => new Member(server.urls, account));
    t.after(() => forAll(everybody, (member) => member.leave()));
    await gather(everybody);

    const senders = everybody.slice(0, SENDER_COUNT);
    const churn = new Churn(gid, everybody.slice(SENDER_COUNT));
    const said: Promise<void>[] = [];
    const startedAtMs = performance.now();
    await Promise.all([
      paced(CHANGE_COUNT, CHANGE_EVERY_MS, () => churn.step()),
      paced(MESSAGE_COUNT, MESSAGE_EVERY_MS, (index) => {
        const sender = senders[index % SENDER_COUNT];
        if (sender !== undefined) said.push(sender.say(gid, `message ${index}`));
        return true;
      }),
    ]);
    const seconds = (performance.now() - startedAtMs) / 1000;
    await Promise.all(said);
    await churn.settled();

    // Those who are away come back for what they missed, and those who are there for what may still be under way.
    await forAll(everybody, async (member) => {
      await member.leave();
      await member.signIn();
      await member.leave();
    });
    const stored = await readStoredLog(server.dataDir);
    const history = {
      sends: senders.flatMap((sender) => sender.sends),
      screens: everybody.map((member) => member.screen),
      stored,
    };
    const findings = checkHistory(history);
    assert.equal(findings.length, 0, `${describeFindings(findings)}\n${server.log}`);

    t.diagnostic(JSON.stringify({ seconds, said: said.length, ...churn.figures }));
    const conv = `g${gid}`;
    const memberships = new Memberships(stored);
    const cameBack = everybody.filter(({ account }) => memberships.intervals(conv, account.uid).length > 1);
    assert.ok(cameBack.length > 0, 'somebody went and came back');
    assert.ok(churn.figures.both > 0 && churn.figures.exits > 0 && churn.figures.signIns > 0);
    assert.ok(
      history.sends.every(({ outcome }) => outcome === 'acked'),
      'members write, whatever others do',
    );
  },
);
