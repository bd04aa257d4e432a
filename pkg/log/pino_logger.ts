/**
 * The Logger over pino: one JSON line each on standard error. Standard output is left to the ready line.
 * Lines are written at once (a lifecycle or a fault each, never one per message), so a crash loses none.
 */
import { destination, pino, stdSerializers, type DestinationStream } from 'pino';
import { choice, type OptionsOf } from '../config/option.js';
import type { LogFields, Logger } from './logger.js';

export const LOG_OPTIONS = {
  level: choice(
    ['error', 'warn', 'info', 'debug', 'silent'],
    'info',
    'The least grave lines that are written. error: a person must act; warn: degraded, heals itself; info: ' +
      'lifecycle; debug: also what is done per message, which costs throughput.',
  ),
} as const;

export type LogOptions = OptionsOf<typeof LOG_OPTIONS>;

const STANDARD_ERROR = 2;

export class PinoLogger implements Logger {
  readonly #pino: pino.Logger;

  constructor(
    options: LogOptions,
    stream: DestinationStream = destination({ fd: STANDARD_ERROR, sync: true }),
  ) {
    const settings: pino.LoggerOptions = {
      level: options.level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // With its stack, causes and code; both names, so that neither is printed as {}.
      serializers: { error: stdSerializers.errWithCause, err: stdSerializers.errWithCause },
    };
    this.#pino = pino(settings, stream);
  }

  error(fields: LogFields, message: string): void {
    this.#pino.error(fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#pino.warn(fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#pino.info(fields, message);
  }

  debug(fields: LogFields, message: string): void {
    this.#pino.debug(fields, message);
  }
}
