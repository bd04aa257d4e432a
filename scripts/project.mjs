/** The project's root, its files, and how to run one of its tools. Plain JavaScript: it runs before any build. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Files below a folder of the project, as paths from the root; none where the folder is missing.
 * @param {string} folder
 * @returns {string[]}
 */
export function filesBelow(folder) {
  try {
    const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length)).sort();
  } catch {
    return [];
  }
}

/**
 * Runs a Node program to its end, its output going where ours goes.
 * @param {readonly string[]} args
 * @returns {boolean} whether it succeeded
 */
export function runNode(args) {
  return spawnSync(process.execPath, [...args], { cwd: ROOT, stdio: 'inherit' }).status === 0;
}
