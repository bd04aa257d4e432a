/** What no file of the repository may hold: credentials, registry addresses, paths of somebody's machine. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Written so that this file does not find itself. */
const FORBIDDEN = /** @type {const} */ ([
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ['an access key', /\b(?:AKIA[0-9A-Z]{16}|ghp_\w{36}|npm_\w{36}|xox[bp]-\w{10,})\b/],
  ['a signed token', /\beyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{20,}/],
  ['credentials in an address', /:\/\/[\w.-]+:[^@\s/'"`{}$]+@[\w.-]+/],
  ['a registry address', /registry\.(?:npmjs|yarnpkg)|proxy\.golang|"resolved": *"http/],
  ['a path of one machine', /(?<![\w.-])\/(?:work|farm|root|Users|home\/\w+)\//],
  ['inputs that are not part of the project', /(?<![\w-])shared\//],
]);

/**
 * @param {string} root of a git checkout
 * @returns {string[]} one line for each finding: file, line, what it is
 */
export function findForbidden(root) {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  });
  const files = listed
    .toString()
    .split('\0')
    .filter((file) => file !== '');
  return files.flatMap((file) => findInText(file, readText(join(root, file))));
}

/**
 * @param {string} file
 * @param {string} text
 * @returns {string[]}
 */
export function findInText(file, text) {
  return text.split('\n').flatMap((line, index) => {
    const hit = FORBIDDEN.find(([, pattern]) => pattern.test(line));
    return hit === undefined ? [] : [`${file}:${index + 1}: ${hit[0]}`];
  });
}

/** @param {string} path */
function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // Listed by git and deleted since.
  }
}
