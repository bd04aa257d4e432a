/** Rows of the table of metrics: what was stored in groups, on its way to the members. */
import { counter, gauge, type MetricRow } from './metric_row.js';

export const GROUP_METRICS: readonly MetricRow[] = [
  gauge(
    'group_fan_out_events',
    'Stored events of groups on their way to the members.',
    (f) => f.groups.queuedCount,
  ),
  gauge('group_fan_out_bytes', 'The same in bytes.', (f) => f.groups.queuedBytes),
  counter(
    'group_fan_out_refused_total',
    'Messages to groups refused because too many events were on their way.',
    (f) => f.groups.refusedCount,
  ),
  counter(
    'group_fan_out_failed_total',
    'Stored events of groups that could not be handed on; members find them at their next sync.',
    (f) => f.groups.failedCount,
  ),
];
