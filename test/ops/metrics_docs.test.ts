/** docs/operations.md lists every metric that is exported, with its kind, labels and meaning, and no other. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { METRICS } from '../../service/metrics/metric_table.js';
import { HISTOGRAMS } from '../../service/metrics/metrics.js';

const PAGE = readFileSync(join(packageRoot(import.meta.dirname), 'docs/operations.md'), 'utf8');

/** Compiled code lies at different depths. */
function packageRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : packageRoot(dirname(folder));
}

/** Names are given without their common beginning. */
const EXPORTED = [
  ...METRICS.map(({ name, kind, labels, help }) => ({ name, kind, labels, help })),
  ...Object.values(HISTOGRAMS).map(({ name, help }) => ({ name, kind: 'histogram', labels: [], help })),
].map(({ name, kind, labels, help }) => [`\`${name}\``, kind, labels.join(', '), help] as const);

const DOCUMENTED = PAGE.split('\n')
  .filter((line) => line.startsWith('| `sailplane_'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, name = '', kind = '', labels = '', help = '']) => [name, kind, labels, help] as const);

test('docs: every metric with its kind, labels and meaning, and none that does not exist', () => {
  const sorted = (rows: readonly (readonly string[])[]): readonly string[] =>
    rows.map((row) => row.join(' | ')).sort();
  assert.deepEqual(sorted(DOCUMENTED), sorted(EXPORTED));
});

test('docs: every metric says what to do about it, or that there is nothing', () => {
  const rows = PAGE.split('\n').filter((line) => line.startsWith('| `sailplane_'));
  for (const row of rows) assert.equal(row.split('|').length, 7, row);
});

test('metrics: names have a room, and a unit or _total', () => {
  for (const { name, kind } of METRICS) {
    assert.match(name, /^sailplane_[a-z]+(_[a-z]+)+$/);
    assert.equal(name.endsWith('_total'), kind === 'counter', name);
  }
});
