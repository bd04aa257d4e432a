/**
 * Writes options down: the example file with every default, and the effective values without the secrets.
 */
import { stringify } from 'smol-toml';
import { isOption, leavesOf, snakeCase, type Leaf, type OptionTree } from './option_tree.js';
import { describeKind } from './value.js';

const LINE_WIDTH = 100;

/**
 * The example file: each option with its reason, what it accepts and its default. Values are commented out as
 * `#key = value`, so that a copied file keeps following the defaults of newer versions.
 */
export function printDefaults(tree: OptionTree): string {
  const lines: string[] = [];
  let section = '';
  // TOML: keys of the top level stand before the first section.
  for (const leaf of [...leavesOf(tree)].sort((one, other) => one.path.length - other.path.length)) {
    const above = leaf.name.split('.').slice(0, -1).join('.');
    if (above !== section) lines.push(`[${above}]`, '');
    section = above;
    lines.push(...printLeaf(leaf), '');
  }
  return lines.join('\n');
}

function printLeaf(leaf: Leaf): string[] {
  const { option } = leaf;
  if (option.secret) return [...wrap(option.doc), `# Secret: only from ${leaf.env} or the file named below.`];
  const key = leaf.name.split('.').at(-1) ?? leaf.name;
  const assignment = stringify({ [key]: option.byDefault }).trim();
  return [...wrap(option.doc), `# ${describeKind(option)} · ${leaf.env} · --${leaf.flag}`, `#${assignment}`];
}

function wrap(doc: string): string[] {
  const lines = ['#'];
  for (const word of doc.split(/\s+/)) {
    const longer = `${lines.at(-1) ?? '#'} ${word}`;
    if (longer.length > LINE_WIDTH && lines.at(-1) !== '#') lines.push(`# ${word}`);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** The values as they stand in a TOML file, secrets as `(set)` or `(not set)`: for the start's log line. */
export function effective(tree: OptionTree, values: object): Readonly<Record<string, unknown>> {
  const given = new Map(Object.entries(values) as [string, unknown][]);
  const shown = Object.entries(tree).map(([key, node]) => {
    const value = given.get(key);
    if (!isOption(node)) return [snakeCase(key), effective(node, asObject(value))] as const;
    return [snakeCase(key), node.secret ? (value === '' ? '(not set)' : '(set)') : value] as const;
  });
  return Object.fromEntries(shown);
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
