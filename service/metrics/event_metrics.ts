/** Rows of the table of metrics: presence, and the job that fills the search. */
import { counter, gauge, type MetricRow } from './metric_row.js';

const MS = 1000;

export const EVENT_METRICS: readonly MetricRow[] = [
  gauge(
    'presence_online_users',
    'Users with a connection, as presence sees them.',
    (f) => f.presence.onlineCount,
  ),
  gauge(
    'presence_leaving_users',
    'Users who lost their last connection a moment ago and may come back unnoticed.',
    (f) => f.presence.leavingCount,
  ),
  gauge(
    'presence_subscriptions',
    'Pairs of a device and a user of whom it is told.',
    (f) => f.presence.subscriptionCount,
  ),
  gauge('presence_untold_users', 'Users whose change is still to be told.', (f) => f.presence.untoldCount),
  counter('presence_told_total', 'Changes told, each to one device.', (f) => f.presence.toldCount),
  counter('presence_saved_total', 'Last seen times written.', (f) => f.presence.savedCount),
  gauge('presence_unsaved_users', 'Last seen times not written yet.', (f) => f.presence.unsavedCount),
  counter(
    'presence_unsaved_dropped_total',
    'Last seen times let go because too many waited for the store.',
    (f) => f.presence.droppedCount,
  ),
  counter('search_indexed_total', 'Events taken into the index of the search.', (f) => f.search.indexedCount),
  gauge(
    'search_behind_seconds',
    'Since the index had everything for the last time; 0: it has.',
    (f) => f.search.behindMs / MS,
  ),
  counter(
    'search_yields_total',
    'Batches of the index put off because messages waited.',
    (f) => f.search.yieldCount,
  ),
  counter('search_failures_total', 'Batches of the index that failed.', (f) => f.search.failureCount),
];
