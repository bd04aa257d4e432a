/** What the process itself uses, read when somebody asks: memory, CPU, descriptors, how late the event loop is. */
import { readdir } from 'node:fs/promises';
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';

export interface ProcessFigures {
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  readonly cpuUserSeconds: number;
  readonly cpuSystemSeconds: number;
  readonly startTimeSeconds: number;
  /** NaN where the system does not tell. */
  readonly openFileCount: number;
  /** Since the figures were read last, by quantile. */
  readonly loopDelaySeconds: ReadonlyMap<string, number>;
}

/** The probe wakes the loop this often: fine enough to see the pauses that people feel, and costs nothing. */
const LOOP_RESOLUTION_MS = 20;
const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;

export class ProcessProbe {
  /** As a part of the process. */
  readonly name = 'probe';
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  readonly #startTimeSeconds = Math.round(Date.now() / 1000 - process.uptime());

  start(): void {
    this.#delay.enable();
  }

  close(): void {
    this.#delay.disable();
  }

  async read(): Promise<ProcessFigures> {
    const { rss, heapUsed, external } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    return {
      residentBytes: rss,
      heapUsedBytes: heapUsed,
      externalBytes: external,
      cpuUserSeconds: user / MICROSECONDS,
      cpuSystemSeconds: system / MICROSECONDS,
      startTimeSeconds: this.#startTimeSeconds,
      openFileCount: await openFileCount(),
      loopDelaySeconds: this.#takeLoopDelay(),
    };
  }

  /** The histogram's values are whole intervals between two wake-ups: the interval asked for is taken off. */
  #takeLoopDelay(): ReadonlyMap<string, number> {
    const late = (ns: number): number => Math.max(0, ns / NANOSECONDS - LOOP_RESOLUTION_MS / 1000);
    const isEmpty = this.#delay.count === 0;
    const delays = new Map([
      ['0.5', isEmpty ? 0 : late(this.#delay.percentile(50))],
      ['0.99', isEmpty ? 0 : late(this.#delay.percentile(99))],
      ['1', isEmpty ? 0 : late(this.#delay.max)],
    ]);
    this.#delay.reset();
    return delays;
  }
}

/** Linux only. */
async function openFileCount(): Promise<number> {
  try {
    return (await readdir('/proc/self/fd')).length;
  } catch {
    return NaN;
  }
}
