/**
 * kill −9 under load in a group: people with two devices each chat while some of them come and go by HTTP, and the
 * server is killed in the middle of it and started again on the same folder and ports. At the end everybody is in
 * sync, and the history checker finds nothing: who was a member has all of it, and nothing else.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { chatMembers } from '../../im/message/conversation.js';
import { known, toUid } from '../../im/message/ids.js';
import { EVENT_KIND } from '../../im/message/message.js';
import { seedGroups } from '../support/group_seed.js';
import { checkHistory, describeFindings, type History } from '../support/history_checker.js';
import { call } from '../support/http.js';
import { Memberships } from '../support/memberships.js';
import { Phone } from '../support/phone.js';
import { openForSeeding, SEED_ENV, seedTokens, type SeededUser } from '../support/seed.js';
import { TestServer } from '../support/server.js';
import { readStoredLog } from '../support/stored_log.js';
import { waitUntil } from '../support/wait.js';

const ROUNDS = 6;
const USER_COUNT = 8;
/** Of the users, the last ones: they come and go all the time. */
const MOVER_COUNT = 4;
const DEVICES = [5, 6] as const;
/** Acks seen in a round before the kill comes. */
const ACKS_PER_ROUND = 150;
/** Times that somebody came or went in a round before the kill comes. */
const MOVES_PER_ROUND = 4;
/** Unanswered messages that every phone keeps under way. */
const WINDOW = 3;
/** One in so many is for one person and not for the group. */
const PERSONAL = 5;
const ROUND_LIMIT_MS = 30_000;
const SETTLE_LIMIT_MS = 60_000;
/** What they answer where an attempt before was done and not answered: a member already, no member. */
const DONE_BEFORE = { join: 3002, exit: 3004 } as const;

const TUNING = {
  ...{ ackTimeoutMs: 2000, connectTimeoutMs: 3000, requestTimeoutMs: 3000, receiptIntervalMs: 100 },
  // Nothing is left for scrolling: everything missed has to come by itself.
  gapFillLimit: 1_000_000,
};

const NO_RATES = Object.fromEntries(
  ['message', 'receipt', 'api', 'auth', 'connection', 'address'].flatMap((name) =>
    ['per-second', 'burst'].map((part) => [`limits-${name}-${part}`, 1_000_000] as const),
  ),
);

/** A phone that talks all the time, until told to stop or refused: then until it is told to go on. */
class Chatterbox {
  readonly phone: Phone;
  readonly #gid: number;
  readonly #peers: readonly number[];
  readonly #unanswered = new Set<string>();
  #isTalking = true;
  #count = 0;
  ackedCount = 0;
  refusedCount = 0;

  constructor(phone: Phone, gid: number, peers: readonly number[]) {
    this.phone = phone;
    this.#gid = gid;
    this.#peers = peers;
    phone.client.on('outgoing', ({ clientId, state }) => {
      // The first change is the answer; later states only tell more.
      if (!this.#unanswered.delete(clientId)) return;
      if (state === 'failed') {
        this.refusedCount++;
        return;
      }
      this.ackedCount++;
      this.talk();
    });
  }

  talk(): void {
    while (this.#isTalking && this.#unanswered.size < WINDOW) {
      const count = this.#count++;
      const peer = this.#peers[count % this.#peers.length] ?? 0;
      const to = count % PERSONAL === 0 ? peer : this.#gid;
      this.#unanswered.add(this.phone.send(to, `${this.phone.name} says ${count}`).clientId);
    }
  }

  stop(): void {
    this.#isTalking = false;
  }
}

/** Somebody who goes from the group and comes back, whatever happens to the server; in the end he is in it. */
class Mover {
  readonly #server: TestServer;
  readonly #gid: number;
  readonly #user: SeededUser;
  readonly #cameBack: () => void;
  #isMoving = true;
  moveCount = 0;

  constructor(server: TestServer, gid: number, user: SeededUser, cameBack: () => void) {
    this.#server = server;
    this.#gid = gid;
    this.#user = user;
    this.#cameBack = cameBack;
  }

  async run(): Promise<void> {
    while (this.#isMoving) {
      await this.#move('exit');
      await this.#move('join');
      this.#cameBack();
    }
  }

  stop(): void {
    this.#isMoving = false;
  }

  /** Until there is an answer that says what was done. */
  async #move(how: 'join' | 'exit'): Promise<void> {
    let attempts = 0;
    await waitUntil(
      () => `${this.#user.uid} to ${how}`,
      async () => {
        attempts++;
        const answer = await call(
          this.#server.urls.http,
          `group/${how}`,
          { gid: this.#gid },
          this.#user.token,
        ).catch(() => undefined);
        if (answer === undefined) return false;
        if (answer.code === 100) return true;
        return attempts > 1 && answer.code === DONE_BEFORE[how];
      },
      ROUND_LIMIT_MS,
    );
    this.moveCount++;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface Cast {
  readonly gid: number;
  /** By device, each in the order of the users. */
  readonly accounts: readonly (readonly SeededUser[])[];
}

async function cast(dataDir: string): Promise<Cast> {
  const shape = { groupCount: 1, memberCount: USER_COUNT, otherCount: 0, device: DEVICES[0] };
  const [group] = (await seedGroups(dataDir, shape)).groups;
  assert.ok(group !== undefined);
  const { gid, members } = group;
  const stores = await openForSeeding(dataDir);
  try {
    const uids = members.map(({ uid }) => known(toUid(uid)));
    const second = await seedTokens(stores, uids, DEVICES[1]);
    // Tokens come in an order of their own.
    return {
      gid,
      accounts: [members, members.flatMap(({ uid }) => second.filter((user) => user.uid === uid))],
    };
  } finally {
    await stores.close();
  }
}

test(`kill −9 under load in a group, ${ROUNDS} rounds`, async (t) => {
  let made: Cast | undefined;
  const server = await TestServer.start(t, {
    env: SEED_ENV,
    flags: NO_RATES,
    prepare: async (dataDir) => {
      made = await cast(dataDir);
    },
  });
  assert.ok(made !== undefined);
  const { gid, accounts } = made;
  const uids = (accounts[0] ?? []).map(({ uid }) => uid);
  const phones = accounts.flatMap((ofDevice, index) =>
    ofDevice.map(
      ({ uid, token }) =>
        new Phone({ name: `${uid}/${DEVICES[index] ?? 0}`, url: server.urls.ws, token, tuning: TUNING }),
    ),
  );
  t.after(() => Promise.all(phones.map((phone) => phone.close())));
  await Promise.all(phones.map((phone) => phone.connect()));
  const talkers = phones.map((phone) => new Chatterbox(phone, gid, uids));
  const movers = (accounts[0] ?? []).slice(-MOVER_COUNT).map(
    (user) =>
      new Mover(server, gid, user, () => {
        for (const talker of talkers) if (talker.phone.uid === user.uid) talker.talk();
      }),
  );
  const ackedTotal = (): number => talkers.reduce((sum, { ackedCount }) => sum + ackedCount, 0);
  const moveTotal = (): number => movers.reduce((sum, { moveCount }) => sum + moveCount, 0);
  for (const talker of talkers) talker.talk();
  const moving = Promise.all(movers.map((mover) => mover.run()));

  for (let round = 0; round < ROUNDS; round++) {
    const [acks, moves] = [ackedTotal() + ACKS_PER_ROUND, moveTotal() + MOVES_PER_ROUND];
    await waitUntil(
      () =>
        `traffic in round ${round}: ${ackedTotal()} of ${acks}, ${moveTotal()} of ${moves}; ${server.log}`,
      () => ackedTotal() >= acks && moveTotal() >= moves,
      ROUND_LIMIT_MS,
    );
    await server.kill('SIGKILL');
    await server.restart();
  }
  for (const each of [...talkers, ...movers]) each.stop();
  await moving;

  await waitUntil(
    'every send to be answered',
    () => phones.every(({ isAnswered }) => isAnswered),
    SETTLE_LIMIT_MS,
  );
  const stored = await readStoredLog(server.dataDir);
  const members = new Memberships(stored);
  const expected = new Map(
    uids.map((uid) => [
      uid,
      stored.filter(
        ({ kind, conv, seq }) =>
          kind === EVENT_KIND.message &&
          (chatMembers(conv)?.some((member) => member === uid) ?? members.covers(conv, uid, seq)),
      ).length,
    ]),
  );
  await waitUntil(
    () =>
      `all in sync: ${phones.map(({ uid, shown }) => `${shown.length}/${expected.get(uid) ?? 0}`).join(' ')}`,
    () => phones.every(({ uid, shown }) => shown.length >= (expected.get(uid) ?? 0)),
    SETTLE_LIMIT_MS,
  ).catch((error: unknown) => t.diagnostic(String(error)));
  const history: History = {
    sends: phones.flatMap((phone) => phone.sent()),
    screens: phones.map((phone) => phone.screen()),
    stored,
  };
  const findings = checkHistory(history);
  const refused = talkers.reduce((sum, { refusedCount }) => sum + refusedCount, 0);
  t.diagnostic(
    `${stored.length} events stored, ${history.sends.length} sent, ${refused} refused, ${moveTotal()} moves`,
  );
  assert.deepEqual(findings, [], describeFindings(findings));
  assert.ok(
    talkers.every(
      ({ phone, refusedCount }) => refusedCount === 0 || uids.indexOf(phone.uid) >= USER_COUNT - MOVER_COUNT,
    ),
    'who stays in the group is never refused',
  );
  assert.ok(stored.length >= ROUNDS * ACKS_PER_ROUND, 'there was traffic');
  const conv = `g${gid}`;
  assert.ok(
    uids.slice(-MOVER_COUNT).every((uid) => members.intervals(conv, uid).length > 2),
    'they came and went',
  );
});
