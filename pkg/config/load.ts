/**
 * Puts a configuration together: defaults < TOML file < environment < flags. Nothing is guessed and nothing is
 * dropped: every unknown key and impossible value is a problem, and all of them are told at once.
 */
import { leavesOf, isOption, type Leaf, type OptionTree, type ValuesOf } from './option_tree.js';
import { readEnvironment, readFlags, readToml, type Reading, type Setting } from './sources.js';

export interface ConfigSources {
  /** Flags only, without the program's name. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Text of a file; throws where it cannot be read. */
  readonly readFile: (path: string) => string;
  /** Names with our prefix that other parts of the program read themselves. */
  readonly ignoredEnvironment?: readonly string[];
}

export type Loaded<Values> =
  | { readonly ok: true; readonly values: Values }
  /** One line each: the key, where it stands, what is wrong. Secrets are never quoted. */
  | { readonly ok: false; readonly problems: readonly string[] };

const CONFIG_FLAG = 'config';
const CONFIG_ENV = 'SAILPLANE_CONFIG';

export function loadConfig<Tree extends OptionTree>(
  tree: Tree,
  sources: ConfigSources,
): Loaded<ValuesOf<Tree>> {
  const leaves = leavesOf(tree);
  const problems: string[] = [];
  const { file, args } = configFile(sources, problems);
  const readings: readonly Reading[] = [
    file === undefined ? { settings: [], problems: [] } : readConfigFile(leaves, file, sources),
    readEnvironment(leaves, sources.environment, [...(sources.ignoredEnvironment ?? []), CONFIG_ENV]),
    readFlags(leaves, args),
  ];
  problems.push(...readings.flatMap((reading) => reading.problems));
  const settings = new Map<string, Setting>();
  for (const reading of readings) applyReading(settings, reading, problems);
  const secrets = readSecretFiles(settings, sources, problems);
  if (problems.length > 0) return { ok: false, problems };
  const values = build(tree, [], (path) => secrets.get(path) ?? settings.get(path)?.value);
  return { ok: true, values: values as ValuesOf<Tree> };
}

/** The file's name and the arguments without it. */
function configFile(
  sources: ConfigSources,
  problems: string[],
): { file: string | undefined; args: string[] } {
  const args: string[] = [];
  let file = sources.environment[CONFIG_ENV];
  const rest = [...sources.args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === `--${CONFIG_FLAG}`) {
      file = rest.shift();
      if (file === undefined) problems.push(`--${CONFIG_FLAG} needs a value`);
    } else if (arg.startsWith(`--${CONFIG_FLAG}=`)) file = arg.slice(CONFIG_FLAG.length + 3);
    else args.push(arg);
  }
  return { file: file === '' ? undefined : file, args };
}

function readConfigFile(leaves: readonly Leaf[], file: string, sources: ConfigSources): Reading {
  const text = tryRead(file, sources);
  return 'problem' in text ? { settings: [], problems: [text.problem] } : readToml(leaves, text.text, file);
}

function tryRead(file: string, sources: ConfigSources): { text: string } | { problem: string } {
  try {
    return { text: sources.readFile(file) };
  } catch (error) {
    return { problem: `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** A source that sets a secret takes the place of the file named by an earlier one, and the other way round. */
function applyReading(settings: Map<string, Setting>, reading: Reading, problems: string[]): void {
  const pathOf = (leaf: Leaf): string => leaf.path.join('.');
  for (const { leaf, origin } of reading.settings) {
    const partner = reading.settings.find((other) => other.leaf.fileOf === leaf.name);
    if (partner !== undefined)
      problems.push(`${origin} and ${partner.origin} exclude each other: set one of them`);
    settings.delete(
      leaf.fileOf === undefined ? `${pathOf(leaf)}File` : pathOf(leaf).slice(0, -'File'.length),
    );
  }
  for (const setting of reading.settings) settings.set(pathOf(setting.leaf), setting);
}

/** Secrets by path, from the files that the `…_file` settings name. */
function readSecretFiles(
  settings: ReadonlyMap<string, Setting>,
  sources: ConfigSources,
  problems: string[],
): ReadonlyMap<string, string> {
  const secrets = new Map<string, string>();
  for (const [path, { leaf, value, origin }] of settings) {
    if (leaf.fileOf === undefined || typeof value !== 'string' || value === '') continue;
    const read = tryRead(value, sources);
    if ('problem' in read) problems.push(`${origin}: ${read.problem}`);
    else secrets.set(path.slice(0, -'File'.length), read.text.trim());
  }
  return secrets;
}

function build(tree: OptionTree, above: readonly string[], valueAt: (path: string) => unknown): unknown {
  const values = Object.entries(tree).map(([key, node]) => {
    const path = [...above, key];
    const value = isOption(node) ? (valueAt(path.join('.')) ?? node.byDefault) : build(node, path, valueAt);
    return [key, value] as const;
  });
  return Object.fromEntries(values);
}
