/** Writes a measure's figures into bench/RESULTS.md: one section per measure, the newest figures only. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export type Rows = readonly (readonly [string, string])[];

const run = promisify(execFile);

const HEADER = `# Measured

Each section is the newest run of one measure; earlier ones are in this file's history. The server is pinned to
core 0, the load generator to core 1, over loopback; the database is preloaded with a million messages and every
ack waits for the flush.
`;

/** The package's own folder: compiled code lies somewhere below it. */
export async function packageRoot(from = dirname(fileURLToPath(import.meta.url))): Promise<string> {
  const manifest: unknown = await readFile(join(from, 'package.json'), 'utf8').then(
    JSON.parse,
    () => undefined,
  );
  if (
    typeof manifest === 'object' &&
    manifest !== null &&
    'name' in manifest &&
    manifest.name === 'sailplane'
  )
    return from;
  if (dirname(from) === from) throw new Error('not inside the sailplane package');
  return packageRoot(dirname(from));
}

export async function recordResult(name: string, args: readonly string[], rows: Rows): Promise<void> {
  const root = await packageRoot();
  const file = join(root, 'bench/RESULTS.md');
  const { stdout: commit } = await run('git', ['rev-parse', '--short', 'HEAD'], { cwd: root });
  const sections = await readSections(file);
  sections.set(
    name,
    [
      `\`npm run bench -- ${args.join(' ')}\`, ${new Date().toISOString().slice(0, 10)}, at ${commit.trim()}, ${hardware()}`,
      '',
      '| figure | value |',
      '|---|---|',
      ...rows.map(([what, figure]) => `| ${what} | ${figure} |`),
    ].join('\n'),
  );
  const text = [...sections].map(([title, body]) => `## ${title}\n\n${body}\n`).join('\n');
  await writeFile(file, `${HEADER}\n${text}`);
}

async function readSections(file: string): Promise<Map<string, string>> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const sections = text.split(/^## /m).slice(1);
  return new Map(
    sections.map((section) => [section.split('\n', 1)[0] ?? '', section.slice(section.indexOf('\n')).trim()]),
  );
}

function hardware(): string {
  const models = cpus().map(({ model }) => model.trim());
  return `${models.length} × ${models[0] ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
}
