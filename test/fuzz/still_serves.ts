/** What must be true of a server after it was fed nonsense, and the limits that would have kept the nonsense out. */
import assert from 'node:assert/strict';
import { DEVICE, type Chat } from '../support/chat.js';
import { checkHistory, describeFindings, type Logged } from '../support/history_checker.js';
import type { Phone } from '../support/phone.js';
import { waitUntil } from '../support/wait.js';

const UNLIMITED = 1_000_000;
const RATES = ['message', 'receipt', 'api', 'auth', 'connection', 'address'].flatMap((name) => [
  [`limits-${name}-per-second`, UNLIMITED] as const,
  [`limits-${name}-burst`, UNLIMITED] as const,
]);
const ATTEMPTS = [
  'sign-in-account',
  'sign-in-account-total',
  'password-address',
  'hash-address',
  'hash-account',
  'sign-in-address',
  'create',
  'mail',
  'lookup-user',
  'lookup-address',
].map((name) => [`attempts-${name}-count`, UNLIMITED] as const);

/** Cheap password hashes, and no limits on rates and malformed frames, so that what lies behind them is reached. */
export const FUZZED_SERVER_FLAGS: Readonly<Record<string, string | number>> = {
  'log-level': 'error',
  'api-hash-memory-kib': 8192,
  'api-hash-passes': 1,
  'gateway-bad-frames': UNLIMITED,
  'gateway-refusal-count': UNLIMITED,
  'gateway-close-ms': 1000,
  ...Object.fromEntries([...RATES, ...ATTEMPTS]),
};

/** It is ready, the two chat, a newcomer signs in and chats, and the stored log is what they were told. */
export async function assertStillServes(
  chat: Chat,
  phones: readonly [Phone, Phone],
  seed: string,
): Promise<void> {
  const { server } = chat;
  const ready = await fetch(new URL('/readyz', server.urls.http));
  assert.equal(ready.status, 200, `${seed}: not ready: ${await ready.text()}`);
  const [one, other] = phones;
  const newcomer = await chat.person('newcomer');
  const newPhone = await chat.phone(newcomer, DEVICE.desktop);
  for (const [from, to] of [
    [one, other],
    [other, one],
    [newPhone, one],
    [one, newPhone],
  ] as const) {
    const text = `${from.name} still reaches ${to.name}`;
    const sent = await from.sendAndWait(to.uid, text);
    assert.notEqual(sent.state, 'failed', `${seed}: ${sent.error?.message ?? ''}`);
    await to.expectMessage(text);
  }
  await waitUntil(`${seed}: both to have every message`, () => one.shown.length - 2 === other.shown.length);
  const history = await chat.history();
  const theirs = new Set([one.uid, other.uid, newPhone.uid]);
  // What the fuzzed users stored is nobody's promise; that it is numbered without holes is.
  const stored = history.stored.filter(({ from }) => theirs.has(from));
  assert.equal(describeFindings(checkHistory({ ...history, stored })), describeFindings([]), seed);
  assertContiguous(history.stored, seed);
}

function assertContiguous(stored: readonly Logged[], seed: string): void {
  const counts = new Map<string, { highest: number; rows: number }>();
  for (const { conv, seq } of stored) {
    const count = counts.get(conv) ?? { highest: 0, rows: 0 };
    counts.set(conv, { highest: Math.max(count.highest, seq), rows: count.rows + 1 });
  }
  for (const [conv, { highest, rows }] of counts) assert.equal(highest, rows, `${seed}: holes in ${conv}`);
}
