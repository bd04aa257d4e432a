/** `sailplane singleton`: the whole server in this process. */
import { main } from '../singleton/main.js';
import type { Command } from './command.js';

export const singletonCommand: Command = {
  name: 'singleton',
  summary: 'run the whole server in one process, on SQLite',
  usage: `Usage: sailplane singleton [--config FILE] [--data-dir DIR] [--http-port N] [--ws-port N] [OPTIONS]

Serves until SIGTERM or SIGINT. Once it does, one line on standard output says where:
  ready {"http":"http://127.0.0.1:8081/api","ws":"ws://127.0.0.1:8080/ws"}
Every option of \`sailplane config --print-defaults\` is a flag too.`,
  async run(args) {
    await main(args);
    return undefined;
  },
};
