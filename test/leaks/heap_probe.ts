/**
 * Loaded into the server before its own code (--import): on SIGUSR2 it collects all garbage and writes what is left
 * to HEAP_PROBE_FILE. Needs --expose-gc. The file appears whole, by a rename.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';

/** A finalizer's own garbage goes with the next collection. */
const COLLECTIONS = 4;
/** Compiled code comes and goes with V8's mood; a leak is made of objects. */
const OBJECT_SPACES = new Set(['new_space', 'old_space', 'large_object_space', 'new_large_object_space']);

async function measure(file: string): Promise<void> {
  for (let count = 0; count < COLLECTIONS; count++) {
    globalThis.gc?.();
    await turn();
  }
  const { external } = process.memoryUsage();
  const spaces = getHeapSpaceStatistics().filter(({ space_name: name }) => OBJECT_SPACES.has(name));
  const heapBytes = spaces.reduce((sum, { space_used_size: bytes }) => sum + bytes, 0);
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  writeFileSync(`${file}.part`, JSON.stringify({ heapBytes, externalBytes: external, resources }));
  renameSync(`${file}.part`, file);
}

const file = process.env['HEAP_PROBE_FILE'];
if (file !== undefined) process.on('SIGUSR2', () => void measure(file));
