/** TLS on both listeners, and certificates that are replaced while the server runs. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { before, type TestContext } from 'node:test';
import { connect } from 'node:tls';
import { WebSocket } from 'ws';
import { ERRORS } from '../../im/errors.js';
import { asObject, WEB } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';
import { waitUntil } from '../support/wait.js';

interface Files {
  readonly cert: string;
  readonly key: string;
}

before(() => {
  // Part of every Debian image that has node's build tools; without it these tests would prove nothing.
  execFileSync('openssl', ['version'], { stdio: 'ignore' });
});

/** A self-signed certificate for 127.0.0.1. */
function make(folder: string, name: string): Files {
  const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', ...kind, ...subject, '-keyout', files.key, '-out', files.cert], {
    stdio: 'ignore',
  });
  return files;
}

interface Scene {
  readonly first: Files;
  readonly second: Files;
  /** What the server was given. */
  readonly used: Files;
  readonly server: TestServer;
}

async function serve(t: TestContext, checkMs: number): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'sailplane-tls-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [first, second] = [make(folder, 'first'), make(folder, 'second')];
  const used = { cert: join(folder, 'used.crt'), key: join(folder, 'used.key') };
  copyFileSync(first.cert, used.cert);
  copyFileSync(first.key, used.key);
  const flags = { 'tls-cert-file': used.cert, 'tls-key-file': used.key, 'tls-check-ms': checkMs };
  return { first, second, used, server: await TestServer.start(t, { flags }) };
}

/** The name in the certificate that this listener shows. */
async function shownBy(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

async function post(url: string, files: Files): Promise<Readonly<Record<string, unknown>>> {
  const asked = request(url, { method: 'POST', ca: readFileSync(files.cert), agent: false });
  asked.end('{}');
  const [response] = (await once(asked, 'response')) as [AsyncIterable<Buffer>];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return asObject(JSON.parse(Buffer.concat(chunks).toString()));
}

/** Moved into place, as certificate programs do it. */
function replace(target: string, source: string): void {
  copyFileSync(source, `${target}.new`);
  renameSync(`${target}.new`, target);
}

async function authenticated(url: string, files: Files, token: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { ca: readFileSync(files.cert), perMessageDeflate: false });
  await once(socket, 'open');
  const answer = once(socket, 'message');
  socket.send(WEB.envelope('authenticate', 1, { version: 1, credential: token }));
  const [text] = (await answer) as [Buffer];
  assert.match(text.toString(), /notify\.success/);
  return socket;
}

test('both listeners speak TLS 1.2 or later and nothing else; Servers and the ready line say wss and https', async (t) => {
  const { first, server } = await serve(t, 60_000);
  const { http, ws } = server.urls;
  assert.match(http, /^https:\/\/127\.0\.0\.1:\d+\/api$/);
  assert.match(ws, /^wss:\/\/127\.0\.0\.1:\d+\/ws$/);
  const { Data: data } = await post(`${http}/auth/guest`, first);
  const { Servers: servers, token } = asObject(data);
  assert.deepEqual(servers, [ws]);
  const socket = await authenticated(ws, first, String(token));
  socket.send(WEB.envelope('no.such.action', 7, {}));
  const [text] = (await once(socket, 'message')) as [Buffer];
  assert.match(text.toString(), new RegExp(ERRORS.UNKNOWN_ACTION.text));
  socket.close();
  await assert.rejects(fetch(http.replace('https:', 'http:')));
  for (const url of [http, ws]) {
    const { hostname, port } = new URL(url);
    const options = { host: hostname, port: Number(port), rejectUnauthorized: false } as const;
    const old = connect({
      ...options,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL@SECLEVEL=0',
    });
    await assert.rejects(once(old, 'secureConnect'), 'TLS 1.1 is refused');
    const recent = connect({ ...options, maxVersion: 'TLSv1.2' });
    await once(recent, 'secureConnect');
    assert.equal(recent.getProtocol(), 'TLSv1.2');
    recent.destroy();
  }
});

test('a replaced certificate is taken by both listeners without a restart, and open connections stay', async (t) => {
  const { first, second, used, server } = await serve(t, 50);
  const { http, ws } = server.urls;
  const { Data: data } = await post(`${http}/auth/guest`, first);
  const socket = await authenticated(ws, first, String(asObject(data)['token']));
  assert.deepEqual([await shownBy(http), await shownBy(ws)], ['first', 'first']);
  replace(used.key, second.key);
  replace(used.cert, second.cert);
  for (const url of [http, ws])
    await waitUntil(`the second certificate on ${url}`, async () => (await shownBy(url)) === 'second');
  socket.send(WEB.envelope('no.such.action', 8, {}));
  await once(socket, 'message');
  socket.close();
});

test('a broken new certificate is logged and the one before stays; SIGHUP looks at once', async (t) => {
  const { second, used, server } = await serve(t, 3_600_000);
  const { http, ws } = server.urls;
  const failures = (): number => server.log.split('the new certificate cannot be used').length - 1;
  writeFileSync(used.cert, 'no certificate');
  server.hangUp();
  await waitUntil('the broken file to be logged', () => failures() === 1);
  assert.deepEqual([await shownBy(http), await shownBy(ws)], ['first', 'first']);
  replace(used.cert, second.cert);
  server.hangUp();
  await waitUntil('a certificate without its key to be logged', () => failures() === 2);
  assert.deepEqual([await shownBy(http), await shownBy(ws)], ['first', 'first']);
  replace(used.key, second.key);
  server.hangUp();
  await waitUntil('the second certificate', async () => (await shownBy(ws)) === 'second');
  assert.equal(await shownBy(http), 'second');
});

test('files that are no certificate, or only one of the two, stop the start in one line', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sailplane-tls-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const { cert } = make(folder, 'alone');
  const missing = { 'tls-cert-file': cert, 'tls-key-file': join(folder, 'missing.key') };
  await assert.rejects(
    TestServer.start(t, { flags: missing }),
    /the certificate .*alone\.crt.* cannot be used: ENOENT/,
  );
  await assert.rejects(
    TestServer.start(t, { flags: { 'tls-cert-file': cert } }),
    /are needed both, or neither/,
  );
});
