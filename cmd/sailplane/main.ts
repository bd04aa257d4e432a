#!/usr/bin/env -S node --max-semi-space-size=4
/** The command `sailplane`: picks the subcommand and ends with its exit code. */
import { CodedError } from '../../pkg/errors/coded_error.js';
import { withCause } from '../singleton/start_failure.js';
import { readVersion } from '../singleton/version.js';
import { EXIT, writeLine, type Command, type CommandIo } from './command.js';
import { COMMANDS, usage } from './commands.js';

async function run(args: readonly string[], io: CommandIo): Promise<number | undefined> {
  const [name = '', ...rest] = args;
  if (name === '--help' || name === '-h' || name === 'help') return say(io, usage());
  if (name === '--version' || name === '-v') return say(io, readVersion());
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) {
    if (name !== '') writeLine(io.error, `sailplane: unknown command ${JSON.stringify(name)}`);
    writeLine(io.error, usage());
    return EXIT.usage;
  }
  if (rest.includes('--help') || rest.includes('-h')) return say(io, command.usage);
  return runCommand(command, rest, io);
}

/** What goes wrong for a reason that a person can see to is one line; a mistake of ours keeps its stack. */
async function runCommand(
  command: Command,
  args: readonly string[],
  io: CommandIo,
): Promise<number | undefined> {
  try {
    return await command.run(args, io);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    writeLine(io.error, `sailplane: ${error instanceof CodedError ? withCause(error) : error.message}`);
    return EXIT.failure;
  }
}

function say(io: CommandIo, text: string): number {
  writeLine(io.output, text);
  return EXIT.ok;
}

const io: CommandIo = {
  input: process.stdin,
  output: process.stdout,
  error: process.stderr,
  environment: process.env,
};
// Before any file is made: messages and password hashes are for the owner's eyes.
process.umask(0o077);
const code = await run(process.argv.slice(2), io);
if (code !== undefined) process.exitCode = code;
