/** `sailplane migrate`: brings the database to this program's schema ahead of its start. */
import { mkdirSync } from 'node:fs';
import { migrateSqliteStore } from '../../service/store/store_schema.js';
import { databasePath } from '../singleton/data_folder.js';
import { EXIT, readOptions, writeLine, type Command, type CommandIo } from './command.js';

const USAGE = `Usage: sailplane migrate [--config FILE] [--data-dir DIR]

Applies the numbered files of sql/ that the database lacks, all of them or none. The server does the same when it
starts; this is for doing it at a time of one's choosing.`;

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'bring the database to the schema of this version',
  usage: USAGE,
  run: (args, io) => Promise.resolve(migrate(args, io)),
};

function migrate(args: readonly string[], io: CommandIo): number {
  const config = readOptions(args, io);
  if (config === undefined) return EXIT.usage;
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const path = databasePath(config);
  const applied = migrateSqliteStore({ ...config.store, path });
  writeLine(
    io.output,
    applied.length === 0 ? `${path} is up to date` : `${path}: applied ${applied.join(', ')}`,
  );
  return EXIT.ok;
}
