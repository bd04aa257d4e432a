/**
 * Loaded into the server before its own code (--import): on SIGUSR2 it collects all garbage and writes what is left
 * to HEAP_PROBE_FILE. Needs --expose-gc. The file appears whole, by a rename.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

/** A finalizer's own garbage goes with the next collection. */
const COLLECTIONS = 4;

async function measure(file: string): Promise<void> {
  for (let count = 0; count < COLLECTIONS; count++) {
    globalThis.gc?.();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  writeFileSync(`${file}.part`, JSON.stringify({ heapBytes: heapUsed, externalBytes: external, resources }));
  renameSync(`${file}.part`, file);
}

const file = process.env['HEAP_PROBE_FILE'];
if (file !== undefined) process.on('SIGUSR2', () => void measure(file));
