/**
 * The rules of the house about files and their imports, as one function from sources to breaches. What a source
 * imports comes from the TypeScript parser, so strings and comments that look like imports are none.
 */
import { posix } from 'node:path';
import ts from 'typescript';

export interface Source {
  /** From the project's root: `im/gateway/client.ts`. */
  readonly path: string;
  readonly text: string;
}

interface Import {
  readonly from: string;
  /** A path from the root where the import is relative, else the module's name. */
  readonly to: string;
  readonly isFile: boolean;
}

interface Rule {
  readonly applies: (path: string) => boolean;
  readonly allows: (found: Import) => boolean;
  readonly text: string;
}

const RANKS: Readonly<Record<string, number>> = { pkg: 1, im: 2, service: 3, cmd: 4 };
/** What of pkg the IM logic may use: mechanisms without a library or an operating system behind them. */
const LEAVES = [
  /^pkg\/(errors|queue|timer|hash|id)\//,
  /^pkg\/log\/logger\.ts$/,
  /^pkg\/limit\/(address|in_flight|recent_map|token_bucket)\.ts$/,
  /^pkg\/config\/option\.ts$/,
];
/** A library with traps is wrapped in one room, and imported nowhere else. */
const WRAPPED: Readonly<Record<string, string>> = {
  '@photostructure/sqlite': 'pkg/db/',
  pino: 'pkg/log/',
  'smol-toml': 'pkg/config/',
};
const VAGUE_NAME = /^(utils?|common|helpers?|base|misc|index)$|_(utils?|helpers?)$|_?\d$/;
const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

const isTest = (path: string): boolean =>
  /\.(test|contract)\.ts$|^(test|bench)\/|\/(fake_\w+|\w+_fixture|stage)\.ts$/.test(path);
const topOf = (path: string): string => path.split('/', 1)[0] ?? '';
const roomOf = (path: string): string => path.split('/').slice(0, -1).join('/');
/** A folder inside a room of im belongs to that room: im/gateway/old_sdk to im/gateway. */
const imRoomOf = (path: string): string => roomOf(path).split('/', 2).join('/');
const isPure = (path: string): boolean =>
  /^(im\/message\/|im\/errors\.ts$|pkg\/errors\/|sdk\/src\/)/.test(path);
const isCode = (path: string): boolean => !isTest(path);

const RULES: readonly Rule[] = [
  {
    applies: (path) => topOf(path) in RANKS,
    allows: ({ from, to, isFile }) => !isFile || (RANKS[topOf(from)] ?? 0) >= (RANKS[topOf(to)] ?? 0),
    text: 'imports go cmd → service → im → pkg',
  },
  {
    applies: (path) => topOf(path) !== 'cmd',
    allows: ({ to, isFile }) => !isFile || topOf(to) !== 'cmd',
    text: 'nothing imports cmd',
  },
  {
    applies: (path) => !['cmd', 'sdk', 'test', 'bench'].includes(topOf(path)),
    allows: ({ to, isFile }) => !isFile || topOf(to) !== 'sdk',
    text: 'the server does not import its client',
  },
  {
    applies: isCode,
    allows: ({ to, isFile }) => !isFile || !isTest(to),
    text: 'code does not import tests',
  },
  {
    applies: (path) => /^service\/\w+\//.test(path),
    allows: ({ from, to, isFile }) =>
      !isFile ||
      topOf(to) !== 'service' ||
      roomOf(to) === roomOf(from) ||
      /^service\/(config|wire|topics)\.ts$/.test(to),
    text: 'one edge does not import another: only service/{config,wire,topics}.ts',
  },
  {
    applies: (path) => /^im\/\w+\//.test(path) && isCode(path),
    allows: ({ from, to, isFile }) =>
      !isFile ||
      topOf(to) !== 'im' ||
      imRoomOf(to) === imRoomOf(from) ||
      /^im\/(\w+\/(\w+_)?interface\.ts|message\/\w+\.ts|group\/permissions\.ts|errors\.ts)$/.test(to),
    text: 'im rooms meet only through their interface files, im/message, im/errors.ts and the table of permissions',
  },
  {
    applies: (path) => topOf(path) === 'im' && isCode(path),
    allows: ({ to, isFile }) => !isFile || topOf(to) !== 'pkg' || LEAVES.some((leaf) => leaf.test(to)),
    text: 'im uses only the leaf mechanisms of pkg',
  },
  {
    applies: (path) => topOf(path) === 'im' && isCode(path),
    allows: ({ from, to, isFile }) => isFile || isBuiltIn(to) || (to === 'zod' && from.startsWith('im/api/')),
    text: 'im imports no transport, database or log library',
  },
  {
    applies: (path) => isPure(path) && isCode(path),
    allows: ({ to, isFile }) => isFile || (!isBuiltIn(to) && to !== 'zod'),
    text: 'runs in a browser too: no built-in module of Node, no package',
  },
  {
    applies: (path) => topOf(path) === 'sdk' && isCode(path),
    allows: ({ to, isFile }) =>
      isFile && /^(sdk\/src\/|im\/message\/|im\/errors\.ts$|pkg\/errors\/)/.test(to),
    text: 'the sdk imports im/message, im/errors.ts and the class of its errors only',
  },
  {
    applies: isCode,
    allows: ({ from, to }) => WRAPPED[to] === undefined || from.startsWith(WRAPPED[to]),
    text: 'this library is wrapped in one room of pkg',
  },
];

/** One line for each breach, sorted; empty for a tree in order. `dependencies`: what the package really installs. */
export function findBreaches(sources: readonly Source[], dependencies: readonly string[]): readonly string[] {
  const parsed = sources.map((source) => ({ source, tree: parse(source) }));
  const imports = parsed.flatMap(({ source, tree }) => importsOf(source.path, tree));
  return [
    ...imports.flatMap(breachesOfRules),
    ...imports.flatMap((found) => undeclared(found, dependencies)),
    ...cyclesOf(imports),
    ...parsed.flatMap(({ source, tree }) => [
      ...breachesOfShape(source),
      ...breachesOfSyntax(source.path, tree),
    ]),
  ].sort();
}

function parse({ path, text }: Source): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
}

function importsOf(path: string, tree: ts.SourceFile): readonly Import[] {
  const found: Import[] = [];
  walk(tree, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    const isFile = specifier.startsWith('.');
    const target = posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts');
    found.push({ from: path, to: isFile ? target : specifier, isFile });
  });
  return found;
}

/** Of `import … from`, `export … from`, `import()` and the type `import('…')`. */
function specifierOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return textOf(node.moduleSpecifier);
  if (ts.isImportTypeNode(node))
    return ts.isLiteralTypeNode(node.argument) ? textOf(node.argument.literal) : undefined;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return textOf(node.arguments[0]);
  return undefined;
}

function textOf(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

function isBuiltIn(name: string): boolean {
  return name.startsWith('node:');
}

function breachesOfRules(found: Import): readonly string[] {
  const broken = RULES.filter((rule) => rule.applies(found.from) && !rule.allows(found));
  return broken.map((rule) => `${found.from} imports ${found.to}: ${rule.text}`);
}

/** A package that only developers install would be missing where the server runs. */
function undeclared({ from, to, isFile }: Import, dependencies: readonly string[]): readonly string[] {
  if (isFile || isBuiltIn(to) || isTest(from)) return [];
  const name = to.split('/', to.startsWith('@') ? 2 : 1).join('/');
  return dependencies.includes(name)
    ? []
    : [`${from} imports ${to}: not among the dependencies (built-ins: node:…)`];
}

function cyclesOf(imports: readonly Import[]): readonly string[] {
  const next = new Map<string, string[]>();
  for (const { from, to, isFile } of imports) if (isFile) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, above: readonly string[]): void => {
    const start = above.indexOf(path);
    if (start >= 0) cycles.push(`cycle: ${[...above.slice(start), path].join(' → ')}`);
    if (start >= 0 || done.has(path)) return;
    for (const to of next.get(path) ?? []) visit(to, [...above, path]);
    done.add(path);
  };
  for (const path of [...next.keys()].sort()) visit(path, []);
  return cycles;
}

function breachesOfShape({ path, text }: Source): readonly string[] {
  const name = posix.basename(path).replace(/(\.(test|contract))?\.ts$/, '');
  const lines = text.split('\n').length - 1;
  const wall = isTest(path) ? 600 : /^cmd\/\w+\/main\.ts$/.test(path) ? 80 : 400;
  const found: string[] = [];
  if (!SNAKE_CASE.test(name)) found.push(`${path}: file names are snake_case`);
  if (VAGUE_NAME.test(name) && path !== 'sdk/src/index.ts')
    found.push(`${path}: a file is named by its noun`);
  if (lines > wall) found.push(`${path}: ${lines} lines, the wall is ${wall}`);
  return found;
}

function breachesOfSyntax(path: string, tree: ts.SourceFile): readonly string[] {
  const found: string[] = [];
  walk(tree, (node) => {
    const line = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
    if (node.kind === ts.SyntaxKind.AnyKeyword) found.push(`${path}:${line}: any`);
    if (ts.isEnumDeclaration(node)) found.push(`${path}:${line}: enum`);
    if (
      ts.isExportAssignment(node) ||
      (node.kind === ts.SyntaxKind.DefaultKeyword && ts.canHaveModifiers(node.parent))
    ) {
      found.push(`${path}:${line}: default export`);
    }
  });
  return found;
}
