/** Codes: lifetime, tries, haste, bounds, and which addresses are one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultsOf } from '../../pkg/config/option.js';
import { isError, type ErrorName } from '../errors.js';
import { VERIFICATION_OPTIONS, VerificationCodes, type VerificationOptions } from './verification_codes.js';

const EMAIL = 'ann@example.org';
const is = (name: ErrorName) => (error: unknown) => isError(error, name);

function production(more: Partial<VerificationOptions> = {}) {
  const clock = { nowMs: 1_000_000 };
  const sent: [email: string, code: string][] = [];
  const codes = new VerificationCodes(
    { ...defaultsOf(VERIFICATION_OPTIONS), ...more },
    {
      debugging: false,
      sender: { send: (email, code) => Promise.resolve(void sent.push([email, code])) },
      nowMs: () => clock.nowMs,
      randomCode: () => String(100_000 + sent.length),
    },
  );
  return { codes, clock, sent };
}

test('the code that was sent is good until it is consumed, for its address only', async () => {
  const { codes, sent } = production();
  await codes.issue(EMAIL);
  assert.deepEqual(sent, [[EMAIL, '100000']]);
  codes.check(EMAIL, '100000');
  codes.check('ANN@Example.org', '100000');
  assert.throws(() => codes.check('bob@example.org', '100000'), is('WRONG_CODE'));
  codes.consume(EMAIL);
  assert.throws(() => codes.check(EMAIL, '100000'), is('WRONG_CODE'));
});

test('only ASCII letters are one in both cases, as in the names that people sign in with', async () => {
  const { codes } = production();
  // U+212A, the Kelvin sign, lower-cases to k: another mailbox, whose owner must not prove this one.
  await codes.issue('\u212Aate@example.org');
  assert.throws(() => codes.check('kate@example.org', '100000'), is('WRONG_CODE'));
});

test('a code ends with its lifetime', async () => {
  const { codes, clock } = production({ codeLifetimeMs: 5000 });
  await codes.issue(EMAIL);
  clock.nowMs += 4999;
  codes.check(EMAIL, '100000');
  clock.nowMs += 1;
  assert.throws(() => codes.check(EMAIL, '100000'), is('WRONG_CODE'));
});

test('wrong codes use it up; a right one in between does not give tries back', async () => {
  const { codes } = production({ codeTryCount: 3 });
  await codes.issue(EMAIL);
  for (let i = 0; i < 2; i++) assert.throws(() => codes.check(EMAIL, 'x'), is('WRONG_CODE'));
  codes.check(EMAIL, '100000');
  assert.throws(() => codes.check(EMAIL, 'y'), is('WRONG_CODE'));
  assert.throws(() => codes.check(EMAIL, '100000'), is('WRONG_CODE'));
});

test('a second code within the interval is TOO_BUSY and says how long; the first stays good', async () => {
  const { codes, clock, sent } = production({ codeIntervalMs: 60_000 });
  await codes.issue(EMAIL);
  clock.nowMs += 15_000;
  await assert.rejects(
    codes.issue(EMAIL),
    (error) => isError(error, 'TOO_BUSY') && error.retryAfterMs === 45_000,
  );
  codes.check(EMAIL, '100000');
  clock.nowMs += 45_000;
  await codes.issue(EMAIL);
  assert.equal(sent.length, 2);
  codes.check(EMAIL, '100000');
  codes.check(EMAIL, '100001');
});

test('the code before stays good beside the newest, each with its own tries and end; no third', async () => {
  const { codes, clock } = production({ codeIntervalMs: 0, codeLifetimeMs: 5000, codeTryCount: 3 });
  await codes.issue(EMAIL);
  for (let i = 0; i < 2; i++) assert.throws(() => codes.check(EMAIL, 'x'), is('WRONG_CODE'));
  clock.nowMs += 1000;
  await codes.issue(EMAIL);
  codes.check(EMAIL, '100000');
  assert.throws(() => codes.check(EMAIL, 'x'), is('WRONG_CODE'));
  assert.throws(() => codes.check(EMAIL, '100000'), is('WRONG_CODE'), 'it had its tries');
  codes.check(EMAIL, '100001');
  await codes.issue(EMAIL);
  clock.nowMs += 1000;
  await codes.issue(EMAIL);
  assert.throws(() => codes.check(EMAIL, '100001'), is('WRONG_CODE'), 'two are kept');
  codes.check(EMAIL, '100002');
  clock.nowMs += 4000;
  assert.throws(() => codes.check(EMAIL, '100002'), is('WRONG_CODE'), 'its time was over first');
  codes.check(EMAIL, '100003');
  codes.consume(EMAIL);
  assert.throws(() => codes.check(EMAIL, '100003'), is('WRONG_CODE'));
});

test('no code at all is no try', async () => {
  const { codes } = production({ codeTryCount: 1 });
  await codes.issue(EMAIL);
  for (let i = 0; i < 5; i++) assert.throws(() => codes.check(EMAIL, ''), is('WRONG_CODE'));
  codes.check(EMAIL, '100000');
});

test('as many addresses as are kept at once; for one more the oldest goes, and nobody is refused', async () => {
  const { codes, clock } = production({ codeCount: 2, codeIntervalMs: 0 });
  for (const email of ['a@x.org', 'b@x.org', 'a@x.org']) {
    await codes.issue(email);
    clock.nowMs += 1000;
  }
  await codes.issue('c@x.org');
  assert.throws(() => codes.check('b@x.org', '100001'), is('WRONG_CODE'));
  codes.check('a@x.org', '100002');
  codes.check('c@x.org', '100003');
});

test('without a sender nobody gets a code; while debugging everybody gets the configured one', async () => {
  const deps = { sender: undefined, nowMs: () => 0, randomCode: () => '1' };
  const options = { ...defaultsOf(VERIFICATION_OPTIONS), debugCode: '424242' };
  const silent = new VerificationCodes(options, { ...deps, debugging: false });
  await assert.rejects(silent.issue(EMAIL), is('NO_CODE_SENDER'));
  assert.throws(() => silent.check(EMAIL, '424242'), is('WRONG_CODE'));
  const debugging = new VerificationCodes(options, { ...deps, debugging: true });
  assert.throws(() => debugging.check(EMAIL, '424242'), is('WRONG_CODE'));
  await debugging.issue(EMAIL);
  await debugging.issue(EMAIL);
  debugging.check(EMAIL, '424242');
});
