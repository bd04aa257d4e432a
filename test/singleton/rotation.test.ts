/** Another signing secret, step by step as docs/operations.md has it, without signing anybody out. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { Chat, DEVICE } from '../support/chat.js';
import { call, signIn } from '../support/http.js';

const OLD = 'the old secret, at least thirty-two bytes long';
const NEW = 'the new secret, at least thirty-two bytes long';

/** The server is the same process image with other secrets in its environment, so each step is a start of its own. */
async function isGood(http: string, token: string): Promise<boolean> {
  const { code } = await call(http, 'contacts/list', {}, token);
  assert.ok(code === 100 || code === ERRORS.UNAUTHENTICATED.code, String(code));
  return code === 100;
}

/** A token is `head.claims.signature`, HMAC-SHA256. */
function isSignedBy(token: string, secret: string): boolean {
  const [head = '', claims = '', signature = ''] = token.split('.');
  return createHmac('sha256', secret).update(`${head}.${claims}`).digest('base64url') === signature;
}

test('rotation: old tokens stay good while the old secret is named, new ones are signed by the new secret', async (t) => {
  const first = await Chat.start(t, { env: { SAILPLANE_SECRET: OLD } });
  const { dataDir } = first.server;
  const [ann, bob] = [await first.person('ann'), await first.person('bob')];
  const before = await first.signIn(ann, DEVICE.tablet);
  assert.ok(isSignedBy(before.token, OLD));
  await first.server.kill('SIGTERM');

  // Step 1: the new secret, and the old one beside it.
  const env = { SAILPLANE_SECRET: NEW, SAILPLANE_PREVIOUS_SECRET: OLD };
  const second = await Chat.start(t, { env, dataDir });
  const { http } = second.server.urls;
  assert.ok(await isGood(http, before.token));
  const phone = await second.phoneWith(before.token, { name: 'ann, old token' }).connect();
  await phone.sendAndWait(bob.uid, 'still signed in');
  const after = await signIn(http, bob, DEVICE.tablet);
  assert.ok(isSignedBy(after.token, NEW) && !isSignedBy(after.token, OLD));
  await phone.close();
  await second.server.kill('SIGTERM');

  // Step 2, when every old token has expired: the old secret is left out.
  const third = await Chat.start(t, { env: { SAILPLANE_SECRET: NEW }, dataDir });
  assert.ok(!(await isGood(third.server.urls.http, before.token)));
  assert.ok(await isGood(third.server.urls.http, after.token));
});

test('rotation: an old token ends when it expires, whatever secrets there are', async (t) => {
  const flags = { 'api-token-lifetime-ms': 60_000 };
  const first = await Chat.start(t, { env: { SAILPLANE_SECRET: OLD }, flags });
  const ann = await first.person('ann');
  const { token } = await first.signIn(ann, DEVICE.tablet);
  await first.server.kill('SIGTERM');
  const expired = resigned(token, OLD, -1);
  const fresh = resigned(token, OLD, 60);
  const env = { SAILPLANE_SECRET: NEW, SAILPLANE_PREVIOUS_SECRET: OLD };
  const second = await Chat.start(t, { env, flags, dataDir: first.server.dataDir });
  const { http } = second.server.urls;
  assert.ok(await isGood(http, fresh), 'the same token, made here: the test would pass for any broken one');
  assert.ok(!(await isGood(http, expired)));
});

/** The same claims with another end, signed as the server signs. */
function resigned(token: string, secret: string, secondsFromNow: number): string {
  const [head = '', claims = ''] = token.split('.');
  const said = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as Record<string, unknown>;
  said['exp'] = Math.floor(Date.now() / 1000) + secondsFromNow;
  const body = `${head}.${Buffer.from(JSON.stringify(said)).toString('base64url')}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}
