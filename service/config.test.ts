import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, chmodSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { leavesOf } from '../pkg/config/option_tree.js';
import { printDefaults } from '../pkg/config/print.js';
import { CONFIG_OPTIONS, readConfig, servingProblems, type Config } from './config.js';
import { keptDebugSecret } from './debug_secret.js';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sailplane-config-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function configOf(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Config {
  const loaded = readConfig(args, environment);
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.problems.join('\n'));
  return loaded.values;
}

const GOOD_SECRET = { SAILPLANE_SECRET: 'x'.repeat(32) };

test('config file: the defaults may serve, and the printed file is those defaults', (t) => {
  assert.deepEqual(servingProblems(configOf([])), []);
  const file = join(folder(t), 'sailplane.toml');
  writeFileSync(file, printDefaults(CONFIG_OPTIONS).replace(/^#(?=[a-z0-9_]+ = )/gm, ''));
  assert.deepEqual(configOf(['--config', file]), configOf([]));
});

test('config file: every option says what it is for', () => {
  for (const { name, option } of leavesOf(CONFIG_OPTIONS)) {
    assert.ok(option.doc.length > 10, `${name} has no explanation`);
    if (option.kind === 'integer')
      assert.ok(option.unit !== '' && option.max > option.min, `${name} has no unit`);
  }
});

test('secret: outside debugging none, or a short one, is no start', () => {
  const production = ['--mode', 'production'];
  assert.match(
    servingProblems(configOf(production)).join(),
    /no secret: set SAILPLANE_SECRET or secret_file/,
  );
  assert.match(
    servingProblems(configOf(production, { SAILPLANE_SECRET: 'short' })).join(),
    /secret is 5 bytes/,
  );
  assert.match(
    servingProblems(configOf(production, { ...GOOD_SECRET, SAILPLANE_PREVIOUS_SECRET: 'old' })).join(),
    /previous_secret is 3 bytes/,
  );
  assert.deepEqual(servingProblems(configOf(production, GOOD_SECRET)), []);
});

test('secret: may come from a file', (t) => {
  const path = join(folder(t), 'secret');
  writeFileSync(path, `${'y'.repeat(40)}\n`);
  const config = configOf(['--mode=production', '--secret-file', path]);
  assert.equal(config.secret, 'y'.repeat(40));
  assert.deepEqual(servingProblems(config), []);
});

test('secret: in debugging one is made once, for the owner only', (t) => {
  const dataDir = folder(t);
  const made = keptDebugSecret(dataDir);
  assert.match(made, /^[0-9a-f]{64}$/);
  const path = join(dataDir, 'debug_secret');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(readFileSync(path, 'utf8').trim(), made);
  chmodSync(path, 0o644);
  assert.equal(keptDebugSecret(dataDir), made);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.notEqual(keptDebugSecret(folder(t)), made);
});

test('host: debugging never faces a network', () => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) {
    assert.deepEqual(servingProblems(configOf(['--host', host])), [], host);
  }
  for (const host of ['0.0.0.0', '::', '192.0.2.1', '127.0.0.1.example', 'example.org']) {
    assert.match(servingProblems(configOf(['--host', host])).join(), /mode is debugging/, host);
    assert.deepEqual(servingProblems(configOf(['--host', host, '--mode=production'], GOOD_SECRET)), [], host);
  }
});

test('store: a setting that could lose an acknowledged message is refused outside debugging', () => {
  for (const synchronous of ['NORMAL', 'OFF']) {
    const args = ['--store-synchronous', synchronous];
    assert.deepEqual(servingProblems(configOf(args)), []);
    const problems = servingProblems(configOf([...args, '--mode=production'], GOOD_SECRET));
    assert.match(problems.join(), new RegExp(`store.synchronous is ${synchronous}`));
  }
});

test('ports and addresses: impossible ones are named', () => {
  const outside = readConfig(['--ws-port', '65536', '--http-port=-1'], {});
  assert.ok(!outside.ok);
  assert.equal(outside.problems.length, 2);
  assert.match(servingProblems(configOf(['--ws-port=9', '--http-port=9'])).join(), /both 9/);
  assert.deepEqual(servingProblems(configOf(['--ws-port=0', '--http-port=0'])), []);
  assert.match(
    servingProblems(configOf(['--public-ws-urls', 'wss://a/ws,b'])).join(),
    /^public_ws_urls: b is no/,
  );
});
