/** Why the server did not start, in one line for a person, and the exit code that says so to a supervisor. */
import { CodedError } from '../../pkg/errors/coded_error.js';
import type { Lifecycle } from '../../pkg/lifecycle/lifecycle.js';
import { CertificateError } from '../../pkg/tls/certificate.js';
import type { Logger } from '../../pkg/log/logger.js';
import { readConfig, servingProblems, type Config } from '../../service/config.js';

export const START_EXIT_CODES = { unexpected: 1, configuration: 2, addressInUse: 3, folderInUse: 4 } as const;

export class StartFailure extends Error {
  readonly exitCode: number;

  constructor(kind: keyof typeof START_EXIT_CODES, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartFailure';
    this.exitCode = START_EXIT_CODES[kind];
  }
}

/** The configuration of a server; undefined where it may not start with it, and then everything wrong was said. */
export function readConfigOrEnd(args: readonly string[]): Config | undefined {
  const loaded = readConfig(args, process.env);
  const problems = loaded.ok ? servingProblems(loaded.values) : loaded.problems;
  if (loaded.ok && problems.length === 0) return loaded.values;
  for (const problem of problems) process.stderr.write(`sailplane: ${problem}\n`);
  process.exitCode = START_EXIT_CODES.configuration;
  return undefined;
}

export interface FailedStart {
  readonly error: unknown;
  readonly config: Config;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
}

/** Closes what had started, says why the rest did not, and ends the process; after a signal that is under way. */
export async function endFailedStart({ error, config, logger, lifecycle }: FailedStart): Promise<void> {
  if (lifecycle.isClosing()) return;
  const failure = explainStart(error, config);
  if (failure === undefined) logger.error({ error }, 'the server could not start');
  await lifecycle.close();
  process.stderr.write(
    `sailplane: ${failure?.message ?? 'the server could not start: see the line above'}\n`,
  );
  process.exit(failure?.exitCode ?? START_EXIT_CODES.unexpected);
}

/** Undefined where it is nothing that a person can put right: then the log has the stack. */
export function explainStart(error: unknown, config: Config): StartFailure | undefined {
  if (error instanceof StartFailure) return error;
  if (error instanceof CertificateError) return new StartFailure('configuration', error.message);
  if (error instanceof CodedError) return new StartFailure('unexpected', withCause(error));
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const { message } = error;
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartFailure(
        'addressInUse',
        `${listenerOf(error, config)} is in use: stop who has it, or take another`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartFailure('configuration', `host ${config.host} is no address of this machine`);
    case 'EACCES':
    case 'EPERM':
      if ('port' in error)
        return new StartFailure('addressInUse', `${listenerOf(error, config)} is not for this user`);
      return folderFailure(config, message);
    case 'EROFS':
    case 'ENOSPC':
    case 'EEXIST':
    case 'ENOTDIR':
      return folderFailure(config, message);
    default:
      return undefined;
  }
}

function folderFailure({ dataDir }: Config, message: string): StartFailure {
  return new StartFailure('configuration', `the data folder ${dataDir} cannot be used: ${message}`);
}

/** `port 8080 (--ws-port) on 127.0.0.1` */
function listenerOf(error: Error, config: Config): string {
  const port = 'port' in error && typeof error.port === 'number' ? error.port : 0;
  return `port ${port} (${port === config.wsPort ? '--ws-port' : '--http-port'}) on ${config.host}`;
}

/** The store's own words are a text where they come from its worker. */
export function withCause({ message, cause }: CodedError): string {
  const reason = cause instanceof Error ? cause.message : typeof cause === 'string' ? cause : '';
  return reason === '' || message.includes(reason) ? message : `${message}: ${reason}`;
}
