import assert from 'node:assert/strict';
import { test } from 'node:test';
import { known, toDevice, toUid } from '../message/ids.js';
import type { Client } from './client.js';
import { ClientDirectory } from './client_directory.js';
import { fakeClient } from './fake_client.js';
import type { SignedIn } from './interface.js';

const ANN = known(toUid(1));

/** Signs in `client`, whose sign-in frame was the `number`-th. */
function bind(directory: ClientDirectory, client: Client, number: number, tokenVersion = 1) {
  client.signInNumber = number;
  const signedIn: SignedIn = {
    uid: ANN,
    device: known(toDevice(1)),
    tokenVersion,
    tokenExpiresAtMs: 0,
    heartbeatMs: 0,
    answer: {},
  };
  return directory.bind(client, signedIn, 0);
}

test('of many sign-ins with one token the latest to ask keeps the device, in whatever order they are checked', () => {
  for (const order of [
    [1, 2, 3],
    [3, 2, 1],
    [2, 3, 1],
    [3, 1, 2],
  ]) {
    const directory = new ClientDirectory();
    const survivors = new Set<Client>();
    for (const number of order) {
      const client = fakeClient(0);
      const result = bind(directory, client, number);
      if (result.bound) survivors.add(client);
      else assert.equal(result.reason, 'REPLACED');
      if (result.bound && result.rival !== undefined) survivors.delete(result.rival);
    }
    assert.deepEqual(directory.clientsOf(ANN), [...survivors]);
    assert.deepEqual(
      [...survivors].map(({ signInNumber }) => signInNumber),
      [3],
      order.join(),
    );
  }
});

test('a newer token wins over a later sign-in', () => {
  const directory = new ClientDirectory();
  const newer = fakeClient(0);
  assert.ok(bind(directory, newer, 1, 2).bound);
  const late = bind(directory, fakeClient(0), 2, 1);
  assert.deepEqual(late, { bound: false, reason: 'KICKED' });
  assert.deepEqual(directory.clientsOf(ANN), [newer]);
});
