/**
 * Where a password comes from: SAILPLANE_PASSWORD, the first line of standard input, or a question on a terminal
 * that shows nothing of the answer. Never an argument: those are visible to everybody on the machine.
 */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { CommandIo } from './command.js';

const ENVIRONMENT_NAME = 'SAILPLANE_PASSWORD';

/** '' where none was given. */
export async function readPassword(io: CommandIo, question: string): Promise<string> {
  const given = io.environment[ENVIRONMENT_NAME];
  if (given !== undefined && given !== '') return given;
  const isTerminal = io.input.isTTY === true;
  if (isTerminal) io.error.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: io.input, output: silent, terminal: isTerminal });
  try {
    return await firstLine(lines);
  } finally {
    lines.close();
    if (isTerminal) io.error.write('\n');
  }
}

function firstLine(lines: ReturnType<typeof createInterface>): Promise<string> {
  return new Promise((resolve) => {
    lines.once('line', resolve);
    // The end of the input, or Ctrl-C.
    lines.once('close', () => resolve(''));
  });
}
