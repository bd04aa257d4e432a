/** `npm run bench -- NAME …`: builds what is not built and runs one measure; bench/main.ts knows their names. */
import { buildIfStale } from './build.mjs';
import { runNode } from './project.mjs';

if (!buildIfStale()) process.exit(1);
process.exitCode = runNode(['dist/bench/main.js', ...process.argv.slice(2)]) ? 0 : 1;
