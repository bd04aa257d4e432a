import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FileLock } from './file_lock.js';

function pathFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sailplane-lock-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'lock');
}

test('a lock is held once, and free again after its release', (t) => {
  const path = pathFor(t);
  const lock = FileLock.take(path);
  assert.ok(lock !== undefined);
  assert.equal(FileLock.take(path), undefined);
  lock.release();
  lock.release();
  const again = FileLock.take(path);
  assert.ok(again !== undefined);
  again.release();
});

test('a lock is held against other processes and ends with a killed one', async (t) => {
  const path = pathFor(t);
  const code = `import { FileLock } from ${JSON.stringify(new URL('./file_lock.js', import.meta.url).href)};
    globalThis.lock = FileLock.take(${JSON.stringify(path)});
    console.log(globalThis.lock === undefined ? 'taken' : 'held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal(line.toString().trim(), 'held');
  assert.equal(FileLock.take(path), undefined);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = FileLock.take(path);
  assert.ok(lock !== undefined);
  lock.release();
});

test('a place where no file can be is an error, not a held lock', (t) => {
  assert.throws(() => FileLock.take(join(pathFor(t), 'below', 'lock')));
});
