/** Passwords and tokens against each other: what costs a hash, and what a race must not let through. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SILENT_LOGGER } from '../../test/support/silent_logger.js';
import { isError } from '../errors.js';
import type { KickOrder } from '../gateway/interface.js';
import { known, toDevice, toUid, type Device, type Uid } from '../message/ids.js';
import type { TokenVersion, UserStore } from '../store/people_interface.js';
import type { TokenClaims } from './interface.js';
import { PASSWORD_LENGTH_LIMIT, SignIn } from './sign_in.js';
import { TokenVersions } from './token_versions.js';
import { Tokens } from './tokens.js';

const UID = known(toUid(7));
const PHONE = known(toDevice(1));
const FLAGS = { isBanned: false, approval: false, contactsOnly: false, privatePresence: false };
const ALICE = { uid: UID, account: 'alice', nickname: '', avatar: '', email: '', ...FLAGS };
const GUEST = { ...ALICE, account: 'guest' };
const wrong = (error: unknown): boolean => isError(error, 'WRONG_CREDENTIALS');

const banned = (error: unknown): boolean => isError(error, 'BANNED');

type Meanwhile = (state: { hash: string; isBanned: boolean }) => void;
const nothing: Meanwhile = () => undefined;
const change: Meanwhile = (state) => (state.hash = 'hash of new');
const ban: Meanwhile = (state) => (state.isBanned = true);

/** One user with a password, one version; tokens are their claims as JSON. What happens while a step is under way. */
function scene({ verify = nothing, issue = nothing }: { verify?: Meanwhile; issue?: Meanwhile } = {}) {
  const state = { hash: 'hash of right', version: 0, isBanned: false };
  const hashes: string[] = [];
  const kicks: KickOrder[] = [];
  const pair = (version: number): TokenVersion => ({ uid: UID, device: PHONE, version });
  const users: UserStore = {
    create: () => Promise.resolve([]),
    byUids: (uids: readonly Uid[]) =>
      Promise.resolve(uids.includes(UID) ? [{ ...ALICE, isBanned: state.isBanned }] : []),
    byAccount: (name) => {
      if (name === 'guest') return Promise.resolve({ ...GUEST, passwordHash: '' });
      const { hash: passwordHash, isBanned } = state;
      return Promise.resolve(name === 'alice' ? { ...ALICE, passwordHash, isBanned } : undefined);
    },
    passwordHash: () => Promise.resolve(state.hash),
    changePassword: () => Promise.resolve([]),
    update: () => Promise.resolve(undefined),
    changeEmail: () => Promise.resolve('unknown'),
    search: () => Promise.resolve([]),
    ban: () => Promise.resolve(undefined),
    issueTokens: () => {
      issue(state);
      return Promise.resolve([pair(++state.version)]);
    },
    revokeToken: ({ version }) => Promise.resolve(version === state.version && ++state.version > 0),
    tokenVersions: (pairs: readonly { uid: Uid; device: Device }[]) =>
      Promise.resolve(pairs.map(() => pair(state.version))),
  };
  const hasher = {
    hash: () => Promise.reject(new Error('nothing is hashed here')),
    verify: (hash: string, password: string) => {
      hashes.push('verify');
      verify(state);
      return Promise.resolve(hash === `hash of ${password}`);
    },
    burn: () => Promise.resolve(void hashes.push('burn')),
  };
  const signer = {
    sign: (claims: TokenClaims) => Promise.resolve(JSON.stringify(claims)),
    verify: (text: string) =>
      Promise.resolve(text === 'forged' ? undefined : (JSON.parse(text) as TokenClaims)),
  };
  const clock = { nowMs: 1_000_000 };
  const nowMs = (): number => clock.nowMs;
  const versions = new TokenVersions({ versionCacheMs: 1000, versionCacheCount: 10 }, { users, nowMs });
  const lifetimes = { tokenLifetimeMs: 10_000, guestTokenLifetimeMs: 20_000 };
  const tokens = new Tokens(lifetimes, { signer, users, versions, nowMs });
  const dispatch = { kick: (orders: readonly KickOrder[]) => Promise.resolve(void kicks.push(...orders)) };
  const signIn = new SignIn({ tokens, users, hasher, dispatch, logger: SILENT_LOGGER });
  return { signIn, tokens, state, hashes, kicks, clock, dispatch };
}

test('an unknown account and one without a password cost a hash, as a wrong password does', async () => {
  const { signIn, hashes } = scene();
  await assert.rejects(signIn.withPassword('mallory', 'x', PHONE), wrong);
  await assert.rejects(signIn.withPassword('guest', 'x', PHONE), wrong);
  await assert.rejects(signIn.withPassword('alice', 'x', PHONE), wrong);
  assert.deepEqual(hashes, ['burn', 'burn', 'verify']);
});

test('an empty account, an empty password and one beyond the limit cost nothing', async () => {
  const { signIn, hashes, kicks } = scene();
  await assert.rejects(signIn.withPassword('', 'right', PHONE), wrong);
  await assert.rejects(signIn.withPassword('alice', '', PHONE), wrong);
  await assert.rejects(signIn.withPassword('alice', 'x'.repeat(PASSWORD_LENGTH_LIMIT + 1), PHONE), wrong);
  assert.deepEqual([hashes, kicks], [[], []]);
});

test('a good sign-in kicks what is below its version, and hands no hash out', async () => {
  const { signIn, kicks } = scene();
  await signIn.withPassword('alice', 'right', PHONE);
  const { user, token } = await signIn.withPassword('alice', 'right', PHONE);
  assert.ok(!('passwordHash' in user));
  assert.equal(token.claims.version, 2);
  assert.deepEqual(kicks.at(-1), { uid: UID, device: PHONE, belowVersion: 2, reason: 'KICKED' });
});

test('a password that is changed while it is checked buys no token and supersedes none', async () => {
  const { signIn, kicks, state } = scene({ verify: change });
  await assert.rejects(signIn.withPassword('alice', 'right', PHONE), wrong);
  assert.deepEqual([kicks, state.version], [[], 0]);
});

test('a password that is changed just before the token is issued: the token is worthless', async () => {
  const { signIn, tokens, kicks } = scene({ issue: change });
  await assert.rejects(signIn.withPassword('alice', 'right', PHONE), wrong);
  assert.deepEqual(kicks, []);
  const issued = await tokens.at({ uid: UID, device: PHONE, version: 1 });
  await assert.rejects(signIn.withToken(issued.text), (error) => isError(error, 'UNAUTHENTICATED'));
});

test('a banned user: told so for the right password, WRONG_CREDENTIALS for another, nothing is superseded', async () => {
  const { signIn, state, kicks } = scene();
  const { token } = await signIn.withPassword('alice', 'right', PHONE);
  state.isBanned = true;
  await assert.rejects(signIn.withPassword('alice', 'right', PHONE), banned);
  await assert.rejects(signIn.withPassword('alice', 'left', PHONE), wrong);
  await assert.rejects(signIn.withToken(token.text), banned);
  assert.deepEqual([state.version, kicks.length], [1, 1]);
});

test('a user who is banned just before the token is issued: the token is worthless, also when the ban is lifted', async () => {
  const { signIn, tokens, state, kicks } = scene({ issue: ban });
  await assert.rejects(signIn.withPassword('alice', 'right', PHONE), banned);
  assert.deepEqual(kicks, []);
  state.isBanned = false;
  const issued = await tokens.at({ uid: UID, device: PHONE, version: 1 });
  await assert.rejects(signIn.withToken(issued.text), (error) => isError(error, 'UNAUTHENTICATED'));
});

test('a kick that is not delivered does not undo the sign-in', async () => {
  const { signIn, dispatch } = scene();
  dispatch.kick = () => Promise.reject(new Error('nobody there'));
  assert.equal((await signIn.withPassword('alice', 'right', PHONE)).token.claims.version, 1);
});

test('a token: the same back, or renewed at the same version; forged, expired, superseded and revoked are refused', async () => {
  const { signIn, tokens, clock } = scene();
  const refused = (text: string): Promise<void> =>
    assert.rejects(signIn.withToken(text), (error) => isError(error, 'UNAUTHENTICATED'));
  const { token } = await signIn.asGuest(ALICE, PHONE);
  assert.equal((await signIn.withToken(token.text)).token.text, token.text);
  clock.nowMs += 5000;
  const renewed = (await signIn.withToken(token.text, true)).token;
  assert.deepEqual(
    [renewed.claims.version, renewed.claims.expiresAtMs],
    [1, token.claims.expiresAtMs + 5000],
  );
  for (const text of ['', 'forged', 'x'.repeat(2049)]) await refused(text);
  clock.nowMs += 15_000;
  await refused(token.text);
  await signIn.withToken(renewed.text);
  assert.equal(await tokens.revoke(renewed.claims), true);
  await refused(renewed.text);
  assert.equal(await tokens.revoke(renewed.claims), false, 'a second time changes nothing');
});

test('a token that claims version 0 is never good', async () => {
  const { signIn, tokens } = scene();
  const { text } = await tokens.at({ uid: UID, device: PHONE, version: 0 });
  await assert.rejects(signIn.withToken(text), (error) => isError(error, 'UNAUTHENTICATED'));
});
