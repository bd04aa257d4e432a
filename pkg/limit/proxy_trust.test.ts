import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { badNetwork, ProxyTrust } from './proxy_trust.js';

const trust = new ProxyTrust(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);
const clientOf = (peer: string, forwardedFor?: string): string =>
  trust.originOf(peer, { forwardedFor }).address;

test('what a stranger claims is not believed, whatever it is', () => {
  const claims = {
    forwardedFor: '203.0.113.9',
    forwardedProto: 'https',
    forwardedHost: 'evil.example',
    host: 'im.example:80',
  };
  const origin = { address: '198.51.100.1', host: 'im.example:80', proto: undefined };
  assert.deepEqual(trust.originOf('198.51.100.1', claims), origin);
  assert.deepEqual(new ProxyTrust([]).originOf('::ffff:198.51.100.1', claims), origin, 'nobody is trusted');
});

test('behind trusted proxies the client is the right-most who is none', () => {
  assert.equal(clientOf('10.1.2.3', '203.0.113.9'), '203.0.113.9');
  assert.equal(clientOf('::ffff:10.1.2.3', '1.1.1.1, 203.0.113.9, 192.0.2.7'), '203.0.113.9');
  assert.equal(clientOf('10.1.2.3', '203.0.113.9:4711'), '203.0.113.9');
  assert.equal(clientOf('fd12::1', '[2001:db8::1]:4711'), '2001:db8::1');
  assert.equal(clientOf('10.1.2.3', '10.9.9.9,10.8.8.8'), '10.9.9.9', 'all trusted: the outermost');
  assert.equal(clientOf('10.1.2.3'), '10.1.2.3');
  assert.equal(
    clientOf('10.1.2.3', '203.0.113.9, unknown'),
    '10.1.2.3',
    'nothing left of a riddle is believed',
  );
});

test('a trusted proxy tells the scheme and the host, its neighbour not', () => {
  const claimed = {
    forwardedFor: '203.0.113.9',
    forwardedProto: 'http, HTTPS',
    forwardedHost: 'evil, im.example.org',
    host: 'inner:80',
  };
  assert.deepEqual(trust.originOf('10.0.0.1', claimed), {
    address: '203.0.113.9',
    host: 'im.example.org',
    proto: 'https',
  });
  const odd = trust.originOf('10.0.0.1', {
    forwardedProto: 'gopher',
    forwardedHost: 'a/b',
    host: 'inner:80',
  });
  assert.deepEqual(odd, { address: '10.0.0.1', host: 'inner:80', proto: undefined });
  assert.equal(trust.originOf('10.0.0.1', { host: 'https://evil' }).host, '', 'a host is no URL');
});

test('whatever stands left of the client, the answer is the same', () => {
  fc.assert(
    fc.property(fc.string(), fc.ipV4(), (forged, address) => {
      fc.pre(!address.startsWith('10.') && address !== '192.0.2.7');
      assert.equal(clientOf('10.0.0.1', `${forged},${address}, 10.3.3.3`), address);
      assert.equal(clientOf('198.51.100.1', forged), '198.51.100.1');
    }),
  );
});

test('networks are checked before they are used', () => {
  assert.equal(badNetwork(['10.0.0.0/8', '::1', '::ffff:10.0.0.0/104', '0.0.0.0/0', '::/0']), undefined);
  for (const bad of [
    '',
    'proxy.example',
    '10.0.0.0/33',
    '10.0.0.0/',
    '::/129',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    '::ffff:10.0.0.0/8',
  ])
    assert.equal(badNetwork(['10.0.0.1', bad]), bad);
  assert.equal(
    new ProxyTrust(['::ffff:10.0.0.0/104']).originOf('10.5.5.5', { forwardedFor: '1.2.3.4' }).address,
    '1.2.3.4',
  );
});
