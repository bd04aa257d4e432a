/**
 * The metrics page: a registry of our own, filled from the figures when somebody asks. Only the two histograms
 * are told as things happen, once per transaction of the store.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Figures } from './figures.js';
import type { MetricRow } from './metric_row.js';
import { METRICS } from './metric_table.js';

export interface MetricsDeps {
  readonly collect: () => Promise<Figures>;
}

export const HISTOGRAMS = {
  batch: {
    name: 'sailplane_append_batch_requests',
    help: 'Requests in one transaction.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000],
  },
  commit: {
    name: 'sailplane_append_commit_seconds',
    help: 'From taking a batch to its answer, flush included.',
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
  },
} as const;

type Filler = (figures: Figures) => void;

export class Metrics {
  readonly #deps: MetricsDeps;
  readonly #registry = new Registry();
  readonly #fillers: readonly Filler[];
  readonly #batch: Histogram;
  readonly #commit: Histogram;
  #scrape: Promise<string> | undefined;

  constructor(deps: MetricsDeps) {
    this.#deps = deps;
    this.#fillers = METRICS.map((row) => fillerOf(row, this.#registry));
    const registers = [this.#registry];
    this.#batch = new Histogram({ ...HISTOGRAMS.batch, buckets: [...HISTOGRAMS.batch.buckets], registers });
    this.#commit = new Histogram({
      ...HISTOGRAMS.commit,
      buckets: [...HISTOGRAMS.commit.buckets],
      registers,
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Called once per transaction. */
  batchDone(requestCount: number, ms: number): void {
    this.#batch.observe(requestCount);
    this.#commit.observe(ms / 1000);
  }

  /** The page; whoever asks meanwhile gets the same one. */
  async text(): Promise<string> {
    this.#scrape ??= this.#fill();
    try {
      return await this.#scrape;
    } finally {
      this.#scrape = undefined;
    }
  }

  async #fill(): Promise<string> {
    const figures = await this.#deps.collect();
    for (const fill of this.#fillers) fill(figures);
    return this.#registry.metrics();
  }
}

/** A counter is set back and raised, because its truth is elsewhere: prom-client has no other way to set one. */
function fillerOf({ name, kind, help, labels, read }: MetricRow, registry: Registry): Filler {
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  const metric = kind === 'gauge' ? new Gauge(options) : new Counter(options);
  const put = (labelled: Readonly<Record<string, string>>, value: number): void => {
    metric.inc(labelled, value);
  };
  return (figures) => {
    metric.reset();
    const found = read(figures);
    if (typeof found === 'number') return put({}, found);
    for (const sample of found) {
      const named = labels.map((label, index) => [label, sample.labels[index] ?? ''] as const);
      put(Object.fromEntries(named), sample.value);
    }
  };
}
