/** `npm run bench -- NAME …`: builds what is not built and runs bench/NAME.ts with the arguments that follow. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildIfStale } from './build.mjs';
import { ROOT, filesBelow, runNode } from './project.mjs';

const [name = '', ...rest] = process.argv.slice(2);
if (!buildIfStale()) process.exit(1);
const file = `dist/bench/${name}.js`;
if (!/^\w+$/.test(name) || !existsSync(join(ROOT, file))) {
  const names = filesBelow('bench').flatMap((path) => /^bench\/(\w+)\.ts$/.exec(path)?.[1] ?? []);
  process.stderr.write(`npm run bench -- NAME, where NAME is one of: ${names.join(', ')}\n`);
  process.exit(2);
}
process.exitCode = runNode([file, ...rest]) ? 0 : 1;
