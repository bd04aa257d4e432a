import assert from 'node:assert/strict';
import { test } from 'node:test';
import { known, toUid } from '../message/ids.js';
import { LocalRateLimits, type RateLimitOptions } from './rate_limits.js';

const ann = known(toUid(1));
const bob = known(toUid(2));
const many = { perSecond: 1000, burst: 1000 };

function limits(options: Partial<RateLimitOptions>) {
  let nowMs = 0;
  const all = {
    message: many,
    relay: many,
    receipt: many,
    api: many,
    heavy: many,
    auth: many,
    connection: many,
    address: many,
  };
  const made = new LocalRateLimits({ ...all, userCount: 10, addressCount: 10, ...options }, () => nowMs);
  return { made, pass: (ms: number) => void (nowMs += ms) };
}

test('a user has one allowance over all connections, and keeps what was spent of it when he comes back', () => {
  const { made, pass } = limits({ message: { perSecond: 10, burst: 2 } });
  const [phone, tablet] = [made.connection('192.0.2.1'), made.connection('192.0.2.2')];
  assert.equal(phone.take('message', ann), 0);
  assert.equal(tablet.take('message', ann), 0);
  assert.equal(phone.take('message', ann), 100);
  assert.equal(made.connection('192.0.2.3').take('message', ann), 100, 'a new connection buys nothing');
  assert.equal(phone.take('receipt', ann), 0, 'each class has its own');
  assert.equal(tablet.take('message', bob), 0, 'each user has his own');
  pass(100);
  assert.equal(phone.take('message', ann), 0);
  assert.equal(made.takeUser(ann, 'message'), 100, 'requests outside of connections count too');
});

test('a connection and an address have theirs for everything together', () => {
  const { made } = limits({ connection: { perSecond: 1, burst: 3 }, address: { perSecond: 2, burst: 4 } });
  const one = made.connection('2001:db8::1');
  for (const kind of ['message', undefined, 'api'] as const) assert.equal(one.take(kind, ann), 0);
  assert.equal(one.take('auth', ann), 1000);
  const other = made.connection('2001:db8::2');
  assert.equal(other.take('message', bob), 0);
  assert.equal(other.take('message', bob), 500, 'the same /64');
  assert.equal(made.takeAddress('2001:db8::3'), 500);
  assert.equal(made.connection('2001:db8:0:1::1').take('message', bob), 0, 'another /64');
});

test('what is refused costs nobody anything, and is counted', () => {
  const { made } = limits({ relay: { perSecond: 1, burst: 1 }, connection: { perSecond: 1, burst: 3 } });
  const one = made.connection('192.0.2.1');
  assert.equal(one.take('relay', ann), 0);
  for (let index = 0; index < 50; index++) assert.equal(one.take('relay', ann), 1000);
  assert.equal(one.take('message', ann), 0, 'refusals did not use up the connection');
  assert.deepEqual(made.stats().refused, {
    message: 0,
    relay: 50,
    receipt: 0,
    api: 0,
    heavy: 0,
    auth: 0,
    other: 0,
  });
});

test('a stranger has the allowance of his connection', () => {
  const { made } = limits({ auth: { perSecond: 1, burst: 1 } });
  const [one, other] = [made.connection('192.0.2.1'), made.connection('192.0.2.1')];
  assert.equal(one.take('auth', undefined), 0);
  assert.equal(one.take('auth', undefined), 1000);
  assert.equal(other.take('auth', undefined), 0);
});

test('no more users and addresses are remembered than asked for', () => {
  const { made } = limits({ userCount: 3, addressCount: 3 });
  for (let index = 1; index <= 100; index++)
    made.connection(`192.0.2.${index}`).take('message', known(toUid(index)));
  const { rememberedUserCount, rememberedAddressCount } = made.stats();
  assert.deepEqual([rememberedUserCount, rememberedAddressCount], [3, 3]);
});
