/** docs/sdk.md: every snippet is checked by the compiler against the package as it is. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));

/** What the page says that snippets go on from. */
const KNOWN = `client: SailplaneClient, url: string, token: string, gid: number, conv: string, mid: number,
  bob: number, carol: number, message: Message`;

function findRoot(folder: string): string {
  const manifest = join(folder, 'package.json');
  const isRoot = existsSync(manifest) && readFileSync(manifest, 'utf8').includes('"name": "sailplane"');
  return isRoot ? folder : findRoot(dirname(folder));
}

function snippets(page: string): readonly string[] {
  return [...page.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code = '']) => code);
}

/** Each snippet in a scope of its own; its imports before all others, once. */
function program(codes: readonly string[]): string {
  const imports = new Set(["import type { Message, SailplaneClient } from '@sailplane/sdk';"]);
  const bodies = codes.map((code, index) => {
    const lines = code.split('\n');
    for (const line of lines)
      if (line.startsWith('import '))
        imports.add(line.replace('SailplaneClient }', 'SailplaneClient as Client }'));
    const rest = lines.filter((line) => !line.startsWith('import ')).join('\n');
    const own = rest.replaceAll('new SailplaneClient(', 'new Client(');
    return `export async function snippet${index}(${KNOWN}): Promise<void> {\n{\n${own}\n}\n}`;
  });
  return [...imports, ...bodies].join('\n');
}

const CONFIG = {
  compilerOptions: {
    target: 'ES2023',
    lib: ['ES2024', 'DOM', 'DOM.Iterable'],
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    paths: {
      '@sailplane/sdk': [join(ROOT, 'sdk/src/index.ts')],
      ws: [join(ROOT, 'node_modules/@types/ws/index.d.ts')],
    },
  },
  files: ['page.ts'],
};

void test('every snippet of docs/sdk.md is valid TypeScript over the package', (t) => {
  const codes = snippets(readFileSync(join(ROOT, 'docs/sdk.md'), 'utf8'));
  assert.ok(codes.length >= 15, `${codes.length} snippets`);
  const folder = mkdtempSync(join(tmpdir(), 'sailplane-docs-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'page.ts'), program(codes));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(CONFIG));
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});

void test('the README names the page', () => {
  assert.ok(readFileSync(join(ROOT, 'README.md'), 'utf8').includes('(docs/sdk.md)'));
});
