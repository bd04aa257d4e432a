/** How one row of the table of metrics is written. */
import type { Counts, Figures } from './figures.js';

export interface Sample {
  /** In the order of the row's labels. */
  readonly labels: readonly string[];
  readonly value: number;
}

export interface MetricRow {
  readonly name: string;
  readonly kind: 'gauge' | 'counter';
  readonly help: string;
  readonly labels: readonly string[];
  readonly read: (figures: Figures) => number | readonly Sample[];
}

const PREFIX = 'sailplane_';

type Plain = (figures: Figures) => number;
type Many = (figures: Figures) => readonly Sample[];

export const gauge = (name: string, help: string, read: Plain): MetricRow => plain('gauge', name, help, read);
export const counter = (name: string, help: string, read: Plain): MetricRow =>
  plain('counter', name, help, read);

function plain(kind: MetricRow['kind'], name: string, help: string, read: Plain): MetricRow {
  return { name: PREFIX + name, kind, help, labels: [], read };
}

export function labelled(
  kind: MetricRow['kind'],
  [name, ...labels]: readonly [string, ...string[]],
  help: string,
  read: Many,
): MetricRow {
  return { name: PREFIX + name, kind, help, labels, read };
}

export function countsOf(counts: Readonly<Record<string, number>>): Counts {
  return new Map(Object.entries(counts));
}

export function byName(counts: Counts): readonly Sample[] {
  return [...counts].map(([name, value]) => ({ labels: [name], value }));
}

/** `operation result` as two labels. */
export function byTwoNames(counts: Counts): readonly Sample[] {
  return [...counts].map(([names, value]) => ({ labels: names.split(' '), value }));
}
