/** Signatures: only ours, by any key that is listed, whatever the token says about itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeProtectedHeader, SignJWT, UnsecuredJWT } from 'jose';
import { known, toDevice, toUid } from '../../im/message/ids.js';
import { JoseTokens } from './jose_tokens.js';

const SECRET = 'the first secret, of 32 bytes or more';
const NEXT = 'the second secret, of 32 bytes or more';
const CLAIMS = {
  uid: known(toUid(42)),
  device: known(toDevice(2)),
  version: 3,
  issuedAtMs: 1_795_225_877_000,
  expiresAtMs: 1_795_225_977_000,
};
const PAYLOAD = { uid: 42, dev: 2, ver: 3, iat: 1_795_225_877, exp: 1_795_225_977 };

const tokens = new JoseTokens({ secret: SECRET });

function signed(payload: Record<string, unknown>, header: { alg?: string; kid?: string }, secret = SECRET) {
  const { alg = 'HS256', ...rest } = header;
  return new SignJWT(payload).setProtectedHeader({ alg, ...rest }).sign(new TextEncoder().encode(secret));
}

async function ownKid(): Promise<string> {
  return decodeProtectedHeader(await tokens.sign(CLAIMS)).kid ?? '';
}

test('what was signed is read back, also long after it expired; the key’s name does not tell the key', async () => {
  const text = await tokens.sign(CLAIMS);
  assert.deepEqual(await tokens.verify(text), CLAIMS);
  const past = { ...CLAIMS, issuedAtMs: 1000, expiresAtMs: 2000 };
  assert.deepEqual(await tokens.verify(await tokens.sign(past)), past);
  assert.ok(
    !Buffer.from(text.split('.')[0] ?? '', 'base64url')
      .toString()
      .includes('secret'),
  );
});

test('a foreign key is refused, also under the name of ours', async () => {
  const foreign = new JoseTokens({ secret: 'somebody else has thirty-two bytes' });
  assert.equal(await tokens.verify(await foreign.sign(CLAIMS)), undefined);
  assert.equal(await tokens.verify(await signed(PAYLOAD, { kid: await ownKid() }, NEXT)), undefined);
});

test('no algorithm but ours: none, a longer HMAC, a header changed afterwards', async () => {
  const kid = await ownKid();
  assert.equal(await tokens.verify(new UnsecuredJWT(PAYLOAD).encode()), undefined);
  const [, body = ''] = (await tokens.sign(CLAIMS)).split('.');
  const header = Buffer.from(JSON.stringify({ alg: 'none', kid })).toString('base64url');
  assert.equal(await tokens.verify(`${header}.${body}.`), undefined);
  assert.equal(await tokens.verify(await signed(PAYLOAD, { alg: 'HS512', kid })), undefined);
});

test('a changed payload, a cut signature and text that is no token are refused', async () => {
  const text = await tokens.sign(CLAIMS);
  const [header = '', , signature = ''] = text.split('.');
  const body = Buffer.from(JSON.stringify({ ...PAYLOAD, uid: 1 })).toString('base64url');
  const broken = [
    `${header}.${body}.${signature}`,
    text.slice(0, -2),
    `${text}.x`,
    'a.b.c',
    '..',
    '',
    '\0',
    'é',
  ];
  for (const wrong of broken) assert.equal(await tokens.verify(wrong), undefined, wrong);
  const proto = Buffer.from('{"alg":"HS256","kid":"__proto__"}').toString('base64url');
  assert.equal(await tokens.verify(`${proto}.${body}.${signature}`), undefined);
});

test('our own signature under claims that are not a token’s is refused', async () => {
  const kid = await ownKid();
  for (const wrong of [
    { uid: 0 },
    { uid: 2 ** 30 },
    { dev: -1 },
    { ver: 1.5 },
    { uid: undefined },
    { ver: 'x' },
  ])
    assert.equal(await tokens.verify(await signed({ ...PAYLOAD, ...wrong }, { kid })), undefined);
  assert.equal((await tokens.verify(await signed(PAYLOAD, { kid })))?.uid, 42);
  assert.equal(await tokens.verify(await signed(PAYLOAD, {})), undefined, 'without the name of its key');
});

test('rotation: the new secret signs, the old one is still read, until it is dropped', async () => {
  const old = await tokens.sign(CLAIMS);
  const both = new JoseTokens({ secret: NEXT, previousSecrets: [SECRET] });
  assert.deepEqual(await both.verify(old), CLAIMS);
  const fresh = await both.sign(CLAIMS);
  assert.equal(await tokens.verify(fresh), undefined);
  const dropped = new JoseTokens({ secret: NEXT });
  assert.deepEqual(await dropped.verify(fresh), CLAIMS);
  assert.equal(await dropped.verify(old), undefined);
});
