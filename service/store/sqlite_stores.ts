/**
 * The stores on SQLite: one worker that writes, one or more that read, nothing of SQLite on this thread.
 * A read goes to the reader with the fewest calls in flight and sees everything committed before it began.
 */
import { Worker } from 'node:worker_threads';
import { imError } from '../../im/errors.js';
import type { Stores } from '../../im/store/stores_interface.js';
import type { Logger } from '../../pkg/log/logger.js';
import { readerDatabase, writerDatabase, type SqliteStoreOptions } from './sqlite_options.js';
import { READ_CALLS, storesOver, type CallName, type CallStore, type StoreCalls } from './store_calls.js';
import { WorkerLink, type WorkerStats } from './worker_link.js';
import type { WorkerSetup } from './worker_messages.js';

export interface SqliteStoresDeps {
  readonly logger: Logger;
}

/** close() answers what is in flight and lets go of the file; calls after it are STORE_UNAVAILABLE. */
export type SqliteStores = Stores & { close(): Promise<void>; stats(): readonly WorkerStats[] };

/** Opens or creates the file and brings it up to date. Rejects with CodedError where that cannot be done. */
export async function openSqliteStores(
  options: SqliteStoreOptions,
  deps: SqliteStoresDeps,
): Promise<SqliteStores> {
  const link = (name: string, setup: WorkerSetup): WorkerLink =>
    new WorkerLink({ ...options, name }, { logger: deps.logger, start: () => startWorker(setup) });
  const writer = link('writer', { role: 'writer', database: writerDatabase(options) });
  const readers = Array.from({ length: options.readerCount }, (_, index) =>
    link(`reader ${index}`, { role: 'reader', database: readerDatabase(options) }),
  );
  const close = async (): Promise<void> => {
    await Promise.all(readers.map((reader) => reader.close()));
    await writer.close();
  };
  try {
    await writer.start();
    await Promise.all(readers.map((reader) => reader.start()));
  } catch (error) {
    await close();
    throw error;
  }
  const stats = (): readonly WorkerStats[] => [writer, ...readers].map((worker) => worker.stats());
  return { ...storesOver(callOver(writer, readers)), close, stats };
}

function startWorker(setup: WorkerSetup): Worker {
  return new Worker(new URL('./store_worker.js', import.meta.url), { workerData: setup });
}

function callOver(writer: WorkerLink, readers: readonly WorkerLink[]): CallStore {
  return async <Name extends CallName>(
    name: Name,
    args: Parameters<StoreCalls[Name]>,
    transfer?: readonly ArrayBuffer[],
  ) => {
    const link = READ_CALLS.has(name) ? leastBusy(readers) : writer;
    if (link === undefined) throw imError('STORE_UNAVAILABLE');
    // The worker runs exactly StoreCalls[name].
    return (await link.call(name, args, transfer)) as ReturnType<StoreCalls[Name]>;
  };
}

/** Among those that take calls; any where none does. */
function leastBusy(readers: readonly WorkerLink[]): WorkerLink | undefined {
  const up = readers.filter((reader) => reader.isUp);
  return up.reduce<WorkerLink | undefined>(
    (best, reader) => (best === undefined || reader.pendingCount < best.pendingCount ? reader : best),
    readers.length === 0 ? undefined : up[0],
  );
}
