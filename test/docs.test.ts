/**
 * docs/protocol.md, with docs/groups.md for groups, names everything that a client can meet: operations and their
 * fields, error codes, close codes.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { OPERATIONS } from '../im/api/operations.js';
import { CLOSE_CODES, ERRORS } from '../im/errors.js';
import { packageRoot } from './support/package_root.js';

const PROTOCOL = ['docs/protocol.md', 'docs/groups.md']
  .map((page) => readFileSync(join(packageRoot(), page), 'utf8'))
  .join('\n');
const ROWS = PROTOCOL.split('\n').filter((line) => line.startsWith('|'));

/** The cells of the only table row that begins with `first`. */
function cellsOf(first: string): readonly string[] {
  const found = ROWS.map((row) => row.split('|').map((cell) => cell.trim())).filter(
    ([, cell]) => cell === first,
  );
  assert.equal(found.length, 1, `the pages have ${found.length} rows for ${first}`);
  return found[0]?.slice(2, -1) ?? [];
}

const WHO = { public: 'anybody', caller: 'caller', genuine: 'genuine' } as const;

for (const { path, method, access, schema, aliases } of OPERATIONS) {
  test(`docs: ${path} with its method, who may call it, its fields and other names`, () => {
    const [who, input = '', data = ''] = cellsOf(`\`${method} ${path}\``);
    assert.equal(who, WHO[access]);
    assert.notEqual(data, '');
    const isTheSame = input.startsWith('the same');
    for (const field of isTheSame ? [] : Object.keys(schema.shape))
      assert.ok(input.includes(`\`${field}\``), `${path}: ${field} is missing`);
    for (const alias of aliases) assert.ok(PROTOCOL.includes(`\`${alias}\``), `${alias} is missing`);
  });
}

test('docs: no operation that does not exist', () => {
  const named = ROWS.flatMap((row) => /^\| `(?:GET|POST) ([^`]+)`/.exec(row)?.slice(1) ?? []);
  assert.deepEqual([...named].sort(), OPERATIONS.map(({ path }) => path).sort());
});

test('docs: every error code with its name, meaning and whether to try again', () => {
  for (const [name, { code, text, temporary }] of Object.entries(ERRORS))
    assert.deepEqual(cellsOf(String(code)), [name, text, temporary ? 'yes' : 'no']);
});

test('docs: every close code with its name, meaning and whether to come back', () => {
  for (const [name, { code, text }] of Object.entries(CLOSE_CODES)) {
    const then = code < 4500 ? 'reconnect' : 'do not come back by yourself';
    assert.deepEqual(cellsOf(String(code)), [name, text, then]);
  }
});

test('docs: the tables of error codes and close codes are as the build writes them', () => {
  const root = packageRoot();
  const errors = join(import.meta.dirname, '../im/errors.js');
  const args = [join(root, 'scripts/protocol_tables.mjs'), '--check', '--from', errors];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});
