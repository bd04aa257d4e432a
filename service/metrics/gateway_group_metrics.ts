/** Rows of the table of metrics: groups in the gateway, from the list of who is connected to the flushes. */
import { counter, gauge, type MetricRow } from './metric_row.js';

const SECOND_MS = 1000;

export const GATEWAY_GROUP_METRICS: readonly MetricRow[] = [
  gauge('gateway_groups', 'Groups with a member connected.', (f) => f.gateway.groups.channelCount),
  gauge(
    'gateway_group_places',
    'Connections in all of them, once for each group.',
    (f) => f.gateway.groups.slotCount,
  ),
  gauge(
    'gateway_group_events_waiting',
    'Events of groups that wait to be pushed.',
    (f) => f.gateway.groups.waitingCount,
  ),
  gauge('gateway_group_bytes_waiting', 'The same in bytes.', (f) => f.gateway.groups.waitingBytes),
  counter(
    'gateway_group_holes_total',
    'Reads of events of groups that were missing here.',
    (f) => f.gateway.groups.holeCount,
  ),
  counter(
    'gateway_group_reads_failed_total',
    'Of those, attempts that failed and are repeated.',
    (f) => f.gateway.groups.failedReadCount,
  ),
  counter(
    'gateway_group_events_skipped_total',
    'Events of groups not pushed for a hole; clients are told to fetch them.',
    (f) => f.gateway.groups.skippedCount,
  ),
  counter(
    'gateway_group_relays_dropped_total',
    'Passed-on frames to groups let go; nobody promised them.',
    (f) => f.gateway.groups.relayDropCount,
  ),
  gauge(
    'gateway_group_sign_ins',
    'Sign-ins whose groups are being read.',
    (f) => f.gateway.groups.signingInCount,
  ),
  counter(
    'gateway_group_sign_in_rereads_total',
    'Sign-ins whose groups had to be read again.',
    (f) => f.gateway.groups.readAgainCount,
  ),
  gauge(
    'gateway_group_late_lookups',
    'Users here whose joining came late: their groups are being read.',
    (f) => f.gateway.groups.lateLookingCount,
  ),
  counter(
    'gateway_group_late_members_total',
    'Joinings that came behind what had passed; clients are told to fetch.',
    (f) => f.gateway.groups.lateCount,
  ),
  counter(
    'gateway_group_late_failed_total',
    'Reads of groups for late joinings that failed and are repeated.',
    (f) => f.gateway.groups.lateFailedCount,
  ),
  gauge(
    'gateway_group_hold_seconds',
    'How long pushes to groups wait for more to the same socket.',
    (f) => f.gateway.groupHoldMs / SECOND_MS,
  ),
];
