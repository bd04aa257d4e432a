import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { HttpApi } from './http_api.js';

interface Seen {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** Answers every request with `answer` and notes what it was asked. */
async function serve(
  t: TestContext,
  answer: { status: number; body: string },
): Promise<{ api: HttpApi; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      seen.push({ url: request.url, authorization: request.headers.authorization, body: JSON.parse(body) });
      response.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(answer.body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { api: new HttpApi({ url: `http://127.0.0.1:${port}/api/` }), seen };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const envelope = (code: number, msg: string, data: unknown): string =>
  JSON.stringify({ Code: code, Msg: msg, Data: data });

void test('signs in and reads the answer in either casing', async (t) => {
  const data = { Uid: 7, Token: 't', Servers: ['ws://one/ws', 3] };
  const { api, seen } = await serve(t, { status: 200, body: envelope(100, 'success', data) });
  const signedIn = await api.signIn({ account: 'a', password: 'p', device: 4 });
  assert.deepEqual(signedIn, { uid: 7, token: 't', servers: ['ws://one/ws'] });
  await api.signOut('t');
  assert.deepEqual(seen, [
    { url: '/api/auth/signin', authorization: undefined, body: { account: 'a', password: 'p', device: 4 } },
    { url: '/api/auth/logout', authorization: 'Bearer t', body: {} },
  ]);
});

void test('an error envelope becomes its code, temporary by the table', async (t) => {
  const wrong = await serve(t, { status: 200, body: envelope(1002, 'wrong', '') });
  await assert.rejects(wrong.api.guest(), { code: 1002, message: 'wrong', temporary: false });
  const busy = await serve(t, { status: 200, body: envelope(429, 'busy', '') });
  await assert.rejects(busy.api.guest(), { code: 429, temporary: true });
});

void test('an answer that is none is a temporary error without code', async (t) => {
  const { api } = await serve(t, { status: 502, body: 'no JSON' });
  await assert.rejects(api.renew('t'), { code: 0, temporary: true });
  const empty = await serve(t, { status: 401, body: '{}' });
  await assert.rejects(empty.api.renew('t'), { code: 0, message: /HTTP 401/ });
  const incomplete = await serve(t, { status: 200, body: envelope(100, '', {}) });
  await assert.rejects(incomplete.api.guest(), { code: 0 });
});
