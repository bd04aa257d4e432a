/**
 * Preloaded into the server (`node --import`): measures its event-loop delay and writes the figures to the file
 * named by LOOP_DELAY_FILE whenever SIGUSR2 comes, then starts anew. The server knows nothing.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The timer that measures; its period is part of each figure. */
const RESOLUTION_MS = 1;

const file = process.env['LOOP_DELAY_FILE'];

if (file !== undefined) {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  process.on('SIGUSR2', () => {
    const figures = {
      resolutionMs: RESOLUTION_MS,
      count: histogram.count,
      p50Ms: histogram.percentile(50) / 1e6,
      p99Ms: histogram.percentile(99) / 1e6,
      maxMs: histogram.max / 1e6,
    };
    histogram.reset();
    // Renamed into place, so that the reader never sees half of it.
    writeFileSync(`${file}.part`, JSON.stringify(figures));
    renameSync(`${file}.part`, file);
  });
}
