/** `npm run check`: types, lint, formatting, the architecture test, and texts that must not be in the repository. */
import { build } from './build.mjs';
import { ROOT, runNode } from './project.mjs';
import { findForbidden } from './forbidden.mjs';

const TSC = 'node_modules/typescript/bin/tsc';

/** @type {readonly (readonly [string, () => boolean])[]} */
const CHECKS = [
  ['types of all rooms', build],
  ['types of the sdk as it is published', () => runNode([TSC, '-p', 'sdk', '--noEmit'])],
  ['types of the scripts', () => runNode([TSC, '-p', 'scripts'])],
  ['lint', () => runNode(['node_modules/eslint/bin/eslint.js', '--max-warnings', '0', '.'])],
  [
    'formatting',
    () => runNode(['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.']),
  ],
  ['architecture', () => runNode(['--test', '--test-reporter=dot', 'dist/test/architecture.test.js'])],
  ['texts that must not be here', nothingForbidden],
];

function nothingForbidden() {
  const found = findForbidden(ROOT);
  for (const line of found) process.stderr.write(`${line}\n`);
  return found.length === 0;
}

const failed = CHECKS.filter(([name, check]) => {
  const good = check();
  process.stdout.write(`${good ? 'ok  ' : 'FAIL'} ${name}\n`);
  return !good;
});
process.exitCode = failed.length === 0 ? 0 : 1;
