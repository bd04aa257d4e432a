import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalAddress, limitKeyOf } from './address.js';

/** What a URL's host is spelt as, which follows RFC 5952 too: somebody else's work to compare with. */
function spelledByUrl(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

test('every spelling of an address is one', () => {
  for (const [spelling, canonical] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:0201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:0:3:4:5:6:7:8', '1:0:3:4:5:6:7:8'],
  ] as const)
    assert.equal(canonicalAddress(spelling), canonical, spelling);
});

test('what is no address is none', () => {
  for (const text of [
    '',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '256.0.0.1',
    '01.2.3.4',
    ':::',
    '1::2::3',
    'g::',
    '1.2.3.4:80',
    '[::1]',
    ' ::1',
    '%eth0',
  ])
    assert.equal(canonicalAddress(text), undefined, text);
});

test('any IPv6 address: the canonical spelling is the standard one, is its own, and means the same address', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const canonical = canonicalAddress(address) ?? assert.fail(address);
      assert.equal(canonicalAddress(canonical), canonical);
      const list = new BlockList();
      list.addAddress(canonical, canonical.includes(':') ? 'ipv6' : 'ipv4');
      assert.ok(list.check(address, 'ipv6'), `${address} → ${canonical}`);
      if (canonical.includes(':')) assert.equal(canonical, spelledByUrl(address));
    }),
  );
});

test('any IPv4 address, plain or inside IPv6, is its own key', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      assert.equal(canonicalAddress(address), address);
      assert.equal(canonicalAddress(`::ffff:${address}`), address);
      assert.equal(limitKeyOf(address), address);
    }),
  );
});

test('any text: an answer, never an exception', () => {
  fc.assert(fc.property(fc.string(), (text) => canonicalAddress(text) === undefined || text.length > 1));
});

test('two IPv6 addresses share a key exactly where they share their first 64 bits', () => {
  const half = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 4, maxLength: 4, size: 'max' });
  const spell = (groups: readonly number[]): string => groups.map((group) => group.toString(16)).join(':');
  const keyOf = (groups: readonly number[]): string => {
    const canonical = canonicalAddress(spell(groups)) ?? assert.fail(spell(groups));
    return limitKeyOf(canonical);
  };
  fc.assert(
    fc.property(half, half, half, half, (network, other, one, two) => {
      // The networks of mapped IPv4 addresses begin with zeros only: those are IPv4.
      fc.pre(network.some((group) => group !== 0) && other.some((group) => group !== 0));
      assert.equal(keyOf([...network, ...one]), keyOf([...network, ...two]));
      const isSame = spell(network) === spell(other);
      assert.equal(keyOf([...network, ...one]) === keyOf([...other, ...one]), isSame);
    }),
  );
  assert.equal(limitKeyOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
});
