/** What HTTP and the connection share: releases, CORS for a signed-in page, every operation as an `api.*` action. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { OPERATIONS } from '../../im/api/operations.js';
import { callGet, guest } from '../support/http.js';
import { asObject, LEGACY, RawClient, WEB, type HeardFrame } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';

test('app/release: as configured, for anybody, in both casings', async (t) => {
  const url = 'https://example.org/app-1.2.apk';
  const server = await TestServer.start(t, {
    flags: {
      'api-release-version-code': 12,
      'api-release-version-name': '1.2',
      'api-release-at-s': 1_700_000_000,
      'api-release-url': url,
      'api-release-description': 'fewer bugs',
    },
  });
  const { code, data } = await callGet(server.urls.http, 'app/release');
  assert.equal(code, 100);
  assert.deepEqual(data, {
    ...{
      VersionCode: 12,
      VersionName: '1.2',
      UpdateAt: 1_700_000_000,
      DownloadUrl: url,
      Description: 'fewer bugs',
    },
    ...{ versionCode: 12, versionName: '1.2', updateAt: 1_700_000_000_000, downloadUrl: url },
    description: 'fewer bugs',
  });
});

test('a page of another origin may ask with its token: the preflight allows Authorization, for GET too', async (t) => {
  const server = await TestServer.start(t);
  const alice = await guest(server.urls.http, 'alice');
  for (const [path, method] of [
    ['session/blacklist', 'GET'],
    ['profile/update', 'POST'],
  ] as const) {
    const url = `${server.urls.http}/${path}`;
    const origin = 'https://app.example.org';
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    assert.equal(preflight.status, 204);
    const allowed = (name: string): string => preflight.headers.get(`access-control-allow-${name}`) ?? '';
    assert.ok([origin, '*'].includes(allowed('origin')));
    assert.ok(allowed('methods').includes(method), path);
    for (const header of ['authorization', 'content-type']) assert.ok(allowed('headers').includes(header));
    const headers = { origin, authorization: `Bearer ${alice.token}`, 'content-type': 'application/json' };
    const answer = await fetch(url, { method, headers });
    assert.ok([origin, '*'].includes(answer.headers.get('access-control-allow-origin') ?? ''));
    assert.equal(asObject(await answer.json())['Code'], 100);
  }
});

/** Those that neither end the connection that they are asked on nor sign it in, and have no answer of their own. */
const ACTIONS = OPERATIONS.filter(
  ({ path }) => !['auth/logout', 'auth/signin', 'auth/token', 'app/echo'].includes(path),
).flatMap(({ path, aliases, access }) =>
  [`api.${path.replaceAll('/', '.')}`, ...aliases].map((action) => ({ action, access })),
);

test('over the connection every operation has its action, and those for a caller know who asks', async (t) => {
  const server = await TestServer.start(t);
  const alice = await guest(server.urls.http, 'alice');
  const unknown = /no such operation/;
  for (const wording of [LEGACY, WEB]) {
    const stranger = await RawClient.connect(server.urls.ws, wording);
    t.after(() => stranger.terminate());
    const signedIn = await RawClient.connect(server.urls.ws, wording);
    t.after(() => signedIn.terminate());
    await signedIn.signIn(alice.token);
    for (const { action, access } of ACTIONS) {
      const answer: HeardFrame = await signedIn.ask(action, {});
      assert.match(answer.action, /^api\.(success|failed)$/, action);
      assert.doesNotMatch(String(answer.data), unknown, action);
      assert.notEqual(wording === LEGACY ? answer.data : 0, null, `${action}: Data is null`);
      if (access !== 'caller') continue;
      const refused = await stranger.ask(action, {});
      assert.equal(refused.action, 'api.failed', `${action} for a stranger`);
    }
    const none = await signedIn.ask('api.no.such', {});
    assert.equal(none.action, 'api.failed');
    assert.match(String(none.data), unknown);
  }
});

test('over the connection: profile, contacts and lists as the S28 names and ours say', async (t) => {
  const server = await TestServer.start(t);
  const [alice, bob] = [await guest(server.urls.http, 'alice'), await guest(server.urls.http, 'bob')];
  const client = await RawClient.connect(server.urls.ws, LEGACY);
  t.after(() => client.terminate());
  await client.signIn(alice.token);
  const ask = async (action: string, data: unknown): Promise<unknown> => {
    const answer = await client.ask(action, data);
    assert.equal(answer.action, 'api.success', answer.text);
    return answer.data;
  };
  assert.equal(asObject(await ask('api.user.info.me', ''))['Uid'], alice.uid);
  assert.equal(
    asObject(((await ask('api.user.info.get', { Uid: [bob.uid] })) as unknown[])[0])['Nickname'],
    'bob',
  );
  assert.equal(await ask('api.contacts.add', { Uid: bob.uid, Remark: '' }), '');
  assert.equal(asObject(((await ask('api.contacts.get', '')) as unknown[])[0])['Id'], String(bob.uid));
  assert.equal(asObject(await ask('api.profile.update', { nick_name: 'Al' }))['Nickname'], 'Al');
  assert.equal(await ask('api.session.blacklist.add', { relative_ids: [bob.uid] }), '');
  assert.equal(((await ask('api.session.blacklist', null)) as unknown[]).length, 1);
  assert.equal(await ask('api.contacts.del', { Uid: bob.uid }), '');
});
