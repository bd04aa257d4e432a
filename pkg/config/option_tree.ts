/**
 * Option tables nested in sections, and the three spellings of one option: `gateway.frame_limit_bytes` in TOML,
 * `SAILPLANE_GATEWAY_FRAME_LIMIT_BYTES` in the environment, `--gateway-frame-limit-bytes` on the command line.
 */
import { text, type Option } from './option.js';

export interface OptionTree {
  readonly [name: string]: Option<unknown> | OptionTree;
}

/** The values that a tree of options describes. */
export type ValuesOf<Tree extends OptionTree> = {
  readonly [Key in keyof Tree]: Tree[Key] extends Option<infer Value>
    ? Value
    : Tree[Key] extends OptionTree
      ? ValuesOf<Tree[Key]>
      : never;
};

export interface Leaf {
  /** Where the value lives in the tree: `['gateway', 'frameLimitBytes']`. */
  readonly path: readonly string[];
  /** `gateway.frame_limit_bytes` */
  readonly name: string;
  readonly env: string;
  /** Without the leading dashes. */
  readonly flag: string;
  readonly option: Option<unknown>;
  /** Set on the companion of a secret, which names the file that holds it: the secret's own name. */
  readonly fileOf: string | undefined;
}

export const ENV_PREFIX = 'SAILPLANE_';

const FILE_DOC = (name: string): string =>
  `The file that holds ${name}, as an alternative to the environment.`;

export function isOption(node: Option<unknown> | OptionTree): node is Option<unknown> {
  return typeof node['kind'] === 'string';
}

/**
 * All options in the order of the tree. A secret is followed by its companion `…_file`. Throws where two options
 * would share a spelling, which is a mistake in the program.
 */
export function leavesOf(tree: OptionTree): readonly Leaf[] {
  const leaves = collect(tree, []);
  const seen = new Map<string, string>();
  for (const { env, name } of leaves) {
    const other = seen.get(env);
    if (other !== undefined) throw new Error(`the options ${other} and ${name} are both spelled ${env}`);
    seen.set(env, name);
  }
  return leaves;
}

function collect(tree: OptionTree, above: readonly string[]): Leaf[] {
  return Object.entries(tree).flatMap(([key, node]) => {
    const path = [...above, key];
    if (!isOption(node)) return collect(node, path);
    const leaf = leafOf(path, node, undefined);
    if (!node.secret) return [leaf];
    return [leaf, leafOf([...above, `${key}File`], text('', FILE_DOC(leaf.name)), leaf.name)];
  });
}

function leafOf(path: readonly string[], option: Option<unknown>, fileOf: string | undefined): Leaf {
  const words = path.map(snakeCase);
  const joined = words.join('_');
  return {
    path,
    name: words.join('.'),
    env: ENV_PREFIX + joined.toUpperCase(),
    flag: joined.replaceAll('_', '-'),
    option,
    fileOf,
  };
}

/** `frameLimitBytes` as `frame_limit_bytes`. */
export function snakeCase(camelCase: string): string {
  return camelCase.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
