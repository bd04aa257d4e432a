/** What every subcommand is: a line for the help, its own help, and a function that ends with an exit code. */
import type { Readable, Writable } from 'node:stream';
import { readConfig, type Config } from '../../service/config.js';

export interface CommandIo {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
  readonly error: Writable & { readonly isTTY?: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface Command {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly usage: string;
  /** Gives the exit code; undefined where the process goes on serving. */
  run(args: readonly string[], io: CommandIo): Promise<number | undefined>;
}

/** What the shell is told; docs/operations.md lists them for operators. */
export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

export function writeLine(stream: Writable, line: string): void {
  stream.write(`${line}\n`);
}

/** The configuration for a command; undefined where something is wrong with it, and then all of that was said. */
export function readOptions(args: readonly string[], io: CommandIo): Config | undefined {
  const loaded = readConfig(args, io.environment);
  if (loaded.ok) return loaded.values;
  for (const problem of loaded.problems) writeLine(io.error, `sailplane: ${problem}`);
  return undefined;
}
