import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import type { LogFields, Logger } from '../log/logger.js';
import { Lifecycle, type Part } from './lifecycle.js';

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];

  exit(code: number): void {
    this.exits.push(code);
    super.emit('exited', code);
  }
}

class Lines implements Logger {
  readonly lines: { level: string; message: string; fields: LogFields }[] = [];
  readonly error = this.#at('error');
  readonly warn = this.#at('warn');
  readonly info = this.#at('info');
  readonly debug = this.#at('debug');

  messages(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message);
  }

  #at(level: string) {
    return (fields: LogFields, message: string): void => void this.lines.push({ level, message, fields });
  }
}

function setUp(closeStepMs = 10_000) {
  const fake = new FakeProcess();
  const logger = new Lines();
  const clock = { nowMs: 0 };
  const deps = { logger, process: fake, now: () => clock.nowMs };
  const lifecycle = new Lifecycle({ closeStepMs, repeatSignalMs: 500 }, deps);
  const events: string[] = [];
  const part = (name: string, close?: () => Promise<void>): Part => ({
    name,
    start: () => void events.push(`start ${name}`),
    close: () => {
      events.push(`close ${name}`);
      return close?.();
    },
  });
  return { fake, logger, clock, lifecycle, events, part };
}

const never = (): Promise<void> => new Promise(() => undefined);

test('lifecycle: parts start in order and close in reverse, with a log line each', async () => {
  const { lifecycle, events, part, logger } = setUp();
  for (const name of ['store', 'gateway', 'http']) await lifecycle.start(part(name));
  assert.equal(await lifecycle.close(), true);
  assert.deepEqual(events, [
    'start store',
    'start gateway',
    'start http',
    'close http',
    'close gateway',
    'close store',
  ]);
  assert.deepEqual(
    logger.lines.map(({ fields }) => fields['part']),
    ['http', 'gateway', 'store'],
  );
});

test('lifecycle: a part that could not start is not closed, the others are', async () => {
  const { lifecycle, events, part } = setUp();
  await lifecycle.start(part('store'));
  const broken: Part = {
    name: 'http',
    start: () => Promise.reject(new Error('port in use')),
    close: () => void events.push('close http'),
  };
  await assert.rejects(lifecycle.start(broken), /port in use/);
  await lifecycle.close();
  assert.deepEqual(events, ['start store', 'close store']);
});

test('lifecycle: closing twice closes once', async () => {
  const { lifecycle, events, part } = setUp();
  await lifecycle.start(part('store'));
  assert.equal(lifecycle.close(), lifecycle.close());
  await lifecycle.close();
  assert.deepEqual(events, ['start store', 'close store']);
});

test('lifecycle: a part that fails or takes too long does not keep the others open', async () => {
  const { lifecycle, events, part, logger } = setUp(5);
  await lifecycle.start(part('store'));
  await lifecycle.start(part('hangs', never));
  await lifecycle.start(part('fails', () => Promise.reject(new Error('broken'))));
  assert.equal(await lifecycle.close(), false);
  assert.deepEqual(events.slice(3), ['close fails', 'close hangs', 'close store']);
  assert.deepEqual(logger.messages('error'), ['part did not close', 'part did not close']);
});

test('lifecycle: a part whose start ends after the close began is closed too', async () => {
  const { lifecycle, events } = setUp();
  let started = (): void => undefined;
  const slow: Part = {
    name: 'slow',
    start: () => new Promise<void>((resolve) => (started = resolve)),
    close: () => void events.push('close slow'),
  };
  const starting = lifecycle.start(slow);
  await lifecycle.close();
  started();
  await starting;
  assert.deepEqual(events, ['close slow']);
  await assert.rejects(lifecycle.start({ name: 'late' }), /late cannot start/);
});

test('lifecycle: a signal drains and exits with 0', async () => {
  const { lifecycle, events, part, fake } = setUp();
  lifecycle.watch();
  await lifecycle.start(part('store'));
  fake.emit('SIGTERM');
  await once(fake, 'exited');
  assert.deepEqual(fake.exits, [0]);
  assert.deepEqual(events, ['start store', 'close store']);
});

test('lifecycle: a stop that left something behind exits with 1', async () => {
  const { lifecycle, part, fake } = setUp(5);
  lifecycle.watch();
  await lifecycle.start(part('hangs', never));
  fake.emit('SIGINT');
  await once(fake, 'exited');
  assert.deepEqual(fake.exits, [1]);
});

test('lifecycle: a second signal exits at once, an echo of the first does not', async () => {
  const { lifecycle, part, fake, clock } = setUp();
  lifecycle.watch();
  let finish = (): void => undefined;
  await lifecycle.start(part('slow', () => new Promise((resolve) => (finish = resolve))));
  fake.emit('SIGINT');
  clock.nowMs = 499;
  fake.emit('SIGINT');
  assert.deepEqual(fake.exits, []);
  clock.nowMs = 500;
  fake.emit('SIGINT');
  assert.deepEqual(fake.exits, [130]);
  finish();
  await once(fake, 'exited');
});

test('lifecycle: an error that nobody caught is logged once, then the process exits with 1', () => {
  const { lifecycle, fake, logger } = setUp();
  lifecycle.watch();
  fake.emit('unhandledRejection', new Error('lost'));
  fake.emit('uncaughtException', new Error('lost again'));
  fake.emit('unhandledRejection', new Error('and again'));
  assert.deepEqual(fake.exits, [1]);
  assert.equal(logger.messages('error').length, 1);
});
