/**
 * `npm test`: builds, then gives every compiled test file to Node's test runner. `npm test -- WORD …` takes only
 * the files whose path has one of the words. The runner's closing lines are kept for .ci/run.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';
import { ROOT, filesBelow } from './project.mjs';

const SUMMARY = join(ROOT, '.out/test_summary.txt');
const TEST_DEADLINE_MS = 900_000;

if (!build()) process.exit(1);
const words = process.argv.slice(2);
const files = filesBelow('dist')
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
if (files.length === 0) {
  process.stderr.write('No test file has such a name.\n');
  process.exit(1);
}
const args = [
  '--enable-source-maps',
  '--test',
  '--test-reporter=spec',
  // The runner's own choice is one less: it leaves half of two cores idle while a test waits for its server.
  `--test-concurrency=${availableParallelism()}`,
  `--test-timeout=${TEST_DEADLINE_MS}`,
  ...files,
];
const runner = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });

/** @type {Map<string, string>} */
const closing = new Map();
let partial = '';
runner.stdout.setEncoding('utf8');
runner.stdout.on('data', (/** @type {string} */ chunk) => {
  process.stdout.write(chunk);
  const lines = (partial + chunk).split('\n');
  partial = lines.pop() ?? '';
  for (const line of lines) {
    const name = /^ℹ (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) \S+$/.exec(line)?.[1];
    if (name !== undefined) closing.set(name, line);
  }
});
runner.on('close', (code) => {
  // Where tests failed, their reports follow the counts: say the counts again, last.
  const summary = `${[...closing.values()].join('\n')}\n`;
  if (code !== 0) process.stdout.write(`\n${summary}`);
  mkdirSync(join(ROOT, '.out'), { recursive: true });
  writeFileSync(SUMMARY, summary);
  process.exitCode = code ?? 1;
});
