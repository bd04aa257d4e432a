/**
 * The logger that is handed around: constant messages, facts as fields, one JSON line each (pino underneath).
 * error: a person must act; warn: degraded, heals itself; info: lifecycle; debug: per message.
 * Bodies and tokens are never fields.
 */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  error(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  debug(fields: LogFields, message: string): void;
}
