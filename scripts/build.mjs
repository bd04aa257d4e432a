/**
 * Compiles the TypeScript of all rooms to dist/, and only where a source is newer than the last build; then writes
 * the tables of docs/protocol.md.
 */
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, filesBelow, runNode } from './project.mjs';

const SOURCES = ['cmd', 'service', 'im', 'pkg', 'sdk/src', 'test', 'bench'];
const STAMP = join(ROOT, 'dist/.built');
const COMMAND = join(ROOT, 'dist/cmd/sailplane/main.js');
const COMPILER = 'node_modules/typescript/bin/tsc';

/** @returns {boolean} whether dist/ now holds what the sources say */
export function build() {
  const startedAt = new Date();
  if (!existsSync(join(ROOT, COMPILER))) {
    process.stderr.write('The compiler is not installed: run `npm ci` first.\n');
    return false;
  }
  pruneDeleted();
  if (!runNode([COMPILER, '-p', '.'])) return false;
  if (existsSync(COMMAND)) chmodSync(COMMAND, 0o755);
  if (!runNode(['scripts/protocol_tables.mjs'])) return false;
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  writeFileSync(STAMP, '');
  // A source saved while the compiler ran is newer than this.
  utimesSync(STAMP, startedAt, startedAt);
  return true;
}

/** The same, but nothing where no source is newer than the last build. */
export function buildIfStale() {
  return isFresh() || build();
}

function isFresh() {
  if (!existsSync(STAMP)) return false;
  const builtAtMs = statSync(STAMP).mtimeMs;
  const sources = SOURCES.flatMap(filesBelow).filter((file) => file.endsWith('.ts'));
  const newest = [...sources, 'tsconfig.json', 'package-lock.json'];
  return newest.every((file) => statSync(join(ROOT, file)).mtimeMs <= builtAtMs);
}

/** Output of sources that are gone would still be imported and tested. */
function pruneDeleted() {
  for (const file of filesBelow('dist')) {
    const source = /^dist\/(.*)\.js(?:\.map)?$/.exec(file)?.[1];
    if (source !== undefined && !existsSync(join(ROOT, `${source}.ts`))) rmSync(join(ROOT, file));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = build() ? 0 : 1;
