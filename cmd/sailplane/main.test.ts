/** The command as a shell meets it: what it prints, its exit codes, where a password may come from. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

const MAIN = join(import.meta.dirname, 'main.js');

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly error: string;
}

interface Invocation {
  readonly environment?: Readonly<Record<string, string>>;
  /** What is piped in. */
  readonly input?: string;
}

function sailplane(
  args: readonly string[],
  { environment = {}, input = '' }: Invocation = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: 'pipe',
    env: { PATH: process.env['PATH'] ?? '', ...environment },
  });
  let output = '';
  let error = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => void (output += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => void (error += chunk));
  // Nobody reads it where the command ends before it looks at its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output, error })));
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sailplane-command-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('sailplane: --help names every command, --version the package', async () => {
  const help = await sailplane(['--help']);
  assert.equal(help.code, 0);
  for (const name of ['singleton', 'chat', 'user', 'backup', 'restore', 'stats', 'migrate', 'config'])
    assert.ok(help.output.includes(`\n  ${name} `));
  assert.match((await sailplane(['--version'])).output, /^\d+\.\d+\.\d+\n$/);
});

test('sailplane: every command has a help of its own', async () => {
  for (const name of ['singleton', 'chat', 'user', 'backup', 'restore', 'stats', 'migrate', 'config']) {
    const help = await sailplane([name, '--help']);
    assert.equal(help.code, 0, help.error);
    assert.ok(help.output.startsWith(`Usage: sailplane ${name}`));
  }
});

test('sailplane: an unknown command, or none, is told with the usage', async () => {
  const unknown = await sailplane(['fly']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.error, /unknown command "fly"\nUsage: sailplane COMMAND/);
  const none = await sailplane([]);
  assert.equal(none.code, 2);
  assert.match(none.error, /^Usage: sailplane COMMAND/);
});

test('sailplane config: prints the example file, and nothing else', async () => {
  const printed = await sailplane(['config', '--print-defaults']);
  assert.equal(printed.code, 0);
  assert.match(printed.output, /^#http_port = 8081$/m);
  assert.match(printed.output, /^\[store\]$/m);
  assert.equal((await sailplane(['config'])).code, 2);
});

test('sailplane migrate: makes the database once, and says so', async (t) => {
  const dataDir = folder(t);
  const first = await sailplane(['migrate', '--data-dir', dataDir]);
  assert.equal(first.code, 0, first.error);
  assert.match(first.output, /applied 001_/);
  const second = await sailplane(['migrate', '--data-dir', dataDir]);
  assert.match(second.output, /is up to date/);
});

test('sailplane user add: the password comes from the environment or the input', async (t) => {
  const dataDir = folder(t);
  const add = ['user', 'add', '--data-dir', dataDir, '--account'];
  const alice = await sailplane([...add, 'alice'], {
    environment: { SAILPLANE_PASSWORD: 'secret of alice' },
  });
  assert.equal(alice.code, 0, alice.error);
  assert.match(alice.output, /^added alice as uid \d+\n$/);
  const bob = await sailplane([...add, 'bob', '--nickname=Bob'], { input: 'secret of bob\nanother line\n' });
  assert.equal(bob.code, 0, bob.error);
  const pod = await sailplane([...add, '🐋'.repeat(65), '--nickname', '🐋'.repeat(64)], {
    input: 'of a pod\n',
  });
  assert.equal(pod.code, 0, pod.error);
  const again = await sailplane([...add, 'ALICE'], { input: 'x\n' });
  assert.equal(again.code, 1);
  assert.match(again.error, /the account ALICE exists already/);
  for (const name of readdirSync(dataDir)) {
    assert.ok(!readFileSync(join(dataDir, name)).includes('secret of'), `${name} holds a password`);
  }
});

test('sailplane user add: what is missing or wrong is named, nothing is made', async (t) => {
  const dataDir = join(folder(t), 'never-made');
  const add = ['user', 'add', '--data-dir', dataDir];
  const cases = [
    { args: ['user'], error: /Usage: sailplane user add/ },
    { args: add, error: /--account NAME is needed/ },
    { args: [...add, '--account', 'a'], error: /a password has/ },
    { args: [...add, '--account', 'a', '--password', 'p'], error: /--password is not an option/ },
    { args: [...add, '--account', 'a', '--nickname', 'n'.repeat(65)], error: /a nickname has at most 64/ },
    {
      args: [...add, '--account', 'a', '--nickname', `${'🐋'.repeat(64)}n`],
      error: /a nickname has at most 64/,
    },
  ];
  for (const { args, error } of cases) {
    const ended = await sailplane(args);
    assert.equal(ended.code, 2, ended.error);
    assert.match(ended.error, error);
  }
  assert.throws(() => readdirSync(dataDir), { code: 'ENOENT' });
});

test('sailplane migrate: a folder that cannot be made is told in one line', async () => {
  const ended = await sailplane(['migrate', '--data-dir', join(MAIN, 'below')]);
  assert.equal(ended.code, 1);
  assert.match(ended.error, /^sailplane: .*ENOTDIR.*\n$/);
});

test('sailplane: migrate keeps a database to its owner, also one that others could read', async (t) => {
  const dataDir = folder(t);
  const path = join(dataDir, 'sailplane.db');
  writeFileSync(path, '', { mode: 0o644 });
  chmodSync(path, 0o644);
  const migrated = await sailplane(['migrate', '--data-dir', dataDir]);
  assert.equal(migrated.code, 0, migrated.error);
  for (const name of readdirSync(dataDir)) assert.equal(statSync(join(dataDir, name)).mode & 0o077, 0, name);
});
