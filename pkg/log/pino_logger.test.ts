import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../errors/coded_error.js';
import { PinoLogger, type LogOptions } from './pino_logger.js';

function logged(level: LogOptions['level'], write: (logger: PinoLogger) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  write(new PinoLogger({ level }, { write: (line) => void lines.push(line) }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('log: one JSON line with level, time, message and fields', () => {
  const [line] = logged('info', (logger) => logger.info({ uid: 7, ms: 3 }, 'signed in'));
  assert.ok(line !== undefined);
  assert.deepEqual([line['level'], line['msg'], line['uid'], line['ms']], ['info', 'signed in', 7, 3]);
  assert.equal(new Date(String(line['time'])).toISOString(), line['time']);
});

test('log: lines below the level are not written', () => {
  const lines = logged('warn', (logger) => {
    logger.debug({}, 'd');
    logger.info({}, 'i');
    logger.warn({}, 'w');
    logger.error({}, 'e');
  });
  assert.deepEqual(
    lines.map((line) => line['msg']),
    ['w', 'e'],
  );
});

test('log: an error carries its code, stack and cause', () => {
  const error = new CodedError(6103, 'the store is full', { cause: new Error('disk') });
  const [line] = logged('error', (logger) => logger.error({ error }, 'append failed'));
  const shown = line?.['error'] as Record<string, unknown>;
  assert.equal(shown['code'], 6103);
  assert.match(String(shown['stack']), /the store is full/);
  assert.equal((shown['cause'] as Record<string, unknown>)['message'], 'disk');
});
