/** The entry of a store worker: opens one SQLite connection and answers calls one after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import { sqliteCalls } from './sqlite_calls.js';
import type { StoreCalls } from './store_calls.js';
import { toStoreError } from './store_error.js';
import { migrateStore, toStartError } from './store_schema.js';
import {
  failureOf,
  type FromWorker,
  type ToWorker,
  type WorkerAnswer,
  type WorkerCall,
  type WorkerSetup,
} from './worker_messages.js';

/** Answers that are ready so long are sent before the next call is done. */
const ANSWER_WITHIN_MS = 5;

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
      if (message.kind === 'calls') {
        answerAll(calls, message.calls, send);
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

function answerAll(
  calls: StoreCalls,
  asked: readonly WorkerCall[],
  send: (message: FromWorker, transfer?: ArrayBuffer[]) => void,
): void {
  let answers: WorkerAnswer[] = [];
  let sentAtMs = performance.now();
  for (const call of asked) {
    answers.push(answer(calls, call));
    const nowMs = performance.now();
    if (nowMs - sentAtMs < ANSWER_WITHIN_MS && answers.length < asked.length) continue;
    send({ kind: 'answers', answers }, answers.flatMap(buffersOf));
    answers = [];
    sentAtMs = nowMs;
  }
  if (answers.length > 0) send({ kind: 'answers', answers }, answers.flatMap(buffersOf));
}

function answer(calls: StoreCalls, { id, name, args }: WorkerCall): WorkerAnswer {
  try {
    // The owner calls through CallStore, whose types fit `args` to `name`.
    return { id, value: (calls[name] as AnyCall)(...args) };
  } catch (error) {
    return { id, failure: failureOf(toStoreError(error)) };
  }
}

/** The numbers of a batch's results move to the owner; everything else is small and copied. */
function buffersOf(answer: WorkerAnswer): ArrayBuffer[] {
  const value = 'value' in answer ? answer.value : undefined;
  if (typeof value !== 'object' || value === null || !('numbers' in value)) return [];
  const { numbers } = value;
  return numbers instanceof Float64Array && numbers.buffer instanceof ArrayBuffer ? [numbers.buffer] : [];
}

main(workerData as WorkerSetup);
