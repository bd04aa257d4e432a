/** How large the store's files are and how much room its disk has left. */
import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface FileFigures {
  /** By `database` and `wal`; 0 where a file is missing. */
  readonly bytes: ReadonlyMap<string, number>;
  /** For this user; NaN where the system does not tell. */
  readonly diskFreeBytes: number;
}

export async function fileFigures(databasePath: string): Promise<FileFigures> {
  const [database, wal, diskFreeBytes] = await Promise.all([
    sizeOf(databasePath),
    sizeOf(`${databasePath}-wal`),
    diskFreeOf(dirname(databasePath)),
  ]);
  return {
    bytes: new Map([
      ['database', database],
      ['wal', wal],
    ]),
    diskFreeBytes,
  };
}

/** A write-ahead log comes and goes. */
async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.size ?? 0;
}

async function diskFreeOf(folder: string): Promise<number> {
  const found = await statfs(folder).catch(() => undefined);
  return found === undefined ? NaN : found.bavail * found.bsize;
}
