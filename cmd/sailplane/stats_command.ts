/** `sailplane stats`: the metrics of the running server, for whoever may open the data folder. */
import { askRunning } from './admin_link.js';
import { EXIT, readOptions, writeLine, type Command, type CommandIo } from './command.js';

const USAGE = `Usage: sailplane stats [--config FILE] [--data-dir DIR]

Prints the metrics of the server that runs on the data folder, as GET /metrics has them, also where that is off.`;

export const statsCommand: Command = {
  name: 'stats',
  summary: 'print the metrics of the running server',
  usage: USAGE,
  run: runStats,
};

async function runStats(args: readonly string[], io: CommandIo): Promise<number> {
  const config = readOptions(args, io);
  if (config === undefined) return EXIT.usage;
  const answer = await askRunning(config, { do: 'stats' });
  if (answer === undefined) {
    writeLine(io.error, `sailplane: no server runs on ${config.dataDir}`);
    return EXIT.failure;
  }
  io.output.write(
    typeof answer === 'object' && answer !== null && 'text' in answer ? String(answer.text) : '',
  );
  return EXIT.ok;
}
