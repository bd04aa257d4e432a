/** Every subcommand, in the order of the help. */
import type { Command } from './command.js';
import { backupCommand } from './backup_command.js';
import { chatCommand } from './chat_command.js';
import { configCommand } from './config_command.js';
import { migrateCommand } from './migrate_command.js';
import { restoreCommand } from './restore_command.js';
import { singletonCommand } from './singleton_command.js';
import { statsCommand } from './stats_command.js';
import { userCommand } from './user_command.js';

export const COMMANDS: readonly Command[] = [
  singletonCommand,
  chatCommand,
  userCommand,
  backupCommand,
  restoreCommand,
  statsCommand,
  migrateCommand,
  configCommand,
];

export function usage(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    'Usage: sailplane COMMAND [OPTIONS]',
    '',
    ...lines,
    '',
    'sailplane COMMAND --help says more; also: --version',
  ].join('\n');
}
