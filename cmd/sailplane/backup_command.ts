/** `sailplane backup FILE`: a copy of the store, also while a server has it open; that server need not take part. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { backupSqliteStore } from '../../service/store/backup_file.js';
import { databasePath } from '../singleton/data_folder.js';
import { takeOperand } from './arguments.js';
import { EXIT, readOptions, writeLine, type Command, type CommandIo } from './command.js';

const USAGE = `Usage: sailplane backup FILE [--config FILE] [--data-dir DIR]

Writes everything that is stored at this moment to FILE, which must not exist: one file that \`sailplane restore\`
takes. The server may run and goes on meanwhile. Debugging's secret is not in it.`;

export const backupCommand: Command = {
  name: 'backup',
  summary: 'copy the store to a file, also while the server runs',
  usage: USAGE,
  run: (args, io) => Promise.resolve(backup(args, io)),
};

function backup(args: readonly string[], io: CommandIo): number {
  const { operand, rest } = takeOperand(args);
  if (operand === undefined) {
    writeLine(io.error, USAGE);
    return EXIT.usage;
  }
  const config = readOptions(rest, io);
  if (config === undefined) return EXIT.usage;
  const file = resolve(operand);
  if (existsSync(file)) {
    writeLine(io.error, `sailplane: ${file} exists already`);
    return EXIT.failure;
  }
  backupSqliteStore({ ...config.store, path: databasePath(config) }, file);
  writeLine(io.output, `backed up to ${file}`);
  return EXIT.ok;
}
