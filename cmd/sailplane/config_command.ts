/** `sailplane config --print-defaults`: the example file, which cannot drift from the options. */
import { printDefaults } from '../../pkg/config/print.js';
import { CONFIG_OPTIONS } from '../../service/config.js';
import { EXIT, writeLine, type Command } from './command.js';

const USAGE = `Usage: sailplane config --print-defaults

Prints a configuration file with every option, what it is for, what it accepts and its default.`;

export const configCommand: Command = {
  name: 'config',
  summary: 'print every option with its default, as a configuration file',
  usage: USAGE,
  run(args, io) {
    if (args.length !== 1 || args[0] !== '--print-defaults') {
      writeLine(io.error, USAGE);
      return Promise.resolve(EXIT.usage);
    }
    io.output.write(printDefaults(CONFIG_OPTIONS));
    return Promise.resolve(EXIT.ok);
  },
};
