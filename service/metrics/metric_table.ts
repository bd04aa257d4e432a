/**
 * Every metric but the two histograms, one row each: its name, kind, labels, what it says, and where it is read
 * from. docs/operations.md has the same names (test/ops/metrics_docs.test.ts).
 */
import { EVENT_METRICS } from './event_metrics.js';
import { GATEWAY_GROUP_METRICS } from './gateway_group_metrics.js';
import { GROUP_METRICS } from './group_metrics.js';
import { byName, byTwoNames, counter, countsOf, gauge, labelled, type MetricRow } from './metric_row.js';

const GATEWAY: readonly MetricRow[] = [
  labelled('gauge', ['gateway_connections', 'profile'], 'Open connections; none: nothing read yet.', (f) =>
    byName(f.clients.byProfile),
  ),
  gauge('gateway_users', 'Users with at least one connection.', (f) => f.gateway.userCount),
  labelled(
    'counter',
    ['gateway_sign_ins_total', 'result'],
    'Sign-ins on connections: OK or the error.',
    (f) => byName(f.signIns),
  ),
  labelled(
    'counter',
    ['gateway_closes_total', 'reason'],
    'Connections closed by the server, by close code.',
    (f) => byName(f.clients.closes),
  ),
  gauge(
    'gateway_outbound_frames',
    'Frames waiting for sockets, all connections.',
    (f) => f.clients.outboundFrameCount,
  ),
  gauge(
    'gateway_outbound_bytes',
    'The same in bytes, with those in a write.',
    (f) => f.clients.outboundBytes,
  ),
  gauge(
    'gateway_api_answer_bytes',
    'What answers to api requests under way may weigh.',
    (f) => f.clients.apiBytes,
  ),
  gauge(
    'gateway_unanswered_frames',
    'Frames of clients under way to an answer.',
    (f) => f.clients.unansweredCount,
  ),
  gauge(
    'gateway_held_frames',
    'Frames read and held back: signing in, or too much unanswered.',
    (f) => f.clients.heldCount,
  ),
  counter('gateway_pushes_total', 'Pushes queued for a connection.', (f) => f.gateway.pushedCount),
  counter(
    'gateway_pushes_let_go_total',
    'Pushes let go at a full queue; the client is told what to fetch.',
    (f) => f.gateway.letGoCount,
  ),
  counter(
    'gateway_announcements_total',
    'Clients told to fetch what was let go: the repair of the row above.',
    (f) => f.gateway.announcedCount,
  ),
  counter(
    'gateway_undetected_drops_total',
    'Pushes let go of which the client should be told and will not. Stays 0.',
    (f) => f.gateway.undetectedDropCount,
  ),
  counter(
    'gateway_dropped_notices_total',
    'Receipts and notices that did not fit an old client; no messages.',
    (f) => f.gateway.droppedNoticeCount,
  ),
  counter('gateway_probes_total', 'Idle connections asked for a sign of life.', (f) => f.gateway.probeCount),
  counter(
    'gateway_heartbeat_lost_total',
    'Connections closed because no sign of life came.',
    (f) => f.gateway.heartbeatLostCount,
  ),
  counter(
    'gateway_takeover_fights_total',
    'Takeovers of a live connection by the same token.',
    (f) => f.gateway.fightCount,
  ),
  counter(
    'gateway_tokens_revoked_total',
    'Tokens revoked because two devices fought over them.',
    (f) => f.gateway.revokedCount,
  ),
  counter(
    'gateway_tail_checks_total',
    'Cursors of clients compared with the store.',
    (f) => f.gateway.tailCheckedCount,
  ),
  counter(
    'gateway_tail_losses_total',
    'Of those, clients that lacked something and were told to fetch it.',
    (f) => f.gateway.tailFoundCount,
  ),
  counter(
    'gateway_tail_checks_dropped_total',
    'Cursors not looked at because too many waited; the next one is.',
    (f) => f.gateway.tailDroppedCount,
  ),
  gauge('gateway_tail_checks_waiting', 'Cursors waiting to be compared.', (f) => f.gateway.tailWaitingCount),
];

const OLD_SDKS: readonly MetricRow[] = [
  gauge(
    'old_sdk_unacked_pushes',
    'Pushes to public SDKs that wait for a receipt.',
    (f) => f.gateway.oldSdk.unackedCount,
  ),
  counter(
    'old_sdk_forgotten_total',
    'Not waited for any longer, being too many; offline pull has them.',
    (f) => f.gateway.oldSdk.forgottenCount,
  ),
  counter(
    'old_sdk_repushed_total',
    'Pushes sent again without a receipt.',
    (f) => f.gateway.oldSdk.repushedCount,
  ),
  counter(
    'old_sdk_paged_total',
    'Messages read from the store for them: offline, holes, let go.',
    (f) => f.gateway.oldSdk.pagedCount,
  ),
  counter('old_sdk_reads_total', 'Reads of the store for that.', (f) => f.gateway.oldSdk.readCount),
  counter(
    'old_sdk_failed_reads_total',
    'Of those, reads that failed and are tried again.',
    (f) => f.gateway.oldSdk.failedReadCount,
  ),
];

const LIMITS: readonly MetricRow[] = [
  labelled('counter', ['limits_rate_refused_total', 'kind'], 'Requests refused for their rate.', (f) =>
    byName(countsOf(f.rates.refused)),
  ),
  labelled(
    'counter',
    ['limits_attempts_refused_total', 'kind'],
    'Sign-ins, sign-ups, mails, look-ups and new groups refused as too many.',
    (f) => byName(countsOf(f.attempts.refused)),
  ),
  gauge('limits_known_users', 'Users whose rates are remembered.', (f) => f.rates.rememberedUserCount),
  gauge(
    'limits_known_addresses',
    'Addresses whose rates are remembered.',
    (f) => f.rates.rememberedAddressCount,
  ),
  counter(
    'limits_pauses_total',
    'Connections not read for a while for going on after many refusals.',
    (f) => f.gateway.pausedCount,
  ),
  gauge('sockets_open', 'WebSockets, those being closed too.', (f) => f.sockets.openCount),
  gauge('sockets_strangers', 'Of those, not signed in.', (f) => f.sockets.strangerCount),
  labelled('counter', ['sockets_refused_total', 'reason'], 'Upgrades refused, by the cap in the way.', (f) =>
    byName(countsOf(f.sockets.refused)),
  ),
  counter(
    'http_refused_connections_total',
    'HTTP connections cut: too many of one address.',
    (f) => f.httpRefusedPeerCount,
  ),
  gauge('http_answer_bytes', 'Answers over HTTP being made or not yet taken.', (f) => f.httpAnswers.bytes),
  gauge('http_answers_waiting', 'Larger answers waiting to be made.', (f) => f.httpAnswers.waitingCount),
  counter(
    'http_answers_refused_total',
    'Requests refused because too much was under way.',
    (f) => f.httpAnswers.refusedCount,
  ),
  labelled('gauge', ['tls_expiry_seconds', 'use'], 'When the certificate ends, Unix time.', (f) =>
    f.certificate === undefined ? [] : [{ labels: ['served'], value: f.certificate.expiresAtMs / 1000 }],
  ),
  counter(
    'tls_reloads_total',
    'Times another certificate was taken.',
    (f) => f.certificate?.reloadCount ?? 0,
  ),
  counter(
    'tls_failures_total',
    'Times a new certificate could not be taken; the old one is served.',
    (f) => f.certificate?.failureCount ?? 0,
  ),
];

const API: readonly MetricRow[] = [
  labelled(
    'counter',
    ['api_calls_total', 'operation', 'result'],
    'Calls over HTTP and connections: OK or the error.',
    (f) => byTwoNames(f.apiCalls),
  ),
  gauge('api_calls_in_flight', 'Calls under way.', (f) => f.apiInFlightCount),
  gauge('hash_queue_jobs', 'Passwords waiting to be hashed or compared.', (f) => f.hashing.waitingCount),
  gauge('hash_running_jobs', 'Passwords being hashed or compared.', (f) => f.hashing.runningCount),
  counter('hash_refused_total', 'Told to try again because too many waited.', (f) => f.hashing.refusedCount),
];

const MESSAGING: readonly MetricRow[] = [
  labelled(
    'counter',
    ['append_requests_total', 'result'],
    'Sends, recalls and list changes: STORED, DUPLICATE, CHANGED or the error.',
    (f) => byName(f.appends.results),
  ),
  gauge('append_queue_requests', 'Requests waiting for a transaction.', (f) => f.appends.queuedCount),
  gauge('append_queue_bytes', 'The same in bytes.', (f) => f.appends.queuedBytes),
  counter(
    'append_queue_refused_total',
    'Requests refused at a full queue; the sender is told to try again.',
    (f) => f.appends.refusedCount,
  ),
  counter(
    'append_queue_expired_total',
    'Requests that waited past the deadline and were answered «unknown».',
    (f) => f.appends.expiredCount,
  ),
  gauge('marks_queue_intervals', 'Receipts waiting to be written.', (f) => f.marks.queuedCount),
  counter(
    'marks_refused_total',
    'Receipts refused at a full queue; the client acknowledges again.',
    (f) => f.marks.refusedCount,
  ),
  counter('marks_written_total', 'Intervals of receipts written.', (f) => f.marks.writtenCount),
  counter(
    'marks_failed_writes_total',
    'Writes of receipts that failed; they wait and are tried again.',
    (f) => f.marks.failedWriteCount,
  ),
  gauge('relays_queue_frames', 'Frames to be passed on, waiting for rights.', (f) => f.relays.queuedCount),
  counter('relays_passed_total', 'Frames passed on unstored.', (f) => f.relays.passedCount),
  counter(
    'relays_refused_total',
    'Frames not passed on: rights, or a full queue.',
    (f) => f.relays.refusedCount,
  ),
  gauge('receipts_queue_receipts', 'Receipts waiting to be checked.', (f) => f.receipts.waitingCount),
  counter(
    'receipts_untold_total',
    'Receipts kept but not passed on, being too many; the next sync shows them.',
    (f) => f.receipts.untoldCount,
  ),
];

const STORE: readonly MetricRow[] = [
  labelled('gauge', ['store_pending_calls', 'worker'], 'Calls under way or waiting in a store worker.', (f) =>
    f.workers.map(({ name, pendingCount }) => ({ labels: [name], value: pendingCount })),
  ),
  labelled(
    'counter',
    ['store_refused_calls_total', 'worker'],
    'Calls refused because too many waited.',
    (f) => f.workers.map(({ name, refusedCount }) => ({ labels: [name], value: refusedCount })),
  ),
  labelled(
    'counter',
    ['store_restarts_total', 'worker'],
    'Times a store worker had to be started again.',
    (f) => f.workers.map(({ name, restartCount }) => ({ labels: [name], value: restartCount })),
  ),
  labelled('gauge', ['store_file_bytes', 'file'], 'Size of the database and of its write-ahead log.', (f) =>
    byName(f.files.bytes),
  ),
  gauge('store_disk_free_bytes', 'Room left on the disk of the database.', (f) => f.files.diskFreeBytes),
  counter('retention_removed_total', 'Old events removed.', (f) => f.retention.removedCount),
  counter('retention_rounds_total', 'Rounds of the retention job that ended.', (f) => f.retention.roundCount),
  counter(
    'retention_failures_total',
    'Rounds that failed; the next one goes on.',
    (f) => f.retention.failureCount,
  ),
];

const PROCESS: readonly MetricRow[] = [
  labelled('gauge', ['build_info', 'version'], 'Always 1; the label says which version runs.', (f) => [
    { labels: [f.version], value: 1 },
  ]),
  labelled(
    'gauge',
    ['event_loop_delay_seconds', 'quantile'],
    'How late the event loop was since it was last asked.',
    (f) => byName(f.process.loopDelaySeconds),
  ),
  gauge('process_resident_memory_bytes', 'Memory of the process.', (f) => f.process.residentBytes),
  gauge('process_heap_used_bytes', 'JavaScript heap in use.', (f) => f.process.heapUsedBytes),
  gauge('process_external_bytes', 'Buffers outside that heap.', (f) => f.process.externalBytes),
  labelled('counter', ['process_cpu_seconds_total', 'mode'], 'CPU time used.', (f) => [
    { labels: ['user'], value: f.process.cpuUserSeconds },
    { labels: ['system'], value: f.process.cpuSystemSeconds },
  ]),
  gauge('process_start_time_seconds', 'When it started, Unix time.', (f) => f.process.startTimeSeconds),
  gauge('process_open_files', 'Open file descriptors, sockets too (Linux).', (f) => f.process.openFileCount),
];

export const METRICS: readonly MetricRow[] = [
  ...GATEWAY,
  ...OLD_SDKS,
  ...LIMITS,
  ...API,
  ...MESSAGING,
  ...STORE,
  ...EVENT_METRICS,
  ...GROUP_METRICS,
  ...GATEWAY_GROUP_METRICS,
  ...PROCESS,
];
