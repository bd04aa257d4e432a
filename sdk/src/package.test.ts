/** The package as an app gets it: built by its own script, packed, run from elsewhere by plain node and ws. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FakeServer, PEER } from './fake_server.js';

const ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));
const COMPILER = join(ROOT, 'node_modules/typescript/bin/tsc');

/** The compiled code may lie at any depth below the project. */
function findRoot(folder: string): string {
  const manifest = join(folder, 'package.json');
  const isRoot = existsSync(manifest) && readFileSync(manifest, 'utf8').includes('"name": "sailplane"');
  return isRoot ? folder : findRoot(dirname(folder));
}

/** Builds into a folder that looks like an app's node_modules/@sailplane/sdk, with `ws` beside it. */
function installInto(app: string): string {
  const modules = join(app, 'node_modules');
  const target = join(modules, '@sailplane/sdk');
  mkdirSync(target, { recursive: true });
  execFileSync(process.execPath, [COMPILER, '-p', join(ROOT, 'sdk'), '--outDir', join(target, 'dist')]);
  writeFileSync(join(target, 'package.json'), readFileSync(join(ROOT, 'sdk/package.json')));
  symlinkSync(join(ROOT, 'node_modules/ws'), join(modules, 'ws'));
  return target;
}

function tempFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sailplane-sdk-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const APP = `
  import { SailplaneClient, HttpApi, CLIENT_DEFAULTS, CodedError, isError } from '@sailplane/sdk';
  import { WebSocket } from 'ws';
  const client = new SailplaneClient({ url: process.argv[2], token: 't', webSocket: (url) => new WebSocket(url) });
  await client.connect();
  const sent = await client.sent(client.send(${PEER}, 'from an app'));
  await client.close();
  console.log(sent.state, typeof HttpApi, CLIENT_DEFAULTS.heartbeatMs, isError(new CodedError(1001, ''), 'UNAUTHENTICATED'));
`;

void test('the built package imports nothing of Node and runs in an app of its own', async (t) => {
  const app = tempFolder(t);
  const target = installInto(app);
  const files = readdirSync(target, { recursive: true, encoding: 'utf8' });
  const modules = files.filter((file) => file.endsWith('.js'));
  const names = modules.map((file) => file.replaceAll('\\', '/'));
  assert.ok(names.includes('dist/sdk/src/index.js') && names.includes('dist/im/errors.js'));
  assert.deepEqual(
    names.filter((name) => /test|fake|stage/.test(name)),
    [],
  );
  for (const file of modules) {
    const text = readFileSync(join(target, file), 'utf8');
    assert.doesNotMatch(text, /\bimport\s*\(|\brequire\s*\(|['"]node:/, file);
    const imports = text.matchAll(/^(?:import|export)\b[^;'"=(]*['"]([^'"]+)['"]/gm);
    for (const [, source] of imports)
      assert.match(source ?? '', /^\.\.?\//, `${file} imports ${source ?? ''}`);
  }
  assert.ok(files.some((file) => file.endsWith('index.d.ts')));
  const server = await FakeServer.start();
  t.after(() => server.close());
  writeFileSync(join(app, 'app.mjs'), APP);
  const { stdout } = await promisify(execFile)(process.execPath, [join(app, 'app.mjs'), server.url]);
  assert.equal(stdout.trim(), 'stored function 30000 true');
});
