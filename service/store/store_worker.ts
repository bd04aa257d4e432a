/** The entry of a store worker: opens one SQLite connection and answers calls one after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import { sqliteCalls } from './sqlite_calls.js';
import type { StoreCalls } from './store_calls.js';
import { toStoreError } from './store_error.js';
import { migrateStore, toStartError } from './store_schema.js';
import { failureOf, type FromWorker, type ToWorker, type WorkerSetup } from './worker_messages.js';

type AnyCall = (...args: readonly unknown[]) => unknown;

function main(setup: WorkerSetup): void {
  const port = parentPort;
  if (port === null) throw new TypeError('runs as a worker only');
  const send = (message: FromWorker, transfer: ArrayBuffer[] = []): void =>
    port.postMessage(message, transfer);
  try {
    const db = new SqliteDatabase(setup.database);
    if (setup.role === 'writer') migrateStore(db, !setup.database.queryOnly);
    const calls = sqliteCalls(db, Date.now);
    port.on('message', (message: ToWorker) => {
      if (message.kind === 'call') {
        answer(calls, message, send);
        return;
      }
      db.close();
      port.close();
    });
    send({ kind: 'ready' });
  } catch (error) {
    send({ kind: 'broken', failure: failureOf(toStartError(error)) });
    port.close();
  }
}

function answer(
  calls: StoreCalls,
  message: Extract<ToWorker, { kind: 'call' }>,
  send: (message: FromWorker, transfer?: ArrayBuffer[]) => void,
): void {
  const { id, name, args } = message;
  try {
    // The owner calls through CallStore, whose types fit `args` to `name`.
    const value = (calls[name] as AnyCall)(...args);
    send({ kind: 'result', id, value }, buffersOf(value));
  } catch (error) {
    send({ kind: 'failure', id, failure: failureOf(toStoreError(error)) });
  }
}

/** The numbers of a batch's results move to the owner; everything else is small and copied. */
function buffersOf(value: unknown): ArrayBuffer[] {
  if (typeof value !== 'object' || value === null || !('numbers' in value)) return [];
  const { numbers } = value;
  return numbers instanceof Float64Array && numbers.buffer instanceof ArrayBuffer ? [numbers.buffer] : [];
}

main(workerData as WorkerSetup);
