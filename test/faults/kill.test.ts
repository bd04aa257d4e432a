/**
 * kill −9 under load: people chat without a pause while the server is killed in the middle of it and started again
 * on the same folder and ports, many times. At the end everybody is in sync and the history checker finds nothing.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { chatMembers } from '../../im/message/conversation.js';
import { checkHistory, describeFindings, type History } from '../support/history_checker.js';
import { Phone } from '../support/phone.js';
import { openForSeeding, SEED_ENV, seedTokens, seedUsers, type SeededUser } from '../support/seed.js';
import { TestServer } from '../support/server.js';
import { readStoredLog } from '../support/stored_log.js';
import { waitUntil } from '../support/wait.js';

const ROUNDS = 20;
const USER_COUNT = 8;
const DEVICES = [5, 6];
/** Acks seen in a round before the kill comes: traffic is in full swing, and the disk in the middle of something. */
const ACKS_PER_ROUND = 150;
/** Unanswered messages that every phone keeps under way. */
const WINDOW = 6;
const ROUND_LIMIT_MS = 30_000;
const SETTLE_LIMIT_MS = 60_000;

const TUNING = { ackTimeoutMs: 2000, connectTimeoutMs: 3000, requestTimeoutMs: 3000, receiptIntervalMs: 100 };

/** A phone that talks all the time to everybody, itself included, until told to stop. */
class Chatterbox {
  readonly phone: Phone;
  readonly #peers: readonly number[];
  #isTalking = true;
  #count = 0;
  readonly #unanswered = new Set<string>();
  ackedCount = 0;

  constructor(phone: Phone, peers: readonly number[]) {
    this.phone = phone;
    this.#peers = peers;
    phone.client.on('outgoing', ({ clientId }) => {
      // The first change is the answer; later states only tell more.
      if (!this.#unanswered.delete(clientId)) return;
      this.ackedCount++;
      this.talk();
    });
  }

  talk(): void {
    while (this.#isTalking && this.#unanswered.size < WINDOW) {
      const to = this.#peers[this.#count % this.#peers.length] ?? 0;
      this.#unanswered.add(this.phone.send(to, `${this.phone.name} says ${this.#count++}`).clientId);
    }
  }

  stop(): void {
    this.#isTalking = false;
  }
}

test(`kill −9 under load, ${ROUNDS} rounds`, async (t) => {
  const tokens: (readonly SeededUser[])[] = [];
  const server = await TestServer.start(t, {
    env: SEED_ENV,
    prepare: async (dataDir) => {
      const stores = await openForSeeding(dataDir);
      const uids = await seedUsers(stores, USER_COUNT);
      for (const device of DEVICES) tokens.push(await seedTokens(stores, uids, device));
      await stores.close();
    },
  });
  const users = tokens[0] ?? [];
  const phones = tokens.flatMap((ofDevice, index) =>
    ofDevice.map(
      ({ uid, token }) =>
        new Phone({ name: `${uid}/${DEVICES[index] ?? 0}`, url: server.urls.ws, token, tuning: TUNING }),
    ),
  );
  t.after(() => Promise.all(phones.map((phone) => phone.close())));
  await Promise.all(phones.map((phone) => phone.connect()));
  const talkers = phones.map(
    (phone) =>
      new Chatterbox(
        phone,
        users.map(({ uid }) => uid),
      ),
  );
  const ackedTotal = (): number => talkers.reduce((sum, { ackedCount }) => sum + ackedCount, 0);
  for (const talker of talkers) talker.talk();

  for (let round = 0; round < ROUNDS; round++) {
    const goal = ackedTotal() + ACKS_PER_ROUND;
    await waitUntil(
      () => `traffic in round ${round}: ${ackedTotal()} of ${goal}; ${server.log}`,
      () => ackedTotal() >= goal,
      ROUND_LIMIT_MS,
    );
    await server.kill('SIGKILL');
    await server.restart();
  }
  for (const talker of talkers) talker.stop();

  await waitUntil(
    'every send to be answered',
    () => phones.every(({ isAnswered }) => isAnswered),
    SETTLE_LIMIT_MS,
  );
  const stored = await readStoredLog(server.dataDir);
  const expected = (uid: number): number =>
    stored.filter(({ conv }) => chatMembers(conv)?.some((member) => member === uid)).length;
  await waitUntil(
    () => `all in sync: ${phones.map(({ uid, shown }) => `${shown.length}/${expected(uid)}`).join(' ')}`,
    () => phones.every(({ uid, shown }) => shown.length >= expected(uid)),
    SETTLE_LIMIT_MS,
  ).catch((error: unknown) => t.diagnostic(String(error)));
  const history: History = {
    sends: phones.flatMap((phone) => phone.sent()),
    screens: phones.map((phone) => phone.screen()),
    stored,
  };
  const findings = checkHistory(history);
  t.diagnostic(`${stored.length} messages stored, ${history.sends.length} sent, by ${phones.length} phones`);
  assert.deepEqual(findings, [], describeFindings(findings));
  assert.ok(stored.length >= ROUNDS * ACKS_PER_ROUND, 'there was traffic');
});
