/** Who may open a socket: caps in total and per address, whom X-Forwarded-For is believed of, and origins. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import test from 'node:test';
import { WebSocket } from 'ws';
import { call, register, signIn } from '../support/http.js';
import { asObject, WEB } from '../support/raw_client.js';
import { TestServer, type Scope } from '../support/server.js';
import { waitUntil } from '../support/wait.js';

interface Attempt {
  /** 101 where it was accepted, else the status that refused it. */
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly socket: WebSocket;
}

async function open(
  scope: Scope,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Attempt> {
  const socket = new WebSocket(url, { headers, perMessageDeflate: false });
  scope.after(() => {
    socket.terminate();
    return Promise.resolve();
  });
  socket.on('error', () => undefined);
  return new Promise((resolve) => {
    socket.once('open', () => resolve({ status: 101, retryAfter: undefined, socket }));
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], socket });
    });
  });
}

async function authenticate(socket: WebSocket, token: string): Promise<void> {
  const answer = once(socket, 'message');
  socket.send(WEB.envelope('authenticate', 1, { version: 1, credential: token }));
  const [text] = (await answer) as [Buffer];
  assert.match(text.toString(), /notify\.success/);
}

const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address });

test('strangers are capped: per address with 429, in total the oldest makes room; signing in and leaving do too', async (t) => {
  const server = await TestServer.start(t, {
    flags: {
      'gateway-stranger-count': 3,
      'gateway-address-stranger-count': 2,
      'trusted-proxies': '127.0.0.1',
    },
  });
  const { http, ws } = server.urls;
  const { token } = await signIn(http, await register(http, 'ann'), 2);
  const first = await open(t, ws, from('192.0.2.1'));
  const oldest = await open(t, ws, from('192.0.2.1'));
  assert.equal(oldest.status, 101);
  const third = await open(t, ws, from('192.0.2.1'));
  assert.equal(third.status, 429);
  assert.ok(Number(third.retryAfter) > 0);
  assert.equal(
    (await open(t, ws, from('203.0.113.5, 192.0.2.1'))).status,
    429,
    'what the client adds does not count',
  );
  assert.equal((await open(t, ws, from('192.0.2.2'))).status, 101);
  await authenticate(first.socket, token);
  assert.equal((await open(t, ws, from('192.0.2.1'))).status, 101, 'one is no stranger any more');
  const isOpen = ({ socket }: Attempt): boolean => socket.readyState === WebSocket.OPEN;
  assert.ok(isOpen(oldest));
  assert.equal((await open(t, ws, from('192.0.2.3'))).status, 101, 'a fourth is let in');
  await waitUntil('the oldest stranger to be cut', () => !isOpen(oldest));
  assert.ok(isOpen(first), 'who has signed in stays');
});

test('sockets are capped in total and per address, signed in or not; an IPv6 /64 is one address', async (t) => {
  const server = await TestServer.start(t, {
    flags: {
      'gateway-connection-count': 4,
      'gateway-address-connection-count': 2,
      'trusted-proxies': '127.0.0.0/8',
    },
  });
  const { ws } = server.urls;
  const one = await open(t, ws, from('2001:db8::1'));
  assert.equal((await open(t, ws, from('2001:db8::2'))).status, 101);
  assert.equal((await open(t, ws, from('2001:db8::3'))).status, 429);
  for (const address of ['2001:db8:0:1::1', '192.0.2.1'])
    assert.equal((await open(t, ws, from(address))).status, 101, address);
  assert.equal((await open(t, ws, from('192.0.2.2'))).status, 503);
  one.socket.terminate();
  await waitUntil('the place of who left', async () => (await open(t, ws, from('192.0.2.2'))).status === 101);
});

test('of strangers X-Forwarded-For is not believed: all are the address that they come from', async (t) => {
  const server = await TestServer.start(t, {
    flags: { 'gateway-address-stranger-count': 2, 'trusted-proxies': '10.0.0.0/8' },
  });
  const { ws } = server.urls;
  for (const [index, status] of [101, 101, 429].entries())
    assert.equal((await open(t, ws, from(`192.0.2.${index}`))).status, status);
});

test('Servers names what a trusted proxy says of itself, and nothing that others say', async (t) => {
  const said = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'im.example.org' };
  for (const [flags, expected] of [
    [{ 'trusted-proxies': '127.0.0.1' }, () => 'wss://im.example.org/ws'],
    [{}, (ws: string) => ws],
  ] as const) {
    const server = await TestServer.start(t, { flags });
    const { http, ws } = server.urls;
    const response = await fetch(`${http}/auth/guest`, { method: 'POST', headers: said });
    const { Data: data } = asObject(await response.json());
    assert.deepEqual(asObject(data)['Servers'], [expected(ws)]);
    await server.stop();
  }
});

test('origins: pages of others are refused, programs without an origin and an open list are not', async (t) => {
  const server = await TestServer.start(t, { flags: { 'gateway-origins': 'https://app.example.org' } });
  const { ws } = server.urls;
  const status = async (origin: string): Promise<number> => (await open(t, ws, { origin })).status;
  assert.equal(await status('https://app.example.org'), 101);
  for (const origin of [
    'https://evil.example',
    'https://app.example.org.evil.example',
    'http://app.example.org',
    'null',
  ])
    assert.equal(await status(origin), 403, origin);
  assert.equal((await open(t, ws)).status, 101);
  const anybody = await TestServer.start(t);
  assert.equal((await open(t, anybody.urls.ws, { origin: 'https://evil.example' })).status, 101);
});

test('HTTP connections of one address are capped; those of a trusted proxy are not', async (t) => {
  for (const [proxies, isCapped] of [
    ['', true],
    ['127.0.0.1', false],
  ] as const) {
    const server = await TestServer.start(t, {
      flags: {
        'api-address-http-connection-count': 3,
        ...(proxies !== '' && { 'trusted-proxies': proxies }),
      },
    });
    const { hostname, port } = new URL(server.urls.http);
    const held = Array.from({ length: 3 }, () => connect(Number(port), hostname));
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    const answer = await new Promise<number | undefined>((resolve) => {
      const asked = request({ hostname, port, path: '/livez', agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.once('error', () => resolve(undefined));
      asked.end();
    });
    assert.equal(answer, isCapped ? undefined : 200);
    for (const socket of held) socket.destroy();
    await waitUntil('room again', async () => {
      return call(server.urls.http, 'auth/guest').then(
        ({ code }) => code === 100,
        () => false,
      );
    });
    await server.stop();
  }
});

test('a list of proxies that is none stops the start, in one line', async (t) => {
  await assert.rejects(
    TestServer.start(t, { flags: { 'trusted-proxies': '10.0.0.0/8,proxy.example' } }),
    /trusted_proxies: proxy\.example is no address or network/,
  );
});
