/**
 * Writes the tables of error codes and close codes into docs/protocol.md, between their marks, from the compiled
 * im/errors.js. `--check` writes nothing and fails where the page is not as it would be written. `--from FILE`: the
 * compiled module, where it is not in dist/.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './project.mjs';

const PAGE = join(ROOT, 'docs/protocol.md');
const BEGIN = '<!-- Written by scripts/protocol_tables.mjs from im/errors.ts: change it there. -->\n';
const END = '\n<!-- Until here. -->';
/** From here on a client does not come back by itself. */
const FINAL_FROM = 4500;

/**
 * Padded as the formatter would, so that it leaves the page alone.
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
function table(head, rows) {
  const widths = head.map((title, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? title.length)),
  );
  /** @param {readonly string[]} row */
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/**
 * @param {{
 *   ERRORS: Record<string, { code: number, text: string, temporary: boolean }>,
 *   CLOSE_CODES: Record<string, { code: number, text: string }>,
 * }} tables
 */
function written({ ERRORS, CLOSE_CODES }) {
  const errors = Object.entries(ERRORS)
    .sort(([, one], [, other]) => one.code - other.code)
    .map(([name, { code, text, temporary }]) => [String(code), name, text, temporary ? 'yes' : 'no']);
  const closes = Object.entries(CLOSE_CODES)
    .sort(([, one], [, other]) => one.code - other.code)
    .map(([name, { code, text }]) => [
      String(code),
      name,
      text,
      code < FINAL_FROM ? 'reconnect' : 'do not come back by yourself',
    ]);
  return [
    '\n## Error codes\n',
    table(['code', 'name', 'meaning', 'try again unchanged'], errors),
    '\n## Close codes\n',
    table(['code', 'name', 'meaning', 'then'], closes),
    '',
  ].join('\n');
}

/** @param {readonly string[]} args */
async function main(args) {
  // The published package has no docs.
  if (!existsSync(PAGE)) return true;
  const from = args.indexOf('--from');
  const file = from < 0 ? join(ROOT, 'dist/im/errors.js') : resolve(args[from + 1] ?? '');
  const page = readFileSync(PAGE, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error('docs/protocol.md has lost the marks of its tables');
  const fresh =
    page.slice(0, begin + BEGIN.length) + written(await import(pathToFileURL(file).href)) + page.slice(end);
  if (fresh === page) return true;
  if (args.includes('--check')) {
    process.stderr.write('docs/protocol.md is stale: run `npm run build`.\n');
    return false;
  }
  writeFileSync(PAGE, fresh);
  return true;
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
