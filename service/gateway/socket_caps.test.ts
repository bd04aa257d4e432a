import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SocketCaps } from './socket_caps.js';

const wide = {
  connectionCount: 100,
  strangerCount: 100,
  addressConnectionCount: 100,
  addressStrangerCount: 100,
};

const nothing = (): void => undefined;

test('each cap refuses one more, and says which it is', () => {
  for (const [option, name] of [
    ['connectionCount', 'total'],
    ['addressConnectionCount', 'address'],
    ['addressStrangerCount', 'addressStrangers'],
  ] as const) {
    const caps = new SocketCaps({ ...wide, [option]: 2 });
    const places = ['192.0.2.1', '192.0.2.1'].map((address) => caps.open(address, nothing));
    assert.equal(caps.refusal('192.0.2.1'), name);
    const isOfAddress = name.startsWith('address');
    assert.equal(caps.refusal('192.0.2.2'), isOfAddress ? undefined : name, 'another address');
    places[0]?.signedIn();
    const isOfStrangers = name.toLowerCase().includes('strangers');
    assert.equal(caps.refusal('192.0.2.1'), isOfStrangers ? undefined : name, 'one has signed in');
    places[0]?.closed();
    places[1]?.closed();
    assert.equal(caps.refusal('192.0.2.1'), undefined, 'all have gone');
  }
});

test('one stranger more than there may be cuts the oldest, who is cut once', () => {
  const caps = new SocketCaps({ ...wide, strangerCount: 2 });
  const cut: string[] = [];
  const open = (name: string) => caps.open('192.0.2.1', () => cut.push(name));
  const known = open('known');
  known.signedIn();
  const first = open('first');
  open('second');
  assert.equal(caps.refusal('192.0.2.2'), undefined, 'newcomers are let in');
  assert.deepEqual(cut, []);
  open('third');
  assert.deepEqual(cut, ['first'], 'not who has signed in');
  first.closed();
  open('fourth');
  assert.deepEqual(cut, ['first', 'second']);
  assert.equal(caps.stats().refused.strangers, 2);
});

test('two addresses of one /64 are one', () => {
  const caps = new SocketCaps({ ...wide, addressConnectionCount: 1 });
  caps.open('2001:db8::1', nothing);
  assert.equal(caps.refusal('2001:db8::2'), 'address');
  assert.equal(caps.refusal('2001:db8:0:1::1'), undefined);
});

test('in any order of opening, signing in and closing, also twice, the counts are right', () => {
  const step = fc.tuple(fc.constantFrom('open', 'signedIn', 'closed'), fc.nat(9));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
      const caps = new SocketCaps(wide);
      const sockets: { place: ReturnType<SocketCaps['open']>; isKnown: boolean; isOpen: boolean }[] = [];
      for (const [what, index] of steps) {
        if (what === 'open')
          sockets.push({ place: caps.open(`192.0.2.${index}`, nothing), isKnown: false, isOpen: true });
        const socket = what === 'open' ? undefined : sockets[index];
        if (socket === undefined) continue;
        if (what === 'signedIn') {
          socket.place.signedIn();
          socket.isKnown = true;
        } else if (what === 'closed') {
          socket.place.closed();
          socket.isOpen = false;
        }
      }
      const open = sockets.filter(({ isOpen }) => isOpen);
      const { openCount, strangerCount } = caps.stats();
      assert.equal(openCount, open.length);
      assert.equal(strangerCount, open.filter(({ isKnown }) => !isKnown).length);
    }),
  );
});
