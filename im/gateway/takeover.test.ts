import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultsOf } from '../../pkg/config/option.js';
import type { Client } from './client.js';
import { fakeClient } from './fake_client.js';
import type { SignedInToken } from './interface.js';
import { Takeover, TAKEOVER_OPTIONS, type TakeoverOptions } from './takeover.js';

const silent = { error: () => 0, warn: () => 0, info: () => 0, debug: () => 0 } as never;

function scene(options: Partial<TakeoverOptions> = {}): { takeover: Takeover; revoked: SignedInToken[] } {
  const revoked: SignedInToken[] = [];
  const revoke = (token: SignedInToken): Promise<void> => {
    revoked.push(token);
    return Promise.resolve();
  };
  const takeover = new Takeover(
    { ...defaultsOf(TAKEOVER_OPTIONS), drainMs: 1000, ...options },
    { authenticator: { revoke }, logger: silent },
  );
  return { takeover, revoked };
}

function replaced(atMs: number, uid = 1): Client {
  const client = fakeClient(uid);
  client.closing = 'REPLACED';
  client.closingSinceMs = atMs;
  return client;
}

/** One takeover for each entry of `atsMs`. */
function fight(takeover: Takeover, atsMs: readonly number[], answered = true, afterMs = 10): void {
  for (const atMs of atsMs) takeover.closed(replaced(atMs), answered, atMs + afterMs);
}

test('the fourth takeover of a live connection within a minute revokes the token, once', () => {
  const { takeover, revoked } = scene();
  fight(takeover, [0, 10_000, 20_000]);
  assert.deepEqual(revoked, []);
  fight(takeover, [30_000]);
  assert.deepEqual(revoked, [{ uid: 1, device: 1, version: 1 }]);
  fight(takeover, [31_000, 32_000, 33_000]);
  assert.equal(revoked.length, 1, 'counted from the start again');
  assert.equal(takeover.fightCount, 7);
});

test('dead connections, late answers, slow changes and other ends are no fight', () => {
  const { takeover, revoked } = scene();
  const quick = [0, 1000, 2000, 3000, 4000, 5000];
  fight(takeover, quick, false);
  fight(takeover, quick, true, 6001);
  fight(takeover, [100_000, 120_000, 140_000, 160_010, 180_010, 200_010, 220_010]);
  for (const reason of ['KICKED', 'GOING_AWAY', 'HEARTBEAT_LOST'] as const) {
    for (const atMs of quick) {
      const client = replaced(atMs);
      client.closing = reason;
      takeover.closed(client, true, atMs);
    }
  }
  assert.deepEqual(revoked, []);
});

test('every token has a count of its own, and only so many are remembered', () => {
  const { takeover, revoked } = scene({ fightCount: 2 });
  fight(takeover, [0, 1, 2]);
  for (const uid of [2, 3]) takeover.closed(replaced(3, uid), true, 3);
  fight(takeover, [4]);
  assert.deepEqual(revoked, [], 'forgotten for others');
  fight(takeover, [5, 6, 7]);
  assert.equal(revoked.length, 1);
});
