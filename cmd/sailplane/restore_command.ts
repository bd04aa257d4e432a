/** `sailplane restore FILE`: a backup takes the place of the store, while no server runs. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { restoreSqliteStore } from '../../service/store/restore_file.js';
import { databasePath, takeFolder } from '../singleton/data_folder.js';
import { takeOperand } from './arguments.js';
import { EXIT, readOptions, writeLine, type Command, type CommandIo } from './command.js';

const USAGE = `Usage: sailplane restore FILE [--config FILE] [--data-dir DIR]

Checks FILE, which \`sailplane backup\` wrote, and puts a copy of it in the place of the store; what was there is kept
beside it. Stop the server first. Clients notice at their next connection and read everything again.
Tokens and bans are those of the backup: see docs/operations.md.`;

export const restoreCommand: Command = {
  name: 'restore',
  summary: 'put a backup in the place of the store, while the server is stopped',
  usage: USAGE,
  run: (args, io) => Promise.resolve(restore(args, io)),
};

function restore(args: readonly string[], io: CommandIo): number {
  const { operand, rest } = takeOperand(args);
  if (operand === undefined) {
    writeLine(io.error, USAGE);
    return EXIT.usage;
  }
  const config = readOptions(rest, io);
  if (config === undefined) return EXIT.usage;
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const lock = takeFolder(config);
  if (lock === undefined) {
    writeLine(io.error, `sailplane: a server is using the data folder ${config.dataDir}: stop it first`);
    return EXIT.failure;
  }
  try {
    const { epoch, keptAt } = restoreSqliteStore(resolve(operand), databasePath(config));
    if (keptAt !== undefined) writeLine(io.output, `kept what was there as ${keptAt}`);
    writeLine(io.output, `restored ${resolve(operand)}, epoch ${epoch}`);
    return EXIT.ok;
  } finally {
    lock.release();
  }
}
