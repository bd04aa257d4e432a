/** The server as its operator meets it: what it prints, what it refuses and with which exit code, how it stops. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

const MAIN = join(import.meta.dirname, 'main.js');

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly error: string;
}

interface Running {
  /** The JSON of the ready line; rejects where the process ends without one. */
  readonly ready: Promise<{ http: string; ws: string }>;
  readonly ended: Promise<Ended>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

function run(
  t: TestContext,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ...environment },
  });
  t.after(() => void child.kill('SIGKILL'));
  let output = '';
  let error = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => void (error += chunk));
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, output, error }));
  });
  const ready = new Promise<{ http: string; ws: string }>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.endsWith('\n'))
        resolve(JSON.parse(output.replace('ready ', '')) as { http: string; ws: string });
    });
    child.once('close', () => reject(new Error(`not ready: ${error}`)));
  });
  ready.catch(() => undefined);
  return { ready, ended, kill: (signal) => void child.kill(signal) };
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sailplane-main-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const onFreePorts = (dataDir: string): string[] => ['--data-dir', dataDir, '--http-port=0', '--ws-port=0'];

/** Standard error without the log's JSON lines. */
function said(ended: Ended): string[] {
  return ended.error.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
}

test('singleton: one ready line with the real ports, both served, and SIGTERM ends it with 0', async (t) => {
  const server = run(t, onFreePorts(folder(t)));
  const { http, ws } = await server.ready;
  assert.match(http, /^http:\/\/127\.0\.0\.1:[1-9]\d*\/api$/);
  assert.match(ws, /^ws:\/\/127\.0\.0\.1:[1-9]\d*\/ws$/);
  assert.equal((await fetch(`${new URL(http).origin}/livez`)).status, 200);
  assert.equal((await fetch(`${new URL(http).origin}/readyz`)).status, 200);
  assert.equal((await fetch(ws.replace('ws:', 'http:'))).status, 426);
  server.kill('SIGTERM');
  const ended = await server.ended;
  assert.equal(ended.code, 0, ended.error);
  assert.equal(ended.output, `ready ${JSON.stringify({ http, ws })}\n`);
  assert.deepEqual(said(ended), [], 'nothing but JSON lines where nobody watches');
});

test('singleton: the log is JSON and has the options, but not the secret', async (t) => {
  const secret = 'a secret that nobody may read anywhere';
  const server = run(t, onFreePorts(folder(t)), { SAILPLANE_SECRET: secret });
  await server.ready;
  server.kill('SIGINT');
  const { error, code } = await server.ended;
  assert.equal(code, 0);
  assert.ok(!error.includes(secret));
  const lines = error
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const options = lines.find((line) => line['msg'] === 'starting')?.['options'] as Record<string, unknown>;
  assert.equal(options['secret'], '(set)');
  const closed = lines.filter((line) => line['msg'] === 'part closed').map((line) => line['part']);
  assert.deepEqual(closed, [
    ...['admin door', 'http', 'ws', 'gateway', 'presence', 'search', 'retention'],
    ...['marks', 'batcher', 'probe', 'store', 'data folder'],
  ]);
});

test('singleton: wrong options are all named, nothing is opened', async (t) => {
  const dataDir = join(folder(t), 'never-made');
  const args = ['--data-dir', dataDir, '--speed=9', '--http-port', 'x', '--secret=s'];
  const ended = await run(t, args, { SAILPLANE_WINGS: '2' }).ended;
  assert.equal(ended.code, 2);
  assert.equal(ended.output, '');
  assert.equal(said(ended).length, 4, ended.error);
  for (const name of ['--speed', '--http-port', '--secret', 'SAILPLANE_WINGS'])
    assert.ok(ended.error.includes(name));
  assert.throws(() => statSync(dataDir), { code: 'ENOENT' });
});

test('singleton: production without a secret is no start; debugging before a network neither', async (t) => {
  const dataDir = folder(t);
  const without = await run(t, [...onFreePorts(dataDir), '--mode=production']).ended;
  assert.equal(without.code, 2);
  assert.match(said(without).join(), /no secret: set SAILPLANE_SECRET/);
  const facing = await run(t, [...onFreePorts(dataDir), '--host=0.0.0.0']).ended;
  assert.equal(facing.code, 2);
  assert.match(said(facing).join(), /mode is debugging/);
});

test('singleton: production with a secret serves, and keeps no secret of its own', async (t) => {
  const dataDir = folder(t);
  const server = run(t, [...onFreePorts(dataDir), '--mode=production'], { SAILPLANE_SECRET: 'x'.repeat(32) });
  await server.ready;
  assert.throws(() => statSync(join(dataDir, 'debug_secret')), { code: 'ENOENT' });
});

test('singleton: a token signed by the previous secret stays good, by one before it not', async (t) => {
  const args = [...onFreePorts(folder(t)), '--mode=production'];
  const serve = async (secret: string, previous: string): Promise<[string, Running]> => {
    const environment = { SAILPLANE_SECRET: secret, SAILPLANE_PREVIOUS_SECRET: previous };
    const server = run(t, args, environment);
    return [(await server.ready).http, server];
  };
  const [old, current, next] = ['o', 'c', 'n'].map((letter) => letter.repeat(32)) as [string, string, string];
  const [before, first] = await serve(old, '');
  const answer = await fetch(`${before}/auth/guest`, { method: 'POST' });
  const { token } = ((await answer.json()) as { Data: { token: string } }).Data;
  const ask = { method: 'POST', headers: { authorization: `Bearer ${token}` } };
  first.kill('SIGTERM');
  await first.ended;
  for (const [secret, previous, status] of [
    [current, old, 200],
    [next, current, 401],
  ] as const) {
    const [http, server] = await serve(secret, previous);
    assert.equal((await fetch(`${http}/user/profile`, ask)).status, status);
    server.kill('SIGTERM');
    await server.ended;
  }
});

test('singleton: a port in use is named in one line', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => void other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  for (const flag of ['http-port', 'ws-port']) {
    const ended = await run(t, [...onFreePorts(folder(t)), `--${flag}`, String(port)]).ended;
    assert.equal(ended.code, 3, ended.error);
    assert.equal(said(ended).length, 1);
    assert.match(said(ended).join(), new RegExp(`port ${port} \\(--${flag}\\) on 127\\.0\\.0\\.1 is in use`));
  }
});

test('singleton: a second server on the folder does not start, and the first goes on', async (t) => {
  const dataDir = folder(t);
  const first = run(t, onFreePorts(dataDir));
  const { http } = await first.ready;
  const second = await run(t, onFreePorts(dataDir)).ended;
  assert.equal(second.code, 4, second.error);
  assert.equal(said(second).length, 1);
  assert.match(said(second).join(), /another server is using the data folder/);
  assert.equal((await fetch(`${new URL(http).origin}/readyz`)).status, 200);
  first.kill('SIGKILL');
  await first.ended;
  const third = run(t, onFreePorts(dataDir));
  await third.ready;
});

test('singleton: a data folder that cannot be one', async (t) => {
  const file = join(folder(t), 'file');
  writeFileSync(file, '');
  const ended = await run(t, onFreePorts(file)).ended;
  assert.equal(ended.code, 2, ended.error);
  assert.equal(said(ended).length, 1);
  assert.match(said(ended).join(), /the data folder .*file cannot be used/);
});

test('singleton: a database that is none is told in one line', async (t) => {
  const dataDir = folder(t);
  writeFileSync(
    join(dataDir, 'sailplane.db'),
    'no database at all, but long enough to be taken for one'.repeat(100),
  );
  const ended = await run(t, onFreePorts(dataDir)).ended;
  assert.equal(ended.code, 1, ended.error);
  assert.equal(said(ended).length, 1);
  assert.match(said(ended).join(), /not a database/);
});

test('singleton: what it makes in a folder that others may look into is for its owner only', async (t) => {
  const path = folder(t);
  chmodSync(path, 0o755);
  const before = process.umask(0o022);
  const server = run(t, onFreePorts(path));
  process.umask(before);
  await server.ready;
  const names = readdirSync(path);
  assert.ok(['lock', 'sailplane.db', 'sailplane.db-wal'].every((name) => names.includes(name)));
  for (const name of names) assert.equal(statSync(join(path, name)).mode & 0o077, 0, name);
});
