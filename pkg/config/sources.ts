/**
 * Reads the three places that an option can be set in: a TOML document, the environment, the command line. Each
 * reader gives settings of known options and problems that name the key and the place. Precedence is load.ts'.
 */
import { parse, TomlError } from 'smol-toml';
import { ENV_PREFIX, type Leaf } from './option_tree.js';
import { parseText, parseToml, type Parsed } from './value.js';

export interface Setting {
  readonly leaf: Leaf;
  readonly value: unknown;
  /** `--http-port`, `SAILPLANE_HTTP_PORT`, `http_port in sailplane.toml`. */
  readonly origin: string;
}

export interface Reading {
  readonly settings: readonly Setting[];
  readonly problems: readonly string[];
}

class Collector implements Reading {
  readonly settings: Setting[] = [];
  readonly problems: string[] = [];

  take(leaf: Leaf, origin: string, parsed: Parsed): void {
    if ('problem' in parsed) this.problems.push(`${origin} ${parsed.problem}`);
    else this.settings.push({ leaf, value: parsed.value, origin });
  }
}

export function readToml(leaves: readonly Leaf[], toml: string, file: string): Reading {
  const found = new Collector();
  try {
    walkToml({ leaves, file, found }, parse(toml), '');
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [summary] = error.message.split('\n');
    found.problems.push(`${file} line ${error.line}: ${summary ?? 'not valid TOML'}`);
  }
  return found;
}

interface TomlWalk {
  readonly leaves: readonly Leaf[];
  readonly file: string;
  readonly found: Collector;
}

function walkToml(walk: TomlWalk, table: object, section: string): void {
  for (const [key, value] of Object.entries(table) as [string, unknown][]) {
    const name = section === '' ? key : `${section}.${key}`;
    const origin = `${name} in ${walk.file}`;
    const leaf = walk.leaves.find((candidate) => candidate.name === name);
    if (leaf !== undefined) walk.found.take(leaf, origin, tomlValue(leaf, value));
    else if (!walk.leaves.some((candidate) => candidate.name.startsWith(`${name}.`))) {
      walk.found.problems.push(`${origin} is not an option`);
    } else if (isTable(value)) walkToml(walk, value, name);
    else walk.found.problems.push(`${origin} is a section: write [${name}] and its keys below it`);
  }
}

function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function tomlValue(leaf: Leaf, value: unknown): Parsed {
  if (!leaf.option.secret) return parseToml(leaf.option, value);
  return { problem: `is a secret and may not stand in this file: set ${leaf.env} or ${leaf.name}_file` };
}

/** Only names with our prefix are looked at; `ignored` are those of them that are no options. */
export function readEnvironment(
  leaves: readonly Leaf[],
  environment: Readonly<Record<string, string | undefined>>,
  ignored: readonly string[],
): Reading {
  const found = new Collector();
  const names = Object.keys(environment).filter(
    (name) => name.startsWith(ENV_PREFIX) && !ignored.includes(name),
  );
  for (const name of names.sort()) {
    const leaf = leaves.find((candidate) => candidate.env === name);
    if (leaf === undefined) found.problems.push(`${name} in the environment is not an option`);
    else found.take(leaf, name, parseText(leaf.option, environment[name] ?? ''));
  }
  return found;
}

/** `--name value`, `--name=value`, `--flag`, `--no-flag`. The last of several wins, but for lists, which add up. */
export function readFlags(leaves: readonly Leaf[], args: readonly string[]): Reading {
  const found = new Collector();
  const texts = new Map<Leaf, string>();
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const problem = readFlag({ leaves, texts, rest }, arg);
    if (problem !== undefined) found.problems.push(problem);
  }
  for (const [leaf, value] of texts) found.take(leaf, `--${leaf.flag}`, parseText(leaf.option, value));
  return found;
}

interface FlagWalk {
  readonly leaves: readonly Leaf[];
  readonly texts: Map<Leaf, string>;
  /** What follows the flag; its value is taken from here. */
  readonly rest: string[];
}

function readFlag(walk: FlagWalk, arg: string): string | undefined {
  const match = /^--([^=]+)(?:=(.*))?$/s.exec(arg);
  if (match === null) return `${JSON.stringify(arg)} is not an option: options begin with --`;
  const [, name = '', inline] = match;
  const leaf = walk.leaves.find(({ flag }) => flag === name);
  if (leaf === undefined) return readNegation(walk, name, inline);
  if (leaf.option.secret)
    return `--${name} is a secret and other users see flags: set ${leaf.env} or --${name}-file`;
  const value = inline ?? (leaf.option.kind === 'flag' ? flagText(walk.rest) : walk.rest.shift());
  if (value === undefined) return `--${name} needs a value`;
  const before = leaf.option.kind === 'list' ? walk.texts.get(leaf) : undefined;
  walk.texts.set(leaf, before === undefined ? value : `${before},${value}`);
  return undefined;
}

/** `--strict` alone, or with the word after it. */
function flagText(rest: string[]): string {
  const next = rest[0];
  return next === 'true' || next === 'false' ? (rest.shift() ?? next) : 'true';
}

function readNegation(walk: FlagWalk, name: string, inline: string | undefined): string | undefined {
  const leaf = walk.leaves.find(({ flag, option }) => option.kind === 'flag' && `no-${flag}` === name);
  if (leaf === undefined) return `--${name} is not an option`;
  if (inline !== undefined) return `--${name} takes no value`;
  walk.texts.set(leaf, 'false');
  return undefined;
}
